"""The whole computation of a segment, compiled once per shape of network and size of segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import Kernels
from deepgrn_tool.engine.shared import Geometry, pooled_positions
from deepgrn_tool.engine.steps import PooledSteps
from deepgrn_tool.engine.windows import score_windows
from deepgrn_tool.network.config import NetworkConfig

# Windows that go through the recurrent and dense layers together: their arrays stay in the processor's cache.
BLOCK = 128
KEPT = 4  # compiled computations that are kept for further engines


@dataclass(frozen=True)
class Shape:
    """All that compiled code depends on.

    Attributes:
        config: The network's shape.
        geometry: Which positions are kept.
        windows: Windows of a segment, a number that `whole_blocks` gives.
        attention: Whether to return attention.
        safe_exponents: Whether the exponents of the softmax over steps are known to be small.
    """

    config: NetworkConfig
    geometry: Geometry
    windows: int
    attention: bool
    safe_exponents: bool


def whole_blocks(windows: int) -> int:
    """Round a number of windows up to whole blocks, or to what goes through the layers as one."""
    return windows if windows <= BLOCK else -(-windows // BLOCK) * BLOCK


@lru_cache(maxsize=KEPT)
def compiled_computation(backend: Backend, shape: Shape) -> Callable[..., Any]:
    """Give the compiled computation of a segment, the same one for all weights.

    Args:
        backend: Who computes.
        shape: Of the network and the segment.

    Returns:
        (kernels by name, codes, signals, offsets, meta) → probability, logits and, if asked for, attention, in the
        shapes of `SegmentScores`; a compiler works at the first call.
    """
    ops = backend.ops
    config, windows = shape.config, shape.windows
    block = min(windows, BLOCK)
    kept: list[tuple[int, ...]] = [()]  # shapes of what is kept per strand and window: the logit, the attention
    if shape.attention and config.attention != "none":
        kept.append((config.steps, config.steps if config.is_pairwise else config.attended_width))

    def compute(kernels: Kernels, codes: Any, signals: Any, offsets: Any, meta: Any) -> Any:
        rows = pooled_positions(backend, config, kernels, shape.geometry, ops.cast(codes, "int32"), signals)

        def score_block(index: Any, results: Any) -> Any:
            first = index * block
            some = ops.slice(offsets, (first,), (block,))
            pooled = PooledSteps(backend, config, shape.geometry, kernels, rows, some)
            some_meta = ops.slice(meta, (first, 0), (block, config.meta_size))
            found = score_windows(backend, config, kernels, pooled, some_meta, shape.safe_exponents, len(kept) > 1)
            return [
                ops.slice_update(
                    result,
                    (0, first, *[0] * (len(result.shape) - 2)),
                    ops.reshape(part, (2, block, *part.shape[1:])),
                )
                for result, part in zip(results, found, strict=False)
            ]

        results = [ops.zeros((2, windows, *each)) for each in kept]
        results = ops.fori_loop(0, windows // block, score_block, results)
        strands = ops.sigmoid(results[0])
        merged = ops.max(strands, axis=0) if config.merge == "max" else ops.mean(strands, axis=0)
        return merged, *results

    return backend.compiled(compute)
