"""Whether one group of inputs, or of networks, matters more than another: Wilcoxon's signed-rank test.

Two groups of inputs are compared in every network: its mean importance of the one and of the other make a pair. Two
groups of networks are compared pair by pair, the first of the one with the first of the other and so on, in each input
that both have; pairs of all inputs together make one more test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import UsageError, did_you_mean
from deepgrn_tool.importance.measure import ModelImportance

ALL = "all"
DIGITS = 12  # of differences; what is beyond is rounding, and would hide zeros and ties
HEADER = "left\tright\tof\tpairs\tmean_left\tmean_right\tmedian_difference\tstatistic\tp_value\n"


@dataclass(frozen=True)
class Comparison:
    """Two groups by name.

    Attributes:
        left: Names of inputs, or of networks.
        right: Names of the same kind; of networks as many.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]

    def __str__(self) -> str:
        """Write it as it is given: `a,b:c,d`."""
        return f"{','.join(self.left)}:{','.join(self.right)}"


def of_networks(comparison: Comparison, networks: Sequence[str], inputs: Sequence[str]) -> bool:
    """Tell whether a comparison is one of networks; else it is one of inputs.

    Args:
        comparison: What is to be compared.
        networks: Names of all networks.
        inputs: Names of all inputs of any network.

    Raises:
        UsageError: A name is unknown, or is that of an input and of a network, or kinds or numbers do not match.
    """
    names = (*comparison.left, *comparison.right)
    for name in names:
        if name in networks and name in inputs:
            raise UsageError(f"--compare {comparison}: '{name}' is a network and an input; name the network otherwise")
        if name not in networks and name not in inputs:
            known = [*networks, *inputs]
            raise UsageError(f"--compare {comparison}: '{name}' is no network or input{did_you_mean(name, known)}")
    if len(set(names)) < len(names):
        raise UsageError(f"--compare {comparison} names something twice")
    kinds = {name in networks for name in names}
    if len(kinds) > 1:
        raise UsageError(f"--compare {comparison} mixes networks and inputs")
    if kinds == {True} and len(comparison.left) != len(comparison.right):
        raise UsageError(f"--compare {comparison}: networks are compared in pairs; give as many on both sides")
    return kinds == {True}


def compare(comparison: Comparison, measured: Sequence[ModelImportance]) -> Iterator[str]:
    """Write the rows of a comparison, as `HEADER` says.

    Args:
        comparison: What is to be compared; all names are known.
        measured: All networks.

    Yields:
        One row for two groups of inputs; for networks one per input and one of all.
    """
    by_name = {each.name: each for each in measured}
    if comparison.left[0] not in by_name:
        wanted = {*comparison.left, *comparison.right}
        pairs = [
            tuple(
                float(np.mean([each.mean_decrease(name) for name in side]))
                for side in (comparison.left, comparison.right)
            )
            for each in measured
            if wanted <= set(each.decreases)
        ]
        yield _row(comparison, ALL, np.array(pairs).reshape(-1, 2))
        return
    together = []
    networks = [(by_name[left], by_name[right]) for left, right in zip(comparison.left, comparison.right, strict=True)]
    for name in dict.fromkeys(name for pair in networks for each in pair for name in each.decreases):
        having = [pair for pair in networks if all(name in each.decreases for each in pair)]
        here = np.array([[each.mean_decrease(name) for each in pair] for pair in having]).reshape(-1, 2)
        together.append(here)
        yield _row(comparison, name, here)
    yield _row(comparison, ALL, np.concatenate(together))


def _row(comparison: Comparison, of: str, pairs: NDArray[np.float64]) -> str:
    left, right = ",".join(comparison.left), ",".join(comparison.right)
    if not len(pairs):
        return "\t".join([left, right, of, "0", *["NA"] * 5]) + "\n"
    statistic, p_value = signed_rank(pairs[:, 0] - pairs[:, 1])
    middle = float(np.median((pairs[:, 0] - pairs[:, 1]).round(DIGITS)))
    numbers = [*pairs.mean(axis=0).tolist(), middle, statistic, p_value]
    texts = ["NA" if np.isnan(number) else f"{number:.6g}" for number in numbers]
    return "\t".join([left, right, of, str(len(pairs)), *texts]) + "\n"


def signed_rank(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Test whether differences are symmetric around 0, two-sided.

    Args:
        differences: float64, shape (n,); zeros are left out, as Wilcoxon did.

    Returns:
        The smaller sum of ranks, and the p value, exact for few differences without ties; NaN where nothing is left.

    Source: Wilcoxon 1945, Biometrics Bulletin 1:80.
    """
    from scipy.stats import wilcoxon

    left = differences.round(DIGITS)
    left = left[left != 0]
    if not len(left):
        return float("nan"), float("nan")
    tied = len(np.unique(np.abs(left))) < len(left)
    result = wilcoxon(left, method="approx" if tied or len(left) > 50 else "exact")
    return float(result.statistic), float(result.pvalue)
