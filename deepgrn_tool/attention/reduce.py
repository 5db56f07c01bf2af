"""From a network's attention weights to one number per pooled step, in units of uniform attention."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import UsageError
from deepgrn_tool.network.config import NetworkConfig

TOP = 0.1  # share of the dimensions that the paper kept: those whose weights vary most
BLOCK = 64  # windows whose weights stay in the processor's cache


def check_share(share: float) -> None:
    """Refuse a share of the dimensions that is none.

    Raises:
        UsageError: It is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise UsageError(f"the share of dimensions is {share:g}; it must be more than 0 and at most 1")


def relative_attention(
    attention: NDArray[np.float32], config: NetworkConfig, share: float = TOP
) -> NDArray[np.float32]:
    """Average attention weights over dimensions, times the number of steps: 1.0 is no more than uniform.

    Each dimension's weights sum to 1 over the steps, and so does their mean. Kinds with one weight per dimension and
    step: the dimensions whose weights vary most over the steps are averaged, chosen for each window and strand on its
    own, so that a window's values depend on nothing else. Pairwise kinds have no such dimensions: the value is the mean
    attention that a step receives from all steps. Where the network averages over dimensions itself, all are equal.

    Args:
        attention: float32, shape (2, windows, steps, d) or, pairwise, (2, windows, attending steps, attended steps).
        config: The network's shape.
        share: Which part of the dimensions to average: the nearest whole number of them, and at least one.

    Returns:
        float32, shape (2, windows, steps).

    Source: DeepGRN paper, section 3.3 (mean over the 10 % of dimensions with the highest variance).
    """
    strands, windows, steps, _ = attention.shape
    result = np.empty((strands, windows, steps), np.float32)
    for strand in range(strands):
        for begin in range(0, windows, BLOCK):
            block = np.s_[strand, begin : begin + BLOCK]
            result[block] = _mean_of_dimensions(attention[block], config, share)
    result *= steps
    return result


def _mean_of_dimensions(weights: NDArray[np.float32], config: NetworkConfig, share: float) -> NDArray[np.float32]:
    if config.is_pairwise:
        return weights.mean(axis=1)
    width = weights.shape[2]
    kept = max(1, round(share * width))
    if config.merge_attention:
        return weights[:, :, 0]
    if kept == width:
        return weights.mean(axis=2)
    # The mean weight of every dimension is 1 / steps, so that no pass over the weights is needed to find it.
    apart = weights - np.float32(1 / weights.shape[1])
    variance = np.einsum("nsd,nsd->nd", apart, apart)
    chosen = np.argpartition(-variance, kept - 1, axis=1)[:, :kept]
    factors = np.zeros_like(variance)
    np.put_along_axis(factors, chosen, np.float32(1 / kept), axis=1)
    return np.matmul(weights, factors[:, :, np.newaxis])[:, :, 0]
