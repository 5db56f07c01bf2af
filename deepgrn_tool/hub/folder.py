"""A folder that appears whole or not at all, and that replaces none but an empty one or a hub."""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.output import abandoned, beginning, made_by_this_process, temporary_sibling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

HUB_FILE = "hub.txt"
OWN_MARK = "hub deepgrn_"  # how the first line of our hub.txt begins
PARTIAL, OLD = ".partial", ".old"  # ends of names: a hub in the making, and one that makes way
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def check_folder(target: Path, overwrite: bool, inputs: Iterable[Path]) -> None:
    """Refuse a folder that cannot or should not be written, before any work is done.

    Args:
        target: The folder to make.
        overwrite: Whether a hub that is there already may be replaced.
        inputs: Files that are read.

    Raises:
        UsageError: An input lies in the folder that would be replaced.
        InputError: The folder is there already, is no hub of this program, or its parent cannot be written.
    """
    real = Path(os.path.realpath(target))
    if not real.parent.is_dir():
        raise InputError("the folder it is to be in does not exist; create that first", target)
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise InputError("the folder it is to be in cannot be written to", target)
    if not os.path.lexists(real):
        return
    if not real.is_dir():
        raise InputError("is a file; name a folder that does not exist yet", target)
    if not any(real.iterdir()):
        return
    if not overwrite:
        raise InputError("is there already; choose another name, or replace a hub with --overwrite", target)
    if not _is_own_hub(real):
        raise InputError("is not a hub made by deepgrn-hub, and is not replaced; choose another name", target)
    for path in inputs:
        if Path(os.path.realpath(path)).is_relative_to(real):
            raise UsageError(f"{path} lies in {target}, which is to be replaced; choose another folder")


def _is_own_hub(folder: Path) -> bool:
    try:
        with (folder / HUB_FILE).open(encoding="utf-8", errors="replace") as stream:
            return stream.readline().startswith(OWN_MARK)
    except FileNotFoundError:
        return False


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; rename it to `target` if the block ends well, else remove it.

    What `target` was before is removed after the new folder took its place, and so are folders that killed runs left.

    Yields:
        The folder, with the permissions that folders have here.
    """
    real = Path(os.path.realpath(target))
    _remove_abandoned(real, PARTIAL)
    temporary: Path | None = None
    try:
        temporary = temporary_sibling(real, PARTIAL)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        yield temporary
        if _exchange(temporary, real):
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            _replace(temporary, real)
        _remove_abandoned(real, OLD)
    except BaseException as error:
        # A signal may come when the folder is made and has no name here yet.
        made = [temporary] if temporary else made_by_this_process(real.parent, beginning(real), PARTIAL)
        for path in made:
            shutil.rmtree(path, ignore_errors=True)
        if isinstance(error, OSError) and temporary and Path(str(error.filename)).is_relative_to(temporary):
            named = target / Path(error.filename).relative_to(temporary)
            raise OSError(error.errno, error.strerror, str(named)) from error
        raise


def _remove_abandoned(target: Path, suffix: str) -> None:
    """Remove what killed runs left beside a folder."""
    for path in abandoned(target.parent, beginning(target), suffix):
        shutil.rmtree(path, ignore_errors=True)  # another run may be quicker
        logger.info("Removed %s, which a killed run left", path)


def _exchange(new: Path, target: Path) -> bool:
    """Let two folders change their names in one step; tells whether system and file system could."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None or not target.exists():
        return False
    done = rename(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(target), RENAME_EXCHANGE)
    return int(done) == 0


def _replace(new: Path, target: Path) -> None:
    """Rename a folder; a folder that has the name makes way first, and comes back if the renaming fails."""
    if not target.exists():
        os.rename(new, target)
        return
    aside = temporary_sibling(target, OLD)
    old = aside / target.name
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        aside.rmdir()
        raise
    shutil.rmtree(aside)
