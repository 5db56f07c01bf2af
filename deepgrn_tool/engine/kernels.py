"""A network's weights in the forms in which the engine computes with them, worked out once per engine.

They are arguments of the compiled code, which therefore serves all networks of one shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.network.config import BASES, NetworkConfig
from deepgrn_tool.network.weights import Weights

STRANDS = ("forward", "reverse")
DIRECTIONS = ("forward", "backward")
CODES = len(BASES) + 1  # A, C, G, T and everything else
GROUP = 4  # bases per table look-up: 5^4 rows of one table stay in the processor's cache
COMPLEMENT = (3, 2, 1, 0)
PHASES = 4  # positions per row when signals are convolved; 8 was no faster
SAFE_EXPONENT = 60.0  # exp(±60) summed over steps neither overflows nor vanishes in float32

Array = NDArray[np.float32]
Kernels = dict[str, Any]  # name → array of the backend that computes


def engine_kernels(config: NetworkConfig, weights: Weights) -> dict[str, Array]:
    """Put weights into the engine's forms.

    Args:
        config: The network's shape.
        weights: Its weights.

    Returns:
        The weights under their own names, and for each strand and direction: `first/STRAND_tables`, what each group of
        bases adds to the first layer (`table_of_words`), one table below the other, since every array costs each call
        some time; `first/STRAND_signals`, the first layer's kernel of signals (`several_positions`), if there are
        tracks; `conv_N/STRAND` for the other convolutions;
        `lstm_N/DIRECTION_kernel_transposed` and `..._recurrent_transposed`; `strand/kernel_of_dimension`, shape
        (dimensions, units, steps), where attention weighs each of the LSTM's dimensions by itself. An LSTM's weights
        are scaled such that its sigmoids are 0.5 + 0.5 tanh(x) and its hard sigmoids clip(x, 0, 1).
    """
    kernels = dict(weights)
    kernels["strand/kernel_transposed"] = weights["strand/kernel"].T.copy()
    if config.attention == "after-lstm":
        by_step = weights["strand/kernel"].reshape(config.steps, config.attended_width, -1)
        kernels["strand/kernel_of_dimension"] = by_step.transpose(1, 2, 0).copy()
    first = weights["conv_1/kernel"] if config.num_conv else weights["per_position/kernel"][np.newaxis]
    for strand in STRANDS:
        bases, signals = first[:, : len(BASES)], first[:, len(BASES) :]
        if strand == "reverse":
            bases, signals = bases[::-1, COMPLEMENT], signals[::-1]
        tables = [table_of_words(bases[start : start + width]) for start, width in base_groups(len(first))]
        kernels[f"first/{strand}_tables"] = np.concatenate(tables)
        if config.tracks:
            kernels[f"first/{strand}_signals"] = several_positions(signals)
        for layer in range(2, config.num_conv + 1):
            kernel = weights[f"conv_{layer}/kernel"]
            kernels[f"conv_{layer}/{strand}"] = kernel if strand == "forward" else kernel[::-1].copy()
    for layer in range(1, config.num_lstm + 1):
        for direction in DIRECTIONS:
            kernels |= _lstm_kernels(weights, f"lstm_{layer}/{direction}", config.gate_activation)
    return kernels


def _lstm_kernels(weights: Weights, name: str, gate_activation: str) -> dict[str, Array]:
    """Scale one direction's weights; the gates' order is input, forget, cell, output."""
    units = weights[f"{name}_recurrent"].shape[0]
    is_sigmoid = np.repeat([True, True, False, True], units)
    factor, shift = (0.2, 0.5) if gate_activation == "hard-sigmoid" else (0.5, 0.0)
    scale = np.where(is_sigmoid, factor, 1.0).astype(np.float32)
    kernels = {f"{name}_bias": weights[f"{name}_bias"] * scale + np.where(is_sigmoid, shift, 0.0).astype(np.float32)}
    for part in ("kernel", "recurrent"):
        kernels[f"{name}_{part}"] = weights[f"{name}_{part}"] * scale
        kernels[f"{name}_{part}_transposed"] = kernels[f"{name}_{part}"].T.copy()
    return kernels


def base_groups(size: int) -> list[tuple[int, int]]:
    """Cut a kernel of `size` positions into groups for look-ups: start and width of each."""
    return [(start, min(GROUP, size - start)) for start in range(0, size, GROUP)]


def table_of_words(kernel: Array) -> Array:
    """Tabulate what a few positions of a kernel give for every word of codes.

    Args:
        kernel: float32, shape (width, 4, filters).

    Returns:
        float32, shape (5^width, filters): a word's row is its codes read as a number of base 5; code 4 adds nothing.
    """
    filters = kernel.shape[2]
    padded = np.concatenate([kernel, np.zeros((kernel.shape[0], 1, filters), np.float32)], axis=1)
    table = padded[0]
    for position in padded[1:]:
        table = (table[:, np.newaxis] + position[np.newaxis]).reshape(-1, filters)
    return table


def several_positions(kernel: Array) -> Array:
    """Arrange a kernel such that one row of a matrix product gives `PHASES` neighbouring positions.

    With two channels a row of the product would have only twice the kernel's width to work on; so several positions
    share one row, whose kernel is the same one moved along, with zeros around.

    Args:
        kernel: float32, shape (size, channels, filters).

    Returns:
        float32, shape ((PHASES + size - 1) channels, PHASES filters).
    """
    size, channels, filters = kernel.shape
    moved = np.zeros((PHASES + size - 1, channels, PHASES, filters), np.float32)
    for phase in range(PHASES):
        moved[phase : phase + size, :, phase] = kernel
    return moved.reshape(-1, PHASES * filters)


def exponents_are_safe(config: NetworkConfig, weights: Weights) -> bool:
    """Tell whether the exponents of the softmax over steps are known to be small, whatever the input.

    An LSTM's output lies between -1 and 1, so that the weights bound what comes after it.
    """
    if config.attention == "after-lstm":
        kernel, bias = weights["attention/kernel"], weights["attention/bias"]
        return float((np.abs(kernel).sum(axis=0) + np.abs(bias)).max()) <= SAFE_EXPONENT
    return config.attention == "weighted-sum"
