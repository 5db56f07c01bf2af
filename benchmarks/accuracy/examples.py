"""What the baselines see of each bin: the best motif match, the accessibility, and the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.motifs import Scores, best_in_bins, fetch_matrix, match_scores
from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import AMBIGUOUS, BOUND, UNBOUND

REACHES = (0, 50, 100, 200, 401)  # bp beyond the bin on either side; the last is the network's window
MOTIF_REACHES = REACHES[:3]


@dataclass(frozen=True)
class Examples:
    """Bins of one or more cells and chromosomes, those that are ambiguous or blacklisted left out.

    Attributes:
        bound: bool, shape (n,).
        weights: float64, shape (n,), how many bins each one stands for.
        means: Reach → mean accessibility within it, float32, shape (n,).
        maxima: Reach → highest accessibility within it, float32, shape (n,).
        matches: (Matrix, reach) → log2 odds of the best match within it, float32, shape (n,), 0 where it is less likely
            than background.
    """

    bound: NDArray[np.bool_]
    weights: NDArray[np.float64]
    means: dict[int, Scores]
    maxima: dict[int, Scores]
    matches: dict[tuple[str, int], Scores]


def window_means(signal: Scores, starts: Positions, reach: int) -> Scores:
    """Average a signal over each bin and `reach` bp to its sides; beyond the chromosome it is 0."""
    sums = np.concatenate([[0.0], np.cumsum(signal, dtype=np.float64)])
    first, last = np.maximum(starts - reach, 0), np.minimum(starts + BIN_SIZE + reach, len(signal))
    return ((sums[last] - sums[first]) / (BIN_SIZE + 2 * reach)).astype(np.float32)


def read_examples(
    features_file: Path,
    labels_file: Path,
    cells: Sequence[str],
    chromosomes: Sequence[str],
    matrices: Sequence[str],
    one_in: int = 1,
) -> Examples:
    """Collect the bins of some cells on some chromosomes.

    Args:
        features_file: Sequence, accessibility and blacklist.
        labels_file: Labels.
        cells: Names of cells.
        chromosomes: Names of chromosomes.
        matrices: JASPAR identifiers.
        one_in: Of so many unbound bins one is taken and stands for them.
    """
    labels = read_labels(labels_file, cells=list(cells), chromosomes=list(chromosomes))
    parts = []
    with FeaturesFile(features_file) as features:
        for chrom, table in labels.chromosomes.items():
            length = features.chromosomes[chrom]
            matches = match_bins(features.sequence(chrom, 0, length), table.starts, matrices)
            blacklisted = overlaps(table.starts, table.starts + BIN_SIZE, *features.blacklist(chrom))
            for row, cell in enumerate(labels.cells):
                codes = np.where(blacklisted, AMBIGUOUS, table.codes[row])
                bound, unbound = np.flatnonzero(codes == BOUND), np.flatnonzero(codes == UNBOUND)
                kept = np.concatenate([bound, unbound[::one_in]])
                weights = np.ones(len(kept))
                weights[len(bound) :] = len(unbound) / max(len(kept) - len(bound), 1)
                signal = features.signal("accessibility", chrom, 0, length, cell)
                starts = table.starts[kept]
                parts.append(
                    Examples(
                        bound=np.arange(len(kept)) < len(bound),
                        weights=weights,
                        means={reach: window_means(signal, starts, reach) for reach in REACHES},
                        # Every position is the start of a "match" of width 1.
                        maxima={reach: best_in_bins(signal, 1, starts, reach) for reach in REACHES},
                        matches={key: values[kept] for key, values in matches.items()},
                    )
                )
    return _join(parts)


def match_bins(codes: NDArray[np.uint8], starts: Positions, matrices: Sequence[str]) -> dict[tuple[str, int], Scores]:
    """Give the best match of each matrix within each reach of each bin, 0 where it is less likely than background."""
    result = {}
    for name in matrices:
        motif = fetch_matrix(name)
        scores = match_scores(codes, motif)
        for reach in MOTIF_REACHES:
            result[name, reach] = np.maximum(best_in_bins(scores, motif.length, starts, reach), 0)
    return result


def _join(parts: Sequence[Examples]) -> Examples:
    first = parts[0]
    return Examples(
        bound=np.concatenate([part.bound for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        means={key: np.concatenate([part.means[key] for part in parts]) for key in first.means},
        maxima={key: np.concatenate([part.maxima[key] for part in parts]) for key in first.maxima},
        matches={key: np.concatenate([part.matches[key] for part in parts]) for key in first.matches},
    )
