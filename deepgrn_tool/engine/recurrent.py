"""Bidirectional LSTMs over all windows of a segment and both strands at once.

Arrays are (step, window, dimension): the windows of the forward strand, then the same windows on the reverse strand.
The loop over steps is compiled once, not unrolled, so that compilation takes a second whatever the number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deepgrn_tool.engine.kernels import DIRECTIONS, STRANDS, Kernels
from deepgrn_tool.network.config import NetworkConfig

# Gives a direction's gates before their activations, (windows, 4 units), from step, strand, direction and state.
GateInput = Callable[[Any, int, int, Any], Any]


def _gate(ops: Any, name: str, x: Any) -> Any:
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0) if name == "hard-sigmoid" else 1.0 / (1.0 + ops.exp(-x))


def bidirectional(ops: Any, config: NetworkConfig, windows: int, gates: GateInput) -> Any:
    """Run one bidirectional LSTM.

    Args:
        ops: The backend's functions.
        config: The network's shape.
        windows: Number of windows.
        gates: Gives the gates before their activations, (windows, 4 units) in the order input, forget, cell, output,
            from a step, a strand (0, 1), a direction (0, 1) and the state (windows, units).

    Returns:
        float32, shape (steps, 2 windows, 2 units): forward direction, then backward direction.
    """
    units, steps, kind = config.lstm_units, config.steps, config.gate_activation
    zero = ops.zeros((windows, units))

    def step(index: Any, carried: Any) -> Any:
        states, output = carried
        advanced = []
        for direction in range(len(DIRECTIONS)):
            now = index if direction == 0 else steps - 1 - index
            for strand in range(len(STRANDS)):
                state, cell = states[len(STRANDS) * direction + strand]
                z = gates(now, strand, direction, state)
                i, f, g, o = (z[:, part * units : (part + 1) * units] for part in range(4))
                cell = _gate(ops, kind, f) * cell + _gate(ops, kind, i) * ops.tanh(g)
                state = _gate(ops, kind, o) * ops.tanh(cell)
                advanced.append((state, cell))
                output = ops.slice_update(output, (now, strand * windows, direction * units), state[np.newaxis])
        return advanced, output

    start = [(zero, zero)] * (len(STRANDS) * len(DIRECTIONS))
    output = ops.zeros((steps, len(STRANDS) * windows, len(DIRECTIONS) * units))
    return ops.fori_loop(0, steps, step, (start, output))[1]


def gates_of_sequence(ops: Any, weights: Kernels, layer: int, sequence: Any, windows: int) -> GateInput:
    """Read an LSTM's input from an array of all steps, as the output of another layer is.

    Args:
        ops: The backend's functions.
        weights: The network's weights (`engine_kernels`).
        layer: 1-based number of the LSTM.
        sequence: float32, shape (steps, 2 windows, width).
        windows: Number of windows.
    """
    width = sequence.shape[2]
    joint = [weights[f"lstm_{layer}/{name}_joint"] for name in DIRECTIONS]
    biases = [weights[f"lstm_{layer}/{name}_bias"] for name in DIRECTIONS]

    def gates(step: Any, strand: int, direction: int, state: Any) -> Any:
        x = ops.slice(sequence, (step, strand * windows, 0), (1, windows, width))[0]
        return ops.matmul(ops.concatenate([x, state], axis=1), joint[direction]) + biases[direction]

    return gates
