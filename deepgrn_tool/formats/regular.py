"""Files that are read at random must lie on a disk: a pipe cannot be, and its writer may never come."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def check_regular(path: str | Path) -> None:
    """Refuse what is no file on a disk, without opening it.

    Raises:
        InputError: It is a pipe, a device or a socket.
        OSError: It is not there, or a folder.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise InputError("is a pipe or a device, and must be read at random; write it to a file first", path)
