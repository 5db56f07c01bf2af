"""Rows `chromosome start end value` of tables of bins and bedGraph files as arrays, many at a time.

Lenient: gzip, CRLF, comments, `track` and `browser` lines, blank lines, spaces instead of tabs, any order of rows.
Strict: four columns, whole numbers 0 <= start < end, finite values.
"""

from __future__ import annotations

import io
import itertools
import math
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bed import HEADER_WORDS
from deepgrn_tool.formats.textfile import BYTE_ORDER_MARK, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions

BLOCK_SIZE = 1 << 20  # bytes of text at once
LARGEST_POSITION = 1 << 40  # bp, beyond any chromosome

Values = NDArray[np.float64]


class ScoreRows(NamedTuple):
    """Neighbouring rows of one chromosome.

    Attributes:
        line: 1-based line number of the first row; the others follow.
        chrom: Name of the chromosome.
        starts: int64, shape (n,), 0-based.
        ends: int64, shape (n,), exclusive.
        values: float64, shape (n,).
    """

    line: int
    chrom: str
    starts: Positions
    ends: Positions
    values: Values


def read_score_rows(path: str | Path) -> Iterator[ScoreRows]:
    """Go through the rows of a file.

    Yields:
        The rows, in order, in pieces of one chromosome each.

    Raises:
        InputError: A row is not of the four columns, or the compressed data is damaged or cut off.
    """
    with open_bytes(path) as stream, io.BufferedReader(cast("io.RawIOBase", stream), BLOCK_SIZE) as buffered:
        line = 1  # gzip alone gives lines slowly, hence the buffer
        while lines := buffered.readlines(BLOCK_SIZE):
            if line == 1:
                lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
            rows = list(map(bytes.split, lines))
            pieces = _convert(rows, line) if set(map(len, rows)) == {4} else None
            for piece in _convert_one_by_one(lines, path, line) if pieces is None else pieces:
                _check(piece, path)
                yield piece
            line += len(lines)


def _convert(rows: Sequence[Sequence[bytes]], line: int) -> list[ScoreRows] | None:
    """Convert rows of four columns; returns None where one holds anything unusual."""
    chroms, *columns = zip(*rows, strict=True)
    try:
        starts, ends = (np.fromiter(map(int, column), np.int64, len(rows)) for column in columns[:2])
        values = np.fromiter(map(float, columns[2]), np.float64, len(rows))
        stretches = [(chrom.decode(), len(list(same))) for chrom, same in itertools.groupby(chroms)]
    except (ValueError, OverflowError):
        return None
    if any("\0" in chrom for chrom, _ in stretches):
        return None
    pieces = []
    begin = 0
    for chrom, count in stretches:
        part = slice(begin, begin + count)
        pieces.append(ScoreRows(line + begin, chrom, starts[part], ends[part], values[part]))
        begin += count
    return pieces


def _convert_one_by_one(lines: Sequence[bytes], path: str | Path, line: int) -> Iterator[ScoreRows]:
    """Convert rows between lines that are no rows; tell what is wrong with a line."""
    for number, raw in enumerate(lines, start=line):
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
        start, end = (_position(field, path, number) for field in fields[1:3])
        try:
            value = float(fields[3])
        except ValueError as error:
            raise InputError(f"score '{fields[3]}' is not a number", path, number) from error
        yield ScoreRows(number, fields[0], np.array([start]), np.array([end]), np.array([value]))


def _position(text: str, path: str | Path, line: int) -> int:
    try:
        position = int(text)
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
    raise InputError(text, path, rows.line + index)
