"""Functions compiled to one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of tensors into one operation."""
    made: Function = tf.function(function, jit_compile=True, autograph=False)
    return made
