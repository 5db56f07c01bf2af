"""Predict where a transcription factor binds, as a track that opens in IGV and the UCSC browser.

Every bin of 200 bp, one each 50 bp, gets the probability that the factor is bound there in the given cell type.
Bins that touch the blacklist of the features file score 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from deepgrn_tool.cli._common import add_chromosomes, add_threads, new_parser, number, run_cli

PROGRAM = "deepgrn-predict"
EPILOG = """formats, by the suffix of each output:
  .bw .bigWig                 bigWig with zoom levels
  .bedGraph .bg (.gz)         bedGraph; with .gz compressed by bgzip and indexed (.tbi)
  .tab.gz                     one line per bin: chromosome, start, end, score (ENCODE-DREAM)
  .bed                        called regions: bins that score at least the threshold, joined where they touch

example:
  deepgrn-predict features.h5 EGR1.model.h5 --cell K562 -o K562.EGR1.bw -o K562.EGR1.bed --threads 4
"""


def fraction(text: str) -> float:
    """Parse a number from 0 to 1, for argparse."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EPILOG
    parser.add_argument("features", metavar="FEATURES", help="features.h5, made by deepgrn-features")
    parser.add_argument("model", metavar="MODEL", help="model.h5, made by deepgrn-import or deepgrn-train")
    parser.add_argument("--cell", metavar="NAME", help="cell type (default: the only one of the features file)")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="file to write, format by its suffix (below); may be repeated",
    )
    parser.add_argument("--summary", metavar="FILE", help="also write a table of counts per chromosome (TSV)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep scores in FILE.scoring beside the first output until the end, and go on where an interrupted run "
        "stopped, if there was one",
    )
    what = parser.add_argument_group("what to score (default: all chromosomes)").add_mutually_exclusive_group()
    add_chromosomes(what, "these chromosomes, whole")
    what.add_argument("--regions", metavar="BED", help="regions of any size, tiled with bins so that all is covered")
    what.add_argument("--bins", metavar="BED", help="bins of 200 bp exactly as listed, on the 50-bp grid or not")
    group = parser.add_argument_group("how to show it")
    group.add_argument(
        "--summarize",
        choices=("center", "mean", "max"),
        help="value of a base in tracks: center (default): the score of the bin whose central 50 bp hold it; mean or "
        "max: of the bins that cover it",
    )
    group.add_argument("--threshold", type=fraction, metavar="P", help="least score of called regions (default: 0.5)")
    add_threads(parser)


def run(args: argparse.Namespace) -> None:
    """Score and write; TensorFlow loads only after all inputs were checked."""
    from deepgrn_tool.errors import UsageError
    from deepgrn_tool.predict import predict
    from deepgrn_tool.tracks.outputs import BIN_TABLE_SUFFIX, REGIONS_SUFFIX, check_suffixes

    check_suffixes(args.output)
    names = [path.lower() for path in args.output]
    if args.threshold is not None and not any(name.endswith(REGIONS_SUFFIX) for name in names):
        raise UsageError("--threshold belongs to called regions; give an output that ends in .bed, too")
    if args.summarize is not None and all(name.endswith((BIN_TABLE_SUFFIX, REGIONS_SUFFIX)) for name in names):
        raise UsageError("--summarize belongs to tracks; give an output that ends in .bw or .bedGraph, too")
    predict(
        args.features,
        args.model,
        args.output,
        cell=args.cell,
        chromosomes=args.chromosomes,
        regions=args.regions,
        bins=args.bins,
        summarize=args.summarize or "center",
        threshold=0.5 if args.threshold is None else args.threshold,
        summary=args.summary,
        threads=args.threads,
        resume=args.resume,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program."""
    parser = new_parser(PROGRAM, __doc__)
    add_arguments(parser)
    return run_cli(parser, run, argv)
