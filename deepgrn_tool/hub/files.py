"""The data files of a hub: the user's tracks, signals from a features file, called regions for UCSC, and the genome."""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.hub.bigbed import read_called, write_bigbed
from deepgrn_tool.hub.page import steps
from deepgrn_tool.hub.twobit import write_twobit
from deepgrn_tool.tracks.bigwig import BigWigWriter

if TYPE_CHECKING:
    from pathlib import Path

    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.hub.inputs import Inputs
    from deepgrn_tool.hub.regions import Region
    from deepgrn_tool.hub.tracks import Track

logger = logging.getLogger(__name__)

BLOCK = 1 << 20  # bp of a features file that are read at once
TWO_BIT = "twoBitPath"  # the setting of genomes.txt


def place_tracks(inputs: Inputs, folder: Path, link: bool) -> dict[str, str]:
    """Put the files of all tracks into a folder.

    Args:
        inputs: The open files.
        folder: Where to.
        link: Link to the user's files instead of copying them.

    Returns:
        For each BED track its name and its type at UCSC.

    Raises:
        InputError: A signal of the features file is not finite.
        OSError: A file cannot be read or written.
    """
    bed_types = {}
    for track in inputs.tracks:
        target = folder / track.file_name
        if track.path is not None:
            _copy(track.path, target, link)
            if track.is_bed:
                called = read_called(track.path, inputs.lengths)
                write_bigbed(folder / track.hub_file_name, inputs.lengths, called)
                bed_types[track.name] = called.track_type
            logger.info("%s: %s from %s", target.name, track.title, track.path)
        elif inputs.features is not None:
            _write_signal(inputs.features, track, target)
            logger.info("%s: %s from %s", target.name, track.title, inputs.features.path)
    return bed_types


def _copy(source: Path, target: Path, link: bool) -> None:
    if link:
        target.symlink_to(source.resolve())
    else:
        shutil.copyfile(source, target)


def _write_signal(features: FeaturesFile, track: Track, target: Path) -> None:
    """Write a signal of the features file as bigWig."""
    chromosomes = features.chromosomes
    with BigWigWriter(target, chromosomes) as writer:
        for chrom in sorted(chromosomes, key=str.encode):
            for start in range(0, chromosomes[chrom], BLOCK):
                end = min(start + BLOCK, chromosomes[chrom])
                values = features.signal(track.kind, chrom, start, end, track.cell)
                if not np.isfinite(values).all():
                    raise InputError(f"{track.title} on {chrom} holds what is not a finite number", features.path)
                writer.add(chrom, *steps(start, values))


def write_genome(inputs: Inputs, folder: Path, assembly: str, title: str, first: Region) -> dict[str, str]:
    """Write the genome itself into the hub.

    Args:
        inputs: The open files, with FASTA or features file.
        folder: The hub; the folder of the assembly is there.
        assembly: Name of the assembly.
        title: What the hub is called.
        first: The place to begin with.

    Returns:
        What genomes.txt has to say of a genome that UCSC does not know.

    Raises:
        InputError: The sequence cannot be read, or is too large for the format.
        OSError: The file cannot be written.
    """
    lengths = inputs.sequence_lengths
    path = f"{assembly}/{assembly}.2bit"
    write_twobit(folder / path, lengths, inputs.sequence)
    logger.info("%s.2bit: the genome, %s chromosomes", assembly, f"{len(lengths):,}")
    return {
        TWO_BIT: path,
        "organism": assembly,
        "description": title,
        "defaultPos": f"{first.chrom}:{first.start + 1}-{first.end}",
    }
