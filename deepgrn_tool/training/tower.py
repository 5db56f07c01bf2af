"""What comes before the LSTMs: convolutions, the per-position dense layer and the max-pool, with their gradient.

Both strands are computed along the forward strand: a convolution of the reverse complement equals one of the forward
windows with the kernel turned around and its base channels swapped. So the first convolution has one kernel with twice
the filters, and windows are never copied and turned. Arrays are (window, position, 2 filters), the forward strand's
filters first; position p of the reverse strand's filters is position `conv_length` - 1 - p of that strand.

Products and convolutions are TensorFlow's own operations, which were faster than compiled ones; everything between two
of them is compiled to one pass over memory. Bias and ReLU of the per-position dense layer come after the max-pool, with
which they commute. The way back keeps what each ReLU with dropout gave (what is not zero lets the gradient through) and
which position won each pool.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from deepgrn_tool.network.config import BASES, NetworkConfig
from deepgrn_tool.training.compiled import compiled
from deepgrn_tool.training.masks import Masks

COMPLEMENT = (3, 2, 1, 0)  # A C G T -> T G C A


class Trace(NamedTuple):
    """What the way back needs.

    Attributes:
        maps: Input of each layer: the channels (windows, window_size, channels), then what each convolution gave after
            ReLU and dropout, (windows, positions, 2 filters).
        ranks: int32, shape (windows, steps, 1, 2 filters), which position won each pool, counted along its strand.
        pooled: float32, shape (windows, steps, 2 filters), after ReLU, pools in the order of the forward strand.
    """

    maps: list[Any]
    ranks: Any
    pooled: Any


class Tower:
    """The network below the LSTMs.

    Args:
        config: The network's shape.
    """

    def __init__(self, config: NetworkConfig) -> None:
        """Prepare what will be compiled when it first runs."""
        self._config = config
        self._tail = config.conv_length - config.steps * config.pool_size
        self._activations = [compiled(partial(self._activate, layer)) for layer in range(config.num_conv)]
        self._slopes = compiled(self._through_relu)
        self._pooled, self._spread = compiled(self._pool), compiled(self._unpool)

    def forward(self, weights: dict[str, Any], codes: Any, signals: Any, masks: Masks) -> tuple[Any, Trace]:
        """Compute the pooled steps of both strands.

        Args:
            weights: All weights by name.
            codes: uint8, shape (windows, window_size).
            signals: float32, shape (windows, window_size, tracks).
            masks: Where dropout masks come from.

        Returns:
            float32, shape (steps, 2 windows, filters), forward strands first; and what `backward` needs.
        """
        maps = [_channels(codes, signals)]
        for layer in range(self._config.num_conv):
            x = self._convolve(weights[f"conv_{layer + 1}/kernel"], maps[-1], layer)
            maps.append(self._activations[layer](x, weights[f"conv_{layer + 1}/bias"], *masks.keys))
        if self._config.num_conv:
            x = tf.matmul(tf.reshape(maps[-1], (-1, self._config.filters)), weights["per_position/kernel"])
        else:
            x = tf.tensordot(maps[-1], _both_strands(weights["per_position/kernel"][tf.newaxis])[0], 1)
        ordered, ranks, pooled = self._pooled(x, weights["per_position/bias"])
        return ordered, Trace(maps, ranks, pooled)

    def backward(self, weights: dict[str, Any], trace: Trace, upstream: Any) -> dict[str, Any]:
        """Give the gradients of the weights of these layers.

        Args:
            weights: As given to `forward`.
            trace: What `forward` gave.
            upstream: Gradient of the pooled steps, in their shape.

        Returns:
            Gradients by weight.
        """
        config, gradients = self._config, {}
        slope, gradients["per_position/bias"] = self._spread(trace.ranks, trace.pooled, upstream)
        if not config.num_conv:
            kernel = tf.tensordot(trace.maps[0], slope, [[0, 1], [0, 1]])
            return gradients | {"per_position/kernel": _one_strand(kernel[tf.newaxis])[0]}
        rows = tf.reshape(slope, (-1, config.filters))
        last = tf.reshape(trace.maps[-1], rows.shape)
        gradients["per_position/kernel"] = tf.matmul(last, rows, transpose_a=True)
        slope = tf.matmul(rows, weights["per_position/kernel"], transpose_b=True)
        for layer in reversed(range(config.num_conv)):
            name = f"conv_{layer + 1}"
            slope, gradients[f"{name}/bias"] = self._slopes(slope, trace.maps[layer + 1])
            kernel = weights[f"{name}/kernel"]
            gradients[f"{name}/kernel"], slope = self._through_convolution(kernel, trace.maps[layer], slope, layer)
        return gradients

    def _convolve(self, kernel: Any, x: Any, layer: int) -> Any:
        if layer == 0:
            return _convolution(x, _both_strands(kernel))
        pair = zip(tf.split(x, 2, axis=2), (kernel, kernel[::-1]), strict=True)
        return tf.concat([_convolution(strand, turned) for strand, turned in pair], axis=2)

    def _through_convolution(self, kernel: Any, x: Any, slope: Any, layer: int) -> tuple[Any, Any]:
        """Give the gradients of a convolution's kernel and, but for the first layer, of its input."""
        if layer == 0:
            return _one_strand(_kernel_gradient(x, slope, kernel.shape[0])), None
        size, kernels, inputs = kernel.shape[0], [], []
        for number, (strand, after) in enumerate(zip(tf.split(x, 2, axis=2), tf.split(slope, 2, axis=2), strict=True)):
            order = 1 - 2 * number
            kernels.append(_kernel_gradient(strand, after, size)[::order])
            inputs.append(_input_gradient(strand.shape, after, kernel[::order]))
        return kernels[0] + kernels[1], tf.concat(inputs, axis=2)

    def _activate(self, layer: int, x: Any, bias: Any, seed: Any, step: Any, share: Any) -> Any:
        return Masks(seed, step, share, layer).drop(tf.nn.relu(x + tf.concat([bias, bias], 0)), self._config.dropout)

    def _through_relu(self, slope: Any, after: Any) -> tuple[Any, Any]:
        """Give the gradients before dropout, ReLU and bias, and of the bias."""
        scale = 1.0 / (1.0 - self._config.dropout)
        before = tf.where(after > 0, tf.reshape(slope, after.shape) * scale, 0.0)
        return before, _sum_strands(before)

    def _ranks(self) -> Any:
        """Count the positions of a pool along each strand, int32, shape (pool_size, 2 filters)."""
        along = tf.repeat(tf.range(self._config.pool_size)[:, tf.newaxis], self._config.filters, axis=1)
        return tf.concat([along, along[::-1]], axis=1)

    def _pool(self, x: Any, bias: Any) -> tuple[Any, Any, Any]:
        """Give the pooled steps in the order of each strand, then `Trace.ranks` and `Trace.pooled`."""
        steps, size, filters, tail = self._config.steps, self._config.pool_size, self._config.filters, self._tail
        x = tf.reshape(x, (-1, self._config.conv_length, 2 * filters))
        if tail:  # the pool drops each strand's last positions
            x = tf.concat([x[:, :-tail, :filters], x[:, tail:, filters:]], axis=2)
        x = tf.reshape(x, (-1, steps, size, 2 * filters))
        highest = tf.reduce_max(x, axis=2, keepdims=True)
        ranks = tf.reduce_min(tf.where(x == highest, self._ranks(), size), axis=2, keepdims=True)
        pooled = tf.nn.relu(highest[:, :, 0] + tf.concat([bias, bias], 0))
        forward, reverse = tf.split(pooled, 2, axis=2)
        return tf.transpose(tf.concat([forward, reverse[:, ::-1]], axis=0), (1, 0, 2)), ranks, pooled

    def _unpool(self, ranks: Any, pooled: Any, upstream: Any) -> tuple[Any, Any]:
        """Give the gradients before the pool, (windows, conv_length, 2 filters), and of the dense layer's bias."""
        forward, reverse = tf.split(tf.transpose(upstream, (1, 0, 2)), 2, axis=0)
        slope = tf.where(pooled > 0, tf.concat([forward, reverse[:, ::-1]], axis=2), 0.0)
        spread = tf.where(ranks == self._ranks(), slope[:, :, tf.newaxis], 0.0)
        spread = tf.reshape(spread, (pooled.shape[0], -1, 2 * self._config.filters))
        if self._tail:
            one, other = tf.split(spread, 2, axis=2)
            ends = [[0, 0], [0, self._tail], [0, 0]], [[0, 0], [self._tail, 0], [0, 0]]
            spread = tf.concat([tf.pad(one, ends[0]), tf.pad(other, ends[1])], axis=2)
        return spread, _sum_strands(slope)


