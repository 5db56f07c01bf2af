"""How much auPRC a network loses when one of its inputs is exchanged among bins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.importance.bins import MeasuredBins
from deepgrn_tool.importance.permute import InputGroup, draw_donors, input_groups
from deepgrn_tool.importance.scoring import WindowScorer
from deepgrn_tool.metrics.ranking import Ranking
from deepgrn_tool.network.files import Model
from deepgrn_tool.training.windows import Windows

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelImportance:
    """What was measured of one network.

    Attributes:
        name: Name of the network.
        factor: Transcription factor; may be empty.
        bins: The bins.
        auprc: Area under the precision-recall curve with all inputs in their place.
        decreases: Input → what the area loses by exchanging it, float64, shape (repeats,).
    """

    name: str
    factor: str
    bins: MeasuredBins
    auprc: float
    decreases: dict[str, NDArray[np.float64]]

    def mean_decrease(self, name: str) -> float:
        """Give the importance of an input: the mean loss over the repeats."""
        return float(self.decreases[name].mean())


def varying_groups(model: Model, windows: Windows) -> list[InputGroup]:
    """List the inputs that differ between windows; the others have no importance that could be measured."""
    return [group for group in input_groups(model.config) if not group.is_constant(windows)]


def measure(
    name: str,
    model: Model,
    bins: MeasuredBins,
    windows: Windows,
    *,
    repeats: int,
    seed: int,
    threads: int,
    on_progress: Callable[[int], None],
) -> ModelImportance:
    """Measure all inputs of a network.

    The same bins, seed and name of the input give the same exchange, whatever the network, so that networks compare.

    Args:
        name: Name of the network.
        model: The network.
        bins: The bins.
        windows: What the network reads of them.
        repeats: Exchanges of each input.
        seed: Decides the exchanges.
        threads: Processor threads.
        on_progress: Called with the number of windows just scored; there are len(windows) × (1 + repeats × groups).

    Raises:
        InputError: A score is not a number.

    Source: DeepGRN paper, section on the importance of features: permutation of each feature, decrease of auPRC.
    """
    varying = varying_groups(model, windows)
    scorer = WindowScorer(model, windows, 1 + repeats * len(varying), seed, threads)

    def auprc(group: InputGroup | None = None, donors: NDArray[np.int64] | None = None) -> float:
        return Ranking(bins.bound, scorer.scores(on_progress, group, donors), bins.weights).auprc()

    whole = auprc()
    decreases = {group.name: np.zeros(repeats) for group in input_groups(model.config)}
    for group in varying:
        for repeat in range(repeats):
            random = np.random.default_rng([seed, repeat, *group.name.encode()])
            decreases[group.name][repeat] = whole - auprc(group, draw_donors(bins.weights, random))
    for constant in sorted(set(decreases) - {group.name for group in varying}):
        logger.info("%s: %s is the same in all bins measured, so its importance is 0", name, constant)
    return ModelImportance(name, model.factor, bins, whole, decreases)
