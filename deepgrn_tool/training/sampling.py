"""What an epoch shows the network: its positives, negatives drawn anew, and the order of reading them.

Everything drawn is a function of the seed and the epoch alone, so that any epoch can be drawn again: an interrupted run
needs no state of a random generator.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.schema import CHUNK
from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.training.examples import ChromosomeExamples, Examples

logger = logging.getLogger(__name__)

DRAWING, GROUPING, SHUFFLING = range(3)  # purposes of random numbers
MOST_UNBOUND = 10**9 - 1  # bins of a cell: NumPy draws the chromosomes' counts from no more


@dataclass(frozen=True)
class EpochPlan:
    """The windows of an epoch, or a part of them: 11 bytes each.

    Attributes:
        chromosomes: int32, shape (n,), index into `Examples.chromosomes`; genomes have more than 32,767 scaffolds.
        cells: int16, shape (n,), index into `Examples.cells`.
        starts: int32, shape (n,), start of the bin in the middle of the window.
        labels: uint8, shape (n,), 1 bound, 0 unbound.
    """

    chromosomes: NDArray[np.int32]
    cells: NDArray[np.int16]
    starts: NDArray[np.int32]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.labels)

    def take(self, rows: NDArray[np.int64] | slice) -> EpochPlan:
        """Choose some of the windows."""
        return EpochPlan(self.chromosomes[rows], self.cells[rows], self.starts[rows], self.labels[rows])


class Sampler:
    """Draws epochs.

    Args:
        examples: Bins of the training chromosomes.
        ratio: Negatives per positive, for each cell; fewer where the cell has not so many, one at least if it has any.
        open_share: Share of the negatives that is drawn from open bins; where a cell has not so many, a warning says
            so, and the others are drawn from all that is unbound.
        seed: Decides everything that is drawn.
        offsets: int64, shape (chromosomes,), first base of each chromosome of the examples in the features file, which
            decides what lies in the same chunk.
    """

    def __init__(
        self, examples: Examples, ratio: float, open_share: float, seed: int, offsets: NDArray[np.int64]
    ) -> None:
        """Keep what is drawn from."""
        self._examples = examples
        self._ratio = ratio
        self._open_share = open_share
        self._seed = seed
        self._offsets = offsets
        if open_share:
            self._warn_of_few_open()

    def _random(self, epoch: int, purpose: int, number: int = 0) -> np.random.Generator:
        return np.random.default_rng([self._seed, epoch, purpose, number])

    def draw(self, epoch: int) -> EpochPlan:
        """Draw the windows of an epoch, in the order of the features file."""
        random = self._random(epoch, DRAWING)
        parts = []
        for cell in range(len(self._examples.cells)):
            positives = 0
            for index, each in enumerate(self._examples.chromosomes):
                starts = _positives(each, cell, random)
                positives += len(starts)
                parts.append(_plan(index, cell, starts, 1))
            wanted, from_open = self._wanted(positives)
            opened = self._negatives(cell, from_open, random, only_open=True)
            others = self._negatives(cell, wanted - sum(map(len, opened.values())), random, taken=opened)
            for index, rows in (*opened.items(), *others.items()):
                parts.append(_plan(index, cell, self._examples.chromosomes[index].starts[rows], 0))
        columns = [np.concatenate(column) for column in zip(*(vars(part).values() for part in parts), strict=True)]
        plan = EpochPlan(*columns)
        return plan.take(np.lexsort((plan.labels, plan.cells, self._positions(plan))))

    def _positions(self, plan: EpochPlan) -> NDArray[np.int64]:
        """Give the place of each window's bin in the datasets of the features file."""
        return self._offsets[plan.chromosomes] + plan.starts

    def _wanted(self, positives: int) -> tuple[int, int]:
        """Count the negatives for so many positives, one at least, and those of them that are to be open."""
        wanted = max(round(positives * self._ratio), min(positives, 1))
        return wanted, round(wanted * self._open_share)

    def _warn_of_few_open(self) -> None:
        """Say which cells have fewer open bins than are to be drawn."""
        for cell, name in enumerate(self._examples.cells):
            from_open = self._wanted(self._examples.count_positives(cell))[1]
            there = self._examples.count_negatives(cell, only_open=True)
            if there < from_open:
                text = "warning: cell %s has %s of the %s open bins that --open-negatives asks for in each epoch; "
                logger.warning(text + "other unbound bins take their place", name, f"{there:,}", f"{from_open:,}")

    def _negatives(
        self,
        cell: int,
        count: int,
        random: np.random.Generator,
        *,
        only_open: bool = False,
        taken: Mapping[int, NDArray[np.int64]] | None = None,
    ) -> dict[int, NDArray[np.int64]]:
        """Draw negatives without repeats, from all chromosomes as if they were one.

        How many each chromosome gives is drawn, too: were it its rounded share, small scaffolds would never give one.

        Args:
            cell: Index into the cells.
            count: How many; all where there are no more.
            random: Draws.
            only_open: Draw from open bins.
            taken: Chromosome → rows of bins that were drawn before, and are not again.

        Returns:
            Chromosome → rows of its bins, for those that give any.
        """
        taken = taken or {}
        chromosomes = self._examples.chromosomes
        there = np.array([np.count_nonzero(each.negatives(cell, only_open)) for each in chromosomes], np.int64)
        for index, rows in taken.items():
            there[index] -= len(rows)
        counts = random.multivariate_hypergeometric(there, min(count, int(there.sum())), method="marginals")
        drawn = {}
        for index in map(int, np.flatnonzero(counts)):
            free = chromosomes[index].negatives(cell, only_open)
            if index in taken:
                free[taken[index]] = False
            bins = np.flatnonzero(free)
            drawn[index] = bins[random.choice(len(bins), counts[index], replace=False, shuffle=False)]
        return drawn

    def groups(self, plan: EpochPlan, epoch: int, size: int) -> list[EpochPlan]:
        """Divide an epoch into groups of windows that are held in memory together.

        The chunks of the features file are dealt out to the groups at random, so that each is decompressed once; within
        a group windows keep the order of the file.

        Args:
            plan: The epoch, as drawn.
            epoch: Its number.
            size: Windows of a group; the windows of one chunk stay together even if they are more.
        """
        if len(plan) <= size:
            return [plan]
        chunks = self._positions(plan) // CHUNK
        first = np.flatnonzero(np.diff(chunks, prepend=-1))
        counts = np.diff(first, append=len(plan))
        order = self._random(epoch, GROUPING).permutation(len(first))
        groups = -(-len(plan) // size)
        middles = np.cumsum(counts[order]) - counts[order] / 2
        group_of_chunk = np.empty(len(first), np.int64)
        group_of_chunk[order] = np.minimum(middles * groups / len(plan), groups - 1)
        group = np.repeat(group_of_chunk, counts)
        return [plan.take(np.flatnonzero(group == number)) for number in range(groups)]

    def shuffle(self, epoch: int, group: int, size: int) -> NDArray[np.int64]:
        """Give the order in which a group's windows are shown."""
        return self._random(epoch, SHUFFLING, group).permutation(size)


def _positives(examples: ChromosomeExamples, cell: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Give the bound bins, or draw from each peak a region of one bin's size.

    A region lies inside its peak; where the peak is shorter than a bin, it holds the peak.
    """
    if examples.peaks is None:
        return examples.starts[examples.codes[cell] == BOUND]
    starts, ends = examples.peaks[cell]
    low, high = np.minimum(starts, ends - BIN_SIZE), np.maximum(starts, ends - BIN_SIZE)
    return random.integers(low, high, endpoint=True).astype(np.int32)


def _plan(chromosome: int, cell: int, starts: NDArray[np.int32], label: int) -> EpochPlan:
    count = len(starts)
    return EpochPlan(
        np.full(count, chromosome, np.int32),
        np.full(count, cell, np.int16),
        starts,
        np.full(count, label, np.uint8),
    )
