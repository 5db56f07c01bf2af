"""Bidirectional LSTMs over the windows of a block, both strands at once.

Sequences are (step, dimension, window), with the windows of the forward strand before the same windows on the reverse
strand: what an LSTM computes beside its matrix products then runs along contiguous windows. The loop over steps is
compiled once, not unrolled, so that compilation takes a second whatever the number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import DIRECTIONS, Kernels
from deepgrn_tool.network.config import NetworkConfig


@dataclass(frozen=True)
class GateInput:
    """What goes into an LSTM's activations, step by step.

    Attributes:
        of: Gives, from a step, a direction and the state of that direction, the gates before their activations, in the
            order input, forget, cell, output: float32, shape (4 units, 2 windows), from a state (units, 2 windows).
        windows_last: False if gates and state have their axes the other way around.
    """

    of: Callable[[Any, str, Any], Any]
    windows_last: bool


def bidirectional(backend: Backend, config: NetworkConfig, both: int, gates: GateInput) -> Any:
    """Run one bidirectional LSTM.

    Args:
        backend: Who computes.
        config: The network's shape.
        both: Number of windows, both strands together.
        gates: The LSTM's input.

    Returns:
        float32, shape (steps, 2 units, 2 windows): forward direction, then backward direction.
    """
    ops, units, steps = backend.ops, config.lstm_units, config.steps

    axis, width = (0 if gates.windows_last else 1), units * len(DIRECTIONS)
    zero = ops.zeros((units, both) if gates.windows_last else (both, units))
    output = ops.zeros((steps, width, both) if gates.windows_last else (steps, both, width))
    # One loop per direction: steps of few operations cost the compiled code less to arrange than longer ones.
    for number, direction in enumerate(DIRECTIONS):

        def step(index: Any, carried: Any, number: int = number, direction: str = direction) -> Any:
            state, cell, output = carried
            now = index if direction == "forward" else steps - 1 - index
            parts = ops.split(gates.of(now, direction, state), 4, axis=axis)
            state, cell = _advance(backend, config.gate_activation, parts, cell)
            place = (now, number * units, 0) if gates.windows_last else (now, 0, number * units)
            return state, cell, ops.slice_update(output, place, state[np.newaxis])

        output = ops.fori_loop(0, steps, step, (zero, zero, output))[2]
    return output if gates.windows_last else ops.transpose(output, (0, 2, 1))


def _advance(backend: Backend, gate_activation: str, parts: list[Any], cell: Any) -> tuple[Any, Any]:
    """Give the new state and cell; the gates are scaled as `engine_kernels` does it."""
    ops, tanh = backend.ops, backend.tanh
    i, f, o = (
        ops.clip(part, 0.0, 1.0) if gate_activation == "hard-sigmoid" else 0.5 + 0.5 * tanh(part)
        for part in (parts[0], parts[1], parts[3])
    )
    cell = f * cell + i * tanh(parts[2])
    return o * tanh(cell), cell


def gates_of_sequence(ops: Any, kernels: Kernels, layer: int, sequence: Any, windows_last: bool) -> GateInput:
    """Read an LSTM's input from an array of all steps, as the output of another layer is.

    Args:
        ops: The backend's functions.
        kernels: The network's weights (`engine_kernels`).
        layer: 1-based number of the LSTM.
        sequence: float32, shape (steps, width, 2 windows).
        windows_last: False if the sequence is (steps, 2 windows, width).
    """

    def gates(step: Any, direction: str, state: Any) -> Any:
        x = ops.slice(sequence, (step, 0, 0), (1, *sequence.shape[1:]))[0]
        return gates_before_activation(ops, kernels, f"lstm_{layer}/{direction}", x, state, windows_last)

    return GateInput(gates, windows_last=True)


def gates_before_activation(ops: Any, kernels: Kernels, name: str, x: Any, state: Any, windows_last: bool) -> Any:
    """Compute a `GateInput` of an input (width, 2 windows), or its transpose, and a state (units, 2 windows)."""
    of_input = ops.matmul(kernels[f"{name}_kernel_transposed"], x if windows_last else ops.transpose(x))
    of_state = ops.matmul(kernels[f"{name}_recurrent_transposed"], state)
    return of_input + of_state + kernels[f"{name}_bias"][:, np.newaxis]
