"""One page that shows a run: data, network, training, quality, best places, motifs."""
