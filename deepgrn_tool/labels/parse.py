"""Rows of a label file as arrays, many at a time.

Neighbouring rows nearly always have the same number of characters, and then the same characters are their digits and
letters: such a run of rows is a table of bytes whose columns are converted together. The first row of each run is read
on its own; a row that does not fit it begins a new run, so that wrong rows are read on their own, too, and told why.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import InputError
from deepgrn_tool.labels.table import COORDINATE_COLUMNS, LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.table import Codes

    Bytes = NDArray[np.uint8]

NUMBER = re.compile(r"(0|[1-9][0-9]{0,9})\Z", re.ASCII)  # whole, below 10 billion, without leading zeros
NO_LETTER = 255
FIRST_LOOK = 64  # rows that are looked at for the end of a run; twice as many each time that it is not among them
CODE_OF_BYTE = np.full(256, NO_LETTER, np.uint8)
CODE_OF_BYTE[list(LETTERS.encode())] = np.arange(len(LETTERS))


@dataclass(frozen=True)
class Rows:
    """Neighbouring rows of one chromosome.

    Attributes:
        line: 1-based line number of the first row; the others follow.
        chrom: Name of the chromosome.
        starts: int64, shape (n,), 0-based.
        codes: uint8, shape (n_cells, n).
    """

    line: int
    chrom: str
    starts: Positions
    codes: Codes


def check_row(row: bytes, n_cells: int, path: str | Path, line: int) -> tuple[str, str, str]:
    """Look at a single row closely.

    Args:
        row: The row without its line end.
        n_cells: Number of cells in the header.
        path: The file, for messages.
        line: 1-based line number, for messages.

    Returns:
        Chromosome, start and stop, as they are written.

    Raises:
        InputError: Anything is wrong with it.
    """
    try:
        fields = row.decode("utf-8").split("\t")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text; is this a binary file?", path, line) from error
    expected = len(COORDINATE_COLUMNS) + n_cells
    if len(fields) != expected:
        raise InputError(f"has {len(fields)} columns where the header has {expected}", path, line)
    chrom, start, stop, *letters = fields
    if not chrom:
        raise InputError("has no chromosome name", path, line)
    for text in (start, stop):
        if text.startswith("-"):
            raise InputError(f"position '{text}' is negative; bins count from 0", path, line)
        if not NUMBER.match(text):
            raise InputError(f"position '{text}' is not a whole number", path, line)
    if int(stop) - int(start) != BIN_SIZE:
        text = f"the bin {chrom}:{start}-{stop} has {int(stop) - int(start)} bp; bins have {BIN_SIZE}"
        raise InputError(text, path, line)
    for letter in letters:
        if letter not in LETTERS or len(letter) != 1:
            raise InputError(f"'{letter}' is not a label; labels are B, U and A", path, line)
    return chrom, start, stop


def parse_rows(block: bytes, n_cells: int, path: str | Path, line: int) -> Iterator[Rows]:
    """Convert whole lines.

    Args:
        block: One or more lines, each ending in a line feed.
        n_cells: Number of cells in the header.
        path: The file, for messages.
        line: 1-based line number of the first line.

    Yields:
        The rows, in order, as few pieces as their chromosomes and lengths allow.

    Raises:
        InputError: A row is not one of a label file; rows before it may have been yielded.
    """
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n")) + 1
    begins = np.append(0, ends[:-1])
    changes = np.flatnonzero(np.diff(ends - begins)) + 1
    for first, last in itertools.pairwise([0, *changes.tolist(), len(ends)]):
        width = int(ends[first] - begins[first])
        table = data[begins[first] : ends[last - 1]].reshape(-1, width)
        done = 0
        while done < len(table):
            rows = _parse_leading(table[done:], n_cells, path, line + first + done)
            yield rows
            done += len(rows.starts)


def _parse_leading(table: Bytes, n_cells: int, path: str | Path, line: int) -> Rows:
    """Convert the first row of a table and those after it that have their columns at the same places."""
    chrom, start, stop = check_row(table[0, :-1].tobytes(), n_cells, path, line)
    prefix = f"{chrom}\t".encode()
    columns = np.ascontiguousarray(table[: _rows_alike(table, np.frombuffer(prefix, np.uint8))].T)
    start_begin = len(prefix)
    start_end = start_begin + len(start)
    stop_end = start_end + 1 + len(stop)
    starts, right = _numbers(columns[start_begin:start_end])
    stops, right_stops = _numbers(columns[start_end + 1 : stop_end])
    codes = CODE_OF_BYTE[columns[stop_end + 1 :: 2]]
    tabs = (columns[[start_end, *range(stop_end, len(columns) - 1, 2)]] == ord("\t")).all(axis=0)
    right &= right_stops & tabs & (stops - starts == BIN_SIZE) & (codes != NO_LETTER).all(axis=0)
    count = _leading(right)
    return Rows(line, chrom, starts[:count], codes[:, :count])


def _rows_alike(table: Bytes, prefix: Bytes) -> int:
    """Count the leading rows that begin with a prefix, looking at no more than a few times as many rows."""
    count, look = 0, FIRST_LOOK
    while count < len(table):
        same = _begin_with(table[count : count + look], prefix)
        count += _leading(same)
        if not same.all():
            break
        look *= 2
    return count


def _begin_with(rows: Bytes, prefix: Bytes) -> NDArray[np.bool_]:
    """Tell which rows begin with a prefix."""
    return (rows[:, : len(prefix)] == prefix).all(axis=1)


def _leading(flags: NDArray[np.bool_]) -> int:
    """Count the flags before the first one that is false."""
    return len(flags) if flags.all() else int(np.argmin(flags))


def _numbers(digits: Bytes) -> tuple[Positions, NDArray[np.bool_]]:
    """Convert decimal numbers of equal width.

    Args:
        digits: uint8, shape (width, n), characters.

    Returns:
        The numbers, int64, shape (n,), and whether each is a number without leading zeros, bool, shape (n,).
    """
    values = np.zeros(digits.shape[1], np.int64)
    right = np.ones(digits.shape[1], bool)
    if len(digits) > 1:
        right &= digits[0] != ord("0")
    for characters in digits:
        figures = characters - np.uint8(ord("0"))  # wraps round to large ones below '0'
        right &= figures <= 9
        values *= 10
        values += figures
    return values, right
