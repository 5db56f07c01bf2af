"""Position codes for pairwise attention."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TRIGONOMETRIC_BASE = 10_000.0


def trigonometric_encoding(steps: int, width: int) -> NDArray[np.float32]:
    """Compute sines (even dimensions) and cosines (odd dimensions) of wavelengths up to 10,000 · 2π steps.

    Returns:
        float32, shape (steps, width): entry (t, 2i) is sin(t / 10000^(2i / width)), entry (t, 2i+1) its cosine.

    Source: Vaswani et al. 2017, section 3.5.
    """
    position = np.arange(steps, dtype=np.float64)[:, np.newaxis]
    even = np.arange(width) // 2 * 2
    angle = position / TRIGONOMETRIC_BASE ** (even / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)
