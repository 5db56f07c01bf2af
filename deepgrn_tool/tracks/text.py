"""Rows of text tables at speed: numbers are converted by array, and only the joining is done row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepgrn_tool.data.intervals import Positions

ROWS_AT_ONCE = 65_536  # bounds the memory of one string
SMALLEST_USUAL, LARGEST_USUAL = 1e-10, 1e5  # between these every power of ten needed below is exact in float64
POWERS_OF_TEN = np.array([float(10**exponent) for exponent in range(23)])


def shortest_decimals(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Find the shortest decimal numbers that read back as the given float32 values.

    Six significant digits are tried first, then up to nine, which always suffice. A decimal of so few digits survives
    in float64, so that `repr` of the result is the wanted text.

    Args:
        values: float32, any shape (n,), finite.

    Returns:
        float64, shape (n,).

    >>> shortest_decimals(np.array([0.1, 0.5], np.float32)).tolist()
    [0.1, 0.5]
    """
    decimals = values.astype(np.float64)
    magnitudes = np.abs(decimals)
    usual = (magnitudes >= SMALLEST_USUAL) & (magnitudes < LARGEST_USUAL)
    for index in np.flatnonzero(~usual & (magnitudes > 0)).tolist():
        decimals[index] = float(str(values[index]))
    pending = np.flatnonzero(usual)
    exponents = np.floor(np.log10(magnitudes[pending])).astype(np.int64)
    for digits in (6, 7, 8, 9):
        exact = values[pending].astype(np.float64)
        scale = POWERS_OF_TEN[digits - 1 - exponents]
        rounded = np.rint(exact * scale) / scale
        decimals[pending] = rounded
        wrong = rounded.astype(np.float32) != values[pending]
        pending, exponents = pending[wrong], exponents[wrong]
    return decimals


def value_rows(chrom: str, starts: Positions, ends: Positions, values: NDArray[np.float32]) -> Iterator[bytes]:
    """Write rows `chrom start end value`, separated by tabs, many at a time.

    Args:
        chrom: Name of the chromosome, the same in every row.
        starts: int64, shape (n,), 0-based.
        ends: int64, shape (n,), exclusive.
        values: float32, shape (n,), finite; written with as few digits as read back to the same float32.

    Yields:
        Up to 65,536 rows, each ending in a line feed.
    """
    row = chrom.replace("%", "%%") + "\t%d\t%d\t%r\n"
    for begin in range(0, len(starts), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        columns = zip(starts[part].tolist(), ends[part].tolist(), shortest_decimals(values[part]).tolist(), strict=True)
        yield "".join(map(row.__mod__, columns)).encode()