@compiled
def _channels(codes: Any, signals: Any) -> Any:
    """Put bases, one channel each, before the signals; other letters have no channel."""
    bases = tf.cast(codes[:, :, tf.newaxis] == tf.constant([*range(len(BASES))], tf.uint8), tf.float32)
    return tf.concat([bases, signals], axis=2)


def _turned(kernel: Any) -> Any:
    """Turn a kernel (size, channels, filters) that reads channels to the other strand; twice gives the same kernel."""
    bases, tracks = kernel[::-1, : len(BASES)], kernel[::-1, len(BASES) :]
    return tf.concat([tf.gather(bases, COMPLEMENT, axis=1), tracks], axis=1)


def _both_strands(kernel: Any) -> Any:
    return tf.concat([kernel, _turned(kernel)], axis=2)


def _one_strand(gradient: Any) -> Any:
    """Give the gradient of a kernel from that of what `_both_strands` made of it."""
    forward, reverse = tf.split(gradient, 2, axis=2)
    return forward + _turned(reverse)


def _sum_strands(x: Any) -> Any:
    """Sum a gradient (windows, positions, 2 filters) to one of a bias, (filters,)."""
    forward, reverse = tf.split(tf.reduce_sum(x, axis=[0, 1]), 2)
    return forward + reverse


# TensorFlow has the gradients of convolutions in two dimensions; the first one has length 1 here.


def _convolution(x: Any, kernel: Any) -> Any:
    return tf.nn.conv2d(x[:, tf.newaxis], kernel[tf.newaxis], 1, "VALID")[:, 0]


def _kernel_gradient(x: Any, slope: Any, size: int) -> Any:
    shape = (1, size, x.shape[2], slope.shape[2])
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x[:, tf.newaxis],
        filter_sizes=shape,
        out_backprop=slope[:, tf.newaxis],
        strides=[1, 1, 1, 1],
        padding="VALID",
    )[0]


def _input_gradient(shape: Any, slope: Any, kernel: Any) -> Any:
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=(shape[0], 1, *shape[1:]),
        filter=kernel[tf.newaxis],
        out_backprop=slope[:, tf.newaxis],
        strides=[1, 1, 1, 1],
        padding="VALID",
    )[:, 0]
