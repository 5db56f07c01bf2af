"""From values of overlapping windows to one value per base: the mean over the windows that cover it, streamed.

Windows come in ascending order, piece by piece. A base's sum is formed in float64 in the order of the windows and its
value is given out once no later window can cover it, so that the result does not depend on the pieces, and the memory
not on the chromosome.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.geometry import Profile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.tracks.summarize import Intervals

NOTHING: Intervals = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


class BaseMeans:
    """Means per base of one chromosome, as intervals of equal values.

    Args:
        length: Length of the chromosome, in bp; bases of windows beyond its ends are left out.
    """

    def __init__(self, length: int) -> None:
        """Start before the first window."""
        self._length = length
        self._origin = 0  # base of the first element of the arrays below
        self._sums = np.zeros((0, 0))  # (profiles, bases)
        self._changes = np.zeros(0, np.int64)  # profiles that begin less those that end at each base
        self._open = 0  # profiles that cover the base before the first one
        self._held: Intervals = NOTHING  # the last interval: what follows may prolong it

    def add(self, starts: Positions, parts: Sequence[Profile]) -> Intervals:
        """Take windows and return the intervals that no later window can change.

        Args:
            starts: int64, shape (n,), first base of each window, strictly ascending over all calls; may be negative.
            parts: The windows' profiles, such as one for each strand; their places must be the same in all calls.

        Returns:
            Starts, ends and values of intervals, ascending and disjoint; neighbours that touch differ.
        """
        pieces = [piece for run in _runs(starts, parts) for piece in self._add_run(*run)]
        return self._joined(pieces)

    def finish(self) -> Intervals:
        """Return the intervals after the last window's start."""
        starts, ends, values = self._joined([self._return_up_to(self._origin + len(self._changes))])
        last = self._held
        self._held = NOTHING
        return np.append(starts, last[0]), np.append(ends, last[1]), np.append(values, last[2])

    def _add_run(self, starts: Positions, parts: Sequence[Profile]) -> Iterator[Intervals]:
        first = int(starts[0]) + min(part.offset for part in parts)
        # One base more, at which the profiles that reach farthest are taken to end.
        end = int(starts[-1]) + max(part.offset + part.size * part.values.shape[1] for part in parts) + 1
        if not len(self._changes) or first >= self._origin + len(self._changes):
            yield self._return_up_to(self._origin + len(self._changes))
            self._origin = first
            self._sums = np.zeros((len(parts), 0))
        self._make_room(end)
        for sums, part in zip(self._sums, parts, strict=True):
            width = part.size * part.values.shape[1]
            places = starts + (part.offset - self._origin)
            for place, row in zip(places.tolist(), np.repeat(part.values, part.size, axis=1), strict=True):
                sums[place : place + width] += row
            np.add.at(self._changes, places, 1)
            np.add.at(self._changes, places + width, -1)
        # The next window starts at least one base later.
        yield self._return_up_to(int(starts[-1]) + 1 + min(part.offset for part in parts))

    def _make_room(self, end: int) -> None:
        missing = end - self._origin - len(self._changes)
        if missing > 0:
            self._sums = np.pad(self._sums, ((0, 0), (0, missing)))
            self._changes = np.pad(self._changes, (0, missing))

    def _return_up_to(self, bound: int) -> Intervals:
        """Turn the bases before `bound` into intervals and forget them."""
        done = min(bound - self._origin, len(self._changes))
        if done <= 0:
            return NOTHING
        counts = self._open + np.cumsum(self._changes[:done])
        sums = self._sums[:, :done].sum(axis=0)
        begin = self._origin
        self._open = int(counts[-1])
        self._origin += done
        self._sums, self._changes = self._sums[:, done:].copy(), self._changes[done:].copy()
        inside = slice(max(0, -begin), max(0, self._length - begin))
        counts, sums = counts[inside], sums[inside]
        return _equal_runs(max(begin, 0), sums, counts)

    def _joined(self, pieces: list[Intervals]) -> Intervals:
        """Put pieces together, the last interval of each with an equal one that follows; hold back the very last."""
        starts, ends, values = (np.concatenate(columns) for columns in zip(self._held, *pieces, strict=True))
        if not len(starts):
            return NOTHING
        same = (starts[1:] == ends[:-1]) & (values[1:] == values[:-1])
        if same.any():
            starts = starts[np.append(True, ~same)]
            values = values[np.append(True, ~same)]
            ends = ends[np.append(~same, True)]
        self._held = starts[-1:], ends[-1:], values[-1:]
        return starts[:-1], ends[:-1], values[:-1]


def _runs(starts: Positions, parts: Sequence[Profile]) -> Iterator[tuple[Positions, list[Profile]]]:
    """Cut windows where neighbours are too far apart to share a base."""
    reach = max(part.offset + part.size * part.values.shape[1] for part in parts)
    bounds = [0, *(np.flatnonzero(np.diff(starts) > reach) + 1).tolist(), len(starts)]
    for begin, end in itertools.pairwise(bounds):
        if begin < end:
            yield starts[begin:end], [Profile(part.values[begin:end], part.offset, part.size) for part in parts]


def _equal_runs(begin: int, sums: NDArray[np.float64], counts: NDArray[np.int64]) -> Intervals:
    """Join neighbouring bases of equal value, leaving out those that no window covers."""
    if not len(counts):
        return NOTHING
    values = (sums / np.maximum(counts, 1)).astype(np.float32)
    covered = counts > 0
    changes = (values[1:] != values[:-1]) | (covered[1:] != covered[:-1])
    heads = np.append(0, np.flatnonzero(changes) + 1)
    ends = np.append(heads[1:], len(values))
    kept = covered[heads]
    return heads[kept] + begin, ends[kept] + begin, values[heads[kept]]
