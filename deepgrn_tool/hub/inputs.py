"""All inputs of a hub, open and compared with each other."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.bed import read_bed
from deepgrn_tool.formats.bigwig import BigWig, check_values
from deepgrn_tool.formats.fasta import Fasta
from deepgrn_tool.hub.tracks import ACCESSIBILITY, SCORES, Track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from deepgrn_tool.formats.bed import Intervals

logger = logging.getLogger(__name__)


@dataclass
class Inputs:
    """What is shown, and where it lies.

    Attributes:
        tracks: The user's tracks and those that the features file adds, cell by cell.
        lengths: Chromosome name → length in bp, of all files together, in the order of the first that names each.
        bigwigs: The open file of each bigWig track, by its name.
        called: Intervals of each BED track by chromosome, by its name.
        features: The features file, or None.
        genome: The FASTA, or None.
    """

    tracks: list[Track]
    lengths: dict[str, int]
    bigwigs: dict[str, BigWig]
    called: dict[str, dict[str, Intervals]] = field(default_factory=dict)
    features: FeaturesFile | None = None
    genome: Fasta | None = None

    def signal(self, track: Track, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Read a region of a track that is not BED.

        Returns:
            float32, shape (end - start,); 0 where there is no value, or the track lacks the chromosome.

        Raises:
            InputError: The file is damaged, a value is not finite, or a score is not from 0 to 1.
        """
        if track.path is None:
            features = self.features
            if features is not None and chrom in features.chromosomes:
                return features.signal(track.kind, chrom, start, end, track.cell)
        elif chrom in self.bigwigs[track.name].lengths:
            values = self.bigwigs[track.name].values(chrom, start, end)
            lowest, highest = (0.0, 1.0) if track.kind == SCORES else (-np.inf, np.inf)
            check_values(values, track.path, chrom, start, lowest, highest)
            return values
        return np.zeros(end - start, np.float32)

    @property
    def sequence_lengths(self) -> dict[str, int]:
        """Chromosomes whose bases are known: name → length in bp; none where there is neither FASTA nor features."""
        if self.genome is not None:
            return self.genome.lengths
        return {} if self.features is None else self.features.chromosomes

    def sequence(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        """Read base codes; what neither file knows is N.

        Returns:
            uint8, shape (end - start,): A, C, G, T = 0..3, other 4.
        """
        if self.genome is not None and chrom in self.genome.lengths:
            return self.genome.codes(chrom, start, end)
        if self.features is not None and chrom in self.features.chromosomes:
            return self.features.sequence(chrom, start, end)
        return np.full(end - start, UNKNOWN_BASE, np.uint8)


def open_inputs(tracks: Sequence[Track], features: Path | None, genome: Path | None, opened: ExitStack) -> Inputs:
    """Open all files and compare their chromosomes.

    Args:
        tracks: The user's tracks.
        features: A features file, whose accessibility is added for the cells that have no such track yet.
        genome: FASTA, for the sequence; goes before that of the features file.
        opened: Closes the files.

    Raises:
        InputError: A file is wrong, or files disagree on a chromosome.
    """
    lengths: dict[str, int] = {}
    told: dict[str, Path] = {}
    bigwigs: dict[str, BigWig] = {}
    for track in tracks:
        if track.path is not None and not track.is_bed:
            bigwigs[track.name] = opened.enter_context(BigWig(track.path))
            _agree(bigwigs[track.name].lengths, track.path, lengths, told)
    inputs = Inputs(list(tracks), lengths, bigwigs)
    if features is not None:
        inputs.features = opened.enter_context(FeaturesFile(features))
        _agree(inputs.features.chromosomes, features, lengths, told)
        inputs.tracks += _accessibility(inputs.features, tracks)
    if genome is not None:
        inputs.genome = opened.enter_context(Fasta(genome))
        _agree(inputs.genome.lengths, genome, lengths, told)
    for track in tracks:
        if track.is_bed and track.path is not None:
            inputs.called[track.name] = read_bed(track.path, lengths)
    cells = list(dict.fromkeys(track.cell for track in tracks))
    inputs.tracks.sort(key=lambda track: cells.index(track.cell))
    return inputs


def _agree(found: Mapping[str, int], path: Path, lengths: dict[str, int], told: dict[str, Path]) -> None:
    """Add the chromosomes of one more file to those known; refuse what contradicts them."""
    for chrom, length in found.items():
        if chrom in lengths and lengths[chrom] != length:
            text = f"{chrom} has {length} bp here, but {lengths[chrom]} in {told[chrom]}"
            raise InputError(f"{text}; are the files of the same assembly?", path)
        other = chrom[3:] if chrom.startswith("chr") else f"chr{chrom}"
        if other in lengths:
            text = f"chromosome '{chrom}' is called '{other}' in {told[other]}; use the same names in all files"
            raise InputError(text, path)
    if lengths and not found.keys() & lengths.keys():
        first = next(iter(found))
        text = f"has none of the chromosomes of {next(iter(told.values()))}: '{first}' is not in it"
        raise InputError(text + did_you_mean(first, lengths), path)
    for chrom, length in found.items():
        lengths.setdefault(chrom, length)
        told.setdefault(chrom, path)


def _accessibility(features: FeaturesFile, tracks: Sequence[Track]) -> list[Track]:
    """List the accessibility tracks that a features file adds."""
    given = {track.cell for track in tracks if track.kind == ACCESSIBILITY}
    added = []
    for cell in dict.fromkeys(track.cell for track in tracks):
        if cell in given:
            continue
        if cell not in features.cells:
            hint = did_you_mean(cell, features.cells)
            text = "warning: %s: the accessibility of '%s' is not shown, because there is no such cell%s"
            logger.warning(text, features.path, cell, hint)
        elif ACCESSIBILITY in features.cell_tracks(cell):
            added.append(Track(ACCESSIBILITY, cell, None))
    return added


def assembly_of(given: str | None, features: FeaturesFile | None) -> str:
    """Tell the assembly, by the user's word or by the features file.

    Raises:
        UsageError: Neither tells it.
        InputError: They contradict each other.
    """
    recorded = features.assembly if features is not None else ""
    if given is None and not recorded:
        raise UsageError("give the name of the genome assembly as UCSC writes it: --assembly hg19")
    if given is not None and features is not None and recorded and recorded != given:
        raise InputError(
            f"is of the assembly {recorded}, not {given}; leave out --assembly or name that", features.path
        )
    return given or recorded
