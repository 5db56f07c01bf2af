"""The labelling rule of the ENCODE-DREAM challenge, for the bins of one chromosome.

A peak belongs to a bin by the *half rule* where at least half of the bin or at least half of the peak is shared.
With conservative and relaxed peaks, a bin is bound where one conservative peak belongs to it and one relaxed peak
overlaps it, unbound where none does either, and ambiguous elsewhere. Peaks are merged first, each set on its own.

Source: label generation of the challenge's organisers (bedtools merge; bedtools intersect -f 0.5 -F 0.5 -e).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.intervals import merge
from deepgrn_tool.labels.table import AMBIGUOUS, BOUND, UNBOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.table import Codes

    Intervals = tuple[Positions, Positions]


def label_bins(starts: Positions, conservative: Intervals, relaxed: Intervals | None) -> Codes:
    """Label the bins of one chromosome in one cell.

    Args:
        starts: int64, shape (n,), 0-based starts of the bins, ascending, on the grid or not.
        conservative: Starts and ends of the reproducible peaks, int64, in any order, overlaps are fine.
        relaxed: Starts and ends of all peaks, in the same form. None where there is no such set: then a bin is bound
            where at least one peak belongs to it by the half rule, ambiguous where a peak only overlaps it, and
            unbound elsewhere.

    Returns:
        uint8, shape (n,): `UNBOUND`, `BOUND` or `AMBIGUOUS`.

    >>> starts = np.array([0, 50, 100, 150, 200])
    >>> peak = (np.array([250]), np.array([400]))
    >>> label_bins(starts, peak, peak).tolist()
    [0, 0, 2, 1, 1]
    """
    peak_starts, peak_ends = merge(*conservative)
    halves = np.minimum(BIN_SIZE // 2, (peak_ends - peak_starts + 1) // 2)
    belonging = count_peaks(starts, peak_starts, peak_ends, halves)
    if relaxed is None:
        overlapping = count_peaks(starts, peak_starts, peak_ends, 1)
        bound = belonging > 0
    else:
        peak_starts, peak_ends = merge(*relaxed)
        overlapping = count_peaks(starts, peak_starts, peak_ends, 1)
        bound = (belonging == 1) & (overlapping == 1)
    codes = np.full(len(starts), AMBIGUOUS, np.uint8)
    codes[(belonging == 0) & (overlapping == 0)] = UNBOUND
    codes[bound] = BOUND
    return codes


def count_peaks(
    starts: Positions, peak_starts: Positions, peak_ends: Positions, least: Positions | int
) -> NDArray[np.int32]:
    """Count, for each bin, the peaks that share enough bases with it.

    Bins and peak [a, b) share at least m bases, m no more than either has, for bin starts from a + m - 200 to b - m:
    so each peak adds one to a run of bins.

    Args:
        starts: int64, shape (n,), ascending.
        peak_starts: int64, shape (m,).
        peak_ends: int64, shape (m,).
        least: Bases that a bin must share with each peak; int64, shape (m,), or one number for all.

    Returns:
        int32, shape (n,).
    """
    first = np.searchsorted(starts, peak_starts + least - BIN_SIZE, side="left")
    after = np.searchsorted(starts, peak_ends - least, side="right")
    steps = np.zeros(len(starts) + 1, np.int32)
    np.add.at(steps, first, 1)
    np.subtract.at(steps, after, 1)
    return np.cumsum(steps[:-1], dtype=np.int32)
