"""NumPy as the engine's backend, for runs too short to be worth loading TensorFlow.

The functions carry the names and meanings of `keras.ops`, as far as the engine uses them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import (
    broadcast_to,
    clip,
    concatenate,
    exp,
    max,
    maximum,
    mean,
    pad,
    reshape,
    split,
    sum,
    transpose,
)
from numpy.typing import NDArray

from deepgrn_tool.engine.backend import Backend

__all__ = [
    "broadcast_to",
    "cast",
    "clip",
    "concatenate",
    "conv",
    "convert_to_tensor",
    "exp",
    "fori_loop",
    "matmul",
    "max",
    "maximum",
    "mean",
    "numpy_backend",
    "pad",
    "relu",
    "reshape",
    "sigmoid",
    "slice",
    "slice_update",
    "softmax",
    "split",
    "sum",
    "transpose",
    "zeros",
]

Array = NDArray[Any]


def numpy_backend() -> Backend:
    """Give the backend; nothing needs to be loaded or compiled."""
    return Backend("numpy", sys.modules[__name__], np.tanh, _take_rows, _quiet, windows=256)


def _take_rows(table: Array, rows: Array) -> Array:
    return np.take(table, rows, axis=0)


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute without warnings: a sigmoid is right when exp overflows, and what is not a number is refused later."""

    def run(*arrays: Array) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            return function(*arrays)

    return run


def cast(x: Array, dtype: str) -> Array:
    """Change the type."""
    return x.astype(dtype)


def conv(x: Array, kernel: Array, padding: str) -> Array:
    """Convolve along positions without padding: (1, n, c) with (k, c, f) -> (1, n - k + 1, f)."""
    if padding != "valid":
        raise ValueError(f"Expected padding 'valid'. Received {padding!r}")
    size, channels, filters = kernel.shape
    frames = np.lib.stride_tricks.sliding_window_view(x[0], size, axis=0).transpose(0, 2, 1)
    return matmul(frames.reshape(-1, size * channels), kernel.reshape(size * channels, filters))[np.newaxis]


def convert_to_tensor(x: Array) -> Array:
    """Give the array itself."""
    return x


def fori_loop(lower: int, upper: int, body: Callable[[int, Any], Any], value: Any) -> Any:
    """Apply `body(index, value)` for each index."""
    for index in range(lower, upper):
        value = body(index, value)
    return value


def matmul(a: Array, b: Array) -> Array:
    """Multiply matrices, float32, in float64.

    BLAS rounds rows and columns at the end of a matrix otherwise than those within, so that a score's last bits would
    depend on how many windows come with it; those of float64 are gone after rounding to float32.
    """
    product: Array = np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)
    return product


def relu(x: Array) -> Array:
    """Replace negative values by 0."""
    return np.maximum(x, np.float32(0))


def sigmoid(x: Array) -> Array:
    """Compute the logistic function."""
    return 1 / (1 + np.exp(-x))


def slice(x: Array, start: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Give a view of a block."""
    return x[_block(start, shape)]


def slice_update(x: Array, start: tuple[int, ...], block: Array) -> Array:
    """Overwrite a block, in place: the engine never reads the array as it was."""
    x[_block(start, block.shape)] = block
    return x


def _block(start: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(np.s_[begin : begin + size] for begin, size in zip(start, shape, strict=True))


def softmax(x: Array, axis: int) -> Array:
    """Compute the softmax along an axis."""
    exponential = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponential / exponential.sum(axis=axis, keepdims=True)


def zeros(shape: tuple[int, ...]) -> Array:
    """Give float32 zeros."""
    return np.zeros(shape, np.float32)
