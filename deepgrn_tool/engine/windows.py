"""What is computed per window: attention, LSTMs and dense layers, from the pooled steps to the strands' logits.

The LSTMs' output is (step, dimension, window), with both strands' windows one after the other, so that the softmax over
steps and the products along steps run over contiguous memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import Kernels
from deepgrn_tool.engine.recurrent import GateInput, bidirectional, gates_of_sequence
from deepgrn_tool.engine.steps import PooledSteps
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.encoding import trigonometric_encoding


def score_windows(
    backend: Backend,
    config: NetworkConfig,
    kernels: Kernels,
    pooled: PooledSteps,
    meta: Any,
    safe_exponents: bool,
    keep_attention: bool,
) -> tuple[Any, Any]:
    """Compute both strands' logits, and the attention.

    Args:
        backend: Who computes.
        config: The network's shape.
        kernels: Its weights (`engine_kernels`).
        pooled: The windows' pooled steps.
        meta: float32, shape (windows, meta inputs).
        safe_exponents: Whether the exponents of the softmax over steps are known to be small (`exponents_are_safe`).
        keep_attention: Whether attention is asked for.

    Returns:
        Logits, float32, shape (2 windows,), forward strands first; attention, float32, shape (2 windows, steps, d)
        or, pairwise, (2 windows, steps, steps). It is None for the kind "none", and may be where it is not asked for.
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
        x, attention = _weighted_sum(ops, x, safe_exponents, keep_attention)
        x = ops.relu(ops.matmul(ops.transpose(x), kernels["attention/kernel"]))
        return _dense_layers(ops, config, kernels, ops.matmul(x, kernels["strand/kernel"]), meta), attention
    if config.attention == "after-lstm" and not config.merge_attention:
        of_strand, attention = _attend_after(ops, kernels, x, safe_exponents, keep_attention)
        return _dense_layers(ops, config, kernels, ops.transpose(of_strand), meta), attention
    if config.attention == "after-lstm":
        alpha = _position_attention(ops, config, kernels, x, 1, safe_exponents)
        attention = ops.transpose(ops.broadcast_to(alpha, x.shape), (2, 0, 1))
        x = alpha * x
    of_strand = ops.transpose(ops.matmul(kernels["strand/kernel_transposed"], ops.reshape(x, (-1, both))))
    return _dense_layers(ops, config, kernels, of_strand, meta), attention


def _attend_after(ops: Any, kernels: Kernels, x: Any, safe_exponents: bool, keep_attention: bool) -> tuple[Any, Any]:
    """Weigh the LSTM's steps, each dimension by itself, and apply the layer "strand" without its bias.

    Returns:
        float32, shape (units, 2 windows); attention as `_by_dimension` gives it.
    """
    of_steps = ops.transpose(kernels["attention/kernel"])
    of_strand = kernels["strand/kernel_of_dimension"]

    def weigh(number: Any, one: Any, product: Any) -> tuple[Any, Any, Any]:
        logits = ops.matmul(of_steps, one) + kernels["attention/bias"][:, np.newaxis]
        exponential, factor = _softmax_parts(ops, logits, safe_exponents)
        kernel = ops.slice(of_strand, (number, 0, 0), (1, *of_strand.shape[1:]))[0]
        return product + ops.matmul(kernel, exponential * one) * factor, exponential, factor

    return _by_dimension(ops, x, weigh, ops.zeros((of_strand.shape[1], x.shape[2])), keep_attention)


def _weighted_sum(ops: Any, x: Any, safe_exponents: bool, keep_attention: bool) -> tuple[Any, Any]:
    """Sum up each dimension's steps, weighed by their own softmax.

    Returns:
        float32, shape (dimensions, 2 windows); attention as `_by_dimension` gives it.
    """

    def weigh(number: Any, one: Any, sums: Any) -> tuple[Any, Any, Any]:
        exponential = _exponential(ops, one, safe_exponents)
        factor = 1.0 / ops.sum(exponential, axis=0)[np.newaxis]
        weighed = ops.sum(exponential * one, axis=0)[np.newaxis] * factor
        return ops.slice_update(sums, (number, 0), weighed), exponential, factor

    return _by_dimension(ops, x, weigh, ops.zeros(x.shape[1:]), keep_attention)


def _by_dimension(
    ops: Any, x: Any, weigh: Callable[[Any, Any, Any], tuple[Any, Any, Any]], result: Any, keep_attention: bool
) -> tuple[Any, Any]:
    """Attend dimension by dimension.

    One dimension of a block stays in the processor's nearest cache through all that happens to it; the whole block
    would go to memory and back between any two operations.

    Args:
        ops: The backend's functions.
        x: float32, shape (steps, dimensions, 2 windows).
        weigh: Gives, from a dimension's number, its steps (steps, 2 windows) and the result so far, the result with
            that dimension, and its attention as `_softmax_parts` gives it.
        result: What the result begins with.
        keep_attention: As in `score_windows`.

    Returns:
        The result; attention, float32, shape (2 windows, steps, dimensions), or None if not asked for.
    """
    steps, dimensions, both = x.shape

    def dimension(number: Any, results: Any) -> Any:
        one = ops.slice(x, (0, number, 0), (steps, 1, both))[:, 0]
        result, exponential, factor = weigh(number, one, results[0])
        if not keep_attention:
            return [result]
        return [result, ops.slice_update(results[1], (0, number, 0), (exponential * factor)[:, np.newaxis])]

    results = [result, *([ops.zeros(x.shape)] if keep_attention else [])]
    results = ops.fori_loop(0, dimensions, dimension, results)
    return results[0], ops.transpose(results[1], (2, 0, 1)) if keep_attention else None


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


def _exponential(ops: Any, x: Any, safe_exponents: bool) -> Any:
    """Compute a softmax along axis 0 before its columns are made to add up to 1.

    Args:
        ops: The backend's functions.
        x: The exponents, shape (steps, columns).
        safe_exponents: Whether they are known to be small, so that their maximum need not be found first.
    """
    return ops.exp(x if safe_exponents else x - ops.max(x, axis=0))


def _softmax_parts(ops: Any, x: Any, safe_exponents: bool) -> tuple[Any, Any]:
    """Compute the softmax along axis 0 but for its last multiplication, which can often wait.

    Returns:
        `_exponential`; the factor that makes each column add up to 1, shape (1, columns). The columns are summed up as
        a product with ones, which was faster here than a sum.
    """
    exponential = _exponential(ops, x, safe_exponents)
    return exponential, 1.0 / ops.matmul(np.ones((1, x.shape[0]), np.float32), exponential)


def _position_attention(
    ops: Any, config: NetworkConfig, kernels: Kernels, x: Any, axis: int, safe_exponents: bool
) -> Any:
    """Weigh steps (axis 0) by a dense layer over steps; merged, with one weight for all dimensions (on `axis`)."""
    steps = x.shape[0]
    logits = ops.matmul(ops.transpose(kernels["attention/kernel"]), ops.reshape(x, (steps, -1)))
    exponential, factor = _softmax_parts(ops, logits + kernels["attention/bias"][:, np.newaxis], safe_exponents)
    alpha = ops.reshape(exponential * factor, x.shape)
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
