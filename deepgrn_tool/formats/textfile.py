"""Lines of plain or gzip-compressed text files, one by one or many at a time, with errors that name the line."""

from __future__ import annotations

import gzip
import re
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from deepgrn_tool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLOCK_SIZE = 1 << 20  # bytes of text at once: what is made of it stays in the processor's cache
WHOLE_NUMBER = re.compile(r" *[+-]?[0-9]{1,400} *\Z", re.ASCII)  # Python refuses to convert very long ones


@contextmanager
def open_bytes(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; gzip and BGZF are recognised by content, not by suffix, and decompressed.

    Raises:
        InputError: What is read in the block turns out to be compressed data that is damaged or cut off.
    """
    with open(path, "rb") as plain:
        # A look ahead, not a step back: the file may be a pipe.
        if plain.peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)] != GZIP_MAGIC:
            yield plain
            return
        try:
            with gzip.GzipFile(fileobj=plain) as stream:
                yield cast("BinaryIO", stream)
        except EOFError as error:
            raise InputError("compressed data ends early; the file is truncated, copy it again", path) from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise InputError("compressed data is damaged; copy the file again", path) from error


def whole_number(text: str) -> int:
    """Parse a whole number as tables hold it: decimal digits only, where Python would take `1_000`, too.

    Raises:
        ValueError: It is none.

    >>> whole_number("1000")
    1000
    """
    if not WHOLE_NUMBER.match(text):
        raise ValueError(f"'{text}' is not a whole number")
    return int(text)


def real_number(text: str) -> float:
    """Parse a number as tables hold it, in ASCII; Python alone would take `1_000` and the digits of other scripts, too.

    Raises:
        ValueError: It is none.

    >>> real_number("1e-05")
    1e-05
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"'{text}' is not a number")
    return float(text)


def line_blocks(stream: BinaryIO, path: str | Path, line: int = 1) -> Iterator[tuple[int, bytes]]:
    """Go through the lines of an open file, about a megabyte at a time.

    Args:
        stream: The file, from where it stands.
        path: The file, for messages.
        line: 1-based number of the line where it stands.

    Yields:
        1-based number of the first line, and whole lines, each ending in a line feed (CRLF becomes LF).

    Raises:
        InputError: A line is longer than any row of a table.
    """
    held = b""
    while data := stream.read(BLOCK_SIZE):
        whole, feed, rest = data.rpartition(b"\n")
        if not feed and len(held) >= BLOCK_SIZE:
            raise InputError(f"is longer than {BLOCK_SIZE:,} characters; is this a binary file?", path, line)
        if feed:
            block = (held + whole + feed).replace(b"\r\n", b"\n")
            yield line, block
            line += block.count(b"\n")
            held = rest
        else:
            held += data
    if held:
        yield line, held.removesuffix(b"\r") + b"\n"


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Go through the lines of a text file, plain or compressed.

    Yields:
        1-based line number and the line without its end (LF or CRLF).

    Raises:
        InputError: The text is not UTF-8, holds NUL bytes or a line longer than any row of a table, or the compressed
            data is damaged or cut off.
    """
    with open_bytes(path) as stream:
        for line, block in line_blocks(stream, path):
            yield from _decode(block.removeprefix(BYTE_ORDER_MARK) if line == 1 else block, path, line)


def _decode(block: bytes, path: str | Path, line: int) -> Iterator[tuple[int, str]]:
    """Go through whole lines; where one of them is no text, those before it come first."""
    try:
        text = "" if b"\0" in block else block.decode()
    except UnicodeDecodeError:
        text = ""
    if text:
        yield from enumerate(text[:-1].split("\n"), start=line)
        return
    for number, raw in enumerate(block[:-1].split(b"\n"), start=line):
        if b"\0" in raw:
            raise InputError("holds a NUL byte; is this a binary file?", path, number)
        try:
            yield number, raw.decode()
        except UnicodeDecodeError as error:
            raise InputError("is not UTF-8 text; is this a binary file?", path, number) from error
