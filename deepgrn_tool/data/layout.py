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
from deepgrn_tool.formats.hdf5 import check_format, own_object
from deepgrn_tool.formats.sizes import LONGEST_CHROMOSOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGED = f"make the file again with {PROGRAM}"
_MOST_CHROMOSOMES = 5_000_000  # with contigs; a file cannot ask for absurd amounts of memory
_MOST_INTERVALS = 50_000_000  # of an annotation class, all genes of an animal having less than a million introns


def _dataset(file: h5py.File, name: str, path: str | Path) -> h5py.Dataset:
    """Find a dataset whose values lie in the file itself; links and data elsewhere are never followed."""
    item = own_object(file, name)
    if not isinstance(item, h5py.Dataset):
        raise InputError(f"lacks the dataset '{name}'; {_DAMAGED}", path)
    if item.external or item.is_virtual:
        raise InputError(f"the values of dataset '{name}' are in another file; {_DAMAGED}", path)
    return item


def _group(file: h5py.File, name: str, path: str | Path) -> h5py.Group:
    item = own_object(file, name)
    if not isinstance(item, h5py.Group):
        raise InputError(f"lacks the group '{name}'; {_DAMAGED}", path)
    wrong = next((entry for entry in item if not entry.isprintable()), None)
    if wrong is not None:
        raise InputError(f"the name '{wrong}' in group '{name}' holds control characters; {_DAMAGED}", path)
    return item


def number_attribute(dataset: h5py.Dataset, name: str, path: str | Path) -> float:
    """Read a number stored beside a dataset, 0 where there is none.

    Raises:
        InputError: Something else is stored under the name.
    """
    value = dataset.attrs.get(name, 0.0)
    if not isinstance(value, (int, float, np.number)) or not np.isfinite(float(value)):
        label = str(dataset.name).lstrip("/")
        raise InputError(f"attribute '{name}' of dataset '{label}' is not a finite number; {_DAMAGED}", path)
    return float(value)


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
    groups = ["genome_tracks", *(f"cells/{cell}/tracks" for cell in _group(file, "cells", path))]
    for group in groups:
        for name in _group(file, group, path):
            yield _dataset(file, f"{group}/{name}", path)


def interval_datasets(file: h5py.File, path: str | Path) -> Iterator[h5py.Dataset]:
    """Go through the annotation classes and the blacklist, as far as they are there."""
    if "annotation" in file:
        for name in ANNOTATION_CLASSES:
            yield _dataset(file, f"annotation/{name}", path)
    if "blacklist" in file:
        yield _dataset(file, "blacklist", path)


def _check_chromosomes(file: h5py.File, path: str | Path) -> tuple[list[str], list[int]]:
    name_set = _dataset(file, "chromosomes/names", path)
    length_set = _dataset(file, "chromosomes/lengths", path)
    _check_dataset(length_set, (name_set.shape[0] if name_set.shape else None,), np.int64, path)
    if h5py.check_string_dtype(name_set.dtype) is None or len(name_set.shape) != 1:
        raise InputError(f"dataset 'chromosomes/names' holds no text; {_DAMAGED}", path)
    if not 0 < length_set.shape[0] <= _MOST_CHROMOSOMES:
        text = f"claims {length_set.shape[0]:,} chromosomes; 1 to {_MOST_CHROMOSOMES:,} are read"
        raise InputError(f"{text}; {_DAMAGED}", path)
    try:
        names = [str(name) for name in name_set.asstr()[:]]
    except UnicodeDecodeError as error:
        raise InputError(f"dataset 'chromosomes/names' is not UTF-8 text; {_DAMAGED}", path) from error
    lengths = [int(length) for length in length_set[:]]
    if len(set(names)) < len(names) or min(lengths) < 1:
        raise InputError(f"chromosome names repeat or a length is not positive; {_DAMAGED}", path)
    if max(lengths) > LONGEST_CHROMOSOME:
        raise InputError(f"a chromosome of {max(lengths)} bp is longer than any (2^32 bp); {_DAMAGED}", path)
    if not all(name and name.isprintable() for name in names):
        raise InputError(f"a chromosome name is empty or holds control characters; {_DAMAGED}", path)
    return names, lengths


def check_layout(file: h5py.File, path: str | Path) -> tuple[list[str], list[int]]:
    """Check everything but the data.

    Returns:
        Chromosome names and lengths (bp), in the order of the file.

    Raises:
        InputError: The file is of another format or a newer major version, or a part is missing or misshapen.
    """
    check_format(file, path, FORMAT, FORMAT_VERSION, PROGRAM)
    assembly = file.attrs.get("assembly")
    if not isinstance(assembly, str) or not assembly.isprintable():
        raise InputError(f"lacks the attribute 'assembly', a text; {_DAMAGED}", path)
    names, lengths = _check_chromosomes(file, path)
    _check_dataset(_dataset(file, "sequence", path), (sum(lengths),), np.uint8, path)
    for track in track_datasets(file, path):
        _check_dataset(track, (sum(lengths),), np.float32, path)
    for cell in _group(file, "cells", path):
        if "expression" in _group(file, f"cells/{cell}", path):
            expression = _dataset(file, f"cells/{cell}/expression", path)
            _check_dataset(expression, (EXPRESSION_COMPONENTS,), np.float64, path)
    for intervals in interval_datasets(file, path):
        _check_dataset(intervals, (None, 3), np.int64, path)
        if len(intervals) > _MOST_INTERVALS:
            label = str(intervals.name).lstrip("/")
            text = f"dataset '{label}' claims {len(intervals):,} intervals; at most {_MOST_INTERVALS:,} are read"
            raise InputError(f"{text}; {_DAMAGED}", path)
    return names, lengths
