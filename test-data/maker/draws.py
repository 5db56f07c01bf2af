"""Random numbers that stay the same on every machine and with every NumPy: only uniform draws of PCG64 are used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEED = 20200315
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Draws:
    """One stream of random numbers; each part of the data set has its own, so that changing one leaves the others.

    Args:
        stream: Number of the stream.
    """

    def __init__(self, stream: int) -> None:
        """Seed the generator with the common seed and the stream's number."""
        self._generator = np.random.Generator(np.random.PCG64([SEED, stream]))

    def uniform(self, count: int) -> Floats:
        """Draw float64 numbers in [0, 1), shape (count,)."""
        return self._generator.random(count)

    def integers(self, low: int, high: int, count: int) -> Integers:
        """Draw int64 numbers in [low, high), shape (count,)."""
        return low + np.floor(self.uniform(count) * (high - low)).astype(np.int64)

    def integer(self, low: int, high: int) -> int:
        """Draw one number in [low, high)."""
        return int(self.integers(low, high, 1)[0])

    def order(self, count: int) -> Integers:
        """Shuffle 0 … count - 1."""
        return np.argsort(self.uniform(count), kind="stable").astype(np.int64)
