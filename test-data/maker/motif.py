"""The CTCF matrix of JASPAR, sites drawn from it, and the score that says how well a site fits.

Source: JASPAR CORE 2022, MA0139.1, https://jaspar.elixir.no/matrix/MA0139.1/, CC BY 4.0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maker.draws import Draws, Floats

Codes = NDArray[np.uint8]

COUNTS = np.array(
    [
        [87, 167, 281, 56, 8, 744, 40, 107, 851, 5, 333, 54, 12, 56, 104, 372, 82, 117, 402],  # A
        [291, 145, 49, 800, 903, 13, 528, 433, 11, 0, 3, 12, 0, 8, 733, 13, 482, 322, 181],  # C
        [76, 414, 449, 21, 0, 65, 334, 48, 32, 903, 566, 504, 890, 775, 5, 507, 307, 73, 266],  # G
        [459, 187, 134, 36, 2, 91, 11, 324, 18, 3, 9, 341, 8, 71, 67, 17, 37, 396, 59],  # T
    ]
).T
WIDTH = len(COUNTS)  # bp
BACKGROUND = np.array([0.295, 0.205, 0.205, 0.295])  # A C G T of the made-up genome
PSEUDOCOUNT = 1.0


def probabilities() -> Floats:
    """Turn the counts into probabilities: float64, shape (19, 4), columns A, C, G, T, rows summing to 1."""
    shares: Floats = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    return shares


def log_odds() -> Floats:
    """Weigh each letter in bits against the background, with one pseudocount a column: float64, shape (19, 4)."""
    smoothed = COUNTS + PSEUDOCOUNT * BACKGROUND
    bits: Floats = np.log2(smoothed / smoothed.sum(axis=1, keepdims=True) / BACKGROUND)
    return bits


def reverse_complement(codes: Codes) -> Codes:
    """Turn a sequence round: uint8 codes, A C G T = 0..3, other = 4, same shape."""
    return np.array([3, 2, 1, 0, 4], np.uint8)[codes[::-1]]


def draw_site(draws: Draws, minimum_bits: float) -> tuple[Codes, float]:
    """Draw sites from the matrix, letter by letter, until one scores enough.

    Returns:
        uint8 codes, shape (19,), on the forward strand, and the score in bits.
    """
    cumulative = np.cumsum(probabilities(), axis=1)[:, :3]
    weights = log_odds()
    while True:
        site = (draws.uniform(WIDTH)[:, None] >= cumulative).sum(axis=1).astype(np.uint8)
        bits = float(weights[np.arange(WIDTH), site].sum())
        if bits >= minimum_bits:
            return site, bits


def scan(codes: Codes) -> Floats:
    """Score every position of a sequence on both strands and keep the better: float64, shape (len(codes) - 18,)."""
    table = np.vstack([log_odds().T, np.full(WIDTH, -100.0)]).T
    starts = len(codes) - WIDTH + 1
    forward, reverse = np.zeros(starts), np.zeros(starts)
    complement = np.array([3, 2, 1, 0, 4])
    for offset in range(WIDTH):
        here = codes[offset : offset + starts]
        forward += table[offset, here]
        reverse += table[WIDTH - 1 - offset, complement[here]]
    return np.maximum(forward, reverse)
