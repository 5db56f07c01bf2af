"""Outputs appear whole or not at all: written under a temporary name beside the target, then renamed."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def check_outputs(outputs: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """Refuse outputs that cannot be written, before any work is done.

    Raises:
        UsageError: Two outputs are the same file, or an output is one of the inputs.
        InputError: An output's folder does not exist or cannot be written, or the output is a folder.
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
        if not os.path.isdir(folder):
            raise InputError("its folder does not exist; create it first", output)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError("its folder cannot be written to", output)


@contextmanager
def atomic_output(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; rename it to `target` if the block ends well, else remove it.

    The temporary name starts with a dot, carries the target's name and keeps its last suffix, so that a file left by
    a killed run is recognised for what it is. Links are followed: the file that a link points to is replaced.

    Yields:
        Path of an empty file with the permissions that the target will have.
    """
    real = Path(os.path.realpath(target))
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=f".partial{real.suffix}", dir=real.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        yield temporary
        os.replace(temporary, real)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
