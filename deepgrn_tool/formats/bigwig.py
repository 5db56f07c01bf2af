"""bigWig signal, checked before the C library sees it.

The library prints to stderr or ends the process on damaged files, and its `header()` ends the process when the file's
sum is NaN. So magic, offsets and sizes are checked here first, and `header()` is never called.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyBigWig

from deepgrn_tool.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

MAGIC = 0x888FFC26
INDEX_MAGIC = 0x2468ACE0
CHROMOSOME_MAGIC = 0x78CA8C91
_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_END_MARK_SINCE = 4  # files of this version and later repeat the magic at their end
_SUMMARY = struct.Struct("<Qdddd")
_PROBE = 8192  # bp
_SPARSE_PIECE = 1 << 19  # bp
_DENSE_PIECE = 1 << 20  # bp
# Listing an interval costs as much as reading about 150 positions one by one.
_POSITIONS_PER_INTERVAL = 150
_INTERVAL = np.dtype([("start", np.int64), ("end", np.int64), ("value", np.float32)])


class _Layout(NamedTuple):
    """What the fixed header says."""

    version: int
    zoom_levels: int
    offsets: tuple[int, ...]
    index_offset: int
    summary_offset: int


def is_bigwig(path: str | Path) -> bool:
    """Tell by its first four bytes whether a file is a bigWig, of either byte order."""
    with open(path, "rb") as stream:
        head = stream.read(4)
    return head in (MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big"))


def _kind(head: bytes) -> str:
    if not head:
        return "is empty"
    if head[:4] == b"\xeb\xf2\x89\x87":
        return "is a bigBed, not a bigWig"
    if head[:4] == b"CRAM":
        return "is CRAM; only accessibility can be counted from alignments, convert this track to bigWig"
    if head[:2] == b"\x1f\x8b":
        return "is gzip or BAM, not a bigWig; convert text to bigWig with bedGraphToBigWig, BAM with bamCoverage"
    return "is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig"


def _read_layout(path: Path) -> _Layout:
    with open(path, "rb") as stream:
        head = stream.read(_HEADER.size)
        if head[:4] == MAGIC.to_bytes(4, "big"):
            raise InputError("is a bigWig of a big-endian machine; rewrite it with bigWigToWig and wigToBigWig", path)
        if head[:4] != MAGIC.to_bytes(4, "little"):
            raise InputError(_kind(head), path)
        if len(head) < _HEADER.size:
            raise InputError("is truncated within its header; copy the file again", path)
        _, version, zooms, tree, data, index, _, _, _, summary, _, _ = _HEADER.unpack(head)
        zoom_table = stream.read(24 * zooms)
        if len(zoom_table) < 24 * zooms:
            raise InputError("is truncated within its header; copy the file again", path)
        zoom_offsets = [
            place for level in range(zooms) for place in struct.unpack_from("<QQ", zoom_table, 24 * level + 8)
        ]
    return _Layout(version, zooms, (tree, data, index, summary, *zoom_offsets), index, summary)


def _check_structure(path: Path) -> tuple[float, ...]:
    """Refuse a file that the library could not read; return covered bases, minimum, maximum, sum, sum of squares."""
    size = os.path.getsize(path)
    layout = _read_layout(path)
    truncated = InputError("is truncated or was not written to its end; copy or make the file again", path)
    if max(layout.offsets) >= size or min(layout.offsets[:3]) < _HEADER.size:
        raise truncated
    with open(path, "rb") as stream:
        if layout.version >= _END_MARK_SINCE:
            stream.seek(-4, os.SEEK_END)
            if stream.read(4) != MAGIC.to_bytes(4, "little"):
                raise truncated
        for offset, magic in ((layout.offsets[0], CHROMOSOME_MAGIC), (layout.index_offset, INDEX_MAGIC)):
            stream.seek(offset)
            if stream.read(4) != magic.to_bytes(4, "little"):
                raise InputError("is damaged: an index is not where the header says; make the file again", path)
        if not layout.summary_offset:
            return ()
        stream.seek(layout.summary_offset)
        summary = stream.read(_SUMMARY.size)
    return _SUMMARY.unpack(summary) if len(summary) == _SUMMARY.size else ()


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
        """Check the structure, then open the file."""
        self.path = Path(path)
        summary = _check_structure(self.path)
        try:
            self._file = pyBigWig.open(str(self.path))
        except RuntimeError as error:
            raise InputError("cannot be opened as bigWig; make the file again", path) from error
        self.lengths: dict[str, int] = {name: int(length) for name, length in self._file.chroms().items()}
        # A NaN that is stored makes the sums NaN; then each value is looked at.
        self._stored_nan = not np.isfinite(summary[1:]).all() if summary else True
        self._dense = False

    def __enter__(self) -> BigWig:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

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
        if chrom not in self.lengths:
            raise InputError(f"has no chromosome '{chrom}'{did_you_mean(chrom, self.lengths)}", self.path)
        out = np.zeros(end - start, np.float32)
        position = start
        try:
            while position < end:
                position = self._fill(out, chrom, start, position, end)
        except RuntimeError as error:
            raise InputError(f"{chrom} cannot be read; the file is damaged, make it again", self.path) from error
        return out

    def intervals(self, chrom: str) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
        """Go through the intervals of a chromosome as they are stored, so that no value differs from the value 0.

        Args:
            chrom: Chromosome name.

        Yields:
            Starts, ends (int64, 0-based half-open) and values (float32) of some intervals, shape (n,) each, in the
            order of the file; NaN where NaN is stored. Nothing where the chromosome has no value.

        Raises:
            InputError: The chromosome is unknown or the data cannot be read.
        """
        if chrom not in self.lengths:
            raise InputError(f"has no chromosome '{chrom}'{did_you_mean(chrom, self.lengths)}", self.path)
        length = self.lengths[chrom]
        for position in range(0, length, _DENSE_PIECE):
            try:
                rows = self._file.intervals(chrom, position, min(position + _DENSE_PIECE, length)) or ()
            except RuntimeError as error:
                raise InputError(f"{chrom} cannot be read; the file is damaged, make it again", self.path) from error
            table = np.fromiter(rows, _INTERVAL, len(rows))
            table = table[table["start"] >= position]  # one that began before was in the piece before
            if len(table):
                yield table["start"], table["end"], table["value"]

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

    def _fill(self, out: NDArray[np.float32], chrom: str, origin: int, position: int, end: int) -> int:
        """Read the next piece in the way that suits its density; return where the piece ends."""
        size = _PROBE if self._dense else _SPARSE_PIECE
        stop = min(position + size, end)
        intervals = self._file.intervals(chrom, position, stop) or ()
        for first, last, value in intervals:
            out[max(first, position) - origin : min(last, stop) - origin] = value
        self._dense = len(intervals) * _POSITIONS_PER_INTERVAL > stop - position
        if not self._dense or self._stored_nan or stop == end:
            return stop
        position, stop = stop, min(stop + _DENSE_PIECE, end)
        values = self._file.values(chrom, position, stop, numpy=True)
        np.nan_to_num(values, copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
        out[position - origin : stop - origin] = values
        return stop


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
