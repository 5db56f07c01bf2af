"""Training: labelled bins of a features file in, a model out."""
