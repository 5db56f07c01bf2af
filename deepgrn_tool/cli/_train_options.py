"""The options of deepgrn-train. Hyperparameters that are not given are None: presets and defaults come later."""

from __future__ import annotations

import argparse

from deepgrn_tool.cli._common import add_chromosomes, add_threads, chromosome_names, name_and_file, number
from deepgrn_tool.cli._train_tables import LEARNING, NETWORK, VALIDATION, Table
from deepgrn_tool.training.presets import read_presets


def track_and_transform(text: str) -> tuple[str, str]:
    """Parse `TRACK=STEPS`, for argparse.

    >>> track_and_transform("accessibility=log1p,clip:5")
    ('accessibility', 'log1p,clip:5')
    """
    track, separator, steps = text.partition("=")
    if not (track and separator and steps):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form TRACK=STEPS, such as accessibility=log1p")
    return track, steps


def names_or_none(text: str) -> tuple[str, ...]:
    """Parse `NAME,NAME` or `none`, for argparse.

    >>> names_or_none("none"), names_or_none("uniqueness,accessibility")
    ((), ('uniqueness', 'accessibility'))
    """
    return () if text == "none" else tuple(chromosome_names(text))


def positive(text: str) -> float:
    """Parse a number greater than 0, for argparse."""
    value = number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number greater than 0")
    return value


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.add_argument("features", metavar="FEATURES", help="features.h5, made by deepgrn-features")
    parser.add_argument("labels", metavar="LABELS", help="label file of the factor, made by deepgrn-labels")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="model.h5 to write")
    parser.add_argument("--history", metavar="FILE", help="also write a table of the epochs (TSV)")
    parser.add_argument(
        "--curves", action="append", default=[], metavar="FILE", help="also draw the epochs (.png, .pdf or .svg)"
    )
    parser.add_argument("--factor", metavar="NAME", help="name of the factor (default: from preset or label file)")
    parser.add_argument(
        "--preset", choices=list(read_presets()), help="published hyperparameters of a factor; other options override"
    )
    parser.add_argument("--start-from", metavar="MODEL", help="begin with the network and weights of this model.h5")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run, if there is one")
    _add_data(parser.add_argument_group("cells and chromosomes"))
    network = parser.add_argument_group("network")
    network.add_argument(
        "--tracks", type=names_or_none, metavar="NAME,NAME", help="signals to read (default: uniqueness,accessibility)"
    )
    network.add_argument(
        "--transform",
        dest="transforms",
        type=track_and_transform,
        action="append",
        metavar="TRACK=STEPS",
        help="what is done to a signal first: none, log1p, clip:LIMIT, scale:FACTOR, joined by commas, such as "
        "accessibility=log1p,scale:0.3; once for each track",
    )
    _add_table(network, NETWORK)
    _add_table(parser.add_argument_group("learning"), LEARNING)
    _add_table(parser.add_argument_group("validation"), VALIDATION)
    resources = parser.add_argument_group("resources")
    add_threads(resources)
    resources.add_argument(
        "--memory",
        type=positive,
        default=2.0,
        metavar="GB",
        help="for windows to learn from, and as much for validation (default: 2)",
    )
    resources.add_argument(
        "--checkpoint-minutes",
        type=positive,
        default=10.0,
        metavar="N",
        help="write the file to go on from so often, and after each epoch (default: 10)",
    )


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--cells", type=chromosome_names, metavar="NAME,NAME", help="default: all of the label file")
    add_chromosomes(group, "learn from these (default: all labelled ones but those below)")
    group.add_argument(
        "--validation-chromosomes",
        type=chromosome_names,
        metavar="NAME,NAME",
        help="choose the epoch by these (default: chr11)",
    )
    group.add_argument(
        "--test-chromosomes",
        type=names_or_none,
        metavar="NAME,NAME",
        help="leave these out of everything (default: chr1,chr8,chr21, as far as they are there); or none",
    )
    group.add_argument(
        "--peaks",
        type=name_and_file,
        action="append",
        metavar="CELL=BED",
        help="peaks of a cell, for --positives peaks, which this implies; repeat for each cell",
    )


def _add_table(group: argparse._ArgumentGroup, options: Table) -> None:
    for name, keywords, text in options:
        named = {"metavar": "N"} if "type" in keywords else {}
        group.add_argument(f"--{name}", **{"help": text, **named, **keywords})
