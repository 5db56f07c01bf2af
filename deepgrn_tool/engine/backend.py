"""Who computes: Keras with a compiler for long runs, NumPy alone for short ones.

The engine's modules are written with the functions of `keras.ops`; they get them from a `Backend`. Loading TensorFlow
and compiling takes some ten seconds, in which NumPy scores thousands of bins; beyond that the compiled code is faster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SHORT_RUN = 10_000  # bins; fewer are done by NumPy before TensorFlow would have loaded


@dataclass(frozen=True)
class Backend:
    """What the engine needs of a library of array functions.

    Attributes:
        name: "numpy", "tensorflow" or "jax".
        ops: Holds functions under the names and with the meaning of `keras.ops`.
        take_rows: (table (n, width), rows of int32, any shape, 0 <= row < n) -> (*rows.shape, width).
        compiled: Compiles a function of arrays of fixed shapes.
        windows: Windows of a segment that suit it: few enough for the processor's cache, many enough for the overhead
            of a call and of the bases at a segment's end.
    """

    name: str
    ops: Any
    take_rows: Callable[[Any, Any], Any]
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]]
    windows: int


def backend_for(bins: int | None, threads: int) -> Backend:
    """Choose the backend of a run.

    Args:
        bins: How many bins will be scored; None for many.
        threads: Processor threads.

    Raises:
        UsageError: Keras is set to a backend that cannot run the engine.
    """
    if bins is not None and bins < SHORT_RUN:
        from deepgrn_tool.engine.numpy_backend import numpy_backend

        return numpy_backend()
    from deepgrn_tool.engine.keras_backend import keras_backend

    return keras_backend(threads)
