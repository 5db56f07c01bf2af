"""The job of deepgrn-hub: tracks in, a folder for UCSC, IGV and web browsers out."""

from __future__ import annotations

import logging
import os
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.hub.folder import atomic_folder, check_folder
from deepgrn_tool.hub.inputs import assembly_of, open_inputs
from deepgrn_tool.hub.page import steps, write_page
from deepgrn_tool.hub.regions import best_regions, check_count, read_regions
from deepgrn_tool.hub.session import write_session
from deepgrn_tool.hub.tracks import cell_colors, check_assembly, check_tracks
from deepgrn_tool.hub.ucsc import write_hub
from deepgrn_tool.tracks.bigwig import BigWigWriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepgrn_tool.hub.inputs import Inputs
    from deepgrn_tool.hub.tracks import Track

logger = logging.getLogger(__name__)

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
BLOCK = 1 << 20  # bp of a features file that are read at once


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
    if regions is None:
        check_count(count, flank)
    others = [path for path in (features, genome, regions) if path is not None]
    given = [track.path for track in tracks if track.path is not None] + others
    check_folder(output, overwrite, given)
    for path in given:
        os.stat(path)  # a wrong name is told before any file is read
    with ExitStack() as opened:
        inputs = open_inputs(tracks, features, genome, opened)
        name = assembly_of(assembly, inputs.features)
        check_assembly(name)
        if not inputs.has_sequence:
            logger.info("The page shows no sequence: neither --genome nor --features is given")
        if regions is None:
            places = best_regions(inputs, count, flank)
        else:
            places = read_regions(regions, inputs.lengths, flank)
        heading = " ".join((title or _title(tracks)).split())
        folder = opened.enter_context(atomic_folder(output))
        (folder / name).mkdir()
        for track in inputs.tracks:
            _place(inputs, track, folder / name / track.file_name, link)
        write_hub(folder, [track for track in inputs.tracks if not track.is_bed], chosen, name, heading, email)
        write_session(folder, inputs.tracks, chosen, name, name, places)
        write_page(folder, inputs, chosen, name, heading, places)
    logger.info("Wrote %s: %s tracks, %s regions in the page", output, len(inputs.tracks), len(places))


def _title(tracks: Sequence[Track]) -> str:
    """Name the hub by its factors, as long as that is short."""
    factors = list(dict.fromkeys(track.factor for track in tracks if track.factor is not None))
    return f"DeepGRN {', '.join(factors)}" if len(factors) <= 3 else f"DeepGRN, {len(factors)} factors"


def _place(inputs: Inputs, track: Track, target: Path, link: bool) -> None:
    """Put a track's file into the hub."""
    if track.path is None:
        _write_signal(inputs, track, target)
    elif link:
        target.symlink_to(track.path.resolve())
    else:
        shutil.copyfile(track.path, target)
    source = track.path or (inputs.features.path if inputs.features is not None else "")
    logger.info("%s: %s from %s", target.name, track.title, source)


def _write_signal(inputs: Inputs, track: Track, target: Path) -> None:
    """Write a signal of the features file as bigWig."""
    if inputs.features is None:
        raise ValueError(f"the track {track.name} has no file, and there is no features file")
    chromosomes = inputs.features.chromosomes
    with BigWigWriter(target, chromosomes) as writer:
        for chrom in sorted(chromosomes, key=str.encode):
            for start in range(0, chromosomes[chrom], BLOCK):
                values = inputs.signal(track, chrom, start, min(start + BLOCK, chromosomes[chrom]))
                if not np.isfinite(values).all():
                    raise InputError(
                        f"{track.title} on {chrom} holds what is not a finite number", inputs.features.path
                    )
                writer.add(chrom, *steps(start, values))
