"""A network's weights as a plain table of named arrays: which there are, and whether a table is complete."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig

Weights = dict[str, NDArray[np.float32]]
MAX_WEIGHTS = 100_000_000  # values in all; far above any network of use, far below what would exhaust memory


def weight_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """List the weights of a network, in the order of computation.

    Returns:
        Name `layer/weight` to shape. Kernels are (kernel_size, in, out) for convolutions and (in, out) otherwise;
        LSTM kernels hold the gates in the order input, forget, cell, output.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    width = len(config.channels)
    for index in range(config.num_conv):
        shapes[f"conv_{index + 1}/kernel"] = (config.kernel_size, width, config.filters)
        shapes[f"conv_{index + 1}/bias"] = (config.filters,)
        width = config.filters
    shapes["per_position/kernel"] = (width, config.filters)
    shapes["per_position/bias"] = (config.filters,)
    if config.attends_before_lstm:
        shapes |= _attention_shapes(config)
    shapes |= _lstm_shapes(config)
    if not config.attends_before_lstm:
        shapes |= _attention_shapes(config)
    width = config.dense_units if config.attention == "weighted-sum" else config.steps * 2 * config.lstm_units
    shapes["strand/kernel"] = (width, config.dense_units)
    shapes["strand/bias"] = (config.dense_units,)
    width = config.dense_units + config.meta_size
    for index, units in enumerate(config.dense_after_meta):
        shapes[f"dense_{index + 1}/kernel"] = (width, units)
        shapes[f"dense_{index + 1}/bias"] = (units,)
        width = units
    shapes["logit/kernel"] = (width, 1)
    shapes["logit/bias"] = (1,)
    return shapes


def _lstm_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    width, units = config.filters, config.lstm_units
    for index in range(config.num_lstm):
        for direction in ("forward", "backward"):
            shapes[f"lstm_{index + 1}/{direction}_kernel"] = (width, 4 * units)
            shapes[f"lstm_{index + 1}/{direction}_recurrent"] = (units, 4 * units)
            shapes[f"lstm_{index + 1}/{direction}_bias"] = (4 * units,)
        width = 2 * units
    return shapes


def _attention_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    width = config.attended_width
    if config.attention in ("after-lstm", "before-lstm"):
        return {"attention/kernel": (config.steps, config.steps), "attention/bias": (config.steps,)}
    if config.attention == "weighted-sum":
        return {"attention/kernel": (width, config.dense_units)}
    if not config.is_pairwise:
        return {}
    shapes: dict[str, tuple[int, ...]] = {
        "attention/query": (width, width // 2),
        "attention/key": (width, width // 2),
        "attention/value": (width, width),
    }
    if config.position_encoding == "learned":
        shapes["attention/position"] = (config.steps, width)
    return shapes


def count_weights(config: NetworkConfig) -> int:
    """Count the values of all weights of a network."""
    return sum(math.prod(shape) for shape in weight_shapes(config).values())


def check_weights(weights: Weights, config: NetworkConfig) -> None:
    """Compare a table of weights with what the configuration asks for.

    Raises:
        InputError: A weight is missing, unknown, has another shape, or is not finite.
    """
    shapes = weight_shapes(config)
    for name in sorted(shapes.keys() ^ weights.keys()):
        raise InputError(f"weight '{name}' is {'missing' if name in shapes else 'not part of the network'}")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise InputError(f"weight '{name}' has shape {weights[name].shape}; the network needs {shape}")
        if not np.isfinite(weights[name]).all():
            raise InputError(f"weight '{name}' holds values that are not finite numbers")
