"""What is computed per window: attention, LSTMs and dense layers, from the pooled steps to the strands' logits.

The LSTMs' output is (step, dimension, window), with both strands' windows one after the other, so that the softmax over
steps and the products along steps run over contiguous memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import Kernels
from deepgrn_tool.engine.recurrent import GateInput, bidirectional, gates_of_sequence
from deepgrn_tool.engine.steps import PooledSteps
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.encoding import trigonometric_encoding


def score_windows(
    backend: Backend, config: NetworkConfig, kernels: Kernels, pooled: PooledSteps, meta: Any, safe_exponents: bool
) -> tuple[Any, Any]:
    """Compute both strands' logits, and the attention.

    Args:
        backend: Who computes.
        config: The network's shape.
        kernels: Its weights (`engine_kernels`).
        pooled: The windows' pooled steps.
        meta: float32, shape (windows, meta inputs).
        safe_exponents: Whether the exponents of the softmax over steps are known to be small (`exponents_are_safe`).

    Returns:
        Logits, float32, shape (2 windows,), forward strands first; attention, float32, shape (2 windows, steps, d)
        or, pairwise, (2 windows, steps, steps), None for the kind "none".
    """
    ops, both, attention = backend.ops, 2 * meta.shape[0], None
    if config.attends_before_lstm:
        gates, attention = _attend_before(ops, config, kernels, pooled)
    else:
        gates = pooled.gates()
    x = bidirectional(backend, config, both, gates)
    for layer in range(2, config.num_lstm + 1):
        x = bidirectional(backend, config, both, gates_of_sequence(ops, kernels, layer, x, windows_last=True))
    if config.attention == "pairwise":
        x = ops.transpose(x, (2, 0, 1))
        x, attention = _pairwise_attention(
            ops, config, kernels, x, lambda name: ops.matmul(x, kernels[f"attention/{name}"])
        )
        of_strand = ops.matmul(ops.reshape(x, (both, -1)), kernels["strand/kernel"])
        return _dense_layers(ops, config, kernels, of_strand, meta), attention
    if config.attention == "weighted-sum":
        alpha = _softmax_over_steps(ops, x, safe_exponents)
        attention = ops.transpose(alpha, (2, 0, 1))
        x = ops.relu(ops.matmul(ops.transpose(ops.sum(alpha * x, axis=0)), kernels["attention/kernel"]))
        return _dense_layers(ops, config, kernels, ops.matmul(x, kernels["strand/kernel"]), meta), attention
    if config.attention == "after-lstm":
        alpha = _position_attention(ops, config, kernels, x, 1, safe_exponents)
        attention = ops.transpose(ops.broadcast_to(alpha, x.shape), (2, 0, 1))
        x = alpha * x
    of_strand = ops.transpose(ops.matmul(kernels["strand/kernel_transposed"], ops.reshape(x, (-1, both))))
    return _dense_layers(ops, config, kernels, of_strand, meta), attention


def _attend_before(ops: Any, config: NetworkConfig, kernels: Kernels, pooled: PooledSteps) -> tuple[GateInput, Any]:
    """Give the first LSTM's input after an attention over the pooled steps, and that attention."""
    x = pooled.features()
    if config.is_pairwise:
        x, attention = _pairwise_attention(
            ops,
            config,
            kernels,
            ops.transpose(x, (1, 0, 2)),
            lambda name: pooled.projected(kernels[f"attention/{name}"]),
        )
        return gates_of_sequence(ops, kernels, 1, ops.transpose(x, (1, 0, 2)), windows_last=False), attention
    alpha = _position_attention(ops, config, kernels, x, 2, safe_exponents=False)
    attention = ops.transpose(ops.broadcast_to(alpha, x.shape), (1, 0, 2))
    if config.merge_attention:
        # One weight acts on all dimensions, so it can wait until after the LSTM's linear map.
        return pooled.gates(scale=alpha[:, :, 0]), attention
    return gates_of_sequence(ops, kernels, 1, alpha * x, windows_last=False), attention


def _softmax_over_steps(ops: Any, x: Any, safe_exponents: bool) -> Any:
    """Compute the softmax along axis 0; where values are known to be small, their maximum need not be found first."""
    exponential = ops.exp(x if safe_exponents else x - ops.max(x, axis=0))
    return exponential * (1.0 / ops.sum(exponential, axis=0))


def _position_attention(
    ops: Any, config: NetworkConfig, kernels: Kernels, x: Any, axis: int, safe_exponents: bool
) -> Any:
    """Weigh steps (axis 0) by a dense layer over steps; merged, with one weight for all dimensions (on `axis`)."""
    steps = x.shape[0]
    logits = ops.matmul(ops.transpose(kernels["attention/kernel"]), ops.reshape(x, (steps, -1)))
    logits = ops.reshape(logits, x.shape) + kernels["attention/bias"][:, np.newaxis, np.newaxis]
    alpha = _softmax_over_steps(ops, logits, safe_exponents)
    return ops.mean(alpha, axis=axis, keepdims=True) if config.merge_attention else alpha


def _pairwise_attention(ops: Any, config: NetworkConfig, kernels: Kernels, x: Any, project: Any) -> tuple[Any, Any]:
    """Attend from every step to every other.

    Args:
        ops: The backend's functions.
        config: The network's shape.
        kernels: Its weights.
        x: float32, shape (2 windows, steps, width).
        project: Applies the kernel "query", "key" or "value" to `x`, without position codes.
    """
    _, steps, width = x.shape
    codes = None
    if config.position_encoding == "learned":
        codes = kernels["attention/position"]
    elif config.position_encoding == "trigonometric":
        codes = trigonometric_encoding(steps, width)

    def projected(name: str) -> Any:
        values = project(name)
        return values if codes is None else values + ops.matmul(codes, kernels[f"attention/{name}"])

    scores = ops.matmul(projected("query"), ops.transpose(projected("key"), (0, 2, 1)))
    alpha = ops.softmax(scores * (1.0 / (width // 2) ** 0.5), axis=-1)
    return x + ops.matmul(alpha, projected("value")), alpha


def _dense_layers(ops: Any, config: NetworkConfig, kernels: Kernels, of_strand: Any, meta: Any) -> Any:
    """Compute logits from the product of the layer "strand", without its bias, (2 windows, units)."""
    x = ops.relu(of_strand + kernels["strand/bias"])
    if config.meta:
        x = ops.concatenate([x, ops.concatenate([meta, meta])], axis=1)
    for number in range(len(config.dense_after_meta)):
        name = f"dense_{number + 1}"
        x = ops.relu(ops.matmul(x, kernels[f"{name}/kernel"]) + kernels[f"{name}/bias"])
    return (ops.matmul(x, kernels["logit/kernel"]) + kernels["logit/bias"])[:, 0]
