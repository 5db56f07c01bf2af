"""From scores of overlapping 200-bp bins to a track with at most one value per base.

`center`: each score stands on the central 50 bp of its bin, [start + 75, start + 125); nothing is mixed, so that the
scores can be read back from the track. `mean` and `max`: a base's value is that of all scored bins that cover it; the
track changes only where a bin starts or ends, which for bins of the grid is every 50 bp.

Summaries stream: what the next piece's bins may still change is carried over, and the result does not depend on how
the bins were cut into pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE, CENTER_OFFSET, CENTER_SIZE
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.errors import InputError
from deepgrn_tool.tracks.writer import Values

Summary = Literal["center", "mean", "max"]
Intervals = tuple[Positions, Positions, Values]  # starts, ends, values


class Summarizer(ABC):
    """Turns the ascending bins of one chromosome, piece by piece, into ascending, non-overlapping intervals."""

    smallest_gap: ClassVar[int] = 0  # bp between the starts of neighbouring bins

    def __init__(self, chrom: str) -> None:
        """Start before the first bin; the name is for messages."""
        self._chrom = chrom
        self._previous: int | None = None

    def add(self, starts: Positions, scores: Values) -> Intervals:
        """Take bins and return the intervals that no later bin can change.

        Args:
            starts: int64, shape (n,), 0-based starts of bins, ascending.
            scores: float32, shape (n,).

        Raises:
            InputError: Bins are too close to each other for this summary.
            ValueError: The caller's bins do not ascend.
        """
        if len(starts) == 0:
            return starts[:0], starts[:0], scores[:0]
        gaps = np.diff(starts) if self._previous is None else np.diff(starts, prepend=self._previous)
        if (gaps < self.smallest_gap).any():
            self._refuse(starts, gaps)
        self._previous = int(starts[-1])
        return self._add(starts, scores)

    def _refuse(self, starts: Positions, gaps: Positions) -> None:
        worst = int(np.argmax(gaps < self.smallest_gap)) - len(gaps)
        start, gap = int(starts[worst]), int(gaps[worst])
        if gap < 0:
            raise ValueError(f"bin {self._chrom}:{start} comes after bin {self._chrom}:{start - gap}, not in order")
        raise InputError(
            f"bins {self._chrom}:{start - gap} and {self._chrom}:{start} start {gap} bp apart, so their central "
            f"{CENTER_SIZE} bp overlap; use --summarize mean or max, or write .tab.gz"
        )

    @abstractmethod
    def _add(self, starts: Positions, scores: Values) -> Intervals:
        """Summarize a checked piece of at least one bin."""

    @abstractmethod
    def finish(self) -> Intervals:
        """Return the intervals after the last bin's start."""


class CenterSummarizer(Summarizer):
    """Each score on its bin's central 50 bp."""

    smallest_gap = CENTER_SIZE

    def _add(self, starts: Positions, scores: Values) -> Intervals:
        cells = starts + CENTER_OFFSET
        return cells, cells + CENTER_SIZE, scores

    def finish(self) -> Intervals:
        """Return nothing: every interval was final."""
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


class CoverSummarizer(Summarizer):
    """The mean or the highest score of all bins that cover a base; each repeat of a bin counts.

    Args:
        chrom: Name of the chromosome, for messages.
        combine: `np.add` (divided by the number of bins) or `np.maximum`.
    """

    def __init__(self, chrom: str, combine: np.ufunc) -> None:
        """Start without bins."""
        super().__init__(chrom)
        self._combine = combine
        self._starts: Positions = np.empty(0, np.int64)  # bins that reach beyond the intervals returned so far
        self._scores: Values = np.empty(0, np.float32)
        self._done = 0  # bp; intervals up to here were returned

    def _add(self, starts: Positions, scores: Values) -> Intervals:
        self._starts = np.concatenate([self._starts, starts])
        self._scores = np.concatenate([self._scores, scores])
        return self._return_up_to(int(starts[-1]))

    def finish(self) -> Intervals:
        """Return what the last bins cover."""
        return self._return_up_to(int(self._starts[-1]) + BIN_SIZE if len(self._starts) else self._done)

    def _return_up_to(self, bound: int) -> Intervals:
        starts, scores = self._starts, self._scores
        breaks = np.unique(np.concatenate([starts, starts + BIN_SIZE]))
        breaks = breaks[np.searchsorted(breaks, self._done) : np.searchsorted(breaks, bound, side="right")]
        cells, ends = breaks[:-1], breaks[1:]
        # Bins are equally long, so those that cover a cell follow each other.
        first = np.searchsorted(starts, cells - BIN_SIZE, side="right")
        stop = np.searchsorted(starts, cells, side="right")
        covered = stop > first
        cells, ends, first, stop = cells[covered], ends[covered], first[covered], stop[covered]
        # reduceat works from each index to the next one; every second result is the stretch between two cells' bins.
        pairs = np.column_stack([first, stop]).ravel()
        wide = np.append(scores.astype(np.float64), 0.0)
        values = self._combine.reduceat(wide, pairs)[::2] if len(pairs) else wide[:0]
        if self._combine is np.add:
            values = values / (stop - first)
        self._done = bound
        kept = np.searchsorted(starts, bound - BIN_SIZE, side="right")
        self._starts, self._scores = starts[kept:], scores[kept:]
        return cells, ends, values.astype(np.float32)


def summarizer_for(summary: Summary, chrom: str) -> Summarizer:
    """Make the summarizer of a chromosome."""
    if summary == "center":
        return CenterSummarizer(chrom)
    return CoverSummarizer(chrom, np.add if summary == "mean" else np.maximum)
