"""What a prediction holds, seen in one pass: how many bins have which score, and where the best ones are.

A bin's score stands on its central 50 bp in tracks, and on the whole bin in tables; here both come as the former.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE, CENTER_OFFSET, CENTER_SIZE
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.evaluation.scores import BIGWIG_SUFFIXES, TABLE_SUFFIXES, has_suffix
from deepgrn_tool.formats.bed import IntervalCollector, parse_bed
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.score_text import read_bin_rows, read_score_rows
from deepgrn_tool.tracks.best import BestIntervals

CLASSES = 50  # of scores from 0 to 1
SPAN = 2000  # bp that are shown around a bin
SPARE = 20  # intervals kept for each place that is wanted: neighbours of a chosen place are passed over

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


class Piece(NamedTuple):
    """Intervals of one chromosome, each of one value.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (n,), 0-based.
        ends: int64, shape (n,), exclusive.
        values: float64, shape (n,).
    """

    chrom: str
    starts: Positions
    ends: Positions
    values: Floats


@dataclass(frozen=True)
class Place:
    """A stretch of the genome that is shown.

    Attributes:
        chrom: Name of the chromosome.
        middle: Its middle, 0-based.
        score: Score of the bin in the middle, where that is why the place was chosen.
    """

    chrom: str
    middle: int
    score: float = 0.0

    @property
    def start(self) -> int:
        """First base that is shown, 0-based; may be negative."""
        return self.middle - SPAN // 2

    @property
    def end(self) -> int:
        """End of what is shown, exclusive."""
        return self.middle + SPAN // 2


@dataclass
class Survey:
    """Counts of scores and the best places.

    Attributes:
        counts: Bins by score in classes of equal width from 0 to 1, int64; scores outside count in the outer ones.
        best: The best places, best first; none shows the middle of another.
    """

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CLASSES, np.int64))
    best: list[Place] = field(default_factory=list)


def read_pieces(path: str | Path, chromosomes: Sequence[str] | None = None) -> Iterator[Piece]:
    """Go through the intervals of a track or table.

    Args:
        path: Prediction, by suffix.
        chromosomes: Only these.

    Raises:
        InputError: The file cannot be read.
    """
    if has_suffix(path, BIGWIG_SUFFIXES):
        with BigWig(path) as track:
            for chrom in track.lengths:
                if chromosomes is None or chrom in chromosomes:
                    for starts, ends, values in track.finite_intervals(chrom):
                        yield Piece(chrom, starts, ends, values.astype(np.float64))
        return
    bins = has_suffix(path, TABLE_SUFFIXES)
    for rows in read_bin_rows(path, BIN_SIZE) if bins else read_score_rows(path):
        if chromosomes is not None and rows.chrom not in chromosomes:
            continue
        starts, ends = rows.starts, rows.ends
        if bins:
            starts = starts + CENTER_OFFSET
            ends = starts + CENTER_SIZE
        yield Piece(rows.chrom, starts, ends, rows.values)


def known_lengths(path: str | Path) -> dict[str, int]:
    """Give the lengths of chromosomes, in bp, by name, that a track tells; text tells none."""
    if not has_suffix(path, BIGWIG_SUFFIXES):
        return {}
    with BigWig(path) as track:
        return dict(track.lengths)


def read_places(path: str | Path, lengths: Mapping[str, int], most: int) -> tuple[list[Place], int]:
    """Read places from a BED file.

    Args:
        path: BED file; a place is around the middle of each interval.
        lengths: Length of each chromosome, in bp, by name.
        most: How many places to keep.

    Returns:
        The first places, in the order of the file, and how many there are.

    Raises:
        InputError: The file is not BED, or not of this genome.
    """
    collector = IntervalCollector(path, lengths, None)
    places: list[Place] = []
    for number, chrom, start, end in parse_bed(path):
        if collector.place(number, chrom, start, end) is not None and len(places) < most:
            places.append(Place(chrom, (start + end) // 2))
    collector.finish()
    return places, collector.kept


def survey(path: str | Path, places: int, chromosomes: Sequence[str] | None = None) -> Survey:
    """Count scores and find the best places, holding little in memory.

    Args:
        path: Prediction, by suffix.
        places: How many places to find, if there are so many with a score above 0.
        chromosomes: Only these.

    Raises:
        InputError: The file cannot be read, or has no score on one of the chromosomes.
    """
    found = Survey()
    best = BestIntervals(SPARE * places)
    scored = set()
    for piece in read_pieces(path, chromosomes):
        scored.add(piece.chrom)
        classes = np.clip((piece.values * CLASSES).astype(np.int64), 0, CLASSES - 1)
        bins = (piece.ends - piece.starts) // CENTER_SIZE
        found.counts += np.bincount(classes, weights=bins, minlength=CLASSES).astype(np.int64)
        best.add(*piece)
    for name in chromosomes or ():
        if name not in scored:
            known = known_lengths(path) or dict.fromkeys(piece.chrom for piece in read_pieces(path))
            hint = "" if name in known else did_you_mean(name, known)
            raise InputError(f"has no score on chromosome '{name}'{hint}", path)
    if not found.counts.any():
        raise InputError("has no score", path)
    for value, chrom, start, end in best.ranked():
        place = Place(chrom, (start + end) // 2, value)
        apart = all(other.chrom != place.chrom or abs(other.middle - place.middle) >= SPAN for other in found.best)
        if apart and len(found.best) < places:
            found.best.append(place)
    return found


def values_at(path: str | Path, places: Sequence[Place]) -> list[NDArray[np.float32]]:
    """Read a track around places; where it has no value it is 0.

    Args:
        path: Track or table, by suffix.
        places: The places.

    Returns:
        For each place float32, shape (SPAN,).

    Raises:
        InputError: The file cannot be read.
    """
    shown = [np.zeros(SPAN, np.float32) for _ in places]
    if has_suffix(path, BIGWIG_SUFFIXES):
        with BigWig(path) as track:
            for values, place in zip(shown, places, strict=True):
                start, end = max(place.start, 0), min(place.end, track.lengths.get(place.chrom, 0))
                if start < end:
                    values[start - place.start : end - place.start] = track.values(place.chrom, start, end)
        return shown
    for piece in read_pieces(path, sorted({place.chrom for place in places})):
        for values, place in zip(shown, places, strict=True):
            if place.chrom != piece.chrom:
                continue
            near = np.flatnonzero((piece.starts < place.end) & (piece.ends > place.start))
            for index in near.tolist():
                begin = max(int(piece.starts[index]), place.start) - place.start
                values[begin : int(piece.ends[index]) - place.start] = piece.values[index]
    return shown
