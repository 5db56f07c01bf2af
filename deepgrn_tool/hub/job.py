"""The job of deepgrn-hub: tracks in, a folder for UCSC, IGV and web browsers out."""

from __future__ import annotations

import logging
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from deepgrn_tool.errors import UsageError
from deepgrn_tool.hub.files import TWO_BIT, place_tracks, write_genome
from deepgrn_tool.hub.folder import atomic_folder, check_folder
from deepgrn_tool.hub.igvjs import find_igv
from deepgrn_tool.hub.inputs import assembly_of, open_inputs
from deepgrn_tool.hub.page import write_page
from deepgrn_tool.hub.regions import best_regions, check_count, read_regions
from deepgrn_tool.hub.session import write_session
from deepgrn_tool.hub.tracks import cell_colors, check_assembly, check_tracks
from deepgrn_tool.hub.ucsc import Hub, write_hub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.hub.tracks import Track

logger = logging.getLogger(__name__)

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


def make_hub(
    tracks: Sequence[Track],
    output: Path,
    *,
    email: str,
    assembly: str | None = None,
    features: Path | None = None,
    genome: Path | None = None,
    regions: Path | None = None,
    count: int = 10,
    flank: int = 1000,
    colors: Mapping[str, str] | None = None,
    title: str | None = None,
    own_genome: bool = False,
    link: bool = False,
    overwrite: bool = False,
) -> None:
    """Put tracks into a folder with a UCSC track hub, an IGV session and a page for web browsers.

    Args:
        tracks: What to show; at least one of scores or attention.
        output: Folder to make.
        email: Whom UCSC's users may ask.
        assembly: UCSC's name of the assembly; None for that of the features file.
        features: Features file: accessibility of the tracks' cells, sequence, and assembly.
        genome: FASTA with the sequence.
        regions: BED of what the page shows; None for the places that score best.
        count: Number of places that score best.
        flank: Bases that the page shows on both sides of each.
        colors: `#RRGGBB` by cell, where the user wants another.
        title: What the hub is called; None for the factors' names.
        own_genome: Put the genome into the hub, which UCSC and IGV do not know.
        link: Link to the tracks instead of copying them.
        overwrite: Replace a hub that is there already.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not match the others.
        OSError: A file cannot be read or written.
    """
    check_tracks(tracks)
    chosen = cell_colors((track.cell for track in tracks), colors or {})
    if not EMAIL.match(email):
        raise UsageError(f"--email {email}: this is no address; UCSC wants one in every hub")
    if assembly is not None:
        check_assembly(assembly)
    if own_genome and genome is None and features is None:
        raise UsageError("--own-genome needs the sequence; give --genome or --features")
    if regions is None:
        check_count(count, flank)
    _check_files(output, overwrite, [*(track.path for track in tracks), features, genome, regions])
    browser = find_igv()
    with ExitStack() as opened:
        inputs = open_inputs(tracks, features, genome, opened)
        name = assembly_of(assembly, inputs.features)
        check_assembly(name)
        if not inputs.sequence_lengths:
            logger.info("The page shows no sequence: neither --genome nor --features is given")
        lengths = inputs.lengths
        places = best_regions(inputs, count, flank) if regions is None else read_regions(regions, lengths, flank)
        heading = " ".join((title or _title(tracks)).split())
        folder = opened.enter_context(atomic_folder(output))
        (folder / name).mkdir()
        bed_types = place_tracks(inputs, folder / name, link)
        settings = write_genome(inputs, folder, name, heading, places[0]) if own_genome else {}
        write_hub(folder, Hub(name, heading, email, chosen, bed_types, settings), inputs.tracks)
        write_session(folder, inputs.tracks, chosen, name, settings.get(TWO_BIT, name), places)
        write_page(folder, inputs, browser, chosen, name, heading, places)
    logger.info("Wrote %s: %s tracks, %s regions in the page", output, len(inputs.tracks), len(places))


def _check_files(output: Path, overwrite: bool, paths: Sequence[Path | None]) -> None:
    """Refuse an output that cannot be made, and tell of wrong names before any file is read."""
    given = [path for path in paths if path is not None]
    check_folder(output, overwrite, given)
    for path in given:
        os.stat(path)


def _title(tracks: Sequence[Track]) -> str:
    """Name the hub by its factors, as long as that is short."""
    factors = list(dict.fromkeys(track.factor for track in tracks if track.factor is not None))
    return f"DeepGRN {', '.join(factors)}" if len(factors) <= 3 else f"DeepGRN, {len(factors)} factors"
