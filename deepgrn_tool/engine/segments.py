"""Cuts the bins of a chromosome into segments: runs of bases that one call of the compiled network scores.

Windows that share bases lie in the same segment, so that what they share is computed once. Windows far apart are put
side by side in one segment; the positions across such a seam belong to no window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.intervals import Positions


@dataclass(frozen=True)
class Segment:
    """Windows that are scored together.

    Attributes:
        first: Index of the segment's first window among all windows.
        pieces: int64, shape (p, 3): start and end of each run of bases on the chromosome (0-based, half-open; the
            first and last may lie off its ends), and the run's place in the segment.
        offsets: int32, shape (n,), where in the segment each window starts.
    """

    first: int
    pieces: NDArray[np.int64]
    offsets: NDArray[np.int32]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.offsets)


def cut_into_segments(
    window_starts: Positions, window_size: int, max_bases: int, max_windows: int, multiple: int
) -> Iterator[Segment]:
    """Put windows into as few segments as their order allows.

    Args:
        window_starts: int64, shape (n,), strictly ascending starts of windows on the chromosome; may be negative.
        window_size: bp.
        max_bases: Bases of a segment, at least `window_size`.
        max_windows: Windows of a segment.
        multiple: Every run of bases is placed at a multiple of this, so that windows whose starts agree modulo
            `multiple` start at multiples of it within the segment.

    Yields:
        Segments that together hold every window once, in order.
    """
    if len(window_starts) == 0:
        return
    # A window opens a new run unless it touches the one before it and keeps the phase.
    steps = np.diff(window_starts)
    apart = (steps > window_size) | (steps % multiple != 0)
    begin = 0
    while begin < len(window_starts):
        end = _windows_that_fit(apart, steps, begin, window_size, max_bases, max_windows, multiple)
        yield _segment(window_starts[begin:end], apart[begin : end - 1], begin, window_size, multiple)
        begin = end


def _windows_that_fit(
    apart: NDArray[np.bool_], steps: Positions, begin: int, window_size: int, bases: int, windows: int, multiple: int
) -> int:
    """Find the index after the last window that still fits into a segment that begins with window `begin`."""
    stop = min(begin + windows, len(apart) + 1)
    jump = -(-window_size // multiple) * multiple
    advance = np.where(apart[begin : stop - 1], 0, steps[begin : stop - 1])
    # A run ends with a whole window; the next one starts at the following multiple.
    advance = np.where(apart[begin : stop - 1], jump, advance)
    used = window_size + np.cumsum(advance)
    return begin + 1 + int(np.searchsorted(used, bases, side="right"))


def _segment(starts: Positions, apart: NDArray[np.bool_], first: int, window_size: int, multiple: int) -> Segment:
    heads = np.concatenate([[0], np.flatnonzero(apart) + 1])
    tails = np.append(heads[1:] - 1, len(starts) - 1)
    run_starts, run_ends = starts[heads], starts[tails] + window_size
    places = np.concatenate([[0], np.cumsum(-(-(run_ends - run_starts) // multiple) * multiple)[:-1]])
    opens_run = np.zeros(len(starts), np.int64)
    opens_run[heads[1:]] = 1
    run_of = np.cumsum(opens_run)
    offsets = starts - run_starts[run_of] + places[run_of]
    return Segment(first, np.column_stack([run_starts, run_ends, places]), offsets.astype(np.int32))
