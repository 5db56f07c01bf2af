"""The pooled steps of every window, gathered from the positions that windows share."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import DIRECTIONS, Kernels
from deepgrn_tool.engine.recurrent import GateInput, gates_before_activation
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.network.config import NetworkConfig

# A linear map is applied before gathering if windows share each position at least this many times; below it, the
# wider rows cost as much to gather as the map saves (measured at 1.1 only: equal; the limit itself is a judgement).
WORTH_SHARING = 1.5


def shares_products(config: NetworkConfig, geometry: Geometry) -> bool:
    """Tell whether linear maps of pooled steps are applied once per position instead of once per window and step."""
    return config.steps * geometry.spacing >= WORTH_SHARING * config.stride


class PooledSteps:
    """Windows' pooled steps, still as rows of the shared positions; reverse strands are further windows.

    Args:
        backend: Who computes.
        config: The network's shape.
        geometry: Which positions are kept, and how far apart steps are.
        kernels: The network's weights (`engine_kernels`).
        rows: What `pooled_positions` gives.
        offsets: int32, shape (windows,), where each window starts in the segment, in bp.
    """

    def __init__(
        self, backend: Backend, config: NetworkConfig, geometry: Geometry, kernels: Kernels, rows: Any, offsets: Any
    ) -> None:
        """Find each window's first row; the reverse strand's steps run down the forward strand."""
        self._backend = backend
        self._steps = config.steps
        self._kernels = kernels
        self._rows = rows
        first = offsets // geometry.spacing
        last = rows.shape[0] // 2 + first + geometry.rows * (config.steps - 1)
        self._first = backend.ops.concatenate([first, last])
        self._advance = np.repeat(np.array([geometry.rows, -geometry.rows], np.int32), offsets.shape[0])
        self._shared = shares_products(config, geometry)

    def _row_numbers(self, step: Any) -> Any:
        """Find the row of a step of every window, in the order of `pooled_positions`."""
        return self._first + self._advance * step

    def projected(self, kernel: Any) -> Any:
        """Apply a linear map to every step of every window.

        Args:
            kernel: float32, shape (filters, width).

        Returns:
            float32, shape (2 windows, steps, width).
        """
        ops = self._backend.ops
        numbers = ops.transpose(self._row_numbers(np.arange(self._steps, dtype=np.int32)[:, np.newaxis]))
        if self._shared:
            return self._backend.take_rows(ops.matmul(self._activated(self._rows), kernel), numbers)
        return ops.matmul(self._activated(self._backend.take_rows(self._rows, numbers)), kernel)

    def features(self) -> Any:
        """Gather every step of every window: float32, shape (steps, 2 windows, filters)."""
        return self._gathered(np.arange(self._steps, dtype=np.int32)[:, np.newaxis])

    def _gathered(self, steps: Any) -> Any:
        return self._activated(self._backend.take_rows(self._rows, self._row_numbers(steps)))

    def _activated(self, rows: Any) -> Any:
        """Finish the per-position layer: after gathering, where a bare copy would compile to one move per value."""
        return self._backend.ops.relu(rows + self._kernels["per_position/bias"])

    def gates(self, scale: Any = None) -> GateInput:
        """Read the first LSTM's input from the shared positions.

        Args:
            scale: float32, shape (steps, 2 windows), factor of each step of each window; None for 1.
        """
        ops, kernels = self._backend.ops, self._kernels

        def scaled(values: Any, step: Any) -> Any:
            if scale is None:
                return values
            return values * ops.slice(scale, (step, 0), (1, scale.shape[1]))[0][:, np.newaxis]

        if not self._shared:

            def gates(step: Any, direction: str, state: Any) -> Any:
                x = scaled(self._gathered(step), step)
                return gates_before_activation(ops, kernels, f"lstm_1/{direction}", x, state, windows_last=False)

            return GateInput(gates, windows_last=True)

        rows = self._activated(self._rows)
        sources = {name: ops.matmul(rows, kernels[f"lstm_1/{name}_kernel"]) for name in DIRECTIONS}

        def shared_gates(step: Any, direction: str, state: Any) -> Any:
            x = scaled(self._backend.take_rows(sources[direction], self._row_numbers(step)), step)
            return x + ops.matmul(state, kernels[f"lstm_1/{direction}_recurrent"]) + kernels[f"lstm_1/{direction}_bias"]

        return GateInput(shared_gates, windows_last=False)
