"""Who computes: the engine's modules are written with the functions of `keras.ops` and get them from a `Backend`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Backend:
    """What the engine needs of a library of array functions.

    Attributes:
        name: "numpy", "tensorflow" or "jax".
        ops: Holds functions under the names and with the meaning of `keras.ops`.
        tanh: Hyperbolic tangent, to 1e-6.
        take_rows: (table (n, width), rows of int32, any shape, 0 <= row < n) -> (*rows.shape, width).
        compiled: Compiles a function of arrays of fixed shapes.
        windows: Windows of a segment that suit it: few enough for the processor's cache, many enough for the overhead
            of a call and of the bases at a segment's end.
    """

    name: str
    ops: Any
    tanh: Callable[[Any], Any]
    take_rows: Callable[[Any, Any], Any]
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]]
    windows: int
