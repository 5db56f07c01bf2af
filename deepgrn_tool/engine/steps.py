"""The pooled steps of every window, gathered from the positions that windows share."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import DIRECTIONS, STRANDS, Kernels
from deepgrn_tool.engine.recurrent import GateInput
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.network.config import NetworkConfig

# A linear map is applied before gathering if windows share each position at least this many times; below it, the
# wider rows cost as much to gather as the map saves (measured at 1.1 only: equal; the limit itself is a judgement).
WORTH_SHARING = 1.5


class PooledSteps:
    """Windows' pooled steps, still as rows of the shared positions.

    Args:
        backend: Who computes.
        config: The network's shape.
        geometry: Which positions are kept, and how far apart steps are.
        rows: Both strands' positions, float32, shape (positions, filters) each.
        offsets: int32, shape (windows,), where each window starts in the segment, in bp.
    """

    def __init__(
        self, backend: Backend, config: NetworkConfig, geometry: Geometry, rows: tuple[Any, Any], offsets: Any
    ) -> None:
        """Find each window's first row."""
        self._backend = backend
        self._config = config
        self._rows = rows
        self._step = geometry.rows
        self._first = offsets // geometry.spacing
        self._windows = offsets.shape[0]
        self._shared = config.steps * geometry.spacing >= WORTH_SHARING * config.stride

    def _row_numbers(self, step: Any, strand: int) -> Any:
        """Number the rows of one step; the reverse strand's steps run down the forward strand."""
        forward = step if strand == 0 else self._config.steps - 1 - step
        return self._first + self._step * forward

    def projected(self, kernel: Any) -> Any:
        """Apply a linear map to every step of every window.

        Args:
            kernel: float32, shape (filters, width).

        Returns:
            float32, shape (steps, 2 windows, width).
        """
        if self._shared:
            return self._gathered(tuple(self._backend.ops.matmul(rows, kernel) for rows in self._rows))
        return self._backend.ops.matmul(self._gathered(self._rows), kernel)

    def features(self) -> Any:
        """Gather every step of every window: float32, shape (steps, 2 windows, filters)."""
        return self._gathered(self._rows)

    def _gathered(self, rows: tuple[Any, ...]) -> Any:
        steps = np.arange(self._config.steps, dtype=np.int32)[:, np.newaxis]
        strands = [
            self._backend.take_rows(rows[strand], self._row_numbers(steps, strand)) for strand in range(len(STRANDS))
        ]
        return self._backend.ops.concatenate(strands, axis=1)

    def gates(self, weights: Kernels, scale: Any = None) -> GateInput:
        """Read the first LSTM's input from the shared positions.

        Args:
            weights: The network's weights (`engine_kernels`).
            scale: float32, shape (steps, 2 windows), factor of each step of each window; None for 1.
        """
        ops, take_rows = self._backend.ops, self._backend.take_rows
        kernels = [weights[f"lstm_1/{name}_kernel"] for name in DIRECTIONS]
        recurrents = [weights[f"lstm_1/{name}_recurrent"] for name in DIRECTIONS]
        biases = [weights[f"lstm_1/{name}_bias"] for name in DIRECTIONS]
        joint = [weights[f"lstm_1/{name}_joint"] for name in DIRECTIONS]
        sources = [[ops.matmul(rows, kernel) for kernel in kernels] if self._shared else None for rows in self._rows]

        def scaled(values: Any, step: Any, strand: int) -> Any:
            if scale is None:
                return values
            factor = ops.slice(scale, (step, strand * self._windows), (1, self._windows))[0]
            return values * factor[:, np.newaxis]

        def gates(step: Any, strand: int, direction: int, state: Any) -> Any:
            numbers = self._row_numbers(step, strand)
            source = sources[strand]
            if source is not None:
                x = scaled(take_rows(source[direction], numbers), step, strand)
                return x + ops.matmul(state, recurrents[direction]) + biases[direction]
            x = scaled(take_rows(self._rows[strand], numbers), step, strand)
            return ops.matmul(ops.concatenate([x, state], axis=1), joint[direction]) + biases[direction]

        return gates
