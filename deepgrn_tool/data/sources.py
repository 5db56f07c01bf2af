"""The signal files of one build: what they are, whether they fit the genome, and how they are read."""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from deepgrn_tool.data.schema import ACCESSIBILITY, SOURCE_PREFIX, UNIQUENESS
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.alignments import CutSites, is_alignment_file
from deepgrn_tool.formats.bigwig import BigWig, check_values
from deepgrn_tool.formats.checksum import sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_RESERVED = {ACCESSIBILITY: "--accessibility CELL=FILE", UNIQUENESS: "--uniqueness FILE"}


@dataclass(frozen=True)
class SignalSource:
    """One signal file and where it goes.

    Attributes:
        path: bigWig, or BAM/CRAM for accessibility.
        track: Name of the track.
        cell: Cell type, or None for a genome track.
    """

    path: str
    track: str
    cell: str | None

    @property
    def group(self) -> str:
        """Return the HDF5 group that the track belongs to."""
        return "genome_tracks" if self.cell is None else f"cells/{self.cell}/tracks"

    @property
    def role(self) -> str:
        """Return what the file is for, in words."""
        return f"genome track {self.track}" if self.cell is None else f"{self.track} of {self.cell}"

    @property
    def from_alignments(self) -> bool:
        """Tell whether cut sites are counted from alignments."""
        return self.track == ACCESSIBILITY and self.cell is not None and is_alignment_file(self.path)

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the lowest and highest value allowed."""
        if self.cell is None and self.track == UNIQUENESS:
            return 0.0, 1.0
        return (0.0 if self.cell is not None and self.track == ACCESSIBILITY else -math.inf), math.inf


class Signal(Protocol):
    """What the builder reads."""

    lengths: dict[str, int]

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Read a region of a chromosome."""


class _ScaledCuts:
    """Cut sites of an alignment file as 1x coverage."""

    def __init__(self, cuts: CutSites, factor: float) -> None:
        self.lengths = cuts.lengths
        self._cuts = cuts
        self._factor = factor

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        return (self._cuts.counts(chrom, start, end) * self._factor).astype(np.float32)


class _CheckedBigWig:
    """A bigWig whose values are checked against bounds."""

    def __init__(self, file: BigWig, bounds: tuple[float, float]) -> None:
        self.lengths = file.lengths
        self._file = file
        self._bounds = bounds

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        values = self._file.values(chrom, start, end)
        check_values(values, self._file.path, chrom, start, *self._bounds)
        return values


def check_name(kind: str, name: str) -> None:
    """Refuse names that HDF5 or a table could not hold.

    Raises:
        UsageError: The name is empty, contains '/' or control characters, or is '.' or '..'.
    """
    if not name or name in (".", "..") or "/" in name or name != name.strip() or not name.isprintable():
        raise UsageError(f"{kind} name '{name}' cannot be used: no '/', no spaces around it, not '.' or '..'")


def list_sources(
    accessibility: list[tuple[str, str]],
    uniqueness: str | None,
    genome_tracks: list[tuple[str, str]],
    cell_tracks: list[tuple[str, str, str]],
) -> list[SignalSource]:
    """Collect the signal files of a build.

    Args:
        accessibility: Cell and file.
        uniqueness: File, or None.
        genome_tracks: Track and file.
        cell_tracks: Cell, track and file.

    Raises:
        UsageError: A name cannot be used, is reserved, or comes twice.
    """
    sources = [SignalSource(uniqueness, UNIQUENESS, None)] if uniqueness is not None else []
    for track, path in genome_tracks:
        if track in _RESERVED:
            raise UsageError(f"track name '{track}' is reserved; use {_RESERVED[track]}")
        sources.append(SignalSource(path, track, None))
    sources += [SignalSource(path, ACCESSIBILITY, cell) for cell, path in accessibility]
    for cell, track, path in cell_tracks:
        if track in _RESERVED:
            raise UsageError(f"track name '{track}' is reserved; use {_RESERVED[track]}")
        sources.append(SignalSource(path, track, cell))
    seen: set[tuple[str | None, str]] = set()
    for source in sources:
        check_name("track", source.track)
        if source.cell is not None:
            check_name("cell", source.cell)
        if (source.cell, source.track) in seen:
            raise UsageError(f"{source.role} is given twice")
        seen.add((source.cell, source.track))
    return sources


def check_lengths(found: Mapping[str, int], genome: Mapping[str, int], path: str | Path) -> None:
    """Compare the chromosomes of an input with those of the genome; further ones in the input are fine.

    Raises:
        InputError: A chromosome of the genome is missing from the input, or has another length there.
    """
    for name, length in genome.items():
        if name not in found:
            hint = did_you_mean(name, found)
            raise InputError(
                f"lacks chromosome '{name}' of the genome{hint}; rename chromosomes so that both agree, "
                "or leave it out with --chromosomes",
                path,
            )
        if found[name] != length:
            raise InputError(
                f"says that {name} has {found[name]} bp, but it has {length} in the genome; is it another assembly?",
                path,
            )


def check_source(
    source: SignalSource, genome: Mapping[str, int], effective_genome_size: int | None, reference: str | Path | None
) -> None:
    """Open a signal file and compare it with the genome, before anything is written.

    Raises:
        InputError: The file is damaged or does not match the genome.
        UsageError: The file holds alignments and the effective genome size is missing.
    """
    if source.from_alignments:
        if effective_genome_size is None:
            raise UsageError(
                f"{source.path} holds alignments: --effective-genome-size is required (2864785220 for hg19, "
                "2913022398 for hg38)"
            )
        with CutSites(source.path, reference) as cuts:
            check_lengths(cuts.lengths, genome, source.path)
        return
    with BigWig(source.path) as file:
        check_lengths(file.lengths, genome, source.path)


@contextmanager
def open_source(
    source: SignalSource, effective_genome_size: int | None, reference: str | Path | None, threads: int = 1
) -> Iterator[tuple[Signal, dict[str, str | int | float]]]:
    """Open a signal file that was checked; alignments are unpacked by `threads` threads.

    Yields:
        The signal, and what is to be recorded about how it was made.
    """
    if not source.from_alignments:
        with BigWig(source.path) as file:
            yield _CheckedBigWig(file, source.bounds), {}
        return
    size = effective_genome_size or 0
    with CutSites(source.path, reference, threads) as cuts:
        scaling = cuts.scaling(size)
        logger.info(
            "%s: %s mapped alignments, median read length %s, scale factor %.6g",
            source.path,
            f"{scaling.mapped:,}",
            scaling.read_length,
            scaling.factor,
        )
        yield (
            _ScaledCuts(cuts, scaling.factor),
            {
                "effective_genome_size": size,
                "mapped_alignments": scaling.mapped,
                "median_read_length": scaling.read_length,
                "scale_factor": scaling.factor,
                "equals": "bamCoverage --Offset 1 --binSize 1 --normalizeUsing RPGC",
            },
        )


def provenance(role: str, path: str | Path) -> dict[str, str | int]:
    """Describe an input file: role, base name, size in bytes, SHA-256; no path and no date."""
    file = Path(path)
    return {
        f"{SOURCE_PREFIX}role": role,
        f"{SOURCE_PREFIX}file": file.name,
        f"{SOURCE_PREFIX}size": file.stat().st_size,
        f"{SOURCE_PREFIX}sha256": sha256(file),
    }
