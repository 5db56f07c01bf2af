"""The first convolution's part of the bases as sums of rows of tables, one row for every few bases of the kernel.

A kernel of 34 positions costs 12 rows instead of 136 products per filter. Made anew at each step, the tables take less
than a hundredth of what they save.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from deepgrn_tool.network.config import BASES
from deepgrn_tool.training.compiled import compiled

CODES = len(BASES) + 1  # A, C, G, T and everything else
GROUP = 3  # bases per row: all tables together, 5^3 rows each, stay in one core's cache


@compiled
def make_tables(kernel: Any) -> list[Any]:
    """Tabulate what each group of positions of a kernel gives for every word of codes.

    Args:
        kernel: float32, shape (size, 4, filters).

    Returns:
        One float32 tensor per group, shape (5^positions, filters); code 4 adds nothing.
    """
    padded = tf.pad(kernel, [[0, 0], [0, 1], [0, 0]])
    tables = []
    for start in range(0, kernel.shape[0], GROUP):
        table, *others = tf.unstack(padded[start : start + GROUP])
        for position in others:
            table = tf.reshape(table[:, tf.newaxis] + position, (-1, kernel.shape[2]))
        tables.append(table)
    return tables


def look_up(codes: Any, tables: Sequence[Any], size: int) -> Any:
    """Convolve bases with the kernel of which tables were made.

    Args:
        codes: uint8, shape (windows, window_size).
        tables: From `make_tables`.
        size: Width of the kernel.

    Returns:
        float32, shape (windows, window_size - size + 1, filters).
    """
    codes, length = tf.cast(codes, tf.int32), codes.shape[1] - size + 1
    total = None
    for number, table in enumerate(tables):
        start = GROUP * number
        word = codes[:, start : start + length]
        for position in range(start + 1, min(start + GROUP, size)):
            word = word * CODES + codes[:, position : position + length]
        rows = tf.gather(table, word)
        total = rows if total is None else total + rows
    return total
