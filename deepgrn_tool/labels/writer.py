"""Writing label files: whole tables of characters are filled at once instead of line by line.

Compressed files are ordinary gzip in one piece, so that a file that was cut off is always noticed; they hold neither
date nor name. ISA-L compresses labels seven times as fast as zlib does, and smaller: with zlib, compression took
most of the time.
"""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

import numpy as np
from isal import isal_zlib

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.labels.table import COORDINATE_COLUMNS, LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.table import ChromosomeLabels, Codes

# Rows are filled so many at once, fewer where there are many cells, so that they stay in the processor's cache.
ROWS_AT_ONCE = 16_384
LETTERS_AT_ONCE = 1 << 19  # with a tab each
BYTE_OF_CODE = np.frombuffer(LETTERS.encode(), np.uint8)
POWERS_OF_TEN = 10 ** np.arange(1, 19)
LEVEL = 1  # level 3 saves a seventh of the file and takes three times as long
GZIP_WINDOW = 16 + isal_zlib.MAX_WBITS  # 16 asks for gzip's header and trailer


class LabelWriter:
    """A label file that chromosomes are written to; a context manager that closes it.

    Args:
        path: File to write.
        cells: Names of the cells.
        compress: Whether to write gzip.
    """

    def __init__(self, path: Path, cells: Sequence[str], compress: bool) -> None:
        """Open the file and write the header."""
        self._path = path
        self._size = 0  # bytes in the file
        self._deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW) if compress else None
        self._out = path.open("wb")
        self._write("\t".join([*COORDINATE_COLUMNS, *cells]).encode() + b"\n")

    def __enter__(self) -> LabelWriter:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, if that has not happened."""
        self._out.close()

    def add(self, labels: ChromosomeLabels) -> None:
        """Write further bins of a chromosome."""
        for rows in label_rows(labels.chrom, labels.starts, labels.codes):
            self._write(rows)

    def finish(self) -> None:
        """Write the rest, close the file, and look whether all of it is there.

        Raises:
            OSError: The file cannot be written, or its size is not what was written.
        """
        if self._deflate is not None:
            self._put(self._deflate.flush())
        self._out.close()
        if self._path.stat().st_size != self._size:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self._path))

    def _write(self, text: bytes) -> None:
        self._put(text if self._deflate is None else self._deflate.compress(text))

    def _put(self, data: bytes) -> None:
        self._out.write(data)
        self._size += len(data)


def label_rows(chrom: str, starts: Positions, codes: Codes) -> Iterator[bytes]:
    """Write rows `chrom start stop LETTER…`, separated by tabs, many at a time.

    Args:
        chrom: Name of the chromosome, the same in every row.
        starts: int64, shape (n,), 0-based, ascending.
        codes: uint8, shape (n_cells, n).

    Yields:
        Up to 16,384 rows, each ending in a line feed.
    """
    rows = min(ROWS_AT_ONCE, max(1, LETTERS_AT_ONCE // len(codes)))
    # Within a piece all starts have equally many digits, and so have all stops.
    cuts = {*range(0, len(starts), rows), len(starts)}
    for shift in (0, BIN_SIZE):
        cuts.update(np.searchsorted(starts, POWERS_OF_TEN - shift).tolist())
    for first, last in itertools.pairwise(sorted(cuts)):
        yield _equally_wide_rows(chrom, starts[first:last], codes[:, first:last])


def _equally_wide_rows(chrom: str, starts: Positions, codes: Codes) -> bytes:
    """Write rows that all have the same number of characters."""
    prefix = f"{chrom}\t".encode()
    start_width, stop_width = len(str(int(starts[0]))), len(str(int(starts[0]) + BIN_SIZE))
    start_end = len(prefix) + start_width
    stop_end = start_end + 1 + stop_width
    columns = np.empty((stop_end + 2 * len(codes) + 1, len(starts)), np.uint8)
    columns[: len(prefix)] = np.frombuffer(prefix, np.uint8)[:, None]
    _fill_digits(columns[len(prefix) : start_end], starts)
    columns[start_end] = ord("\t")
    _fill_digits(columns[start_end + 1 : stop_end], starts + BIN_SIZE)
    columns[stop_end::2] = ord("\t")
    columns[stop_end + 1 :: 2] = BYTE_OF_CODE[codes]
    columns[-1] = ord("\n")
    return columns.T.tobytes()


def _fill_digits(columns: NDArray[np.uint8], values: Positions) -> None:
    """Write numbers that all have the same number of digits.

    Args:
        columns: uint8, shape (digits, n); characters are written here.
        values: int64, shape (n,).
    """
    for place in range(len(columns) - 1, -1, -1):
        tens = values // 10
        columns[place] = values - 10 * tens + ord("0")
        values = tens
