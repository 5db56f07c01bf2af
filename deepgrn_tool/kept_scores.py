"""Scores that are kept while a long prediction runs, so that an interrupted run can go on.

The bins of a run are cut into stretches that are scored one after the other. Scores of each finished stretch are added
to a file; a record that a killed run left half-written is noticed by its checksum and cut off. The stretches, and with
them what the engine computes together, do not depend on where a run was interrupted: scores are the same to the last
bit.

The file: a line with its format, a line of JSON with all that scores depend on, and records: number of the stretch and
of its bins, CRC-32 of the scores (little-endian uint32 each), and the scores (float32), in the order of the bins.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.errors import InputError
from deepgrn_tool.same_run import ANEW, refuse_other_run

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

SUFFIX = ".scoring"
HEAD = b"deepgrn-scoring 1\n"
RECORD = struct.Struct("<III")
LONGEST_TERMS = 1 << 20  # bytes

Scores = NDArray[np.float32]


def kept_path(output: str | Path) -> Path:
    """Give the name of the file for a run whose first output is `output`."""
    return Path(f"{output}{SUFFIX}")


def stretches(groups: Iterable[BinGroup], size: int) -> Iterator[list[BinGroup]]:
    """Cut bins into stretches of `size` bins; the last one may be shorter.

    Yields:
        Groups of bins, in their order; a group that does not fit is cut.
    """
    stretch: list[BinGroup] = []
    room = size
    for group in groups:
        starts = group.starts
        while len(starts) >= room:
            stretch.append(BinGroup(group.chrom, starts[:room]))
            yield stretch
            starts, stretch, room = starts[room:], [], size
        if len(starts):
            stretch.append(BinGroup(group.chrom, starts))
            room -= len(starts)
    if stretch:
        yield stretch


class KeptScores:
    """The file of scores; a context manager, at whose good end the file is removed.

    Args:
        path: The file; made if it is not there.
        terms: All that the scores depend on, under names that mean something to the user.

    Raises:
        InputError: The file belongs to another run, is in use, or is none of this kind.
        OSError: The file cannot be read or written.
    """

    def __init__(self, path: Path, terms: Mapping[str, Any]) -> None:
        """Open or make the file, and compare what it was begun with."""
        self.path = path
        self._file: BinaryIO = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            self._lock()
            if os.path.getsize(path):
                self._compare(terms)
            else:
                self._append(HEAD + json.dumps(terms, sort_keys=True).encode() + b"\n")
        except BaseException:
            self._file.close()
            raise
        self._at_end = False

    def __enter__(self) -> Self:
        """Begin with the first stretch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and remove it if all went well."""
        if error is None:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def take(self, number: int, bins: int) -> Scores | None:
        """Read the scores of a stretch.

        Args:
            number: Of the stretch, from 0; one after the other.
            bins: How many it has.

        Returns:
            float32, shape (bins,), or None when this and all later stretches are still to be scored.
        """
        if self._at_end:
            return None
        begin = self._file.tell()
        head = self._file.read(RECORD.size)
        data = self._file.read(4 * bins)
        if head == RECORD.pack(number, bins, zlib.crc32(data)) and len(data) == 4 * bins:
            return np.frombuffer(data, "<f4").astype(np.float32)
        self._file.seek(begin)
        self._file.truncate()
        self._at_end = True
        return None

    def add(self, number: int, scores: Scores) -> None:
        """Add the scores of the first stretch that is not there.

        Raises:
            OSError: The disk is full or broken.
        """
        data = scores.astype("<f4").tobytes()
        self._append(RECORD.pack(number, len(scores), zlib.crc32(data)) + data)

    def _append(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError("is in use by another run; wait for it to end", self.path) from error
        except OSError:
            return  # a network file system without locks

    def _compare(self, terms: Mapping[str, Any]) -> None:
        head = self._file.read(len(HEAD))
        text = self._file.readline(LONGEST_TERMS)
        if head != HEAD[: len(head)] or not (text.endswith(b"\n") or len(head + text) < LONGEST_TERMS):
            raise InputError(f"is no file of kept scores; {ANEW}", self.path)
        if not text.endswith(b"\n"):  # the run was killed while it began
            self._file.seek(0)
            self._file.truncate()
            self._append(HEAD + json.dumps(terms, sort_keys=True).encode() + b"\n")
            return
        try:
            before = dict(json.loads(text))
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"is damaged; {ANEW}", self.path) from error
        refuse_other_run(before, terms, self.path)
