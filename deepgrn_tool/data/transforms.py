"""Transforms of signal before a network reads it: the same for training and for everything after.

A transform is a text: steps joined by commas, applied from left to right, such as "log1p,clip:5". Every step leaves 0
at 0, so that a base without signal stays one, whatever the transform.

| step | value x becomes |
|---|---|
| `none` | x |
| `log1p` | log(1 + x); for negative x, -log(1 - x) |
| `clip:LIMIT` | x, but at least -LIMIT and at most LIMIT |
| `scale:FACTOR` | FACTOR · x |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError

NONE = "none"
LARGEST = 1e30  # number in a step; its inverse is the smallest: float32 holds both
_WITHOUT_NUMBER = ("none", "log1p")
_WITH_NUMBER = ("clip", "scale")
_SYNTAX = "steps are none, log1p, clip:LIMIT and scale:FACTOR, joined by commas"

Floats = NDArray[np.float32]


def check_transform(text: str) -> None:
    """Refuse a transform that is not one.

    Raises:
        InputError: A step is unknown, or its number is not between 1e-30 and 1e30.
    """
    for step in text.split(","):
        _parse(step, text)


def _parse(step: str, text: str) -> tuple[str, float]:
    name, colon, number = step.partition(":")
    if name in _WITHOUT_NUMBER and not colon:
        return name, 0.0
    try:
        value = float(number) if name in _WITH_NUMBER else math.nan
    except ValueError:
        value = math.nan
    if not 1 / LARGEST <= value <= LARGEST:
        raise InputError(f"transform {text!r} has the step {step!r}; {_SYNTAX}, with numbers greater than 0")
    return name, value


def _log1p(values: Floats) -> Floats:
    return np.copysign(np.log1p(np.abs(values)), values)


def _step(text: str, whole: str) -> Callable[[Floats], Floats]:
    name, number = _parse(text, whole)
    limit = np.float32(number)
    if name == "clip":
        return lambda values: np.clip(values, -limit, limit)
    if name == "scale":
        return lambda values: values * limit
    return _log1p


class Transforms:
    """The transforms of all signal channels of a network.

    Args:
        texts: One transform per channel.

    Raises:
        InputError: A text is not a transform.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Understand the texts once; applying them is then quick."""
        self._steps = [[_step(step, text) for step in text.split(",") if step != NONE] for text in texts]

    def apply(self, signals: Floats) -> None:
        """Transform signals in place.

        Args:
            signals: float32, shape (..., channels).
        """
        for channel, steps in enumerate(self._steps):
            if steps:
                values = np.ascontiguousarray(signals[..., channel])
                for step in steps:
                    values = step(values)
                signals[..., channel] = values
