"""model.h5: weights by name plus one JSON text; nothing in the file is ever executed.

Root attributes: `format` = "deepgrn-model", `format_version` = "1.1", `config` = JSON with the fields of
`NetworkConfig` under "network" and beside it what is known of the model's origin: `factor`, `assembly`, `record`.
Weights are float32 datasets `/weights/LAYER/NAME` under the names of `network.weights.weight_shapes`.
Version 1.1 added `transforms` to the network's fields; without it, signals are read as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from deepgrn_tool.data.safe_hdf5 import creating
from deepgrn_tool.data.transforms import NONE
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import check_format, open_hdf5, own_object, read_floats
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.weights import MAX_WEIGHTS, Weights, check_weights, count_weights, weight_shapes
from deepgrn_tool.output import atomic_output

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "deepgrn-model"
FORMAT_VERSION = "1.1"
MAKERS = "deepgrn-import or deepgrn-train"
MOST_NESTED = 20  # tables and lists within each other in a record


@dataclass(frozen=True)
class Model:
    """A trained network as data: no Keras object, so that it loads in milliseconds.

    Attributes:
        config: The network's shape.
        weights: float32 arrays by name.
        factor: Transcription factor, or an empty text.
        assembly: Genome assembly that it was trained on, or an empty text.
        record: What else is known, such as the origin of imported weights; JSON types only.
    """

    config: NetworkConfig
    weights: Weights
    factor: str = ""
    assembly: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def save_model(model: Model, path: str | Path) -> None:
    """Write model.h5; it appears whole or not at all.

    Raises:
        InputError: The weights do not fit the configuration.
        OSError: The file cannot be written.
    """
    check_weights(model.weights, model.config)
    text = {
        "network": model.config.to_json(),
        "factor": model.factor,
        "assembly": model.assembly,
        "record": model.record,
    }
    with atomic_output(path) as temporary:
        with creating(temporary, path) as safe:
            safe.file.attrs["format"] = FORMAT
            safe.file.attrs["format_version"] = FORMAT_VERSION
            safe.file.attrs["config"] = json.dumps(text, sort_keys=True)
            for name in weight_shapes(model.config):
                values = model.weights[name].astype(np.float32)
                safe.file.create_dataset(f"weights/{name}", data=values, track_times=False)
        load_model(temporary)


def load_model(path: str | Path) -> Model:
    """Read model.h5.

    Raises:
        InputError: The file is not a model, is damaged, or its weights do not fit its configuration.
        OSError: The file cannot be read.
    """
    with open_hdf5(path, MAKERS) as file:
        check_format(file, path, FORMAT, FORMAT_VERSION, MAKERS)
        try:
            text = json.loads(file.attrs["config"])
            config = NetworkConfig.from_json(text["network"])
            factor, assembly, record = str(text["factor"]), str(text["assembly"]), dict(text["record"])
            _check_depth(record)
            weights = _read_weights(file, config)
            check_weights(weights, config)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"its model configuration cannot be read ({error})", path) from error
        except (OSError, RuntimeError) as error:
            raise InputError(f"is damaged HDF5; make or copy the file again ({error})", path) from error
        except InputError as error:
            raise InputError(error.message, path) from error
    return Model(config, weights, factor, assembly, record)


def _check_depth(value: Any, left: int = MOST_NESTED) -> None:
    """Refuse a record that could not be shown, however deep the reader of JSON goes."""
    if left < 0:
        raise InputError("its record is nested deeper than any that the programs write")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(inner, left - 1)


def _read_weights(file: h5py.File, config: NetworkConfig) -> Weights:
    """Read all weights, checking every size before memory is taken; links out of the file are not followed."""
    shapes = weight_shapes(config)
    total = count_weights(config)
    if total > MAX_WEIGHTS:
        raise InputError(f"its configuration asks for {total:,} weights; at most {MAX_WEIGHTS:,} are read")
    weights: Weights = {}
    for name, shape in shapes.items():
        data = own_object(file, f"weights/{name}")
        if not isinstance(data, h5py.Dataset):
            raise InputError(f"weight '{name}' is missing")
        if data.shape != shape or data.dtype != np.float32:
            raise InputError(f"weight '{name}' is {data.dtype} {data.shape}; the network needs float32 {shape}")
        weights[name] = read_floats(data)
    return weights


def describe_model(path: str | Path) -> list[tuple[str, str]]:
    """List what a model file holds, as pairs of name and text, for people to read.

    Raises:
        InputError: As `load_model`.
    """
    model = load_model(path)
    origin = [row for name, value in model.record.items() for row in _describe_record(name, value)]
    return [("factor", model.factor), ("assembly", model.assembly), *describe_network(model.config), *origin]


def _describe_record(name: str, value: Any) -> list[tuple[str, str]]:
    """Put an entry of a record in words; tables within it become rows of their own."""
    if isinstance(value, dict):
        return [row for inner, one in value.items() for row in _describe_record(f"{name} {inner}", one)]
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))]


def describe_network(config: NetworkConfig) -> list[tuple[str, str]]:
    """Put a network's architecture in words, as pairs of name and text."""
    kind = config.attention + (", averaged over dimensions" if config.merge_attention else "")
    if config.is_pairwise:
        kind += f", {config.position_encoding} position encoding"
    convolutions = f"{config.num_conv} × ({config.filters} filters × {config.kernel_size} bp)"
    return [
        ("window", f"{config.window_size} bp (bin {config.bin_size}, flanks {config.flank}), both strands"),
        ("channels", ", ".join(config.channels)),
        ("transforms", _describe_transforms(config)),
        ("convolutions", convolutions if config.num_conv else f"none; per-position dense layer of {config.filters}"),
        ("max-pool", f"{config.pool_size} bp, {config.steps} steps"),
        ("attention", kind),
        ("LSTM", f"{config.num_lstm} × {config.lstm_units} units per direction, {config.gate_activation} gates"),
        ("dense", f"{config.dense_units} / after meta: {', '.join(map(str, config.dense_after_meta)) or 'none'}"),
        ("meta inputs", ", ".join(config.meta) or "none"),
        ("strands merged by", config.merge),
        ("weights", f"{count_weights(config):,}"),
    ]


def _describe_transforms(config: NetworkConfig) -> str:
    changed = [f"{track} {text}" for track, text in zip(config.tracks, config.transforms, strict=True) if text != NONE]
    return "; ".join(changed) or NONE
