"""The bins on which importance is measured, and the windows around them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.network.files import Model
from deepgrn_tool.training.examples import Examples, check_labels, make_examples
from deepgrn_tool.training.sample import weighted_bins
from deepgrn_tool.training.sampling import EpochPlan
from deepgrn_tool.training.windows import WindowReader, Windows, window_bytes

logger = logging.getLogger(__name__)

FEWEST_NEGATIVES = 20_000  # of a cell, if there are as many; fewer than in validation, as each is scored many times


@dataclass(frozen=True)
class MeasuredBins:
    """Bins at the natural ratio of bound and unbound ones: 19 bytes each, beside their windows.

    Attributes:
        cells: Names of the cells.
        chromosomes: Names of the chromosomes.
        plan: The bins, in the order of the features file.
        weights: float64, shape (n,): how many bins each one stands for.
    """

    cells: tuple[str, ...]
    chromosomes: tuple[str, ...]
    plan: EpochPlan
    weights: NDArray[np.float64]

    @property
    def bound(self) -> NDArray[np.bool_]:
        """Which bins are bound, shape (n,)."""
        return self.plan.labels == 1

    @property
    def base_rate(self) -> float:
        """Share of bound bins among all that the sample stands for: the auPRC of guessing."""
        return float(self.weights[self.bound].sum() / self.weights.sum())

    def windows(self, features: FeaturesFile, model: Model) -> Windows:
        """Read what the network reads of them.

        Raises:
            InputError: The features lack an input, are damaged, or hold what is no finite number.
        """
        size = len(self.weights) * window_bytes(model.config)
        logger.debug("windows of %s bins take %.2f GB", f"{len(self.weights):,}", size / 1e9)
        reader = WindowReader(features.path, model.config, self.cells, self.chromosomes)
        try:
            return reader.read(self.plan)
        finally:
            reader.close()


def choose_measured_bins(
    features: FeaturesFile,
    model: Model,
    path: str | Path,
    labels: str | Path,
    *,
    cells: Sequence[str] | None,
    chromosomes: Sequence[str] | None,
    negatives: float,
    seed: int,
) -> MeasuredBins:
    """Choose bins: all bound ones, and a sample of the others.

    Args:
        features: The open features file, whose blacklist counts.
        model: The network, which remembers its test chromosomes.
        path: Its file, for messages.
        labels: Label file.
        cells: Cells of the label file; None for all.
        chromosomes: Chromosomes; None for those that the network was to be tested on.
        negatives: Unbound bins per bound one, at least `FEWEST_NEGATIVES` in each cell.
        seed: Decides the sample.

    Raises:
        InputError: A file is wrong or does not fit the others, or there are no bound bins, or no others.
    """
    table = read_labels(labels, cells=cells, chromosomes=chromosomes)
    wanted = chromosomes or _test_chromosomes(model, path, list(table.chromosomes), labels)
    for cell in table.cells:
        if cell not in features.cells:
            hint = did_you_mean(cell, features.cells)
            raise InputError(f"has no cell '{cell}', which the labels have{hint}; choose with --cells", features.path)
    for name in wanted:
        if name not in features.chromosomes:
            hint = did_you_mean(name, features.chromosomes)
            raise InputError(f"has no chromosome '{name}', which the labels have{hint}", features.path)
    for name in set(table.chromosomes) - set(wanted):
        del table.chromosomes[name]
    check_labels(table, features, labels)
    learned = sorted(set(wanted) & set(model.record.get("training_chromosomes", ())))
    if learned:
        logger.warning("warning: %s was trained on %s; importance is best measured elsewhere", path, ", ".join(learned))
    chosen = _sample(make_examples(table, features, wanted), negatives, seed)
    if not 0 < np.count_nonzero(chosen.bound) < len(chosen.weights):
        kind = "unbound" if chosen.bound.any() else "bound"
        where = f"{', '.join(chosen.chromosomes)} of {', '.join(chosen.cells)}"
        raise InputError(f"has no {kind} bin on {where}, ambiguous and blacklisted ones left out", labels)
    return chosen


def _test_chromosomes(model: Model, path: str | Path, there: Sequence[str], labels: str | Path) -> list[str]:
    recorded = model.record.get("test_chromosomes", [])
    if not recorded:
        raise InputError("does not say on which chromosomes it is to be tested; choose with --chromosomes", path)
    wanted = [name for name in recorded if name in there]
    if not wanted:
        names = ", ".join(recorded)
        raise InputError(f"was to be tested on {names}, which {labels} lacks; choose with --chromosomes", path)
    return wanted


def _sample(examples: Examples, negatives: float, seed: int) -> MeasuredBins:
    chromosomes = [each.chrom for each in examples.chromosomes]
    numbers = {chrom: number for number, chrom in enumerate(chromosomes)}
    parts = list(weighted_bins(examples, negatives, seed, FEWEST_NEGATIVES))
    plan = EpochPlan(
        np.concatenate([np.full(len(part.starts), numbers[part.chrom], np.int32) for part in parts]),
        np.concatenate([np.full(len(part.starts), examples.cells.index(part.cell), np.int16) for part in parts]),
        np.concatenate([part.starts.astype(np.int32) for part in parts]),
        np.concatenate([part.labels.astype(np.uint8) for part in parts]),
    )
    # Chromosomes are numbered in the order of the features file.
    order = np.lexsort((plan.cells, plan.starts, plan.chromosomes))
    weights = np.concatenate([part.weights for part in parts])
    return MeasuredBins(examples.cells, tuple(chromosomes), plan.take(order), weights[order])
