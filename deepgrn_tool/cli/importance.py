"""Measure which inputs a network relies on: sequence, accessibility and other tracks, expression, annotation.

One input at a time is exchanged among bins: each bin keeps its label and all other inputs, and gets this one from
another bin. What the network then loses in auPRC, at the natural ratio of bound and unbound bins, is the importance
of the input. Each exchange is repeated, and several networks can be compared.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import add_chromosomes, add_threads, chromosome_names, new_parser, positive_int, run_cli
from deepgrn_tool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """models:
  FILE                        is called by its name, without .model.h5
  NAME=FILE                   is called NAME in tables and figure

examples:
  deepgrn-importance hg19.features.h5 CTCF.model.h5 --labels CTCF.labels.tsv.gz --cells GM12878 \\
      -o CTCF.importance.tsv --plot CTCF.importance.png
  deepgrn-importance hg19.features.h5 CTCF.h5 TAF1.h5 --labels CTCF=CTCF.tsv.gz --labels TAF1=TAF1.tsv.gz \\
      --compare sequence:accessibility --tests tests.tsv -o importance.tsv
"""
SUFFIX = re.compile(r"(\.model)?\.h5\Z")


def model_file(text: str) -> tuple[str, str]:
    """Parse `[NAME=]FILE`, for argparse.

    >>> model_file("a=x.h5"), model_file("runs/CTCF.model.h5")
    (('a', 'x.h5'), ('CTCF', 'runs/CTCF.model.h5'))
    """
    name, separator, path = text.rpartition("=")
    if not separator:
        return SUFFIX.sub("", text.rpartition("/")[2]), text
    if not (name and path):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form FILE or NAME=FILE")
    return name, path


def label_file(text: str) -> tuple[str | None, str]:
    """Parse `[MODEL=]FILE`, for argparse.

    >>> label_file("labels.tsv"), label_file("a=labels.tsv")
    ((None, 'labels.tsv'), ('a', 'labels.tsv'))
    """
    return model_file(text) if "=" in text else (None, text)


def comparison(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse `NAME,NAME:NAME,NAME`, for argparse: `a,b:c` becomes `(("a", "b"), ("c",))`."""
    left, separator, right = text.partition(":")
    sides = (tuple(left.split(",")), tuple(right.split(",")))
    if not separator or not all(name for side in sides for name in side):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME,NAME:NAME,NAME")
    return sides


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-importance."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("features", metavar="FEATURES", help="features.h5, made by deepgrn-features")
    add("models", nargs="+", type=model_file, metavar="MODEL", help="model.h5; see below")
    text = "label file; MODEL=FILE for one model, else for all that have none of their own; may be repeated"
    add("--labels", required=True, action="append", type=label_file, metavar="[MODEL=]FILE", help=text)
    add("-o", "--output", required=True, metavar="FILE", help="table to write (TSV)")
    add("--plot", action="append", default=[], metavar="FILE", help="also draw bars: .png, .pdf or .svg; repeatable")
    bins = parser.add_argument_group("bins and exchanges")
    bins.add_argument("--cells", type=chromosome_names, metavar="NAME,NAME", help="default: all of the label file")
    add_chromosomes(bins, "measure on these (default: the test chromosomes that the model names)")
    text = "unbound bins per bound one, at least 20,000 in each cell; each stands for many (default: 5)"
    bins.add_argument("--negatives", type=positive_int, default=5, metavar="N", help=text)
    bins.add_argument("--repeats", type=positive_int, default=5, metavar="N", help="exchanges per input (default: 5)")
    bins.add_argument("--seed", type=positive_int, default=1, metavar="N", help="of sample and exchange (default: 1)")
    group = parser.add_argument_group("comparison, by Wilcoxon's signed-rank test")
    text = "two groups of inputs, over all models, or of models, pair by pair; may be repeated"
    group.add_argument("--compare", action="append", default=[], type=comparison, metavar="A,B:C,D", help=text)
    group.add_argument("--tests", metavar="FILE", help="table of the comparisons (TSV)")
    add_threads(parser)


def run(args: argparse.Namespace) -> None:
    """Measure."""
    models, labels = dict(args.models), dict(args.labels)
    if len(models) < len(args.models):
        raise UsageError("two models go by the same name; give NAME=FILE with different names")
    if len(labels) < len(args.labels):
        raise UsageError("--labels is given twice for the same models; give MODEL=FILE")
    if None in labels and models.keys() <= labels.keys():
        raise UsageError(f"--labels {labels[None]}: every model has labels of its own; leave this out")
    from deepgrn_tool.importance.compare import Comparison
    from deepgrn_tool.importance.job import Wanted, importance

    wanted = Wanted(args.output, args.plot, [Comparison(*sides) for sides in args.compare], args.tests)
    importance(
        args.features,
        models,
        labels,
        wanted,
        cells=args.cells,
        chromosomes=args.chromosomes,
        negatives=args.negatives,
        repeats=args.repeats,
        seed=args.seed,
        threads=args.threads,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-importance."""
    parser = new_parser("deepgrn-importance", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
