"""Rows `chromosome start end value` of tables of bins and bedGraph files as arrays, many at a time.

Lenient: gzip, CRLF, comments, `track` and `browser` lines, blank lines, spaces instead of tabs, any order of rows.
Strict: four columns, whole numbers 0 <= start < end, finite values.

A block of rows of one chromosome is converted at once; any other block, and one with something wrong in it, is read
line by line.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bed import HEADER_WORDS
from deepgrn_tool.formats.textfile import BYTE_ORDER_MARK, line_blocks, open_bytes, real_number, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_POSITION = 1 << 40  # bp, beyond any chromosome
TAB, LINE_FEED = b"\t\n"

Positions = NDArray[np.int64]
Values = NDArray[np.float64]


class ScoreRows(NamedTuple):
    """Rows of one chromosome, in the order of the file.

    Attributes:
        chrom: Name of the chromosome.
        lines: int64, shape (n,), 1-based line numbers.
        starts: int64, shape (n,), 0-based.
        ends: int64, shape (n,), exclusive.
        values: float64, shape (n,).
    """

    chrom: str
    lines: Positions
    starts: Positions
    ends: Positions
    values: Values


def read_score_rows(path: str | Path) -> Iterator[ScoreRows]:
    """Go through the rows of a file.

    Yields:
        The rows, in pieces of one chromosome each; within a piece in the order of the file.

    Raises:
        InputError: A row is not of the four columns, or the compressed data is damaged or cut off.
    """
    with open_bytes(path) as stream:
        for line, block in line_blocks(stream, path):
            text = block.removeprefix(BYTE_ORDER_MARK) if line == 1 else block
            rows = _convert(text, line)
            for piece in _convert_lines(text, path, line) if rows is None else [rows]:
                _check(piece, path)
                yield piece


def read_bin_rows(path: str | Path, size: int) -> Iterator[ScoreRows]:
    """Go through the rows of a table of bins.

    Args:
        path: The file.
        size: bp of every bin.

    Yields:
        As `read_score_rows`.

    Raises:
        InputError: As of `read_score_rows`, or a row is not of that size.
    """
    for rows in read_score_rows(path):
        wrong = rows.ends - rows.starts != size
        if wrong.any():
            index = int(np.argmax(wrong))
            start, end = int(rows.starts[index]), int(rows.ends[index])
            text = f"the bin {rows.chrom}:{start}-{end} has {end - start} bp; bins have {size}"
            text += " (files of intervals are named .bedGraph)"
            raise InputError(text, path, int(rows.lines[index]))
        yield rows


def _convert(block: bytes, line: int) -> ScoreRows | None:
    """Convert rows of one chromosome; returns None where a row is of another or holds anything unusual."""
    prefix = block[: block.find(b"\t") + 1]
    count = block.count(b"\n")
    if len(prefix) < 2 or b" " in block or b"\0" in block or block.count(b"\n" + prefix) != count - 1:
        return None
    if prefix.startswith(b"#") or prefix[:-1].decode(errors="replace") in HEADER_WORDS:  # all of them are no rows
        return None
    rows = block[len(prefix) :].replace(b"\n" + prefix, b"\n")
    data = np.frombuffer(rows, np.uint8)
    others = data[data - np.uint8(ord("0")) > 9]  # what is no digit; characters below '0' wrap round to large ones
    separates = (others == TAB) | (others == LINE_FEED)
    separators = others[separates]
    if len(separators) != 3 * count or (separators.reshape(-1, 3) != (TAB, TAB, LINE_FEED)).any():
        return None
    if (np.cumsum(separates)[~separates] % 3 != 2).any():  # positions are digits alone: 5e2 and 500.0 are none
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # how NumPy tells of text that is no number
            table = np.fromstring(rows, np.float64, sep=" ")
        chrom = prefix[:-1].decode()
    except (ValueError, DeprecationWarning):
        return None
    if len(table) != 3 * count:
        return None
    starts, ends, values = table.reshape(-1, 3).T
    positions = np.stack([starts, ends])
    if not (positions < LARGEST_POSITION).all():
        return None
    whole = positions.astype(np.int64)
    return ScoreRows(chrom, np.arange(line, line + count), whole[0], whole[1], values.copy())


def _convert_lines(block: bytes, path: str | Path, line: int) -> Iterator[ScoreRows]:
    """Convert lines one by one, leaving out those that are no rows, and tell what is wrong with a line."""
    found: dict[str, list[tuple[int, int, int, float]]] = {}
    for number, raw in enumerate(block[:-1].split(b"\n"), start=line):
        if b"\0" in raw:
            raise InputError("holds a NUL byte; is this a binary file?", path, number)
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise InputError("is not UTF-8 text; is this a binary file?", path, number) from error
        fields = text.split()
        if not fields or text.startswith("#") or fields[0] in HEADER_WORDS:
            continue
        if len(fields) != 4:
            text = f"has {len(fields)} columns where chromosome, start, end and score are expected"
            raise InputError(text, path, number)
        try:
            value = real_number(fields[3])
        except ValueError as error:
            raise InputError(f"score '{fields[3]}' is not a number", path, number) from error
        row = (number, _position(fields[1], path, number), _position(fields[2], path, number), value)
        found.setdefault(fields[0], []).append(row)
    for chrom, rows in found.items():
        lines, starts, ends, values = zip(*rows, strict=True)
        positions = np.array([lines, starts, ends], np.int64)
        yield ScoreRows(chrom, positions[0], positions[1], positions[2], np.array(values, np.float64))


def _position(text: str, path: str | Path, line: int) -> int:
    try:
        position = whole_number(text)
    except ValueError as error:
        raise InputError(f"'{text}' is not a whole number", path, line) from error
    if abs(position) > LARGEST_POSITION:
        raise InputError(f"'{text}' is not a position on a chromosome", path, line)
    return position


def _check(rows: ScoreRows, path: str | Path) -> None:
    """Refuse intervals and values that cannot be."""
    wrong = (rows.starts < 0) | (rows.ends <= rows.starts) | ~np.isfinite(rows.values)
    if not wrong.any():
        return
    index = int(np.argmax(wrong))
    start, end, value = int(rows.starts[index]), int(rows.ends[index]), float(rows.values[index])
    if start < 0:
        text = f"start ({start}) is negative; positions count from 0"
    elif end <= start:
        text = f"end ({end}) is not after start ({start})"
    else:
        text = f"score '{'nan' if math.isnan(value) else value}' is not a finite number"
    raise InputError(text, path, int(rows.lines[index]))
