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
from deepgrn_tool.training.lookup import look_up, make_tables
from deepgrn_tool.training.masks import Masks

COMPLEMENT = (3, 2, 1, 0)  # A C G T -> T G C A


class Trace(NamedTuple):
    """What the way back needs.

    Attributes:
        only_bases: bool scalar, whether all letters are A, C, G or T.
        maps: Input of each layer: the channels (windows, window_size, channels), then what each convolution gave after
            ReLU and dropout, (windows, positions, 2 filters).
        ranks: int32, shape (windows, steps, 1, 2 filters), which position won each pool, counted along its strand.
        pooled: float32, shape (windows, steps, 2 filters), after ReLU, pools in the order of the forward strand.
    """

    only_bases: Any
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
        self._first_activation = compiled(self._activate_inputs)
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
            kernel, bias = weights[f"conv_{layer + 1}/kernel"], weights[f"conv_{layer + 1}/bias"]
            if layer == 0:
                maps.append(self._convolve_inputs(kernel, bias, codes, signals, masks))
            else:
                maps.append(self._activations[layer](_convolve_maps(kernel, maps[-1]), bias, *masks.keys))
        if self._config.num_conv:
            x = tf.matmul(tf.reshape(maps[-1], (-1, self._config.filters)), weights["per_position/kernel"])
        else:
            x = tf.tensordot(maps[-1], _both_strands(weights["per_position/kernel"][tf.newaxis])[0], 1)
        ordered, ranks, pooled = self._pooled(x, weights["per_position/bias"])
        return ordered, Trace(tf.reduce_all(codes < len(BASES)), maps, ranks, pooled)

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
            slope = self._slopes(slope, trace.maps[layer + 1])
            sums = _column_sums(slope)
            gradients[f"{name}/bias"] = tf.add_n(tf.split(sums, 2))
            if layer == 0:
                both = _first_kernel_gradient(trace.only_bases, trace.maps[0], slope, sums, config.kernel_size)
                gradients[f"{name}/kernel"] = _one_strand(both)
            else:
                kernel = weights[f"{name}/kernel"]
                gradients[f"{name}/kernel"], slope = _through_convolution(kernel, trace.maps[layer], slope)
        return gradients

    def _convolve_inputs(self, kernel: Any, bias: Any, codes: Any, signals: Any, masks: Masks) -> Any:
        """Give the first convolution after ReLU and dropout."""
        kernel = _both_strands(kernel)
        tables = make_tables(kernel[:, : len(BASES)])
        along = _convolution(signals, kernel[:, len(BASES) :]) if self._config.tracks else 0.0
        return self._first_activation(along, codes, tables, bias, *masks.keys)

    def _activate(self, layer: int, x: Any, bias: Any, seed: Any, step: Any, share: Any) -> Any:
        return Masks(seed, step, share, layer).drop(tf.nn.relu(x + tf.concat([bias, bias], 0)), self._config.dropout)

    def _activate_inputs(
        self, signals: Any, codes: Any, tables: list[Any], bias: Any, seed: Any, step: Any, share: Any
    ) -> Any:
        """Add what the bases give to what the signals give, and go on as after any convolution."""
        return self._activate(0, signals + look_up(codes, tables, self._config.kernel_size), bias, seed, step, share)

    def _through_relu(self, slope: Any, after: Any) -> Any:
        """Give the gradient before dropout and ReLU."""
        scale = 1.0 / (1.0 - self._config.dropout)
        return tf.where(after > 0, tf.reshape(slope, after.shape) * scale, 0.0)

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
        return spread, tf.add_n(tf.split(tf.reduce_sum(slope, axis=[0, 1]), 2))


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


def _column_sums(x: Any) -> Any:
    """Sum (windows, positions, 2 filters) over windows and positions; as a product, which was quicker than a sum."""
    rows = tf.reshape(x, (-1, x.shape[2]))
    return tf.matmul(tf.ones((1, rows.shape[0])), rows)[0]


def _first_kernel_gradient(only_bases: Any, channels: Any, slope: Any, sums: Any, size: int) -> Any:
    """Give the gradient of the first convolution's kernel for both strands, (size, channels, 2 filters).

    Where all letters are bases, exactly one base channel is set: the gradients of the four sum up to the sum of the
    slopes, and the fourth need not be computed by itself.
    """
    last = len(BASES) - 1

    def from_three() -> Any:
        gradient = _kernel_gradient(tf.concat([channels[..., :last], channels[..., last + 1 :]], 2), slope, size)
        bases, tracks = gradient[:, :last], gradient[:, last:]
        return tf.concat([bases, sums - tf.reduce_sum(bases, axis=1, keepdims=True), tracks], axis=1)

    return tf.cond(only_bases, from_three, lambda: _kernel_gradient(channels, slope, size))


def _through_convolution(kernel: Any, x: Any, slope: Any) -> tuple[Any, Any]:
    """Give the gradients of a convolution's kernel and of its input, the maps of both strands."""
    kernels, inputs = [], []
    for number, (strand, after) in enumerate(zip(tf.split(x, 2, axis=2), tf.split(slope, 2, axis=2), strict=True)):
        order = 1 - 2 * number
        kernels.append(_kernel_gradient(strand, after, kernel.shape[0])[::order])
        inputs.append(_input_gradient(strand.shape, after, kernel[::order]))
    return tf.add_n(kernels), tf.concat(inputs, axis=2)


# TensorFlow has the gradients of convolutions in two dimensions; the first one has length 1 here.


def _convolution(x: Any, kernel: Any) -> Any:
    return tf.nn.conv2d(x[:, tf.newaxis], kernel[tf.newaxis], 1, "VALID")[:, 0]


def _convolve_maps(kernel: Any, x: Any) -> Any:
    """Convolve both strands' maps, (windows, positions, 2 filters), along the forward strand."""
    pair = zip(tf.split(x, 2, axis=2), (kernel, kernel[::-1]), strict=True)
    return tf.concat([_convolution(strand, turned) for strand, turned in pair], axis=2)


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
