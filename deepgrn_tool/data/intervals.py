"""Arithmetic on sorted, non-overlapping half-open intervals, as NumPy arrays of starts and ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]


def merge(starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Join overlapping and book-ended intervals into one, and sort them.

    Args:
        starts: int64, shape (n,), 0-based starts in any order.
        ends: int64, shape (n,), ends, exclusive, each greater than its start.

    Returns:
        Starts and ends of the union, int64, shape (m,), ascending, with at least 1 bp between neighbours.
    """
    if len(starts) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    first = np.ones(len(starts), bool)
    first[1:] = starts[1:] > reach[:-1]
    last = np.append(first[1:], True)
    return starts[first], reach[last]


def overlaps(query_starts: Positions, query_ends: Positions, starts: Positions, ends: Positions) -> NDArray[np.bool_]:
    """Tell which queries share at least 1 bp with any of the intervals.

    Args:
        query_starts: int64, shape (n,), in any order.
        query_ends: int64, shape (n,).
        starts: int64, shape (m,), merged intervals as `merge` returns them.
        ends: int64, shape (m,).

    Returns:
        bool, shape (n,).
    """
    begun = np.searchsorted(starts, query_ends, side="left")
    ended = np.searchsorted(ends, query_starts, side="right")
    return begun > ended
