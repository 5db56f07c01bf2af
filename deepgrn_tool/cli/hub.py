"""Put tracks into one folder that people can look at: a UCSC track hub, an IGV session, and a page for web browsers.

The page (index.html) needs no network and no server: double-click it, or send it to a colleague. It holds the regions
that score best, or those of --regions. For UCSC, put the folder on a web server and paste the address of hub.txt.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import new_parser, run_cli
from deepgrn_tool.cli._hub_options import add_hub_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepgrn_tool.hub.tracks import Track

EPILOG = """names of scores, attention and called regions:
  CELL:FACTOR=FILE            K562:CTCF=scores.bw
  FILE                        where its name begins with both: K562.CTCF.bw, K562.CTCF.attention.bw

examples:
  deepgrn-hub --scores K562:CTCF=K562.bw --scores GM12878:CTCF=GM12878.bw --features hg19.features.h5 \\
      --email me@lab.org -o CTCF_hub
  deepgrn-hub --scores K562.CTCF.bw --attention K562.CTCF.attention.bw --accessibility K562=dnase.bw --genome hg19.fa \\
      --assembly hg19 --regions loci.bed --email me@lab.org -o CTCF_hub
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-hub."""
    parser.epilog = EPILOG
    add_hub_options(parser)


def tracks_of(args: argparse.Namespace) -> list[Track]:
    """Collect the tracks in the order in which the page shows them."""
    from deepgrn_tool.errors import UsageError
    from deepgrn_tool.hub.tracks import ACCESSIBILITY, ATTENTION, CALLED, SCORES, Track, names_from_file

    tracks = []
    for kind, given in ((SCORES, args.scores), (CALLED, args.called), (ATTENTION, args.attention)):
        for path, cell, factor in given:
            names = (cell, factor) if cell and factor else names_from_file(path)
            if names is None:
                raise UsageError(f"--{kind} {path}: the name does not tell cell and factor; write CELL:FACTOR={path}")
            tracks.append(Track(kind, names[0], Path(path), names[1]))
    tracks += [Track(ACCESSIBILITY, cell, Path(path)) for cell, path in args.accessibility]
    return tracks + [Track(name, cell, Path(path)) for cell, name, path in args.track]


def run(args: argparse.Namespace) -> None:
    """Make the hub."""
    from deepgrn_tool.errors import UsageError
    from deepgrn_tool.hub.job import make_hub

    if args.regions is not None and args.count is not None:
        raise UsageError("--count chooses regions, and --regions names them; give one of the two")
    make_hub(
        tracks_of(args),
        args.output,
        email=args.email,
        assembly=args.assembly,
        features=args.features,
        genome=args.genome,
        regions=args.regions,
        count=10 if args.count is None else args.count,
        flank=args.flank,
        colors=dict(args.color),
        title=args.title,
        own_genome=args.own_genome,
        link=args.link,
        overwrite=args.overwrite,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-hub."""
    parser = new_parser("deepgrn-hub", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
