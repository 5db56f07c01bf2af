"""The best match to a JASPAR matrix in every bin, both strands: pyjaspar has the matrices, Biopython scores them."""

from __future__ import annotations

import numpy as np
from Bio.motifs import jaspar
from numpy.typing import NDArray
from pyjaspar import jaspardb
from scipy.ndimage import maximum_filter1d

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.intervals import Positions

RELEASE = "JASPAR2024"
LETTERS = np.frombuffer(b"ACGTN", np.uint8)
BLOCK = 10_000_000  # bp scored at once

Scores = NDArray[np.float32]


def fetch_matrix(name: str) -> jaspar.Motif:
    """Fetch a matrix by its identifier, such as MA0139.2."""
    database = jaspardb(release=RELEASE)
    motif = database.fetch_motif_by_id(name)
    database.conn.close()
    if motif is None:
        raise KeyError(f"{RELEASE} has no matrix {name}")
    motif.pseudocounts = jaspar.calculate_pseudocounts(motif)
    return motif


def match_scores(codes: NDArray[np.uint8], motif: jaspar.Motif) -> Scores:
    """Score the better strand at every position, as log2 odds against equal base frequencies.

    Args:
        codes: uint8, shape (n,), A, C, G, T = 0..3, other 4.
        motif: The matrix, of width w.

    Returns:
        float32, shape (n - w + 1,): the match that starts there; -inf where a base is unknown.
    """
    forward = motif.pssm
    tables, width = (forward, forward.reverse_complement()), motif.length
    result = np.empty(max(len(codes) - width + 1, 0), np.float32)
    for start in range(0, len(result), BLOCK):
        text = LETTERS[codes[start : start + BLOCK + width - 1]].tobytes().decode()
        both = [np.asarray(table.calculate(text), np.float32) for table in tables]
        best = np.maximum(*both).reshape(-1)
        result[start : start + BLOCK] = np.where(np.isnan(best), -np.inf, best)
    return result


def best_in_bins(scores: Scores, width: int, starts: Positions, reach: int) -> Scores:
    """Take the best match that lies wholly within each bin and `reach` bp to its sides.

    Args:
        scores: float32, shape (n,), of the matches that start at each position.
        width: Width of a match, in bp.
        starts: int64, shape (m,), 0-based starts of bins.
        reach: bp.

    Returns:
        float32, shape (m,).
    """
    span = BIN_SIZE + 2 * reach - width + 1  # places where such a match can start
    padded = np.pad(scores, (reach, reach + BIN_SIZE), constant_values=-np.inf)
    # A maximum filter of even or odd size looks from size // 2 before a place on.
    return maximum_filter1d(padded, span, mode="constant", cval=-np.inf)[starts + span // 2]
