"""Writing HDF5 files: errors of the disk come out as they are, and a killed addition leaves the old content intact.

The library sees a Python file object. It must not meet an exception there, or closing the file would fail in its own
way: the first error is kept, later writes are dropped, and the error is raised once the library is done.

HDF5 changes a file's metadata while it works: killed half-way, the file is lost. Here the library sees a file whose new
bytes go behind the old end at once, where nothing refers to them, while its changes of old bytes (superblock and group
tables, a few kB) stay in memory until everything else is on the disk. Then they are noted behind it (`formats.journal`)
and made; a run that is killed meanwhile is finished by the next that opens the file.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import h5py

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.journal import lock, replay, write_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Place of the end-of-file address by superblock version (HDF5 File Format Specification, section II.A).
_END_ADDRESS = {0: 40, 1: 44, 2: 28, 3: 28}
_PAGE = 4096  # bytes


def end_of_hdf5(descriptor: int, path: str | Path) -> int:
    """Read where HDF5 says that the file ends; bytes behind are left over from a killed run.

    Raises:
        InputError: The file is not HDF5 or ends before that place.
    """
    head = os.pread(descriptor, 64, 0)
    if head[:8] != _SIGNATURE or len(head) < 64 or head[8] not in _END_ADDRESS:
        raise InputError("is not HDF5; make it with deepgrn-features", path)
    place = _END_ADDRESS[head[8]]
    end = int.from_bytes(head[place : place + 8], "little")
    if os.fstat(descriptor).st_size < end:
        raise InputError("is truncated HDF5; make or copy the file again", path)
    return end


class SafeFile(NamedTuple):
    """An HDF5 file being written, and the check that all writes so far succeeded.

    Attributes:
        file: The file.
        check: Raises the first OSError that a write met.
    """

    file: h5py.File
    check: Callable[[], None]


class OverlayFile:
    """A file object for h5py: writes below `end` are kept in memory until `commit`.

    Args:
        descriptor: File open for reading and writing.
        end: Bytes of the old content; 0 for a new file.
        name: The user's name of the file, for messages.

    Attributes:
        called_by_library: Signals wait until the library is done (`cli._signals`): it would crash at their exception.
    """

    called_by_library = True

    def __init__(self, descriptor: int, end: int, name: str | Path) -> None:
        """Start at position 0 with nothing changed."""
        self._descriptor = descriptor
        self._name = str(name)
        self._failure: OSError | None = None
        self._dropping = self._noted = False
        self._end = end
        self._position = 0
        self._size = end
        self._pages: dict[int, bytearray] = {}

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; returns the new position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes, old content with the changes in memory laid over it."""
        begin = self._position
        data = bytearray(os.pread(self._descriptor, min(size, max(0, self._size - begin)), begin))
        for number in range(begin // _PAGE, (min(begin + len(data), self._end) + _PAGE - 1) // _PAGE):
            page = self._pages.get(number)
            if page is not None:
                first = max(begin, number * _PAGE)
                last = min(begin + len(data), number * _PAGE + len(page))
                data[first - begin : last - begin] = page[first - number * _PAGE : last - number * _PAGE]
        self._position += len(data)
        return bytes(data)

    def readinto(self, buffer: memoryview) -> int:
        """Read into `buffer`; returns the number of bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes | memoryview) -> int:
        """Write at the position; returns the number of bytes."""
        view = memoryview(data).cast("B")
        if self._dropping:
            self._position += len(view)
            return len(view)
        done = 0
        while done < len(view) and self._position < self._end:
            done += self._write_old(view[done:])
        while done < len(view):
            try:
                written = os.pwrite(self._descriptor, view[done:], self._position)
            except OSError as error:
                self._fail(error)
                written = len(view) - done
            done += written
            self._position += written
        self._size = max(self._size, self._position)
        return done

    def _write_old(self, view: memoryview) -> int:
        number, offset = divmod(self._position, _PAGE)
        begin = number * _PAGE
        page = self._pages.get(number)
        if page is None:
            page = bytearray(os.pread(self._descriptor, min(_PAGE, self._end - begin), begin))
            self._pages[number] = page
        amount = min(len(view), len(page) - offset)
        page[offset : offset + amount] = view[:amount]
        self._position += amount
        return amount

    def truncate(self, size: int | None = None) -> int:
        """Set the size; never below the old content."""
        self._size = max(self._position if size is None else size, self._end)
        if self._dropping:
            return self._size
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            self._fail(error)
        return self._size

    def flush(self) -> None:
        """Do nothing: `commit` flushes."""

    def give_up(self) -> None:
        """Take the old content's size again, unless the changes are noted, and drop what the library still writes.

        Interrupted while it closes the file, it may do so much later, when another file has the descriptor's number.
        """
        self._dropping = True
        if not self._noted:
            os.ftruncate(self._descriptor, self._end)

    def _fail(self, error: OSError) -> None:
        if self._failure is None:
            self._failure = OSError(error.errno, error.strerror, self._name)

    def check(self) -> None:
        """Raise the first error that a write met.

        Raises:
            OSError: The disk is full or broken.
        """
        if self._failure is not None:
            raise self._failure

    def note(self) -> None:
        """Put the changes of old bytes on the disk, behind all else; from here on the file will have its new content.

        Raises:
            OSError: The disk is full or broken.
        """
        os.fsync(self._descriptor)
        changes = {number * _PAGE: self._pages[number] for number in sorted(self._pages)}
        write_journal(self._descriptor, os.fstat(self._descriptor).st_size, changes)
        self._noted = True

    def commit(self) -> None:
        """Make the changes that were noted."""
        replay(self._descriptor)


@contextmanager
def _writing(overlay: OverlayFile, file: h5py.File) -> Iterator[SafeFile]:
    try:
        yield SafeFile(file, overlay.check)
    except BaseException:
        file.close()
        overlay.check()
        raise
    file.close()
    overlay.check()


@contextmanager
def creating(path: str | Path, name: str | Path) -> Iterator[SafeFile]:
    """Make a new HDF5 file.

    Args:
        path: Where it is written.
        name: The user's name of the file, for messages.

    Yields:
        The file, empty.

    Raises:
        OSError: The disk is full or broken.
    """
    with open(path, "w+b", buffering=0) as raw:
        overlay = OverlayFile(raw.fileno(), 0, name)
        try:
            with _writing(overlay, h5py.File(overlay, "w")) as safe:
                yield safe
        except BaseException:
            overlay.give_up()
            raise


@contextmanager
def appending(path: str | Path) -> Iterator[SafeFile]:
    """Open an HDF5 file to add to it; if the block fails or is killed, the file keeps its old content.

    Yields:
        The file, writable.

    Raises:
        InputError: The file is not HDF5, truncated, or open elsewhere.
        OSError: The disk is full or broken.
    """
    with open(path, "r+b", buffering=0) as raw:
        descriptor = raw.fileno()
        lock(descriptor, path)
        replay(descriptor)
        end = end_of_hdf5(descriptor, path)
        os.ftruncate(descriptor, end)
        overlay = OverlayFile(descriptor, end, path)
        try:
            try:
                file = h5py.File(overlay, "r+")
            except OSError as error:
                raise InputError("is damaged HDF5; make or copy the file again", path) from error
            with _writing(overlay, file) as safe:
                yield safe
            with _uninterrupted():
                overlay.note()
                overlay.commit()
        except BaseException:
            overlay.give_up()
            raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back while the block runs."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
