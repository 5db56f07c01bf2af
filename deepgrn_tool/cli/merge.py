"""Join tracks of chromosomes or regions to one track.

For scores and attention that were computed in parts, each on another computer perhaps: the joined track is the same as
that of one run over everything. Tracks may be given in any order.

Runs over neighbouring regions both score the bin on their boundary: what two files hold alike, in place and value, is
kept once. No other base may have a value in two of them. Attention, and scores summarized by mean or max, reach beyond
their regions and are joined by chromosome only.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import new_parser, run_cli

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """formats:
  .bw .bigWig                 bigWig
  .bedGraph .bg (.gz)         bedGraph; rows sorted by LC_ALL=C sort -k1,1 -k2,2n
  .tab (.gz)                  one line per bin: chromosome, start, end, score; sorted like bedGraph, and joined to
                              .tab.gz only; a bin may be in two files if it scores the same in both

example:
  deepgrn-merge K562.chr1.bw K562.chr2.bw K562.chrX.bw -o K562.bw

Runs of less than 10,000 bins (500,000 bp) compute otherwise than longer ones, so that their scores can differ by 1e-5.
Regions that are cut 25 bp after a multiple of 50, such as at 500,025, share no bin and can be joined all the same.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-merge."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("tracks", nargs="+", metavar="TRACK", help="bigWig or bedGraph file, or table of bins")
    add(
        "-o",
        "--output",
        action="append",
        required=True,
        metavar="FILE",
        help="file to write, format by its suffix (below); may be repeated",
    )
    add(
        "--sizes",
        metavar="FILE",
        help="chromosome names and lengths (chrom.sizes or .fai); needed to make bigWig from bedGraph alone",
    )


def run(args: argparse.Namespace) -> None:
    """Join."""
    from deepgrn_tool.merge.merge import merge

    merge(args.tracks, args.output, sizes=args.sizes)


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-merge."""
    parser = new_parser("deepgrn-merge", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
