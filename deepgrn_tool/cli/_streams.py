"""Standard input, output and error, which may be closed or broken when a program is started."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STANDARD_OUTPUT = "standard output"  # instead of a file's name in messages


def keep_numbers() -> None:
    """Open /dev/null in place of closed standard streams.

    Else the next file that is opened would get the number of the stream, and what libraries print would be in it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output, at once.

    Args:
        lines: The lines, without their ends.

    Raises:
        OSError: They cannot be written; standard output is named like a file.
    """
    if sys.stdout is None:  # closed from the beginning
        raise OSError(errno.EBADF, "is closed", STANDARD_OUTPUT)
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes at exit what is left, and would complain a second time.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        raise OSError(error.errno, error.strerror, STANDARD_OUTPUT) from error
