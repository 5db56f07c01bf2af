"""Dropout masks as a pure function of seed, step, place in the network and place in the array.

Nothing is drawn from a generator whose state would have to be kept: an interrupted run repeats the same masks. One
element costs a few integer operations, which disappear beside the memory traffic of the operation around them;
TensorFlow's own stateless generators took longer than the convolution, and up to a hundred times as long compiled.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

GOLDEN = 0x9E3779B9  # 2^32 / golden ratio: spreads small numbers over all bits
WORD = 1 << 32


def _word(value: int) -> Any:
    return tf.constant(value % WORD, tf.uint32)


def _stir(x: Any) -> Any:
    """Let every bit of a 32-bit word depend on all its bits; one-to-one.

    Source: Wellons, hash-prospector, the function `lowbias32`.
    """
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, _word(shift))) * _word(factor)
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, _word(16)))


class Masks:
    """The masks of one step, one share of the batch and one part of the network.

    Args:
        seed: uint32, shape (2,): the low and the high half of the run's seed.
        step: uint32 scalar, number of the step.
        share: uint32 scalar, number of the share of the batch.
        part: Number of the part of the network.

    Attributes:
        keys: Seed, step and share, to make masks within a compiled function.
    """

    def __init__(self, seed: Any, step: Any, share: Any, part: int = 0) -> None:
        """Mix everything to two words, which start the numbering and change it."""
        word = _stir(seed[0] + _word(GOLDEN))
        for key in (seed[1], step, share, _word(part)):
            word = _stir(word * _word(GOLDEN) + key)
        self.keys = seed, step, share
        self._words = word, _stir(word + _word(1))
        self._places = 0

    def drop(self, x: Any, rate: float) -> Any:
        """Set a share `rate` of the elements to zero and divide the others by 1 - rate.

        Args:
            x: float32 tensor of known shape.
            rate: 0 leaves `x` as it is.
        """
        return x if rate == 0 else x * self.factors(x.shape, rate)

    def factors(self, shape: Any, rate: float) -> Any:
        """Draw what `drop` multiplies by: 0 or 1 / (1 - rate); every call draws other numbers.

        Args:
            shape: Known shape.
            rate: Expected share of zeros.

        Returns:
            float32 tensor.
        """
        self._places += 1
        first, second = (_stir(key + _word(GOLDEN * self._places)) for key in self._words)
        index = tf.bitcast(tf.reshape(tf.range(math.prod(shape), dtype=tf.int32), shape), tf.uint32)
        word = _stir(tf.bitwise.bitwise_xor(_stir(index + first), second))
        return tf.where(word >= _word(round(rate * WORD)), tf.constant(1 / (1 - rate), tf.float32), 0.0)
