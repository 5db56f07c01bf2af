"""What is computed per window: attention, LSTMs and dense layers, from the pooled steps to the strands' logits.

Arrays with a step axis are (step, window, dimension), with both strands' windows one after the other, so that the
softmax over steps and the products along steps run over contiguous memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deepgrn_tool.engine.kernels import Kernels
from deepgrn_tool.engine.recurrent import bidirectional, gates_of_sequence
from deepgrn_tool.engine.steps import PooledSteps
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.encoding import trigonometric_encoding


def score_windows(
    ops: Any,
    config: NetworkConfig,
    weights: Kernels,
    pooled: PooledSteps,
    windows: int,
    meta: Any,
    safe_exponents: bool,
) -> tuple[Any, Any]:
    """Compute both strands' logits, and the attention.

    Args:
        ops: The backend's functions.
        config: The network's shape.
        weights: Its weights (`engine_kernels`).
        pooled: The windows' pooled steps.
        windows: Number of windows.
        meta: float32, shape (windows, meta inputs).
        safe_exponents: Whether the exponents of the softmax over steps are known to be small (`exponents_are_safe`).

    Returns:
        Logits, float32, shape (2 windows,), forward strands first; attention, float32, shape (2 windows, steps, d)
        or, pairwise, (2 windows, steps, steps), None for the kind "none".
    """
    attention = None
    if config.attends_before_lstm:
        gates, attention = _attend_before(ops, config, weights, pooled, windows)
    else:
        gates = pooled.gates(weights)
    x = bidirectional(ops, config, windows, gates)
    for layer in range(2, config.num_lstm + 1):
        x = bidirectional(ops, config, windows, gates_of_sequence(ops, weights, layer, x, windows))
    if config.attention == "after-lstm":
        x, attention = _position_attention(ops, config, weights, x, safe_exponents)
    elif config.attention == "pairwise":
        x, attention = _pairwise_attention(
            ops, config, weights, x, lambda name: ops.matmul(x, weights[f"attention/{name}"])
        )
    if config.attention == "weighted-sum":
        alpha = _softmax_over_steps(ops, x, safe_exponents)
        attention = ops.transpose(alpha, (1, 0, 2))
        x = ops.relu(ops.matmul(ops.sum(alpha * x, axis=0), weights["attention/kernel"]))
    else:
        x = ops.reshape(ops.transpose(x, (1, 0, 2)), (x.shape[1], -1))
    return _dense_layers(ops, config, weights, x, meta), attention


def _attend_before(
    ops: Any, config: NetworkConfig, weights: Kernels, pooled: PooledSteps, windows: int
) -> tuple[Any, Any]:
    """Give the first LSTM's input after an attention over the pooled steps, and that attention."""
    x = pooled.features()
    if config.is_pairwise:
        x, attention = _pairwise_attention(
            ops, config, weights, x, lambda name: pooled.projected(weights[f"attention/{name}"])
        )
        return gates_of_sequence(ops, weights, 1, x, windows), attention
    x, attention = _position_attention(ops, config, weights, x, safe_exponents=False)
    if config.merge_attention:
        # One weight acts on all dimensions, so it can wait until after the LSTM's linear map.
        return pooled.gates(weights, scale=ops.transpose(attention[:, :, 0])), attention
    return gates_of_sequence(ops, weights, 1, x, windows), attention


def _softmax_over_steps(ops: Any, x: Any, safe_exponents: bool) -> Any:
    """Compute the softmax along axis 0; where values are known to be small, their maximum need not be found first."""
    exponential = ops.exp(x if safe_exponents else x - ops.max(x, axis=0))
    return exponential * (1.0 / ops.sum(exponential, axis=0))


def _position_attention(
    ops: Any, config: NetworkConfig, weights: Kernels, x: Any, safe_exponents: bool
) -> tuple[Any, Any]:
    steps, both, width = x.shape
    logits = ops.matmul(ops.transpose(weights["attention/kernel"]), ops.reshape(x, (steps, both * width)))
    logits = ops.reshape(logits, (steps, both, width)) + weights["attention/bias"][:, np.newaxis, np.newaxis]
    alpha = _softmax_over_steps(ops, logits, safe_exponents)
    if config.merge_attention:
        alpha = ops.broadcast_to(ops.mean(alpha, axis=2, keepdims=True), (steps, both, width))
    return alpha * x, ops.transpose(alpha, (1, 0, 2))


def _pairwise_attention(ops: Any, config: NetworkConfig, weights: Kernels, x: Any, project: Any) -> tuple[Any, Any]:
    """Attend from every step to every other.

    Args:
        ops: The backend's functions.
        config: The network's shape.
        weights: Its weights (`engine_kernels`).
        x: float32, shape (steps, 2 windows, width).
        project: Applies the kernel "query", "key" or "value" to `x`, without position codes.
    """
    steps, _, width = x.shape
    codes = None
    if config.position_encoding == "learned":
        codes = weights["attention/position"]
    elif config.position_encoding == "trigonometric":
        codes = trigonometric_encoding(steps, width)

    def projected(name: str) -> Any:
        values = ops.transpose(project(name), (1, 0, 2))
        return values if codes is None else values + ops.matmul(codes, weights[f"attention/{name}"])

    scores = ops.matmul(projected("query"), ops.transpose(projected("key"), (0, 2, 1)))
    alpha = ops.softmax(scores * (1.0 / (width // 2) ** 0.5), axis=-1)
    attended = ops.transpose(ops.matmul(alpha, projected("value")), (1, 0, 2))
    return x + attended, alpha


def _dense_layers(ops: Any, config: NetworkConfig, weights: Kernels, x: Any, meta: Any) -> Any:
    names = ["strand", *(f"dense_{index + 1}" for index in range(len(config.dense_after_meta)))]
    for name in names:
        x = ops.relu(ops.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"])
        if name == "strand" and config.meta:
            x = ops.concatenate([x, ops.concatenate([meta, meta])], axis=1)
    return (ops.matmul(x, weights["logit/kernel"]) + weights["logit/bias"])[:, 0]
