"""The highest intervals of a track, at most one of each kilobase, found in one pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STRETCH = 1000  # bp; of those that begin in it, the highest interval counts
SPARE = 4  # how many times more than wanted are held before some are let go

Positions = NDArray[np.int64]


class Interval(NamedTuple):
    """An interval of a track.

    Attributes:
        value: Its value.
        chrom: Name of the chromosome.
        start: 0-based start.
        end: End, exclusive.
    """

    value: float
    chrom: str
    start: int
    end: int


class BestIntervals:
    """Takes all intervals of a track and keeps the highest ones above 0.

    Args:
        most: How many to keep.
    """

    def __init__(self, most: int) -> None:
        """Start with nothing."""
        self._most = most
        self._kept: dict[tuple[str, int], Interval] = {}  # by chromosome and stretch

    def add(self, chrom: str, starts: Positions, ends: Positions, values: NDArray[np.floating]) -> None:
        """Take intervals of one chromosome.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), 0-based.
            ends: int64, shape (n,), exclusive.
            values: Shape (n,), finite.
        """
        stretches = starts // STRETCH
        order = np.lexsort((starts, -values, stretches))
        first = order[np.diff(stretches[order], prepend=-1) > 0]
        first = first[values[first] > 0]
        highest = first[np.lexsort((starts[first], -values[first]))][: self._most]
        for index in highest.tolist():
            found = Interval(float(values[index]), chrom, int(starts[index]), int(ends[index]))
            place = (chrom, found.start // STRETCH)
            if place not in self._kept or _rank(found) < _rank(self._kept[place]):
                self._kept[place] = found
        if len(self._kept) > SPARE * self._most:
            self._kept = {(one.chrom, one.start // STRETCH): one for one in self.ranked()}

    def ranked(self) -> list[Interval]:
        """Give the intervals, the highest first; of equal ones the first in C-locale order."""
        return sorted(self._kept.values(), key=_rank)[: self._most]


def _rank(interval: Interval) -> tuple[float, bytes, int]:
    return -interval.value, interval.chrom.encode(), interval.start
