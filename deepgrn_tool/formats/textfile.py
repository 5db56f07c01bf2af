"""Lines of plain or gzip-compressed text files, with errors that name the line."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from deepgrn_tool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Go through the lines of a text file, plain or compressed.

    Yields:
        1-based line number and the line without its end (LF or CRLF).

    Raises:
        InputError: The text is not UTF-8, holds NUL bytes, or the compressed data is damaged or cut off.
    """
    number = 0
    with open_bytes(path) as stream:
        try:
            for number, raw in enumerate(stream, start=1):
                if number == 1:
                    raw = raw.removeprefix(BYTE_ORDER_MARK)
                if b"\0" in raw:
                    raise InputError("holds a NUL byte; is this a binary file?", path, number)
                yield number, raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError("is not UTF-8 text; is this a binary file?", path, number) from error
