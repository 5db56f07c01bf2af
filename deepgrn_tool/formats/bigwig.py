"""bigWig signal, read so that no file, damaged or made to deceive, does more than be refused.

The usual library ends the process on files that lie, prints to stderr, and its `header()` ends the process when the
file's sum is NaN; so the data are read here, within the bounds of what was checked. Zoom levels are not used.

Source: Kent et al. (2010), BigWig and BigBed, supplementary tables 9 to 13.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.bigwig_index import is_bigwig, read_chromosomes, read_header, read_index
from deepgrn_tool.formats.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

__all__ = ["BigWig", "check_values", "is_bigwig"]

_BLOCK = struct.Struct("<IIIIIBBH")
_BEDGRAPH, _VARIABLE_STEP, _FIXED_STEP = 1, 2, 3  # kinds of blocks
_ITEMS = {
    _BEDGRAPH: np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")]),
    _VARIABLE_STEP: np.dtype([("start", "<u4"), ("value", "<f4")]),
    _FIXED_STEP: np.dtype([("value", "<f4")]),
}
_LARGEST_BLOCK = _BLOCK.size + 65_535 * 12  # bytes, unpacked: items are counted in 16 bits
_ROWS_AT_ONCE = 1 << 16
_LONG = 20  # bp; intervals that are longer on average are painted one by one


class _Rows(NamedTuple):
    """Intervals of one chromosome, ascending."""

    starts: Positions
    ends: Positions
    values: NDArray[np.float32]


class BigWig:
    """One signal file, read piece by piece.

    Args:
        path: The bigWig file.

    Attributes:
        path: The file.
        lengths: Chromosome name → length in bp.

    Raises:
        InputError: The file is not a bigWig, truncated or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        """Read chromosomes and index."""
        self.path = Path(path)
        check_regular(self.path)
        self._stream = open(self.path, "rb")
        try:
            header = read_header(self._stream, self.path)
            self.lengths, self._numbers = read_chromosomes(self._stream, header, self.path)
            self._blocks = read_index(self._stream, header, self.path)
        except BaseException:
            self._stream.close()
            raise
        self._compressed = header.compressed

    def __enter__(self) -> BigWig:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._stream.close()

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Read the signal of a region.

        Args:
            chrom: Chromosome name.
            start: 0-based start, within the chromosome.
            end: End, exclusive, within the chromosome.

        Returns:
            float32, shape (end - start,); 0 where the file has no value, NaN where NaN is stored.

        Raises:
            InputError: The chromosome is unknown or the data cannot be read.
        """
        out = np.zeros(end - start, np.float32)
        for index in self._overlapping(chrom, start, end):
            rows = self._read(index, chrom)
            if len(rows.starts):
                _paint(out, start, end, rows)
        return out

    def intervals(self, chrom: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
        """Go through the intervals of a chromosome as they are stored, so that no value differs from the value 0.

        Args:
            chrom: Chromosome name.

        Yields:
            Starts, ends (int64, 0-based half-open) and values (float32) of some intervals, shape (n,) each, n >= 1,
            by start; NaN where NaN is stored. Nothing where the chromosome has no value.

        Raises:
            InputError: The chromosome is unknown or the data cannot be read.
        """
        held: list[_Rows] = []
        count, last = 0, 0
        for index in self._overlapping(chrom, 0, 1 << 32):
            rows = self._read(index, chrom)
            if not len(rows.starts):
                continue
            if rows.starts[0] < last:
                raise self._unreadable(chrom)
            last = int(rows.starts[-1])
            held.append(rows)
            count += len(rows.starts)
            if count >= _ROWS_AT_ONCE:
                yield _join(held)
                held, count = [], 0
        if held:
            yield _join(held)

    def finite_intervals(
        self, chrom: str
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
        """Go through the intervals of a chromosome, as `intervals` does, and refuse values that are not numbers.

        Raises:
            InputError: The chromosome is unknown, the data cannot be read, or a value is NaN or infinite.
        """
        for starts, ends, values in self.intervals(chrom):
            wrong = ~np.isfinite(values)
            if wrong.any():
                index = int(np.argmax(wrong))
                text = f"{chrom}:{starts[index]}-{ends[index]} holds {values[index]}, which is not a finite number"
                raise InputError(text, self.path)
            yield starts, ends, values

    def _overlapping(self, chrom: str, start: int, end: int) -> range:
        """List the blocks that may hold values of a region."""
        if chrom not in self.lengths:
            raise InputError(f"has no chromosome '{chrom}'{did_you_mean(chrom, self.lengths)}", self.path)
        begin = self._numbers[chrom] << 32
        first = int(np.searchsorted(self._blocks.reaches, begin + start, side="right"))
        return range(first, int(np.searchsorted(self._blocks.firsts, begin + end, side="left")))

    def _unreadable(self, chrom: str) -> InputError:
        return InputError(f"{chrom} cannot be read; the file is damaged, make it again", self.path)

    def _read(self, index: int, chrom: str) -> _Rows:
        """Read one block; no row when it is of another chromosome."""
        data = os.pread(self._stream.fileno(), int(self._blocks.sizes[index]), int(self._blocks.offsets[index]))
        if self._compressed:
            try:
                data = zlib.decompressobj().decompress(data, _LARGEST_BLOCK)
            except zlib.error as error:
                raise self._unreadable(chrom) from error
        if len(data) < _BLOCK.size:
            raise self._unreadable(chrom)
        number, first, _, step, span, kind, _, count = _BLOCK.unpack_from(data)
        if kind not in _ITEMS or len(data) < _BLOCK.size + count * _ITEMS[kind].itemsize:
            raise self._unreadable(chrom)
        items = np.frombuffer(data, _ITEMS[kind], count, _BLOCK.size)
        starts = first + step * np.arange(count) if kind == _FIXED_STEP else items["start"].astype(np.int64)
        ends = items["end"].astype(np.int64) if kind == _BEDGRAPH else starts + span
        ordered = (starts[1:] >= starts[:-1]).all() and (ends > starts).all()
        if not ordered or (count and starts[-1] >= self.lengths[chrom] and number == self._numbers[chrom]):
            raise self._unreadable(chrom)
        if number != self._numbers[chrom]:
            count = 0
        return _Rows(starts[:count], ends[:count], items["value"][:count])


def _join(held: list[_Rows]) -> tuple[Positions, Positions, NDArray[np.float32]]:
    starts, ends, values = (np.concatenate(column) for column in zip(*held, strict=True))
    return starts, ends, values.astype(np.float32)


def _paint(out: NDArray[np.float32], start: int, end: int, rows: _Rows) -> None:
    """Write the values of ascending intervals over those bases of [start, end) that they cover."""
    inside = (rows.ends > start) & (rows.starts < end)
    starts = np.maximum(rows.starts[inside], start) - start
    ends = np.minimum(rows.ends[inside], end) - start
    values = rows.values[inside]
    sizes = ends - starts
    total = int(sizes.sum())
    if total == 0:
        return
    if total == ends[-1] - starts[0] and (starts[1:] == ends[:-1]).all():  # without gaps
        out[starts[0] : ends[-1]] = values if total == len(values) else np.repeat(values, sizes)
    elif total > _LONG * len(values):
        for begin, stop, value in zip(starts.tolist(), ends.tolist(), values.tolist(), strict=True):
            out[begin:stop] = value
    else:
        places = np.arange(total) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
        out[places] = np.repeat(values, sizes)


def check_values(
    values: NDArray[np.float32], path: str | Path, chrom: str, start: int, lowest: float, highest: float
) -> None:
    """Refuse signal that is not finite or not within bounds.

    Args:
        values: float32, shape (n,).
        path: Where the values come from.
        chrom: Chromosome name.
        start: 0-based position of the first value.
        lowest: Smallest value allowed.
        highest: Largest value allowed.

    Raises:
        InputError: A value is NaN, infinite, or out of bounds; the message has the first position, counted from 0.
    """
    if not values.size:
        return
    with np.errstate(invalid="ignore"):
        low, high = float(values.min()), float(values.max())
    if low >= lowest and high <= highest and np.isfinite(low) and np.isfinite(high):
        return
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(values) & (values >= lowest) & (values <= highest))
    place = int(np.argmax(wrong))
    value = float(values[place])
    if not np.isfinite(value):
        problem = "is not a finite number"
    elif np.isinf(highest):
        problem = f"is below {lowest:g}"
    else:
        problem = f"is outside {lowest:g} to {highest:g}"
    raise InputError(f"{chrom}, position {start + place} (counted from 0): value {value:g} {problem}", path)
