"""Train a network on labelled bins: from features and labels to a model that predicts.

Chromosomes for validation choose the best epoch and chromosomes for tests stay unseen; bins that are ambiguous or on
the blacklist of the features file are never used. Sizes, rates and numbers that are not given are the published
program's.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from deepgrn_tool.cli._common import new_parser, run_cli
from deepgrn_tool.cli._train_options import add_train_options
from deepgrn_tool.cli._train_tables import SETTINGS
from deepgrn_tool.errors import UsageError

PROGRAM = "deepgrn-train"
EPILOG = """While it runs, FILE.training beside the model holds what is needed to go on: after an interruption give the
same command with --resume, and the model will be the same as without the interruption. It is deleted at the end.

examples:
  deepgrn-train features.h5 CTCF.labels.tsv.gz -o CTCF.model.h5 --history CTCF.tsv --curves CTCF.png --threads 4
  deepgrn-train features.h5 CTCF.labels.tsv.gz -o CTCF.model.h5 --preset CTCF --positives bins
  deepgrn-train yeast.h5 Reb1.labels.tsv.gz -o Reb1.model.h5 --tracks accessibility --transform accessibility=log1p \\
      --no-expression --no-annotation --validation-chromosomes chrXV --test-chromosomes chrIV
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EPILOG
    add_train_options(parser)


def run(args: argparse.Namespace) -> None:
    """Train and write; TensorFlow loads only after all inputs were checked."""
    from deepgrn_tool.training.build import settings_for
    from deepgrn_tool.training.data import Choice
    from deepgrn_tool.training.train import Training

    given = {name: getattr(args, name) for name in SETTINGS}
    given["transforms"] = None if args.transforms is None else tuple(args.transforms)
    peaks = dict(args.peaks or [])
    if len(peaks) < len(args.peaks or []):
        raise UsageError("--peaks names a cell twice; give one file per cell")
    if peaks and given["positives"] is None:
        given["positives"] = "peaks"
    Training(
        args.features,
        args.labels,
        args.output,
        settings_for(given, preset=args.preset, start_from=args.start_from),
        Choice(args.cells, args.chromosomes, args.validation_chromosomes, args.test_chromosomes, peaks or None),
        factor=args.factor,
        preset=args.preset,
        start_from=args.start_from,
        history=args.history,
        curves=args.curves,
        resume=args.resume,
        memory=args.memory,
        checkpoint_minutes=args.checkpoint_minutes,
        threads=args.threads,
    ).run()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program."""
    parser = new_parser(PROGRAM, __doc__)
    add_arguments(parser)
    return run_cli(parser, run, argv)
