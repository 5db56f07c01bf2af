"""Compare predictions with labels: how well the scores rank bound bins above unbound ones.

Writes a table with auROC, auPRC, average precision, recall at false discovery rates and F1 for each prediction, on all
chromosomes together and on each. Ambiguous bins are left out. Scores and labels are matched by coordinates.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import add_chromosomes, new_parser, positive_int, run_cli
from deepgrn_tool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """predictions, by suffix:
  .bw .bigWig                 tracks made with --summarize center, which is what deepgrn-predict does
  .bedGraph .bg (.gz)         the same
  .tab (.gz)                  one line per bin: chromosome, start, end, score (ENCODE-DREAM)

  FILE                        is called by its name, without suffix
  NAME=FILE                   is called NAME in table and figure
  CELL:NAME=FILE              is compared with the labels of that cell, whatever --cell says

example:
  deepgrn-evaluate --labels CTCF.labels.tsv.gz --cell K562 new=CTCF.new.bw old=CTCF.old.tab.gz \\
      -o CTCF.metrics.tsv --curves CTCF.curves.png
"""
SUFFIX = re.compile(r"\.(bw|bigwig|bedgraph|bg|tab)(\.gz)?\Z", re.IGNORECASE)


def prediction(text: str) -> tuple[str, str, str | None]:
    """Parse `[[CELL:]NAME=]FILE`, for argparse; returns file, name and cell.

    >>> prediction("K562:new=a.bw"), prediction("runs/b.tab.gz")
    (('a.bw', 'new', 'K562'), ('runs/b.tab.gz', 'b', None))
    """
    given, separator, path = text.rpartition("=")
    if not separator:
        return text, SUFFIX.sub("", text.rpartition("/")[2]), None
    cell, colon, name = given.rpartition(":")
    if not (path and name) or (colon and not cell):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form FILE, NAME=FILE or CELL:NAME=FILE")
    return path, name, cell or None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-evaluate."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("predictions", nargs="+", type=prediction, metavar="PREDICTION", help="file with scores; see below")
    add("--labels", required=True, metavar="FILE", help="label file, made by deepgrn-labels or of the challenge")
    add("--cell", metavar="NAME", help="cell of the labels (default: the only one of the file)")
    add("-o", "--output", required=True, metavar="FILE", help="table to write (TSV)")
    add(
        "--curves",
        action="append",
        default=[],
        metavar="FILE",
        help="also draw precision-recall and ROC curves: .png, .pdf or .svg; may be repeated",
    )
    add_chromosomes(parser, "compare on these chromosomes (default: those that all predictions have scores on)")
    add(
        "--missing",
        choices=("fail", "drop"),
        default="fail",
        help="what to do where labelled bins have no score: refuse (default), or leave these bins out",
    )
    add("--subsamples", action="store_true", help="add rows for ten stratified subsamples of 90 %%, and their mean")
    add("--seed", type=positive_int, metavar="N", help="seed of the subsamples (default: 1)")


def run(args: argparse.Namespace) -> None:
    """Evaluate."""
    if args.seed is not None and not args.subsamples:
        raise UsageError("--seed belongs to --subsamples; give that, too")
    from deepgrn_tool.evaluation.evaluate import evaluate
    from deepgrn_tool.evaluation.join import Prediction

    evaluate(
        args.labels,
        [Prediction(*given) for given in args.predictions],
        args.output,
        cell=args.cell,
        chromosomes=args.chromosomes,
        drop_missing=args.missing == "drop",
        subsample_seed=(args.seed or 1) if args.subsamples else None,
        curves=args.curves,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-evaluate."""
    parser = new_parser("deepgrn-evaluate", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
