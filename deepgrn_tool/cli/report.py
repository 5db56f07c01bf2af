"""Show a run on one page: quality, scores, best places, training, network, data, and whatever other programs drew.

The page is one HTML file that needs no network and runs no scripts: it can be mailed, printed and kept. Each file that
is given adds its section.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import add_chromosomes, new_parser, positive_int, run_cli
from deepgrn_tool.cli.evaluate import prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """predictions: FILE, NAME=FILE or CELL:NAME=FILE, as for deepgrn-evaluate

examples:
  deepgrn-report --scores CTCF.bw --features features.h5 --cell K562 --attention CTCF.attention.bw -o CTCF.html
  deepgrn-report --scores GM12878:CTCF=CTCF.bw --labels CTCF.labels.tsv.gz --model CTCF.model.h5 \\
      --history CTCF.history.tsv --features features.h5 --figure 'Motifs=logos.svg' --table 'Motifs=known.tsv' \\
      --figure 'Importance=importance.png' --table 'Importance=importance.tsv' -o CTCF.html
"""


def title_and_file(text: str) -> tuple[str, str]:
    """Parse `TITLE=FILE`, for argparse.

    >>> title_and_file("Motif logos=logos.svg")
    ('Motif logos', 'logos.svg')
    """
    title, separator, path = text.partition("=")
    if not (title.strip() and separator and path):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form TITLE=FILE")
    return title.strip(), path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-report."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("-o", "--output", required=True, metavar="HTML", help="page to write")
    add("--title", metavar="TEXT", help="heading (default: factor and cell)")
    shown = parser.add_argument_group("what to show, at least one")
    add = shown.add_argument
    prediction_help = "bigWig, bedGraph or .tab.gz of deepgrn-predict; may be repeated to compare several with --labels"
    add("--scores", type=prediction, action="append", default=[], metavar="PREDICTION", help=prediction_help)
    add("--labels", metavar="FILE", help="label file: precision-recall and ROC curves, bound bins in the pictures")
    add("--attention", metavar="FILE", help="bigWig or bedGraph of deepgrn-attention, shown at the places")
    add("--model", metavar="FILE", help="model.h5: the network and how it was made")
    add("--history", metavar="TSV", help="of deepgrn-train: the course of training; goes with --model")
    add("--features", metavar="FILE", help="features.h5: what the data are; accessibility at the places")
    figure_help = "add an image (.png or .svg) under a heading; may be repeated"
    add("--figure", type=title_and_file, action="append", default=[], metavar="TITLE=FILE", help=figure_help)
    table_help = "add a tab-separated table under a heading; may be repeated"
    add("--table", type=title_and_file, action="append", default=[], metavar="TITLE=FILE", help=table_help)
    where = parser.add_argument_group("where")
    where.add_argument("--cell", metavar="NAME", help="cell of labels and accessibility (default: the only one)")
    add_chromosomes(where, "only these chromosomes")
    where.add_argument("--regions", metavar="BED", help="show these places, in this order (default: the best ones)")
    where.add_argument(
        "--places", type=positive_int, default=6, metavar="N", help="how many places to show, at most 50 (default: 6)"
    )


def _options(args: argparse.Namespace) -> list[tuple[str, str]]:
    """List what was chosen beside files, for the page."""
    chosen = {"--cell": args.cell, "--chromosomes": args.chromosomes and ",".join(args.chromosomes)}
    chosen["--places"] = str(args.places)
    return [(name, value) for name, value in chosen.items() if value is not None]


def run(args: argparse.Namespace) -> None:
    """Make the page."""
    from deepgrn_tool.evaluation.join import Prediction
    from deepgrn_tool.report.job import Report

    Report(
        args.output,
        title=args.title,
        features=args.features,
        model=args.model,
        history=args.history,
        predictions=[Prediction(*given) for given in args.scores],
        labels=args.labels,
        cell=args.cell,
        chromosomes=args.chromosomes,
        attention=args.attention,
        regions=args.regions,
        places=args.places,
        figures=args.figure,
        tables=args.table,
        options=_options(args),
    ).write()


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-report."""
    parser = new_parser("deepgrn-report", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
