"""What a features file holds, as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.layout import check_layout, interval_datasets, number_attribute, track_datasets
from deepgrn_tool.data.schema import PROGRAM, SOURCE_PREFIX
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import open_hdf5

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

Row = tuple[str, str, str]


def _source(dataset: h5py.Dataset, path: str | Path) -> list[Row]:
    name = str(dataset.name).lstrip("/")
    attributes = dataset.attrs
    if f"{SOURCE_PREFIX}file" not in attributes:
        return []
    try:
        file, size = attributes[f"{SOURCE_PREFIX}file"], int(attributes[f"{SOURCE_PREFIX}size"])
        text = f"{file}, {size} bytes, SHA-256 {attributes[f'{SOURCE_PREFIX}sha256']}"
        if "scale_factor" in attributes:
            text += (
                f"; cut sites scaled by {float(attributes['scale_factor']):.6g} to 1x of "
                f"{int(attributes['effective_genome_size'])} bp ({attributes['equals']})"
            )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise InputError(
            f"where dataset '{name}' comes from cannot be read ({error}); make the file again with {PROGRAM}", path
        ) from error
    return [("source", name, text)]


def _coverage(dataset: h5py.Dataset, path: str | Path) -> str:
    size = int(dataset.shape[0])
    names = ("covered_bases", "mean", "minimum", "maximum")
    covered, mean, low, high = (number_attribute(dataset, name, path) for name in names)
    share = 100 * covered / size if size else 0.0
    return f"{share:.2f} % of bases with a value, mean {mean:.4g}, minimum {low:.4g}, maximum {high:.4g}"


def describe_features(path: str | Path) -> list[Row]:
    """List what a features file holds; statistics are those stored when it was made.

    Returns:
        Rows of section, name and value.

    Raises:
        InputError: The file is not a features file.
    """
    with open_hdf5(path, PROGRAM) as file:
        try:
            return _describe(file, path)
        except (OSError, RuntimeError) as error:
            raise InputError("is damaged HDF5; make or copy the file again", path) from error


def _describe(file: h5py.File, path: str | Path) -> list[Row]:
    names, lengths = check_layout(file, path)
    sequence = file["sequence"]
    known = int(number_attribute(sequence, "covered_bases", path))
    rows: list[Row] = [
        ("file", "format", f"{file.attrs['format']} {file.attrs['format_version']}"),
        ("file", "assembly", str(file.attrs["assembly"]) or "(not named)"),
        ("file", "bases", f"{sum(lengths)} on {len(names)} chromosomes, {known} of them A, C, G or T"),
    ]
    rows += [("chromosome", name, str(length)) for name, length in zip(names, lengths, strict=True)]
    sources = _source(sequence, path)
    for track in track_datasets(file, path):
        parts = str(track.name).lstrip("/").split("/")
        label = parts[1] if parts[0] == "genome_tracks" else f"{parts[1]}:{parts[3]}"
        rows.append(("genome track" if parts[0] == "genome_tracks" else "cell track", label, _coverage(track, path)))
        sources += _source(track, path)
    for cell in file["cells"]:
        scores = file[f"cells/{cell}"].get("expression")
        text = "none" if scores is None else " ".join(f"{value:.6g}" for value in scores[:])
        rows.append(("expression", cell, text))
        sources += [] if scores is None else _source(scores, path)
    for intervals in interval_datasets(file, path):
        table = intervals[:]
        bases = int(np.sum(table[:, 2] - table[:, 1]))
        name = str(intervals.name).lstrip("/").rpartition("/")[2]
        rows.append(("intervals", name, f"{len(table)} intervals, {bases} bases"))
        sources += _source(intervals, path)
    return rows + sources
