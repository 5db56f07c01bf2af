"""Zoom levels of a bigWig file: the same track at ever coarser resolution, built while the track streams past."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.tracks.bbi import BlockList

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions

ZOOM_LEVELS = 10  # as many as readers expect at most
ZOOM_STEP = 4  # each level is this much coarser than the one before
FIRST_REDUCTION = 400  # bp
RECORDS_PER_BLOCK = 512
INTERVALS_AT_ONCE = 4096  # many short contigs are then summed together
SPOOL_MEMORY = 1 << 20  # bytes of a level kept in memory before they go to disk
# Columns of a table of records while they are summed, float64, which holds every whole number that can occur.
CHROM, START, END, COVERED, LOWEST, HIGHEST, SUM, SQUARES = range(8)
RECORD = np.dtype([*((name, "<u4") for name in "csen"), *((name, "<f4") for name in "lhtq")])

Records = NDArray[np.float64]


def records_of(
    chroms: Positions, starts: Positions, ends: Positions, values: NDArray[np.float32], size: int
) -> Records:
    """Cut intervals at the multiples of `size` and describe each part by its sums.

    Args:
        chroms: int64, shape (n,), numbers of the chromosomes, ascending.
        starts: int64, shape (n,), 0-based, ascending within a chromosome.
        ends: int64, shape (n,), exclusive.
        values: float32, shape (n,).
        size: Width of a window, in bp.

    Returns:
        float64, shape (m, 8), m >= n: chromosome, start, end, bases, lowest, highest, sum, sum of squares (per base).
    """
    first = starts // size
    counts = (ends - 1) // size - first + 1
    source = np.repeat(np.arange(len(starts)), counts)
    window = first[source] + np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    records = np.empty((len(source), 8))
    value = values[source].astype(np.float64)
    records[:, CHROM] = chroms[source]
    records[:, START] = np.maximum(starts[source], window * size)
    records[:, END] = np.minimum(ends[source], (window + 1) * size)
    records[:, COVERED] = records[:, END] - records[:, START]
    records[:, LOWEST] = records[:, HIGHEST] = value
    records[:, SUM] = value * records[:, COVERED]
    records[:, SQUARES] = value * records[:, SUM]
    return records


def _join(records: Records, size: int) -> Records:
    """Make one record of all neighbours that lie in the same window of `size` bp; none crosses a window's edge."""
    window = records[:, START] // size
    new = np.ones(len(records), bool)
    new[1:] = (window[1:] != window[:-1]) | (records[1:, CHROM] != records[:-1, CHROM])
    first = np.flatnonzero(new)
    joined = records[first]
    joined[:, END] = records[np.append(first[1:], len(records)) - 1, END]
    for column in (COVERED, SUM, SQUARES):
        joined[:, column] = np.add.reduceat(records[:, column], first)
    joined[:, LOWEST] = np.minimum.reduceat(records[:, LOWEST], first)
    joined[:, HIGHEST] = np.maximum.reduceat(records[:, HIGHEST], first)
    return joined


class ZoomLevel:
    """One resolution: takes finer records in order, and hands its own on to the next level, block by block."""

    def __init__(self, size: int, out: BinaryIO, coarser: ZoomLevel | None) -> None:
        """Write blocks to `out`, an empty file of this level's own."""
        self.size = size  # bp
        self.out = out
        self.blocks = BlockList(out)
        self.count = 0  # records written
        self.coarser = coarser
        self._waiting: Records = np.empty((0, 8))  # the last record may still grow

    def add(self, records: Records) -> None:
        """Take records of a finer level, or of the track cut at this level's windows, shape (n, 8)."""
        self._waiting = _join(np.concatenate([self._waiting, records]), self.size)
        while len(self._waiting) > RECORDS_PER_BLOCK:
            block, self._waiting = np.split(self._waiting, [RECORDS_PER_BLOCK])
            self._write(block)

    def finish(self) -> None:
        """Write what waits, here and in all coarser levels."""
        if len(self._waiting):
            self._write(self._waiting)
        if self.coarser is not None:
            self.coarser.finish()

    def _write(self, records: Records) -> None:
        packed = np.empty(len(records), RECORD)
        for column, name in enumerate(RECORD.names or ()):
            packed[name] = records[:, column]
        first, last = records[0], records[-1]
        corners = (first[CHROM], first[START], last[CHROM], last[END])
        self.blocks.append(packed.tobytes(), *map(int, corners))
        self.count += len(records)
        if self.coarser is not None:
            self.coarser.add(records)


class Pyramid:
    """All zoom levels of one track.

    Args:
        folder: Where levels too long for memory are kept until the end, in files without a name.
        closing: Closes those files.
    """

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        """Start empty levels, coarsest first, because each knows the next coarser one."""
        level: ZoomLevel | None = None
        for power in range(ZOOM_LEVELS - 1, -1, -1):
            spool = closing.enter_context(SpooledTemporaryFile(SPOOL_MEMORY, dir=str(folder)))
            level = ZoomLevel(FIRST_REDUCTION * ZOOM_STEP**power, cast("BinaryIO", spool), level)
        self._finest = cast("ZoomLevel", level)
        self._held: list[tuple[Positions, Positions, Positions, NDArray[np.float32]]] = []
        self._held_count = 0

    def add(self, chrom: int, starts: Positions, ends: Positions, values: NDArray[np.float32]) -> None:
        """Take a piece of the track, ascending; chromosomes ascend by number."""
        self._held.append((np.full(len(starts), chrom), starts, ends, values))
        self._held_count += len(starts)
        if self._held_count >= INTERVALS_AT_ONCE:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._held:
            chroms, starts, ends, values = (np.concatenate(column) for column in zip(*self._held, strict=True))
            self._finest.add(records_of(chroms, starts, ends, values, FIRST_REDUCTION))
        self._held, self._held_count = [], 0

    def finish(self) -> Iterator[ZoomLevel]:
        """End all levels and yield those worth keeping, finest first: each at most half as long as the one before."""
        self._pass_on()
        self._finest.finish()
        level: ZoomLevel | None = self._finest
        kept: ZoomLevel | None = None
        while level is not None and level.count:
            if kept is None or 2 * level.count <= kept.count:
                kept = level
                yield level
            level = level.coarser
