"""Bins that stand for whole chromosomes: all bound ones, and a sample of the others, each of which counts for many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.training.examples import ChromosomeExamples, Examples

VALIDATION = 3  # purpose of random numbers, beside those of `sampling`
LONGEST_RUN = 16  # bins that are drawn together: what is bound or open is about as long
FEWEST_RUNS = 500  # of a chromosome, before bins are drawn together
FEWEST_NEGATIVES = 50_000  # of validation, per cell, if there are as many: the best-scored ones decide, and are few


@dataclass(frozen=True)
class WeightedBins:
    """The bins of one chromosome in one cell.

    Attributes:
        chrom: Name of the chromosome.
        cell: Name of the cell.
        starts: int64, shape (n,), ascending.
        labels: bool, shape (n,).
        weights: float64, shape (n,): how many bins of the chromosome each one stands for.
    """

    chrom: str
    cell: str
    starts: NDArray[np.int64]
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]


def weighted_bins(
    examples: Examples, ratio: float | None, seed: int, fewest: int | None = None
) -> Iterator[WeightedBins]:
    """Choose bins of each cell: all bound ones and, of the others, all or a sample from every chromosome alike.

    Args:
        examples: Bins of some chromosomes.
        ratio: Unbound bins per bound one; None for all bins.
        seed: Decides the sample.
        fewest: Unbound bins of each cell at least, if there are as many; None for `FEWEST_NEGATIVES`.

    Yields:
        The bins of each chromosome, cell after cell.
    """
    least = FEWEST_NEGATIVES if fewest is None else fewest
    for cell, name in enumerate(examples.cells):
        negatives = examples.count_negatives(cell)
        wanted = negatives
        if ratio is not None:
            bound = sum(int(np.count_nonzero(each.codes[cell] == BOUND)) for each in examples.chromosomes)
            wanted = min(negatives, max(round(ratio * bound), least))
        for number, each in enumerate(examples.chromosomes):
            random = np.random.default_rng([seed, 0, VALIDATION, cell * len(examples.chromosomes) + number])
            yield _part(each, name, cell, wanted / max(negatives, 1), random)


def drawn_numbers(size: int, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` of `size` numbers, in ascending order and, where they are many, in runs; a few less at most.

    The windows of a run share most of what the engine computes, so that a large sample costs a fraction. Runs begin at
    multiples of their length; the last one may be shorter.
    """
    if count == size:
        return np.arange(size)
    length = min(LONGEST_RUN, max(1, count // FEWEST_RUNS))
    runs = random.choice(-(-size // length), -(-count // length), replace=False, shuffle=False)
    numbers = (np.sort(runs)[:, np.newaxis] * length + np.arange(length)).ravel()
    numbers = numbers[numbers < size]
    surplus = max(0, len(numbers) - count)
    return np.delete(numbers, random.choice(len(numbers), surplus, replace=False))


def _part(each: ChromosomeExamples, name: str, cell: int, share: float, random: np.random.Generator) -> WeightedBins:
    bound = each.codes[cell] == BOUND
    others = np.flatnonzero(each.negatives(cell))
    count = min(len(others), -int(-len(others) * share // 1))
    chosen = others[drawn_numbers(len(others), count, random)]
    weights = bound.astype(np.float64)
    weights[chosen] = len(others) / max(len(chosen), 1)
    rows = np.flatnonzero(weights)
    return WeightedBins(each.chrom, name, each.starts[rows].astype(np.int64), bound[rows], weights[rows])
