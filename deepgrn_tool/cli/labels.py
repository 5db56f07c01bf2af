"""Label bins as bound, unbound or ambiguous from ChIP-seq peaks, by the rule of the ENCODE-DREAM challenge.

Peaks come as narrowPeak or BED, two sets per cell: conservative ones (reproducible, such as IDR 5 %) and relaxed ones
(all peaks of the pooled reads). A bin is bound (B) where exactly one conservative peak shares at least half of the bin
or half of itself with it and exactly one relaxed peak overlaps it, unbound (U) where no conservative peak shares that
much and no relaxed peak overlaps it, and ambiguous (A) elsewhere. Peaks of a set that overlap or touch count as one.
Without relaxed peaks a bin is bound where a peak shares at least half, ambiguous where a peak only overlaps it, and
unbound elsewhere.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import add_chromosomes, name_and_file, new_parser, run_cli

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """example:
  deepgrn-labels --sizes hg19.chrom.sizes --blacklist blacklist.bed \\
      --peaks K562=K562.conservative.narrowPeak.gz,K562.relaxed.narrowPeak.gz \\
      --peaks HepG2=HepG2.peaks.bed -o TAF1.labels.tsv.gz
"""


def cell_and_peaks(text: str) -> tuple[str, str, str | None]:
    """Parse `CELL=CONSERVATIVE[,RELAXED]`, for argparse.

    >>> cell_and_peaks("K562=a.bed,b.bed"), cell_and_peaks("K562=a.bed")
    (('K562', 'a.bed', 'b.bed'), ('K562', 'a.bed', None))
    """
    try:
        cell, files = name_and_file(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form CELL=CONSERVATIVE[,RELAXED]") from error
    names = files.split(",")
    if len(names) > 2 or not all(names):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form CELL=CONSERVATIVE[,RELAXED]")
    return cell, names[0], names[1] if len(names) == 2 else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-labels."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--peaks",
        type=cell_and_peaks,
        action="append",
        default=[],
        metavar="CELL=CONSERVATIVE[,RELAXED]",
        help="peaks of a cell, plain or gzip, in file names without commas; repeat for further cells",
    )
    add("-o", "--output", required=True, metavar="FILE", help="label file; gzip if it ends in .gz")
    add("--summary", metavar="FILE", help="also write a table of counts per cell and chromosome (TSV)")
    genome = parser.add_argument_group("genome (one of the two)").add_mutually_exclusive_group(required=True)
    genome.add_argument("--sizes", metavar="FILE", help="chromosome names and lengths (chrom.sizes or .fai)")
    genome.add_argument("--features", metavar="FILE", help="features.h5: chromosomes and blacklist")
    bins = parser.add_argument_group("bins")
    bins.add_argument(
        "--grid",
        choices=("whole", "official"),
        default="whole",
        help="whole: every 50 bp from base 0, as deepgrn-predict scores (default); official: from base 600 to about "
        "600 bp before the end, as in the challenge",
    )
    bins.add_argument("--blacklist", metavar="BED", help="leave out bins that share a base with these regions")
    add_chromosomes(bins, "label these chromosomes only")
    bins.add_argument("--clip-intervals", action="store_true", help="cut intervals at chromosome ends, not refuse them")


def run(args: argparse.Namespace) -> None:
    """Make the label file."""
    from deepgrn_tool.labels.inputs import PeakFiles
    from deepgrn_tool.labels.make import make_labels

    make_labels(
        args.output,
        [PeakFiles(*names) for names in args.peaks],
        sizes=args.sizes,
        features=args.features,
        blacklist=args.blacklist,
        chromosomes=args.chromosomes,
        grid=args.grid,
        clip=args.clip_intervals,
        summary=args.summary,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-labels."""
    parser = new_parser("deepgrn-labels", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
