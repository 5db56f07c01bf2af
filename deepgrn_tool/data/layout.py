"""The layout of a features file, and the check that a file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from deepgrn_tool.data.schema import (
    ANNOTATION_CLASSES,
    EXPRESSION_COMPONENTS,
    FORMAT,
    FORMAT_VERSION,
    PROGRAM,
)
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import check_format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGED = f"make the file again with {PROGRAM}"


def _dataset(file: h5py.Group, name: str, path: str | Path) -> h5py.Dataset:
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        raise InputError(f"lacks the dataset '{name}'; {_DAMAGED}", path)
    return item


def _check_dataset(dataset: h5py.Dataset, shape: tuple[int | None, ...], dtype: Any, path: str | Path) -> None:
    fits = len(dataset.shape) == len(shape) and all(
        expected in (None, size) for expected, size in zip(shape, dataset.shape, strict=True)
    )
    if not fits or dataset.dtype != np.dtype(dtype):
        wanted = "x".join("n" if size is None else str(size) for size in shape)
        found = "x".join(map(str, dataset.shape)) or "scalar"
        name = str(dataset.name).lstrip("/")
        raise InputError(
            f"dataset '{name}' is {dataset.dtype} {found} where {np.dtype(dtype)} {wanted} is expected; {_DAMAGED}",
            path,
        )


def track_datasets(file: h5py.File, path: str | Path) -> Iterator[h5py.Dataset]:
    """Go through the signals of a features file, genome tracks first."""
    for name in file["genome_tracks"]:
        yield _dataset(file["genome_tracks"], name, path)
    for cell in file["cells"]:
        for name in file[f"cells/{cell}/tracks"]:
            yield _dataset(file[f"cells/{cell}/tracks"], name, path)


def interval_datasets(file: h5py.File, path: str | Path) -> Iterator[h5py.Dataset]:
    """Go through the annotation classes and the blacklist, as far as they are there."""
    if "annotation" in file:
        for name in ANNOTATION_CLASSES:
            yield _dataset(file, f"annotation/{name}", path)
    if "blacklist" in file:
        yield _dataset(file, "blacklist", path)


def check_layout(file: h5py.File, path: str | Path) -> tuple[list[str], list[int]]:
    """Check everything but the data.

    Returns:
        Chromosome names and lengths (bp), in the order of the file.

    Raises:
        InputError: The file is of another format or a newer major version, or a part is missing or misshapen.
    """
    check_format(file, path, FORMAT, FORMAT_VERSION, PROGRAM)
    if "assembly" not in file.attrs:
        raise InputError(f"lacks the attribute 'assembly'; {_DAMAGED}", path)
    name_set = _dataset(file, "chromosomes/names", path)
    length_set = _dataset(file, "chromosomes/lengths", path)
    _check_dataset(length_set, (name_set.shape[0] if name_set.shape else None,), np.int64, path)
    if h5py.check_string_dtype(name_set.dtype) is None:
        raise InputError(f"dataset 'chromosomes/names' holds no text; {_DAMAGED}", path)
    names = [str(name) for name in name_set.asstr()[:]]
    lengths = [int(length) for length in length_set[:]]
    if len(set(names)) < len(names) or min(lengths, default=0) < 1:
        raise InputError(f"chromosome names repeat or a length is not positive; {_DAMAGED}", path)
    _check_dataset(_dataset(file, "sequence", path), (sum(lengths),), np.uint8, path)
    for group in ("genome_tracks", "cells"):
        if not isinstance(file.get(group), h5py.Group):
            raise InputError(f"lacks the group '{group}'; {_DAMAGED}", path)
    for cell in file["cells"]:
        if not isinstance(file.get(f"cells/{cell}/tracks"), h5py.Group):
            raise InputError(f"lacks the group 'cells/{cell}/tracks'; {_DAMAGED}", path)
        if "expression" in file[f"cells/{cell}"]:
            expression = _dataset(file, f"cells/{cell}/expression", path)
            _check_dataset(expression, (EXPRESSION_COMPONENTS,), np.float64, path)
    for track in track_datasets(file, path):
        _check_dataset(track, (sum(lengths),), np.float32, path)
    for intervals in interval_datasets(file, path):
        _check_dataset(intervals, (None, 3), np.int64, path)
    return names, lengths
