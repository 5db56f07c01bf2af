"""Called regions: bins that score at least a threshold, joined where they overlap or touch, as BED6+3.

Columns, without a header line: chrom, start and end of the joined 200-bp bins; name (`region_1`, `region_2`, …); score
(1000 times the best score, rounded, 0 to 1000); strand (`.`); best score; summit (0-based position of the middle of
the best bin, of the first one where several are best); number of called bins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.tracks.text import shortest_decimals
from deepgrn_tool.tracks.textfile import TextFile
from deepgrn_tool.tracks.writer import Order, TrackWriter, Values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path
    from typing import ClassVar

    from deepgrn_tool.data.intervals import Positions


class Region(NamedTuple):
    """Joined bins of one chromosome; the last region of a piece may still grow."""

    start: int
    end: int
    best: float
    summit: int  # 0-based
    bins: int

    def join(self, other: Region) -> Region:
        """Add the bins of a region that starts at or after this one's start; the first of equal bests stays."""
        leader = self if self.best >= other.best else other
        return Region(self.start, max(self.end, other.end), leader.best, leader.summit, self.bins + other.bins)


def regions_of(starts: Positions, ends: Positions, scores: Values) -> list[Region]:
    """Join bins that overlap or touch.

    Args:
        starts: int64, shape (n,), ascending, 0-based.
        ends: int64, shape (n,), exclusive.
        scores: float32, shape (n,).
    """
    if len(starts) == 0:
        return []
    reach = np.maximum.accumulate(ends)
    first = np.flatnonzero(np.append(True, starts[1:] > reach[:-1]))
    sizes = np.diff(np.append(first, len(starts)))
    bests = np.maximum.reduceat(scores, first)
    is_best = np.flatnonzero(scores == np.repeat(bests, sizes))
    summit_bins = is_best[np.searchsorted(is_best, first)]
    columns = (
        starts[first],
        reach[first + sizes - 1],
        shortest_decimals(bests),
        (starts[summit_bins] + ends[summit_bins]) // 2,
        sizes,
    )
    return [Region(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


class CalledRegionsWriter(TrackWriter):
    """A BED file of regions called from bins that come in ascending order.

    Args:
        target: File to write.
        chromosomes: Length of each chromosome, in bp, by name.
        threshold: Bins that score at least this are called; compared as float32, the precision of scores.
    """

    order: ClassVar[Order] = "ascending"

    def __init__(self, target: str | Path, chromosomes: Mapping[str, int], threshold: float) -> None:
        """Start without an open region."""
        super().__init__(target, chromosomes)
        self._threshold = np.float32(threshold)
        self._chrom = ""
        self._growing: Region | None = None
        self._written = 0

    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        self._text = outputs.enter_context(TextFile(temporary, bgzip=False))

    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        if chrom != self._chrom:
            self._write_growing()
            self._chrom = chrom
        called = values >= self._threshold
        regions = regions_of(starts[called], ends[called], values[called])
        if not regions:
            return
        if self._growing is not None and regions[0].start <= self._growing.end:
            regions[0] = self._growing.join(regions[0])
        else:
            self._write_growing()
        self._write_rows(regions[:-1])
        self._growing = regions[-1]

    def _finish(self) -> None:
        self._write_growing()
        self._text.finish()

    def _write_growing(self) -> None:
        if self._growing is not None:
            self._write_rows([self._growing])
            self._growing = None

    def _write_rows(self, regions: list[Region]) -> None:
        rows = []
        for number, (start, end, best, summit, bins) in enumerate(regions, self._written + 1):
            score = min(max(round(1000 * best), 0), 1000)
            rows.append(f"{self._chrom}\t{start}\t{end}\tregion_{number}\t{score}\t.\t{best!r}\t{summit}\t{bins}\n")
        self._written += len(regions)
        self._text.write("".join(rows).encode())
