"""Where motifs match: exact scores in whole numbers, and how likely random sequence scores as much.

A motif's log-odds are rounded to hundredths of a bit, so that its score of a sequence is a whole number and the
distribution of scores in random sequence is computed exactly. A match is a score that random sequence reaches with no
more than a given probability.

Source: Staden 1989, "Methods for calculating the probabilities of finding patterns in sequences"; as FIMO does it
(Grant, Bailey & Noble 2011), with its pseudocount.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepgrn_tool.motifs.meme import Motif
    from deepgrn_tool.motifs.sequences import Codes

Scores = NDArray[np.int64]
Shares = NDArray[np.float64]

LEVELS = 100  # of a score, per bit
PSEUDOCOUNT = 0.1  # sites with background frequencies, added to those of the motif
PLACES_AT_ONCE = 20_000  # where motifs are compared in one product of matrices: 10 MB for 30 bp


def motif_scores(motif: Motif, background: Shares) -> Scores:
    """Compute a motif's log-odds in whole numbers.

    Args:
        motif: The motif.
        background: Frequencies of A, C, G, T, float64, shape (4,), all above 0.

    Returns:
        int64, shape (width, 4), in hundredths of a bit.
    """
    weighted = motif.probabilities * motif.sites + PSEUDOCOUNT * background
    return np.rint(LEVELS * np.log2(weighted / (motif.sites + PSEUDOCOUNT) / background)).astype(np.int64)


def score_threshold(scores: Scores, background: Shares, probability: float) -> int | None:
    """Find the least score that random sequence reaches with no more than a probability.

    Args:
        scores: As `motif_scores` gives them.
        background: Frequencies of A, C, G, T of random sequence.
        probability: Between 0 and 1.

    Returns:
        The score; None where even the highest one is likelier.
    """
    # Shares of all scores of the first positions, from the lowest possible one on.
    shares, lowest = np.ones(1), 0
    for row in scores:
        least = int(row.min())
        wider = np.zeros(len(shares) + int(row.max()) - least)
        for score, share in zip(row.tolist(), background.tolist(), strict=True):
            wider[score - least : score - least + len(shares)] += share * shares
        shares, lowest = wider, lowest + least
    # Summed from the rarest on, where rounding would matter.
    reached = np.cumsum(shares[::-1])[::-1]
    likely = np.flatnonzero(reached > probability)
    first = int(likely[-1]) + 1 if len(likely) else 0
    return None if first == len(shares) else lowest + first


def matching_sequences(
    codes: Codes, width: int, tables: Sequence[Scores], thresholds: Sequence[int | None]
) -> NDArray[np.bool_]:
    """Tell which motifs match which sequences, on either strand, with their middle in the middle of the sequence.

    A match of w bases from base a on has its middle at base a + (w - 1) // 2. So every motif, however wide, has as many
    places to match: `width` on each strand.

    Args:
        codes: Sequences with the same margin on both sides, at least as wide as half of the widest motif, rounded up;
            uint8, shape (n, width + 2 * margin), codes above 3 match nothing.
        width: Bases in the middle.
        tables: Each motif's scores, as `motif_scores` gives them.
        thresholds: Each motif's least score of a match, None where it cannot match.

    Returns:
        bool, shape (motifs, n).
    """
    found = np.zeros((len(tables), len(codes)), bool)
    margin = (codes.shape[1] - width) // 2
    able = [number for number in range(len(tables)) if thresholds[number] is not None]
    by_size = sorted(able, key=lambda number: len(tables[number]))
    one_hot = np.vstack([np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)])
    at_once = max(1, PLACES_AT_ONCE // width)
    for begin in range(0, len(codes), at_once):
        block = slice(begin, begin + at_once)
        for size, members in itertools.groupby(by_size, key=lambda number: len(tables[number])):
            chosen = list(members)
            first = margin - (size - 1) // 2
            places = sliding_window_view(codes[block, first : first + width + size - 1], size, axis=1)
            # Whole numbers below 2**24 are exact in float32, so products of matrices give exact scores.
            bases = one_hot[places].reshape(-1, 4 * size)
            known: NDArray[np.bool_] = np.all(places < 4, axis=2)
            for strand in (1, -1):  # the reverse complement has rows and columns turned round
                weights = np.stack([tables[number][::strand, ::strand].ravel() for number in chosen], axis=1)
                scores = (bases @ weights.astype(np.float32)).reshape(*known.shape, len(chosen))
                least = np.array([thresholds[number] for number in chosen], np.float32)
                matching = (scores >= least) & known[:, :, np.newaxis]
                found[chosen, block] |= matching.any(axis=1).T
    return found
