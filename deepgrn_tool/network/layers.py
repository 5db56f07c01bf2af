"""The layers that Keras lacks: strands, and the attention kinds of DeepGRN.

Arrays inside the network are (batch, position, channel). Every attention layer returns its output and its weights.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepgrn_tool.network.encoding import trigonometric_encoding

COMPLEMENT = (3, 2, 1, 0)  # A C G T -> T G C A


@keras.saving.register_keras_serializable("deepgrn")
def keras2_hard_sigmoid(x: Any) -> Any:
    """Compute Keras 2's hard sigmoid, clip(0.2 x + 0.5, 0, 1); Keras 3's has another slope.

    Its name must differ from that of Keras 3's: Bidirectional copies its layer by the names of the activations.

    Source: Keras 2.2.4, the gate activation of the published networks.
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


class BothStrands(keras.layers.Layer):
    """Puts the reverse complements of a batch of windows behind it: (n, w, c) -> (2n, w, c)."""

    def call(self, windows: Any) -> Any:
        """Flip the positions of every channel and swap the base channels A-T and C-G."""
        order = [*COMPLEMENT, *range(len(COMPLEMENT), windows.shape[-1])]
        reverse = ops.take(ops.flip(windows, axis=1), np.array(order), axis=2)
        return ops.concatenate([windows, reverse], axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Only the batch grows."""
        return (None, *input_shape[1:])


class ForBothStrands(keras.layers.Layer):
    """Repeats a batch of inputs that do not depend on the strand: (n, m) -> (2n, m)."""

    def call(self, values: Any) -> Any:
        """Concatenate the batch with itself."""
        return ops.concatenate([values, values], axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Only the batch grows."""
        return (None, *input_shape[1:])


class MergeStrands(keras.layers.Layer):
    """Turns both strands' logits into one probability: (2n, 1) -> (n, 1).

    Args:
        merge: "mean" or "max" of the two sigmoids.
    """

    def __init__(self, merge: str, **options: Any) -> None:
        """Remember how to merge."""
        super().__init__(**options)
        self.merge = merge

    def call(self, logits: Any) -> Any:
        """Apply the sigmoid to each strand first, as the published networks do."""
        forward, reverse = ops.split(ops.sigmoid(logits), 2, axis=0)
        return ops.maximum(forward, reverse) if self.merge == "max" else (forward + reverse) / 2

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Only the batch shrinks."""
        return (None, *input_shape[1:])


class PositionAttention(keras.layers.Layer):
    """Weighs positions by a dense layer along them, with one softmax over the positions for each dimension.

    Input x: (n, steps, d). Weights: α[:, :, d] = softmax(x[:, :, d] · kernel + bias), (n, steps, d).
    Output: α · x, (n, steps, d), not summed over positions.

    Args:
        merge: Average α over the dimensions, so that one weight per position acts on all of them.

    Source: DeepGRN paper, equations 1-4 (the published program multiplies and does not sum).
    """

    def __init__(self, merge: bool, **options: Any) -> None:
        """Remember whether dimensions share their weights."""
        super().__init__(**options)
        self.merge = merge

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a square kernel over positions."""
        steps = input_shape[1]
        self.kernel = self.add_weight(name="kernel", shape=(steps, steps), initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(steps,), initializer="zeros")

    def call(self, x: Any) -> tuple[Any, Any]:
        """Give the weighted positions and the weights."""
        logits = ops.matmul(ops.transpose(x, (0, 2, 1)), self.kernel) + self.bias
        weights = ops.transpose(ops.softmax(logits, axis=-1), (0, 2, 1))
        if self.merge:
            weights = ops.broadcast_to(ops.mean(weights, axis=2, keepdims=True), ops.shape(weights))
        return x * weights, weights


class WeightedSumAttention(keras.layers.Layer):
    """Sums positions, weighted by a softmax over positions of the values themselves: (n, steps, d) -> (n, units).

    Weights: α = softmax(x) along positions, (n, steps, d). Output: ReLU(Σ α x · kernel), without bias.

    Args:
        units: Width of the output.

    Source: the published program's `Attention1D`.
    """

    def __init__(self, units: int, **options: Any) -> None:
        """Remember the width."""
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the projection of the summed positions."""
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[2], self.units), initializer="glorot_normal")

    def call(self, x: Any) -> tuple[Any, Any]:
        """Give the projected sum and the weights."""
        weights = ops.softmax(x, axis=1)
        return ops.relu(ops.matmul(ops.sum(weights * x, axis=1), self.kernel)), weights


class PairwiseAttention(keras.layers.Layer):
    """Lets every position attend to all, by scaled dot products, and adds the result to its input.

    Input x: (n, steps, d); position codes p: (steps, d), zero without encoding. With q, k of width d // 2 and v of
    width d computed from x + p, the weights are softmax(q kᵀ / √(d // 2)) over the attended positions,
    (n, attending steps, attended steps), and the output is x + weights · v, (n, steps, d).

    Args:
        encoding: "none", "learned" or "trigonometric".

    Source: DeepGRN paper, section 2.3; Vaswani et al. 2017, equation 1.
    """

    def __init__(self, encoding: str, **options: Any) -> None:
        """Remember the position encoding."""
        super().__init__(**options)
        self.encoding = encoding

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the three projections and, if learned, the position codes."""
        _, steps, width = input_shape
        if steps is None or width is None:
            raise ValueError(f"Expected input of shape (batch, steps, width). Received {input_shape}")
        self.scale = 1.0 / np.sqrt(width // 2)
        self.query = self.add_weight(name="query", shape=(width, width // 2), initializer="glorot_uniform")
        self.key = self.add_weight(name="key", shape=(width, width // 2), initializer="glorot_uniform")
        self.value = self.add_weight(name="value", shape=(width, width), initializer="glorot_uniform")
        if self.encoding == "learned":
            self.position = self.add_weight(name="position", shape=(steps, width), initializer="uniform")
        elif self.encoding == "trigonometric":
            self.position = trigonometric_encoding(steps, width)

    def call(self, x: Any) -> tuple[Any, Any]:
        """Give the input plus what was attended to, and the weights."""
        coded = x if self.encoding == "none" else x + self.position
        query, key, value = (ops.matmul(coded, kernel) for kernel in (self.query, self.key, self.value))
        weights = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))) * self.scale, axis=-1)
        return x + ops.matmul(weights, value), weights
