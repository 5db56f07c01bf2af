"""Show where a network finds its evidence, as a track: attention per base, or each base's contribution to the score.

Attention is given relative to uniform attention: 1 is no more than every position gets, 5 is five times that. A base's
value is the mean over all windows that cover it. Bins that touch the blacklist of the features file are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from deepgrn_tool.cli._common import add_chromosomes, add_threads, new_parser, number, positive_int, run_cli
from deepgrn_tool.cli.predict import fraction

PROGRAM = "deepgrn-attention"
SHARES = {"all": 1.0, "top": 0.1}  # top: the share that the paper kept
EPILOG = """formats of tracks, by the suffix of each file:
  .bw .bigWig                 bigWig with zoom levels
  .bedGraph .bg (.gz)         bedGraph; with .gz compressed by bgzip and indexed (.tbi)

examples:
  deepgrn-attention features.h5 model.h5 --cell K562 --regions loci.bed -o K562.CTCF.attention.bw
  deepgrn-attention features.h5 model.h5 --cell K562 --labels CTCF.labels.tsv.gz --chromosomes chr21 --heatmap bound.pdf
"""


def share_of_dimensions(text: str) -> float:
    """Parse `all`, `top` or a fraction, for argparse.

    >>> share_of_dimensions("top"), share_of_dimensions("0.25")
    (0.1, 0.25)
    """
    try:
        value = SHARES.get(text) or number(text)
    except argparse.ArgumentTypeError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not all, top, or a number above 0 and at most 1")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EPILOG
    parser.add_argument("features", metavar="FEATURES", help="features.h5, made by deepgrn-features")
    parser.add_argument("model", metavar="MODEL", help="model.h5, made by deepgrn-import or deepgrn-train")
    parser.add_argument("--cell", metavar="NAME", help="cell type (default: the only one of the features file)")
    out = parser.add_argument_group("outputs, at least one")
    files: dict[str, Any] = {"action": "append", "default": [], "metavar": "FILE"}
    out.add_argument("-o", "--output", **files, help="track of both strands together; repeat for several formats")
    out.add_argument("--forward", **files, help="track of the forward strand alone; may be repeated")
    out.add_argument("--reverse", **files, help="track of the reverse strand alone; may be repeated")
    out.add_argument("--matrix", metavar="H5", help="the full attention weights of every window (HDF5)")
    out.add_argument("--heatmap", metavar="FILE", help="figure of the windows, clustered (.png, .pdf or .svg)")
    out.add_argument("--fold-change", metavar="BIGWIG", help="draw this signal above the heat map, too")
    out.add_argument("--rows", type=positive_int, metavar="N", help="evenly spaced windows to draw (default: 1000)")
    what = parser.add_argument_group("what to look at (default: all chromosomes)")
    add_chromosomes(what, "only these chromosomes, whole or with --labels or --scores")
    one = what.add_mutually_exclusive_group()
    one.add_argument("--regions", metavar="BED", help="regions of any size, tiled with bins so that all is covered")
    one.add_argument("--bins", metavar="BED", help="sorted bins of 200 bp, on the 50-bp grid or not")
    one.add_argument("--labels", metavar="FILE", help="the cell's bound bins in this label file (deepgrn-labels)")
    one.add_argument("--scores", metavar="FILE", help="bins that score at least --threshold in this track or .tab.gz")
    what.add_argument("--threshold", type=fraction, metavar="P", help="least score with --scores (default: 0.5)")
    how = parser.add_argument_group("how to look")
    how.add_argument(
        "--method",
        choices=("attention", "gradient"),
        default="attention",
        help="attention (default), or gradient: |d score / d input × input|, slower, which works with every network",
    )
    how.add_argument(
        "--dimensions",
        type=share_of_dimensions,
        metavar="all|top|SHARE",
        help="which dimensions of the attention to average: all, or those that vary most along the window: top (10 %%, "
        "default) or a share such as 0.25; without effect where the network has one weight per position",
    )
    add_threads(parser)


def run(args: argparse.Namespace) -> None:
    """Look and write; TensorFlow loads only after all inputs were checked."""
    from deepgrn_tool.attention.job import Wanted, attention
    from deepgrn_tool.errors import UsageError

    if args.threshold is not None and args.scores is None:
        raise UsageError("--threshold belongs to --scores; give that, too")
    if args.dimensions is not None and args.method == "gradient":
        raise UsageError("--dimensions averages attention; leave it out with --method gradient")
    wanted = Wanted(args.output, args.forward, args.reverse, args.matrix, args.heatmap, args.fold_change, args.rows)
    attention(
        args.features,
        args.model,
        wanted,
        method=args.method,
        share=SHARES["top"] if args.dimensions is None else args.dimensions,
        cell=args.cell,
        chromosomes=args.chromosomes,
        regions=args.regions,
        bins=args.bins,
        labels=args.labels,
        scores=args.scores,
        threshold=0.5 if args.threshold is None else args.threshold,
        threads=args.threads,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program."""
    parser = new_parser(PROGRAM, __doc__)
    add_arguments(parser)
    return run_cli(parser, run, argv)
