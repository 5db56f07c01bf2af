"""The layer graph of a published Keras 2 file: read as data, put in order of computation, never executed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import open_hdf5

MAX_WEIGHT = 100_000_000  # values; far above any published weight, far below what would exhaust memory


@dataclass(frozen=True)
class PublishedLayer:
    """One layer of a published network.

    Attributes:
        kind: Class name, such as "Conv1D"; wrappers keep theirs ("TimeDistributed", "Bidirectional").
        name: Name within the file, unique.
        options: The layer's configuration as JSON values.
        sources: Names of the layers that its first call reads, in the order of the call.
        weights: Arrays by the last part of their name, such as "kernel", or "forward/kernel" in a Bidirectional.
    """

    kind: str
    name: str
    options: dict[str, Any]
    sources: tuple[str, ...]
    weights: dict[str, NDArray[np.float32]]


def read_graph(path: str | Path) -> list[PublishedLayer]:
    """Read the layers of a Keras 2 HDF5 file in order of computation, inputs first.

    Raises:
        InputError: The file is not HDF5 or not a Keras 2 functional model, or its layers make no order.
        OSError: The file cannot be read.
    """
    with open_hdf5(path, "the published DeepGRN program") as file:
        try:
            layers = _layers(file)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
            raise InputError(f"its layer graph cannot be read ({type(error).__name__}: {error})", path) from error
        except InputError as error:
            raise InputError(error.message, path) from error
    return _in_order(layers, path)


def _layers(file: h5py.File) -> list[PublishedLayer]:
    text = file.attrs.get("model_config")
    if text is None:
        raise InputError("holds no network, only weights; import the file that was saved with its architecture")
    graph = json.loads(text)
    if graph["class_name"] not in ("Model", "Functional"):
        raise InputError(f"is a Keras model of class {graph['class_name']}, which DeepGRN never wrote")
    groups = _weight_groups(file)
    layers = []
    for entry in graph["config"]["layers"]:
        calls = entry["inbound_nodes"]
        sources = tuple(str(source[0]) for source in calls[0]) if calls else ()
        weights = _weights(groups, entry, sources)
        layers.append(PublishedLayer(entry["class_name"], str(entry["name"]), entry["config"], sources, weights))
    return layers


def _weight_groups(file: h5py.File) -> dict[str, dict[str, h5py.Dataset]]:
    """List the datasets of every layer's group; links out of the file are not followed."""
    groups: dict[str, dict[str, h5py.Dataset]] = {}
    root = file.get("model_weights", getlink=True)
    if not isinstance(root, h5py.HardLink):
        raise InputError("holds no weights")
    for name, group in file["model_weights"].items():
        found: dict[str, h5py.Dataset] = {}

        def visit(path: str, item: Any, found: dict[str, h5py.Dataset] = found) -> None:
            if isinstance(item, h5py.Dataset):
                found[path] = item

        group.visititems(visit)
        groups[name] = found
    return groups


def _weights(
    groups: dict[str, dict[str, h5py.Dataset]], entry: dict[str, Any], sources: tuple[str, ...]
) -> dict[str, NDArray[np.float32]]:
    """Read one layer's weights.

    The group carries the layer's name, but a layer that was loaded from an earlier file and renamed (`Attention1D`)
    keeps the lower-case name with a number that it had at first.
    """
    name, kind = str(entry["name"]), str(entry["class_name"])
    datasets = groups.get(name)
    if datasets is None or (not datasets and f"{name.lower()}_1" in groups):
        datasets = groups.get(f"{name.lower()}_1", {})
    weights: dict[str, NDArray[np.float32]] = {}
    for path, data in datasets.items():
        parts = path.split(":")[0].split("/")
        key = parts[-1]
        if kind == "Bidirectional":
            direction = "backward" if any(part.startswith("backward") for part in parts) else "forward"
            key = f"{direction}/{key}"
        if key in weights or data.size > MAX_WEIGHT or data.dtype.kind != "f" or data.external or data.is_virtual:
            raise InputError(f"weight '{path}' of layer '{name}' is not a plain array of numbers")
        weights[key] = np.asarray(data[...], np.float32)
    return weights


def _in_order(layers: list[PublishedLayer], path: str | Path) -> list[PublishedLayer]:
    """Sort layers so that each follows its sources; ties keep the order of the file."""
    ordered: list[PublishedLayer] = []
    placed: set[str] = set()
    waiting = list(layers)
    while waiting:
        ready = [layer for layer in waiting if all(source in placed for source in layer.sources)]
        if not ready:
            raise InputError("its layers refer to each other in a circle or to layers that are not there", path)
        ordered.append(ready[0])
        placed.add(ready[0].name)
        waiting.remove(ready[0])
    return ordered
