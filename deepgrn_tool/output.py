"""Outputs appear whole or not at all: written under a temporary name beside the target, then renamed.

A run that is killed (SIGKILL, a power cut) leaves such a file behind. Its name tells the process that wrote it, so
that the next run that writes the same target removes it, and touches no file of a process that is still at work.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import tempfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack

logger = logging.getLogger(__name__)

# Bytes, of the 255 of a name: 2 dots about the target's, 18 for the process, 9 drawn at random, ".partial", a suffix.
LONGEST_NAME, LONGEST_SUFFIX = 190, 16
PROCESS_NAMESPACE = "/proc/self/ns/pid"  # containers of one machine count their processes each for themselves


def check_outputs(outputs: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """Refuse outputs that cannot be written, before any work is done.

    Raises:
        UsageError: Two outputs are the same file, or an output is one of the inputs.
        InputError: An output's folder does not exist or cannot be written, or the output is a folder, device or pipe.
    """
    sources = {os.path.realpath(path): path for path in inputs}
    seen: set[str] = set()
    for output in outputs:
        real = os.path.realpath(output)
        if real in sources:
            raise UsageError(f"output {output} is also the input {sources[real]}; choose another name")
        if real in seen:
            raise UsageError(f"output {output} is named twice")
        seen.add(real)
        folder = os.path.dirname(real)
        if os.path.isdir(real):
            raise InputError("is a folder, not a file name to write to", output)
        if os.path.exists(real) and not os.path.isfile(real):  # a finished file would take the place of /dev/null
            raise InputError("is a device or a pipe; outputs are files, so give a file name", output)
        if not os.path.isdir(folder):
            raise InputError("its folder does not exist; create it first", output)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError("its folder cannot be written to", output)


def leave_outputs(outputs: ExitStack, close: Callable[[], None], error: BaseException | None) -> None:
    """End the block of outputs that are written together: for the `__exit__` of what writes them.

    Args:
        outputs: Renames the finished files when it is left without an error, else removes them.
        close: Completes and verifies the files; called where the block ended well, before anything is renamed.
        error: What ended the block, if it did not end well.

    Raises:
        BaseException: What `close` or a renaming raised; no file is left then.
    """
    try:
        if error is None:
            close()
    except BaseException as failure:
        outputs.__exit__(type(failure), failure, failure.__traceback__)
        raise
    outputs.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)


@contextmanager
def atomic_output(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; rename it to `target` if the block ends well, else remove it.

    The temporary name starts with a dot, carries the target's name and keeps its last suffix, so that a file left by
    a killed run is recognised for what it is. Links are followed: the file that a link points to is replaced. Files
    for the same target that killed runs left are removed.

    Yields:
        Path of an empty file with the permissions that the target will have.

    Raises:
        OSError: What the block raised; where that names the temporary file, it names the target instead.
    """
    real = Path(os.path.realpath(target))
    begin, end = beginning(real), f".partial{real.suffix if len(real.suffix) <= LONGEST_SUFFIX else ''}"
    for path in abandoned(real.parent, begin, end):
        with suppress(FileNotFoundError):  # another run was quicker
            path.unlink()
            logger.info("Removed %s, which a killed run left", path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f"{begin}{_mark_of_process()}.", suffix=end, dir=real.parent)
        temporary = Path(name)
        os.close(handle)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        yield temporary
        os.replace(temporary, real)
    except BaseException as error:
        # Stopped by a signal while it was made, it has no name here yet.
        for path in [temporary] if temporary else made_by_this_process(real.parent, begin, end):
            with suppress(FileNotFoundError):
                path.unlink()
        if isinstance(error, OSError) and temporary and error.filename == str(temporary):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a whole file, text as UTF-8 whatever the system's habit.

    Raises:
        OSError: It cannot be written; the file is named, which errors of Python's own writing do not do.
    """
    try:
        Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def beginning(target: Path) -> str:
    """Give what the names of temporary files and folders for a target begin with: a dot, its name, a dot.

    A name too long to be lengthened is cut, and told from others by a checksum.
    """
    name = os.fsencode(target.name)
    if len(name) <= LONGEST_NAME:
        return f".{target.name}."
    whole_letters = name[: LONGEST_NAME - 9].decode(errors="ignore")
    return f".{whole_letters}~{zlib.crc32(name):08x}."


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for files that are needed while the program runs; those that killed runs left are removed."""
    parent, begin = Path(tempfile.gettempdir()), "deepgrn-"
    for path in abandoned(parent, begin, ""):
        shutil.rmtree(path, ignore_errors=True)  # it may be another user's
    return tempfile.TemporaryDirectory(prefix=f"{begin}{_mark_of_process()}.", dir=parent)


def temporary_sibling(target: Path, suffix: str) -> Path:
    """Make a folder beside `target` whose name tells what it belongs to and which process made it.

    Args:
        target: File or folder.
        suffix: End of the name, such as ".partial".
    """
    return Path(tempfile.mkdtemp(prefix=f"{beginning(target)}{_mark_of_process()}.", suffix=suffix, dir=target.parent))


def abandoned(folder: Path, begin: str, end: str) -> list[Path]:
    """List the temporary files and folders that killed runs on this machine left in a folder.

    Args:
        folder: Where to look.
        begin: What their names begin with, before the mark of the process.
        end: What their names end with.
    """
    if not os.access(folder, os.R_OK):  # a folder that one may write to and not look into
        return []
    pattern = re.compile(rf"{re.escape(begin)}{_place_of_processes():08x}-([0-9]+)\.[^.]+{re.escape(end)}\Z")
    found = [(entry, pattern.match(entry.name)) for entry in folder.iterdir()]
    return [entry for entry, match in found if match and _is_gone(int(match[1]))]


def made_by_this_process(folder: Path, begin: str, end: str) -> list[Path]:
    """List the temporary files and folders of this process; arguments as of `abandoned`."""
    if not os.access(folder, os.R_OK):
        return []
    begin += f"{_mark_of_process()}."
    return [entry for entry in folder.iterdir() if entry.name.startswith(begin) and entry.name.endswith(end)]


def _mark_of_process() -> str:
    """Name this process in a way that `abandoned` finds again."""
    return f"{_place_of_processes():08x}-{os.getpid()}"


def _place_of_processes() -> int:
    """Tell where a process number means something: this machine, or this container on it; 32 bits."""
    place = socket.gethostname()
    if os.path.exists(PROCESS_NAMESPACE):
        place += os.readlink(PROCESS_NAMESPACE)
    return zlib.crc32(place.encode())


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's
    return False
