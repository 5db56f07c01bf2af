"""What one training step reads: some windows, what is known of them, and whether they are bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """Labelled windows of the forward strand.

    Attributes:
        codes: uint8, shape (n, window_size), A C G T = 0..3, every other letter 4.
        signals: float32, shape (n, window_size, tracks), transformed as the configuration says.
        meta: float32, shape (n, meta_size); no columns without meta inputs.
        labels: float32, shape (n,), 1 bound, 0 unbound.
        weights: float32, shape (n,), how much each window counts in the loss; 1 without class weights.
    """

    codes: NDArray[np.uint8]
    signals: NDArray[np.float32]
    meta: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.labels)

    def arrays(self) -> tuple[NDArray[np.uint8] | NDArray[np.float32], ...]:
        """Give the arrays in the order of the attributes."""
        return self.codes, self.signals, self.meta, self.labels, self.weights
