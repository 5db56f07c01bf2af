"""The file that an interrupted training run goes on from: beside the model, gone when the run has ended.

HDF5; root attributes `format` = "deepgrn-training", `format_version` = "1.0", `program_version`. Datasets: the JSON
texts `terms`, all that the weights depend on (settings, checksums of the inputs), and `course`, how far the run is;
`state/NAME`, what the training step needs to go on exactly; `best/NAME`, the weights of the best epoch so far.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from deepgrn_tool import __version__
from deepgrn_tool.data.safe_hdf5 import creating
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import check_format, open_hdf5, own_datasets, own_object
from deepgrn_tool.network.weights import Weights
from deepgrn_tool.output import atomic_output
from deepgrn_tool.same_run import ANEW, refuse_other_run
from deepgrn_tool.training.history import Epoch

FORMAT = "deepgrn-training"
FORMAT_VERSION = "1.0"
SUFFIX = ".training"
MAKER = "deepgrn-train"
NOT_OURS = "is not of the kind that is written there"

State = dict[str, NDArray[Any]]


@dataclass
class Course:
    """How far a run is.

    Attributes:
        epoch: The epoch that is under way, from 1.
        batches: Batches of it that are done.
        windows: Windows of it that are done.
        loss: Sum over these windows of their loss.
        history: The epochs that are done.
        best: Weights of the best of them; empty before the first one.
        astray: The epoch in which training went astray and ended; 0 where it did not.
    """

    epoch: int = 1
    batches: int = 0
    windows: int = 0
    loss: float = 0.0
    history: list[Epoch] = field(default_factory=list)
    best: Weights = field(default_factory=dict)
    astray: int = 0


def checkpoint_path(output: str | Path) -> Path:
    """Give the name of the file for a model that is to be written to `output`."""
    return Path(f"{output}{SUFFIX}")


def save_checkpoint(path: Path, terms: Mapping[str, Any], course: Course, state: State) -> None:
    """Write the file; it appears whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    text = {name: value for name, value in vars(course).items() if name not in ("history", "best")}
    text["history"] = [dataclasses.asdict(row) for row in course.history]
    with atomic_output(path) as temporary, creating(temporary, path) as safe:
        safe.file.attrs["format"] = FORMAT
        safe.file.attrs["format_version"] = FORMAT_VERSION
        safe.file.attrs["program_version"] = __version__
        safe.file.create_dataset("terms", data=json.dumps(terms, sort_keys=True))
        safe.file.create_dataset("course", data=json.dumps(text))
        for group, arrays in (("state", state), ("best", course.best)):
            for name, values in arrays.items():
                safe.file.create_dataset(f"{group}/{name}", data=values, track_times=False)


def load_checkpoint(path: Path, terms: Mapping[str, Any]) -> tuple[Course, State]:
    """Read the file and compare what the run depends on.

    Args:
        path: The file.
        terms: What the present run would depend on.

    Raises:
        InputError: The file is damaged, or the run was begun with other options, data or version; each is named.
        OSError: The file cannot be read.
    """
    with open_hdf5(path, MAKER) as file:
        check_format(file, path, FORMAT, FORMAT_VERSION, MAKER)
        try:
            version = str(file.attrs["program_version"])
            before = dict(json.loads(_text(file, "terms")))
            text = json.loads(_text(file, "course"))
            history = [Epoch(**row) for row in text.pop("history")]
            state, best = _arrays(file, "state"), _arrays(file, "best")
            course = Course(**text, history=history, best=best)
        except (InputError, KeyError, TypeError, ValueError, AttributeError, OSError, RuntimeError) as error:
            raise InputError(f"is damaged; {ANEW} ({error})", path) from error
    if version != __version__:
        raise InputError(
            f"was written by version {version}, this is {__version__}: go on with that one, or {ANEW}",
            path,
        )
    refuse_other_run(before, terms, path)
    return course, state


def _text(file: h5py.File, name: str) -> str:
    data = _own_dataset(file, name, "OS")
    if data.shape != () or h5py.check_string_dtype(data.dtype) is None:
        raise InputError(f"dataset '{name}' {NOT_OURS}")
    return str(data.asstr()[()])


def _arrays(file: h5py.File, group: str) -> State:
    """Read all arrays of a group and of the groups in it."""
    place = own_object(file, group)
    names = own_datasets(place) if isinstance(place, h5py.Group) else {}
    return {name: np.asarray(_own_dataset(file, f"{group}/{name}", "fiu")[()]) for name in names}


def _own_dataset(file: h5py.File, name: str, kinds: str) -> h5py.Dataset:
    """Find a dataset whose values lie in the file, all of them; `kinds` are those of NumPy's types."""
    data = own_object(file, name)
    if (
        not isinstance(data, h5py.Dataset)
        or data.dtype.kind not in kinds
        or data.external
        or data.is_virtual
        or data.id.get_storage_size() < data.nbytes  # a claim of more than is there
    ):
        raise InputError(f"dataset '{name}' {NOT_OURS}")
    return data
