"""A small genome with labels and scores that can be worked out by hand.

    chr2   bins 0 50 100 150 200 250 300 350 400 450      scores and K562 labels of the golden case of the metrics
    chr10  bins 0 50 100 150                               two bound, two unbound, scores apart
    chrU   bins 100 200                                    no bin bound

The labels hold a further, ambiguous bin (chr2 500, K562), which would ruin the ranking if it were counted.
"""

import gzip

import numpy as np

from deepgrn_tool.tracks.outputs import ScoreOutputs

LENGTHS = {"chr10": 400, "chr2": 800, "chrU": 500}
BINS = {"chr10": [0, 50, 100, 150], "chr2": list(range(0, 501, 50)), "chrU": [100, 200]}
SCORES = {
    "chr10": [0.75, 0.25, 0.5, 0.125],
    "chr2": [0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.1, 0.0, 1.0],
    "chrU": [0.0, 0.05],
}
K562 = {"chr10": "BBUU", "chr2": "BUBBUUBUUUA", "chrU": "UU"}
HEPG2 = {"chr10": "UUBU", "chr2": "UAAAAAAAAAB", "chrU": "AU"}
GOLDEN = ["0.833333", "0.80625", "0.75", "1", "0.75", "0.25", "0.25", "0.666667"]  # K562 on chr2


def write_labels(path, cells=None, bins=BINS):
    """Write a label file of some cells, chromosomes in the order of `bins`."""
    cells = {"K562": K562, "HepG2": HEPG2} if cells is None else cells
    lines = ["\t".join(["chr", "start", "stop", *cells])]
    for chrom, starts in bins.items():
        columns = [cells[cell][chrom] for cell in cells]
        for start, *letters in zip(starts, *columns, strict=False):
            lines.append("\t".join([chrom, str(start), str(start + 200), *letters]))
    with gzip.open(path, "wt") if str(path).endswith(".gz") else open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def write_scores(*paths, scores=SCORES, summarize="center"):
    """Write scores as deepgrn-predict does, in several formats."""
    with ScoreOutputs(paths, LENGTHS, summarize=summarize) as outputs:
        for chrom in sorted(scores):
            outputs.add_bins(chrom, np.array(BINS[chrom]), np.array(scores[chrom], np.float32))
    return paths[0]


def write_rows(path, rows):
    """Write rows of a text table or bedGraph, fields separated by tabs."""
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    return path
