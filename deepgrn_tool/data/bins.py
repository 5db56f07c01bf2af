"""The grid of bins: 200 bp, one every 50 bp from the first base of each chromosome, or those of the DREAM challenge."""

from __future__ import annotations

import numpy as np

from deepgrn_tool.data.intervals import Positions, merge

BIN_SIZE = 200  # bp, the unit that is scored
STRIDE = 50  # bp between the starts of neighbouring bins
CENTER_OFFSET = 75  # bp from a bin's start to its central cell
CENTER_SIZE = 50  # bp of the central cell, one stride, so that the cells of neighbouring bins touch and never overlap
OFFICIAL_MARGIN = (
    600  # bp that the challenge left out at the beginning of each chromosome, and about as many at its end
)


def grid_starts(length: int) -> Positions:
    """List every bin of the grid that lies wholly inside a chromosome.

    Args:
        length: Length of the chromosome, in bp.

    Returns:
        int64, shape (n,), 0-based starts, ascending; empty when the chromosome is shorter than a bin.

    >>> grid_starts(320)
    array([  0,  50, 100])
    """
    return np.arange(0, max(length - BIN_SIZE + 1, 0), STRIDE, dtype=np.int64)


def official_starts(length: int) -> Positions:
    """List the bins of the ENCODE-DREAM challenge, before those on the blacklist are dropped.

    The first bin starts at 600; the last one starts 50 bp before (length - 600), rounded up to a multiple of 50.

    Args:
        length: Length of the chromosome, in bp.

    Returns:
        int64, shape (n,), 0-based starts, ascending; empty when the chromosome has no more than 1,200 bp.

    Source: annotations of the challenge, counted again for hg19.

    >>> official_starts(1320)
    array([600, 650, 700])
    """
    return np.arange(OFFICIAL_MARGIN, length - OFFICIAL_MARGIN, STRIDE, dtype=np.int64)


def tile(region_starts: Positions, region_ends: Positions, length: int) -> Positions:
    """List the bins of the grid whose central cell overlaps any region, so that their track covers the regions.

    The first 75 bp of a chromosome and some bases at its end are no bin's centre and stay uncovered.

    Args:
        region_starts: int64, shape (n,), 0-based starts in any order; overlaps are fine, empty regions ignored.
        region_ends: int64, shape (n,), ends, exclusive.
        length: Length of the chromosome, in bp; only bins wholly inside it are listed.

    Returns:
        int64, shape (m,), 0-based starts, ascending, each once.

    >>> tile(np.array([150]), np.array([200]), length=1000)
    array([ 50, 100])
    """
    real = region_ends > region_starts
    starts, ends = merge(region_starts[real], region_ends[real])
    # A cell [s+75, s+125) overlaps [a, b) where a - 125 < s < b - 75; both bounds are counted in strides here.
    first = (starts - CENTER_OFFSET - CENTER_SIZE) // STRIDE + 1
    last = (ends - CENTER_OFFSET - 1) // STRIDE
    first = np.maximum(first, 0)
    last = np.minimum(last, (length - BIN_SIZE) // STRIDE)
    counts = np.maximum(last - first + 1, 0)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.unique(np.repeat(first, counts) + within).astype(np.int64) * STRIDE
