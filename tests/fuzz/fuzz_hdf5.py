"""Edits of a good HDF5 file, decoded from bytes: a wrong type, shape, size, value or link wherever it could be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_EDITS = 4
HUGE = 1 << 50  # values that a dataset claims; none is stored

VALUES: tuple[Any, ...] = (
    0,
    -1,
    1 << 62,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "text",
    "1.0",
    "9.0",
    "a\tb\n\x1b[31m",
    "x" * 5000,
    np.bytes_(b"\xff\xfe"),
    np.zeros(0),
    np.arange(8.0),
    np.arange(6).reshape(2, 3),
    np.array([b"a", b"b"]),
    True,
    h5py.Empty("f"),
)
TYPES = (
    "u1",
    "i1",
    "i8",
    ">i8",
    "f2",
    "f4",
    "f8",
    "c8",
    "S3",
    h5py.string_dtype(),
    [("a", "i4")],
    bool,
    h5py.ref_dtype,
)
SHAPES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (2,), (8,), (3, 3), (0, 3), (2, 3), (4200,), (HUGE,), (HUGE, 3))


class Choices:
    """Choices that the bytes make, one byte each; 0 when they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0

    @property
    def left(self) -> bool:
        """Whether there are bytes left."""
        return self._next < len(self._data)

    def pick(self, options: Any) -> Any:
        """Give one of some options."""
        byte = self._data[self._next] if self.left else 0
        self._next += 1
        return options[byte % len(options)]


def names_of(file: h5py.File) -> list[str]:
    """List all groups and datasets, in order."""
    names: list[str] = []
    file.visit(names.append)
    return sorted(names)


def _replace(file: h5py.File, name: str, choices: Choices) -> None:
    kind, shape = choices.pick(TYPES), choices.pick(SHAPES)
    old = file[name]
    attributes = dict(old.attrs)
    del file[name]
    chunks = (1 << 12, *shape[1:]) if shape and shape[0] == HUGE else None
    new = file.create_dataset(name, shape, kind, chunks=chunks)
    new.attrs.update(attributes)


def _shape_alone(file: h5py.File, name: str, choices: Choices) -> None:
    """Another size, of the right type."""
    old = file[name]
    if not isinstance(old, h5py.Dataset):
        return
    kind, rest, attributes = old.dtype, old.shape[1:], dict(old.attrs)
    length = choices.pick((0, 1, 7, 8, 9, 4199, 4200, 4201, 1 << 33, HUGE))
    del file[name]
    new = file.create_dataset(name, (length, *rest), kind, chunks=(1 << 12, *rest))
    new.attrs.update(attributes)


def _set_values(file: h5py.File, name: str, choices: Choices) -> None:
    data = file[name]
    if not isinstance(data, h5py.Dataset) or not data.size or data.size > 1 << 20:
        return
    values: dict[str, tuple[Any, ...]] = {
        "f": (np.nan, np.inf, -np.inf, -1.0, 3e38, 0.0),
        "i": (-1, 0, 1 << 62, -(1 << 62), 1 << 33, 5),
        "u": (4, 5, 255),
    }
    text = h5py.check_string_dtype(data.dtype) is not None
    if data.external or data.is_virtual or not (text or data.dtype.kind in values):
        return  # the library crashes where values are put into some of these
    choice = choices.pick(values.get(data.dtype.kind, (b"", b"\xff", b"a\tb", b"chr1\n", b"/", b"x" * 3000)))
    where = choices.pick((..., 0, -1, data.shape[0] // 2 if data.shape else ()))
    data[where if data.shape else ()] = choice


def _external_link(file: h5py.File, name: str, choices: Choices) -> None:
    target = choices.pick((file.filename, "/dev/null", "other.h5", "/"))
    del file[name]
    file[name] = h5py.ExternalLink(target, choices.pick(("/", name)))


def _soft_link(file: h5py.File, name: str, choices: Choices) -> None:
    target = choices.pick(("/", name, "/nowhere", *names_of(file)))
    del file[name]
    file[name] = h5py.SoftLink(target)


def _hard_link(file: h5py.File, name: str, choices: Choices) -> None:
    """Another object under the name: a parent makes a circle."""
    target = file[choices.pick(("/", name.rpartition("/")[0] or "/", *names_of(file)))]
    del file[name]
    file[name] = target


def _external_data(file: h5py.File, name: str, choices: Choices) -> None:
    old = file[name]
    if not isinstance(old, h5py.Dataset) or not old.shape:
        return
    shape, kind = old.shape, old.dtype
    if kind.hasobject:
        return
    del file[name]
    file.create_dataset(name, shape, kind, external=[(choices.pick(("/dev/zero", "/etc/hostname")), 0, 1 << 40)])


def _virtual_data(file: h5py.File, name: str, choices: Choices) -> None:
    old = file[name]
    if not isinstance(old, h5py.Dataset) or not old.shape or old.dtype.hasobject:
        return
    layout = h5py.VirtualLayout(old.shape, old.dtype)
    source = choices.pick((".", file.filename, "/dev/null"))
    layout[...] = h5py.VirtualSource(source, name, old.shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


def _attribute(file: h5py.File, name: str, choices: Choices) -> None:
    place = choices.pick((file, file[name]))
    names = sorted(place.attrs)
    if names:
        place.attrs[choices.pick(names)] = choices.pick(VALUES)


def _no_attribute(file: h5py.File, name: str, choices: Choices) -> None:
    place = choices.pick((file, file[name]))
    names = sorted(place.attrs)
    if names:
        del place.attrs[choices.pick(names)]


def _delete(file: h5py.File, name: str, choices: Choices) -> None:
    del file[name]


def _group(file: h5py.File, name: str, choices: Choices) -> None:
    del file[name]
    file.create_group(name)


def _rename(file: h5py.File, name: str, choices: Choices) -> None:
    file.move(name, name + choices.pick(("x", "/y", "\x1b[31m", " ", "é", "\n", ":0")))


def _named_type(file: h5py.File, name: str, choices: Choices) -> None:
    del file[name]
    file[name] = np.dtype(choices.pick(("i4", "f8")))


EDITS: tuple[Callable[[h5py.File, str, Choices], None], ...] = (
    _replace,
    _shape_alone,
    _set_values,
    _external_link,
    _soft_link,
    _hard_link,
    _external_data,
    _virtual_data,
    _attribute,
    _no_attribute,
    _delete,
    _group,
    _rename,
    _named_type,
)


def apply_edits(path: Path, data: bytes) -> None:
    """Change a good file as the bytes say; an edit that HDF5 itself refuses is left out."""
    choices = Choices(data)
    with h5py.File(path, "r+") as file:
        for _ in range(MOST_EDITS):
            names = names_of(file)
            if not choices.left or not names:
                return
            edit = choices.pick(EDITS)
            try:
                edit(file, choices.pick(names), choices)
            except (OSError, KeyError, OverflowError, RuntimeError, TypeError, ValueError):
                continue
