"""Opening HDF5 files and checking which kind of file they are, before anything in them is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.regular import check_regular

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MOST_NESTED = 8  # groups within each other below one that is listed
MOST_ITEMS = 10_000
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def open_hdf5(path: str | Path, maker: str, cache_size: int = 1 << 20) -> h5py.File:
    """Open an HDF5 file for reading.

    Args:
        path: The file.
        maker: Program that makes such files, named in messages.
        cache_size: Bytes of the chunk cache of each dataset.

    Raises:
        InputError: The file is empty, not HDF5, or truncated.
        OSError: The file cannot be read.
    """
    check_regular(path)
    with open(path, "rb") as stream:
        head = stream.read(len(SIGNATURE))
    if head != SIGNATURE:
        raise InputError("is empty" if not head else f"is not HDF5; make it with {maker}", path)
    try:
        return h5py.File(path, "r", rdcc_nbytes=cache_size)
    except OSError as error:
        if "unable to lock" in str(error):
            raise InputError("is being written by another program; wait for it to end", path) from error
        raise InputError("is damaged or truncated HDF5; make or copy the file again", path) from error


def format_of(file: h5py.File) -> str:
    """Give a file's `format`; an empty text where it is missing or no text."""
    try:
        found = file.attrs.get("format")
    except (KeyError, OSError, RuntimeError, TypeError, ValueError):
        return ""  # of a type that no text has
    return found if isinstance(found, str) else ""


def check_format(file: h5py.File, path: str | Path, kind: str, version: str, maker: str) -> None:
    """Compare a file's `format` and `format_version` with what the program reads.

    Args:
        file: The open file.
        path: Its name, for messages.
        kind: The value of `format`, such as "deepgrn-model".
        version: The newest version that is known; files of a newer major version are refused.
        maker: Program that makes such files, named in messages.

    Raises:
        InputError: The file is of another kind, or too new, or damaged.
    """
    try:
        found, text = format_of(file), file.attrs.get("format_version", "")
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError("is damaged HDF5; make or copy the file again", path) from error
    if found != kind:
        what = f"its format is '{found}'" if found else "it names no format"
        raise InputError(f"is not a {kind} file ({what}); make one with {maker}", path)
    if not isinstance(text, str):
        raise InputError(f"its format version is not a text; make the file again with {maker}", path)
    major = text.partition(".")[0]
    if not major.isdecimal():
        raise InputError(f"its format version '{text}' is not a version; make the file again with {maker}", path)
    if int(major) > int(version.partition(".")[0]):
        raise InputError(f"has {kind} version {text}, this program knows {version}; update DeepGRN-tool", path)


def own_object(file: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """Find an object that lies in the file itself: links out of the file, and soft links, are not followed.

    Args:
        file: The open file, or a group of it.
        path: Names from there, joined by slashes.

    Returns:
        The group or dataset, or None when a part of the path is missing or such a link.

    Raises:
        OSError: The file is damaged there.
    """
    place: h5py.Group | h5py.Dataset = file
    try:
        for name in path.split("/"):
            if not isinstance(place, h5py.Group) or not isinstance(place.get(name, getlink=True), h5py.HardLink):
                return None
            place = place[name]
    except (KeyError, RuntimeError, ValueError) as error:  # which of them depends on what is damaged
        raise OSError(f"'{path}' cannot be opened") from error
    return place


def own_datasets(group: h5py.Group) -> dict[str, h5py.Dataset | None]:
    """List what lies in a group and the groups in it.

    Args:
        group: Where to begin.

    Returns:
        Dataset by its path below the group; None for what is neither, such as a link that is not followed.

    Raises:
        InputError: Groups are nested deeper, or there are more items, than in any file of use.
        OSError: The file is damaged there.
    """
    found: dict[str, h5py.Dataset | None] = {}
    waiting = [("", group)]
    seen = 0
    while waiting:
        path, place = waiting.pop()
        if path.count("/") > MOST_NESTED:
            raise InputError(f"groups in '{str(group.name).strip('/')}' are nested more than {MOST_NESTED} deep")
        for name in place:
            seen += 1
            if seen > MOST_ITEMS:
                raise InputError(f"'{str(group.name).strip('/')}' holds more than {MOST_ITEMS:,} items")
            item = own_object(place, name)
            if isinstance(item, h5py.Group):
                waiting.append((f"{path}{name}/", item))
            else:
                found[f"{path}{name}"] = item if isinstance(item, h5py.Dataset) else None
    return found


def read_floats(data: h5py.Dataset) -> NDArray[np.float32]:
    """Read floating-point numbers of any width as float32; those too large for it become infinite.

    Raises:
        InputError: The dataset does not hold such numbers itself.
    """
    if data.dtype.kind != "f" or data.external or data.is_virtual:
        raise InputError(f"{data.name.strip('/')!r} is not a plain array of floating-point numbers")
    values: NDArray[np.float32] = data.astype(np.float32)[...]
    return values
