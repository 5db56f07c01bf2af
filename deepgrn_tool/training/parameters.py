"""All weights of a network as one vector, so that the optimizer is one operation instead of one per weight.

For the attention kinds `after-lstm` and `before-lstm`, the vector may hold the next layer's kernel divided by the
number of steps while the attended values are multiplied by it: the same network, in which uniform attention is the
identity and the kernel has the scale that other kernels have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.weights import Weights, check_weights, weight_shapes

SCALABLE = ("after-lstm", "before-lstm")


class ParameterLayout:
    """Where each weight lies in the vector.

    Args:
        config: The network's shape.
        scale_attention: Whether the kernel behind the attention is kept divided by the number of steps.

    Attributes:
        size: Length of the vector.

    Raises:
        InputError: The attention of this kind has no scale.
    """

    def __init__(self, config: NetworkConfig, scale_attention: bool = False) -> None:
        """List the weights in the order of computation."""
        if scale_attention and config.attention not in SCALABLE:
            raise InputError(f"attention {config.attention!r} cannot be scaled; only {' and '.join(SCALABLE)} can")
        self._config = config
        self._shapes = weight_shapes(config)
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._factors = dict.fromkeys(kernels_after_attention(config), float(config.steps)) if scale_attention else {}
        self.size = sum(self._sizes)

    def pack(self, weights: Weights) -> NDArray[np.float32]:
        """Put weights in the paper's form into a vector, float32, shape (size,).

        Raises:
            InputError: A weight is missing, unknown, has another shape, or is not finite.
        """
        check_weights(weights, self._config)
        return np.concatenate([np.ravel(weights[name] / self._factors.get(name, 1.0)) for name in self._shapes]).astype(
            np.float32
        )

    def unpack(self, vector: NDArray[np.float32]) -> Weights:
        """Give the weights of a vector in the paper's form."""
        pieces = np.split(vector, np.cumsum(self._sizes)[:-1])
        return {
            name: (piece.reshape(shape) * self._factors.get(name, 1.0)).astype(np.float32)
            for (name, shape), piece in zip(self._shapes.items(), pieces, strict=True)
        }

    def views(self, vector: Any) -> dict[str, Any]:
        """Give the weights of a vector as tensors, as they stand in it."""
        pieces = tf.split(vector, self._sizes)
        return {
            name: tf.reshape(piece, shape) for (name, shape), piece in zip(self._shapes.items(), pieces, strict=True)
        }

    def join(self, tensors: dict[str, Any]) -> Any:
        """Put tensors by weight, such as gradients, into one vector."""
        return tf.concat([tf.reshape(tensors[name], [-1]) for name in self._shapes], axis=0)


def kernels_after_attention(config: NetworkConfig) -> tuple[str, ...]:
    """Name the kernels that read what the attention gives."""
    if config.attends_before_lstm:
        return "lstm_1/forward_kernel", "lstm_1/backward_kernel"
    return ("strand/kernel",)


def scaled_start(weights: Weights, config: NetworkConfig) -> Weights:
    """Turn fresh weights into those with which training with scaled attention begins, in the paper's form.

    In the vector, the kernel behind the attention then has the scale in which it was drawn.
    """
    factors = dict.fromkeys(kernels_after_attention(config), np.float32(config.steps))
    return {name: values * factors.get(name, np.float32(1)) for name, values in weights.items()}
