"""Watches what this process does: code that is run, files that it opens, and files that anybody opens."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import contextmanager

IN_ACCESS, IN_OPEN = 0x1, 0x20
IN_NONBLOCK = os.O_NONBLOCK
# What code or a pickle from a file would have to do; Python reports it.
CODE = {
    *("exec", "compile", "marshal.loads", "marshal.load", "pickle.find_class", "import", "ctypes.dlopen"),
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "os.remove"),
}

_listeners: list = []  # an audit hook stays for ever, so there is one for all


def _hook(event, arguments):
    for listener in _listeners:
        listener(event, arguments)


@contextmanager
def no_code(*folders):
    """Give a list that fills with the code that is run in the block and the files opened outside some folders."""
    if not _hook_is_set:
        sys.addaudithook(_hook)
        _hook_is_set.append(True)
    seen = []

    def listen(event, arguments):
        if event in CODE:
            seen.append(f"{event} {arguments!r}"[:300])
        elif event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(tuple(f"{folder}/" for folder in folders)) and path != os.devnull:
                seen.append(f"open {path}")

    _listeners.append(listen)
    try:
        yield seen
    finally:
        _listeners.remove(listen)


_hook_is_set: list = []


@contextmanager
def untouched(*paths):
    """Give a function that tells which of some files were opened or read meanwhile, by C libraries too (inotify)."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(IN_NONBLOCK)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    names = {}
    for path in paths:
        number = library.inotify_add_watch(descriptor, os.fsencode(path), IN_ACCESS | IN_OPEN)
        if number < 0:
            raise OSError(ctypes.get_errno(), "inotify", str(path))
        names[number] = path

    def touched():
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return set()
        found, place = set(), 0
        while place < len(data):
            number, _, _, length = struct.unpack_from("iIII", data, place)
            found.add(names[number])
            place += 16 + length
        return found

    try:
        yield touched
    finally:
        os.close(descriptor)
