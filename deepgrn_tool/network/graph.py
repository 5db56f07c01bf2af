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
from deepgrn_tool.formats.hdf5 import open_hdf5, own_datasets, own_object, read_floats
from deepgrn_tool.network.weights import MAX_WEIGHTS

MAX_LAYERS = 1_000  # far above any published network

# What each kind of layer reads in the published networks, looking through dropout: alternatives of one kind per source.
SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "InputLayer": ((),),
    "Conv1D": (("InputLayer",), ("Conv1D",)),
    "TimeDistributed": (("InputLayer",), ("Conv1D",)),
    "MaxPooling1D": (("TimeDistributed",),),
    "PositionEmbedding": (("MaxPooling1D",), ("Bidirectional",)),
    "TrigPosEmbedding": (("MaxPooling1D",), ("Bidirectional",)),
    "Bidirectional": (("MaxPooling1D",), ("Bidirectional",), ("Multiply",), ("Add",)),
    "Attention1D": (("Bidirectional",),),
    "Permute": (("MaxPooling1D",), ("Bidirectional",), ("Dense",), ("RepeatVector",)),
    "Softmax": (("Bidirectional",), ("Lambda",)),
    "Lambda": (("Dense",), ("Multiply",), ("Dense", "Permute"), ("Softmax", "Dense")),
    "RepeatVector": (("Lambda",),),
    "Multiply": (("MaxPooling1D", "Permute"), ("Bidirectional", "Permute"), ("Softmax", "Bidirectional")),
    "Add": (("MaxPooling1D", "Lambda"), ("Bidirectional", "Lambda")),
    "Flatten": (("Bidirectional",), ("Multiply",), ("Add",)),
    "Dense": tuple(
        (kind,)
        for kind in (
            "MaxPooling1D",
            "Bidirectional",
            "PositionEmbedding",
            "TrigPosEmbedding",
            "Permute",
            "Flatten",
            "Attention1D",
            "Lambda",
            "Concatenate",
            "Dense",
        )
    ),
    "Concatenate": (("Dense", "InputLayer"),),
    "Average": (("Dense", "Dense"),),
    "Maximum": (("Dense", "Dense"),),
}


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
        InputError: The file is not HDF5 or not a Keras 2 functional model, or its layers make no order, or are of other
            kinds or connected in other ways than in the published networks.
        OSError: The file cannot be read.
    """
    with open_hdf5(path, "the published DeepGRN program") as file:
        try:
            layers = _layers(file)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise InputError(f"its layer graph cannot be read ({type(error).__name__}: {error})", path) from error
        except (OSError, RuntimeError) as error:
            raise InputError(f"is damaged HDF5; make or copy the file again ({error})", path) from error
        except InputError as error:
            raise InputError(error.message, path) from error
    try:
        ordered = _in_order(layers)
        _check_sources(ordered)
    except InputError as error:
        raise InputError(error.message, path) from error
    return ordered


def _layers(file: h5py.File) -> list[PublishedLayer]:
    kind = file.attrs.get("format")
    if kind == "deepgrn-model":
        raise InputError("is a deepgrn-model file: it is imported already, use it as it is")
    if isinstance(kind, str):
        raise InputError(f"is a {kind!r} file, not a network of the published program")
    text = file.attrs.get("model_config")
    if text is None:
        raise InputError("holds no network, at most its weights; import the file that was saved with its architecture")
    graph = json.loads(text)
    if graph["class_name"] not in ("Model", "Functional"):
        raise InputError(f"is a Keras model of class {graph['class_name']!r}, which DeepGRN never wrote")
    entries = graph["config"]["layers"]
    if len(entries) > MAX_LAYERS:
        raise InputError(f"has {len(entries):,} layers; a published network has fewer than {MAX_LAYERS:,}")
    groups = _weight_groups(file)
    return [_layer(entry, groups) for entry in entries]


def _layer(entry: dict[str, Any], groups: dict[str, dict[str, h5py.Dataset]]) -> PublishedLayer:
    kind, name = str(entry["class_name"]), str(entry["name"])
    if not (kind.isprintable() and name.isprintable()):
        raise InputError(f"layer {name!r} of kind {kind!r} has a name that Keras never gives")
    calls = entry["inbound_nodes"]
    sources = tuple(str(source[0]) for source in calls[0]) if calls else ()
    return PublishedLayer(kind, name, entry["config"], sources, _weights(groups, name, kind))


def _weight_groups(file: h5py.File) -> dict[str, dict[str, h5py.Dataset]]:
    """List the datasets of every layer's group; links out of the file are not followed."""
    groups: dict[str, dict[str, h5py.Dataset]] = {}
    root = own_object(file, "model_weights")
    if not isinstance(root, h5py.Group):
        raise InputError("holds no weights")
    for name in root:
        group = own_object(root, name)
        if not isinstance(group, h5py.Group):
            raise InputError(f"the weights of layer {name!r} are a link, not data in this file")
        found = {path: data for path, data in own_datasets(group).items() if data is not None}
        groups[name] = found
    total = sum(int(data.size or 0) for found in groups.values() for data in found.values())
    if total > MAX_WEIGHTS:
        raise InputError(f"claims {total:,} weights; at most {MAX_WEIGHTS:,} are read")
    return groups


def _weights(groups: dict[str, dict[str, h5py.Dataset]], name: str, kind: str) -> dict[str, NDArray[np.float32]]:
    """Read one layer's weights.

    The group carries the layer's name, but a layer that was loaded from an earlier file and renamed (`Attention1D`)
    keeps the lower-case name with a number that it had at first.
    """
    datasets = groups.get(name) or groups.get(f"{name.lower()}_1", {})
    weights: dict[str, NDArray[np.float32]] = {}
    for path, data in datasets.items():
        parts = path.split(":")[0].split("/")
        key = parts[-1]
        if kind == "Bidirectional":
            direction = "backward" if any(part.startswith("backward") for part in parts) else "forward"
            key = f"{direction}/{key}"
        if key in weights:
            raise InputError(f"layer '{name}' has two weights called {key!r}")
        weights[key] = read_floats(data)
    return weights


def _in_order(layers: list[PublishedLayer]) -> list[PublishedLayer]:
    """Sort layers so that each follows its sources; ties keep the order of the file."""
    ordered: list[PublishedLayer] = []
    placed: set[str] = set()
    waiting = list(layers)
    while waiting:
        ready = [layer for layer in waiting if all(source in placed for source in layer.sources)]
        if not ready:
            raise InputError("its layers refer to each other in a circle or to layers that are not there")
        ordered.append(ready[0])
        placed.add(ready[0].name)
        waiting.remove(ready[0])
    return ordered


def _check_sources(layers: list[PublishedLayer]) -> None:
    """Refuse layers whose place in the graph is not one that the published networks know."""
    seen: dict[str, str] = {}  # kind by name; a dropout counts as what it reads
    for layer in layers:
        found = tuple(seen[name] for name in layer.sources)
        if layer.name in seen:
            raise InputError(f"has two layers called '{layer.name}'")
        seen[layer.name] = found[0] if layer.kind == "Dropout" and found else layer.kind
        if layer.kind == "Dropout":
            continue
        if layer.kind not in SOURCES:
            raise InputError(f"layer '{layer.name}' is of kind {layer.kind}, which no published network has")
        if found not in SOURCES[layer.kind]:
            text = ", ".join(found) or "nothing"
            raise InputError(f"layer '{layer.name}' ({layer.kind}) reads {text}, as in no published network")
