"""The options of deepgrn-hub."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from deepgrn_tool.cli._common import name_and_file, positive_int, whole
from deepgrn_tool.cli._features_options import cell_track


def named_track(text: str) -> tuple[str, str | None, str | None]:
    """Parse `[CELL:FACTOR=]FILE`, for argparse; returns file, cell and factor.

    >>> named_track("K562:CTCF=a.bw"), named_track("K562.CTCF.bw")
    (('a.bw', 'K562', 'CTCF'), ('K562.CTCF.bw', None, None))
    >>> named_track("K562:rep1:CTCF=a.bw")
    ('a.bw', 'K562:rep1', 'CTCF')
    """
    names, separator, path = text.partition("=")
    if not separator:
        return text, None, None
    cell, _, factor = names.rpartition(":")
    if not (cell and factor and path):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form CELL:FACTOR=FILE")
    return path, cell, factor


def not_negative(text: str) -> int:
    """Parse a whole number of at least 0, for argparse."""
    value = whole(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative")
    return value


def add_hub_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in groups."""
    tracks = parser.add_argument_group("tracks; each option may be repeated")
    named: dict[str, Any] = {"action": "append", "default": [], "type": named_track, "metavar": "CELL:FACTOR=FILE"}
    tracks.add_argument("--scores", **named, help="bigWig of deepgrn-predict")
    tracks.add_argument("--attention", **named, help="bigWig of deepgrn-attention")
    tracks.add_argument("--called", **named, help="BED of deepgrn-predict")
    signal: dict[str, Any] = {"action": "append", "default": []}
    tracks.add_argument(
        "--accessibility", type=name_and_file, metavar="CELL=FILE", **signal, help="bigWig of a cell type"
    )
    tracks.add_argument("--track", type=cell_track, metavar="CELL:NAME=FILE", **signal, help="any other bigWig of it")
    genome = parser.add_argument_group("genome")
    genome.add_argument(
        "--features", metavar="FILE", type=Path, help="features.h5: accessibility of the cells, sequence"
    )
    genome.add_argument("--genome", metavar="FASTA", type=Path, help="sequence for the page, if not from --features")
    genome.add_argument(
        "--assembly", metavar="NAME", help="as UCSC writes it, such as hg19 (default: that of --features)"
    )
    text = "put the genome into the hub, too, because UCSC and IGV do not know it"
    genome.add_argument("--own-genome", action="store_true", help=text)
    page = parser.add_argument_group("what the page shows")
    page.add_argument("--regions", metavar="BED", type=Path, help="these regions, with names in the fourth column")
    text = "the N best places, each track of scores in turn (default: 10)"
    page.add_argument("--count", type=positive_int, metavar="N", help=text)
    text = "bases on both sides of each (default: 1000)"
    page.add_argument("--flank", type=not_negative, default=1000, metavar="BP", help=text)
    out = parser.add_argument_group("output")
    out.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="folder to make")
    out.add_argument("--email", metavar="ADDRESS", required=True, help="whom to ask; UCSC wants it in every hub")
    out.add_argument("--title", metavar="TEXT", help="what the hub is called (default: the names of the factors)")
    colors: dict[str, Any] = {"action": "append", "default": [], "type": name_and_file, "metavar": "CELL=#RRGGBB"}
    out.add_argument("--color", **colors, help="colour of a cell's tracks; may be repeated")
    out.add_argument("--link", action="store_true", help="link to the tracks instead of copying them")
    out.add_argument("--overwrite", action="store_true", help="replace a hub that is there already")
