"""Bidirectional LSTM over all windows and both strands, with its gradient written out.

Arrays are (step, window, dimension). Both directions advance in one loop, compiled once and not unrolled. What does not
depend on the state is computed for all steps at once: the product with the input before the loop and, on the way back,
the gradients of all weights after it, so that the loops hold one small product per step and direction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from deepgrn_tool.training.masks import Masks

DIRECTIONS = ("forward", "backward")


class Direction(NamedTuple):
    """One direction of an LSTM; gates in the order input, forget, cell, output.

    Attributes:
        x: Input, float32, shape (steps, windows, width).
        kernel: Shape (width, 4 units).
        recurrent: Shape (units, 4 units).
        bias: Shape (4 units,).
        mask: Factors on the state before the recurrent product, shape (windows, units).
    """

    x: Any
    kernel: Any
    recurrent: Any
    bias: Any
    mask: Any


class _Kept(NamedTuple):
    """What the way back needs of one direction, each (steps, windows, ...) in the order of the steps."""

    gates: Any
    cells: Any
    states: Any


def bidirectional(
    x: Any, weights: dict[str, Any], name: str, gate: str, rates: tuple[float, float], masks: Masks
) -> Any:
    """Run one bidirectional LSTM.

    There is one dropout mask per window, strand and direction, the same at all steps and for all gates. So it is in
    Keras, except that Keras 3 draws one mask per gate where the state is dropped, too.

    Args:
        x: float32, shape (steps, windows, width).
        weights: All weights by name.
        name: Name of the layer.
        gate: "sigmoid" or "hard-sigmoid".
        rates: Dropout on the input and on the state.
        masks: Where dropout masks come from.

    Returns:
        float32, shape (steps, windows, 2 units): forward direction, then backward direction.
    """
    directions = []
    for direction in DIRECTIONS:
        kernel, recurrent, bias = (weights[f"{name}/{direction}_{part}"] for part in ("kernel", "recurrent", "bias"))
        dropped = x * masks.factors(x.shape[1:], rates[0]) if rates[0] else x
        shape = (x.shape[1], recurrent.shape[0])
        mask = masks.factors(shape, rates[1]) if rates[1] else tf.ones(shape)
        directions.append(Direction(dropped, kernel, recurrent, bias, mask))

    @tf.custom_gradient
    def run(*arrays: Any) -> tuple[Any, Any]:
        pair = Direction(*arrays[:5]), Direction(*arrays[5:])
        kept = _advance(pair, gate)

        def gradient(upstream: Any) -> list[Any]:
            slopes = _return(pair, kept, tf.split(upstream, 2, axis=2), gate)
            parts = (_weight_gradients(pair[d], kept[d], d, slopes[d]) for d in range(len(DIRECTIONS)))
            return [array for part in parts for array in part]

        return tf.concat([one.states for one in kept], axis=2), gradient

    return run(*directions[0], *directions[1])


def _order(steps: int, index: Any) -> tuple[Any, Any]:
    """Give the step at which each direction is, after `index` steps."""
    return index, steps - 1 - index


def _advance(pair: tuple[Direction, Direction], kind: str) -> tuple[_Kept, _Kept]:
    steps, windows, _ = pair[0].x.shape
    units = pair[0].recurrent.shape[0]
    projected = [tf.tensordot(one.x, one.kernel, 1) + one.bias for one in pair]
    arrays = [
        tf.TensorArray(tf.float32, steps, element_shape=(windows, width)) for width in (4 * units, units, units) * 2
    ]

    def advance(index: Any, states: list[Any], kept: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        after, written = [], []
        for number, (one, now) in enumerate(zip(pair, _order(steps, index), strict=True)):
            state, cell = states[2 * number : 2 * number + 2]
            z = projected[number][now] + tf.matmul(state * one.mask, one.recurrent)
            i, f, g, o = tf.split(z, 4, axis=1)
            i, f, g, o = _gate(kind, i), _gate(kind, f), tf.tanh(g), _gate(kind, o)
            cell = f * cell + i * g
            state = o * tf.tanh(cell)
            after += [state, cell]
            values = (tf.concat([i, f, g, o], axis=1), cell, state)
            written += [
                array.write(now, value) for array, value in zip(kept[3 * number : 3 * number + 3], values, strict=True)
            ]
        return index + 1, after, written

    start = [tf.zeros((windows, units))] * 4
    _, _, arrays = tf.while_loop(
        lambda index, *_: index < steps, advance, (tf.constant(0), start, arrays), maximum_iterations=steps
    )
    stacks = [array.stack() for array in arrays]
    return _Kept(*stacks[:3]), _Kept(*stacks[3:])


def _return(pair: tuple[Direction, Direction], kept: tuple[_Kept, _Kept], upstream: list[Any], kind: str) -> list[Any]:
    """Give, for each direction, the gradient of the gates before activation, (steps, windows, 4 units)."""
    steps, windows, _ = pair[0].x.shape
    units = pair[0].recurrent.shape[0]
    before = [_before(one.cells, direction) for direction, one in enumerate(kept)]
    slopes = [tf.TensorArray(tf.float32, steps, element_shape=(windows, 4 * units)) for _ in pair]

    def retreat(index: Any, carried: list[Any], slopes: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        after, written = [], []
        for number, (one, now) in enumerate(zip(pair, _order(steps, steps - 1 - index), strict=True)):
            from_state, from_cell = carried[2 * number : 2 * number + 2]
            gates = kept[number].gates[now]
            i, f, g, o = tf.split(gates, 4, axis=1)
            squashed = tf.tanh(kept[number].cells[now])
            from_state += upstream[number][now]
            from_cell += from_state * o * (1.0 - squashed * squashed)
            outer = tf.concat([from_cell * g, from_cell * before[number][now], from_cell * i, from_state * squashed], 1)
            slope = outer * _slopes(kind, gates)
            written.append(slopes[number].write(now, slope))
            after += [tf.matmul(slope, one.recurrent, transpose_b=True) * one.mask, from_cell * f]
        return index + 1, after, written

    start = [tf.zeros((windows, units))] * 4
    _, _, slopes = tf.while_loop(
        lambda index, *_: index < steps, retreat, (tf.constant(0), start, slopes), maximum_iterations=steps
    )
    return [array.stack() for array in slopes]


def _weight_gradients(one: Direction, kept: _Kept, number: int, slopes: Any) -> list[Any]:
    """Give the gradients of the fields of a `Direction`, each by one product over all steps and windows."""
    units = one.recurrent.shape[0]
    rows = tf.reshape(slopes, (-1, 4 * units))
    states = tf.reshape(_before(kept.states, number) * one.mask, (-1, units))
    kernel = tf.matmul(tf.reshape(one.x, (-1, one.x.shape[2])), rows, transpose_a=True)
    recurrent = tf.matmul(states, rows, transpose_a=True)
    x = tf.tensordot(slopes, one.kernel, [[2], [1]])
    return [x, kernel, recurrent, tf.reduce_sum(rows, axis=0), tf.zeros_like(one.mask)]


def _before(values: Any, number: int) -> Any:
    """Give, for each step, what stood before it in the direction's order; zeros before the first."""
    nothing = tf.zeros_like(values[:1])
    return tf.concat([nothing, values[:-1]] if number == 0 else [values[1:], nothing], axis=0)


def _gate(kind: str, x: Any) -> Any:
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0) if kind == "hard-sigmoid" else tf.sigmoid(x)


def _slopes(kind: str, gates: Any) -> Any:
    """Give the slopes of the four activations from their values, (windows, 4 units)."""
    i, f, g, o = tf.split(gates, 4, axis=1)
    i, f, o = (tf.where((y > 0) & (y < 1), 0.2, 0.0) if kind == "hard-sigmoid" else y * (1.0 - y) for y in (i, f, o))
    return tf.concat([i, f, 1.0 - g * g, o], axis=1)
