"""The last step of an addition to a file: written down behind the content first, so that a killed run's is done again.

An addition to HDF5 changes old bytes in a few places. Killed between two of them, the file would be lost. So the
changes are put behind the new content first, with a checksum; only then are they made, and the note is cut off. Whoever
opens a file that ends with such a note makes the changes once more. A note that is not whole means nothing: no old byte
was touched before it was on the disk.

The note: for each change its place and length (uint64, little-endian) and its bytes; then where the note begins, its
length without this end (uint64), CRC-32 (uint32), and `MARK`.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARK = b"deepgrn-journal\n"
CHANGE = struct.Struct("<QQ")
END = struct.Struct("<QQI16s")
LONGEST = 1 << 30  # bytes; the changes of an addition take some kB


def write_journal(descriptor: int, end: int, changes: Mapping[int, bytes | bytearray]) -> None:
    """Put a note of changes behind the content; it is on the disk when this returns.

    Args:
        descriptor: File open for writing.
        end: Bytes of the content, new one included.
        changes: Place → bytes that are to be there.

    Raises:
        OSError: The disk is full or broken.
    """
    text = b"".join(CHANGE.pack(place, len(data)) + bytes(data) for place, data in changes.items())
    text += END.pack(end, len(text), zlib.crc32(text), MARK)
    _write_all(descriptor, text, end)
    os.fsync(descriptor)


def replay(descriptor: int) -> bool:
    """Make the changes of a note at the end of a file, if there is one, and cut it off; tells whether there was.

    Raises:
        OSError: The disk is broken.
    """
    found = _read(descriptor)
    if found is None:
        return False
    begin, changes = found
    for place, data in changes:
        _write_all(descriptor, data, place)
    os.fsync(descriptor)
    os.ftruncate(descriptor, begin)
    os.fsync(descriptor)
    return True


def finish_addition(path: str | Path) -> None:
    """Make the changes of a run that was killed in its last step.

    Raises:
        InputError: There are such changes, and the file cannot be written to, or another run is at it; or it is a pipe.
        OSError: The file cannot be read.
    """
    check_regular(path)
    with open(path, "rb") as file:
        if _read(file.fileno()) is None:
            return
    try:
        with open(path, "r+b", buffering=0) as file:
            lock(file.fileno(), path)
            replay(file.fileno())
    except PermissionError as error:
        text = "an addition to it was killed in its last step; run deepgrn-info on it with permission to write"
        raise InputError(text, path) from error


def lock(descriptor: int, path: str | Path) -> None:
    """Keep other programs from an open file, until it is closed.

    Raises:
        InputError: Another program has it open.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError("is open in another program; wait for it to end", path) from error
    except OSError:
        # Some network file systems have no locks; then nothing else does either.
        return


def _read(descriptor: int) -> tuple[int, list[tuple[int, bytes]]] | None:
    """Read a note that is whole: where it begins, and its changes, all of them before it."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, END.size, max(0, size - END.size))
    if len(tail) < END.size or not tail.endswith(MARK):
        return None
    begin, length, checksum, _ = END.unpack(tail)
    if length > LONGEST or begin + length + END.size != size:
        return None
    text = os.pread(descriptor, length, begin)
    if zlib.crc32(text) != checksum:
        return None
    changes = []
    while text:
        if len(text) < CHANGE.size:
            return None
        place, amount = CHANGE.unpack_from(text)
        data, text = text[CHANGE.size : CHANGE.size + amount], text[CHANGE.size + amount :]
        if len(data) < amount or place + amount > begin:
            return None
        changes.append((place, data))
    return begin, changes


def _write_all(descriptor: int, data: bytes, place: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], place + done)
