"""How good the network is after an epoch, on chromosomes that it does not learn from, at the natural class ratio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine.bins import bases_per_window
from deepgrn_tool.engine.engine import Engine, SegmentInput
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError
from deepgrn_tool.metrics.ranking import Ranking
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.network.weights import Weights
from deepgrn_tool.training.examples import Examples
from deepgrn_tool.training.sample import weighted_bins
from deepgrn_tool.training.windows import window_bytes

REMEDY = "lower --learning-rate, or tame large signals with --transform TRACK=log1p"
FEW_BINS = 300  # are scored without a compiler, which would take longer


class DivergedError(InputError):
    """Training went astray: the network computes what are no numbers, and never will again compute others."""


@dataclass(frozen=True)
class Quality:
    """What validation says.

    Attributes:
        merge: The way of joining strands that was best, "mean" or "max".
        auprc: Area under the precision-recall curve (Davis-Goadrich).
        auroc: Area under the ROC curve.
    """

    merge: str
    auprc: float
    auroc: float


class Validator:
    """Scores the same bins after every epoch.

    Args:
        examples: Bins of the validation chromosomes.
        features: The open features file.
        config: The network's shape.
        negatives: Unbound bins per bound one in a sample, at least `sample.FEWEST_NEGATIVES`; each stands for as many
            as were left out beside it. None: all bins.
        seed: Decides the sample.
        threads: Processor threads.
        merges: Ways of joining the strands that are compared.
        memory: Bytes for the windows of a sample; a larger one is read again after each epoch.

    Raises:
        InputError: There are no bound bins, or no others.
    """

    def __init__(
        self,
        examples: Examples,
        features: FeaturesFile,
        config: NetworkConfig,
        *,
        negatives: float | None,
        seed: int,
        threads: int,
        merges: Sequence[str],
        memory: int,
    ) -> None:
        """Draw the sample."""
        self._config = config
        self._threads = threads
        self._merges = merges
        self._parts = list(weighted_bins(examples, negatives, seed))
        self._labels = np.concatenate([part.labels for part in self._parts])
        self._weights = np.concatenate([part.weights for part in self._parts])
        if self._labels.all() or not self._labels.any():
            wanted = "bound" if not self._labels.any() else "unbound"
            names = ", ".join(each.chrom for each in examples.chromosomes)
            raise InputError(
                f"validation needs bound and unbound bins; of {names} no bin is {wanted}, ambiguous and blacklisted "
                "ones left out; choose others with --validation-chromosomes"
            )
        self._readers = {cell: InputReader(features, config, cell) for cell in examples.cells}
        # A sample is kept, since its windows lie far apart: reading them costs more than reading whole chromosomes.
        self._keep = negatives is not None and self.bins * window_bytes(config) <= memory
        self._kept: list[SegmentInput] = []

    @property
    def bins(self) -> int:
        """Number of bins that are scored."""
        return len(self._labels)

    @property
    def base_rate(self) -> float:
        """Share of bound bins among all that the sample stands for: the auPRC of guessing."""
        return float(self._weights[self._labels].sum() / self._weights.sum())

    def _segments(self, engine: Engine) -> Iterator[SegmentInput]:
        if self._kept:
            yield from self._kept
            return
        for part in self._parts:
            for segment in engine.cut(part.starts):
                read = self._readers[part.cell].read(part.chrom, part.starts, segment)
                if self._keep:
                    self._kept.append(read)
                yield read

    def assess(self, weights: Weights, on_progress: Callable[[int], None]) -> Quality:
        """Score all bins.

        Args:
            weights: The network's weights.
            on_progress: Called now and then with the number of bins just scored; what it raises ends the assessment.

        Returns:
            The quality with the best way of joining the strands.

        Raises:
            DivergedError: A score is not a number.
            InputError: The features file is damaged.
        """
        phases = {int(phase) for part in self._parts for phase in np.unique(part.starts % self._config.stride)}
        bins = self.bins if self.bins < FEW_BINS else None
        engine = Engine(
            Model(self._config, weights),
            on_grid=len(phases) == 1,
            threads=self._threads,
            bins=bins,
            bases_per_window=bases_per_window((part.starts for part in self._parts), self._config.window_size),
        )
        logits = np.empty((2, self.bins), np.float32)
        done = 0
        try:
            for result in engine.score(self._segments(engine)):
                logits[:, done : done + len(result.segment)] = result.logits
                done += len(result.segment)
                on_progress(len(result.segment))
        except BaseException:
            self._kept.clear()
            raise
        if not np.isfinite(logits).all():
            text = "scores of validation bins are not numbers: the network has become useless"
            raise DivergedError(f"{text}; {REMEDY}")
        return max((self._quality(logits, merge) for merge in self._merges), key=lambda quality: quality.auprc)

    def _quality(self, logits: NDArray[np.float32], merge: str) -> Quality:
        ranking = Ranking(self._labels, joined_strands(logits, merge), self._weights)
        return Quality(merge, ranking.auprc(), ranking.auroc())


def joined_strands(logits: NDArray[np.float32], merge: str) -> NDArray[np.float64]:
    """Give the network's output in float64, where probabilities near 1 still differ.

    Args:
        logits: float32, shape (2, n), forward strand first.
        merge: "mean" or "max".

    Returns:
        float64, shape (n,).
    """
    strands = np.exp(-np.logaddexp(0, -logits.astype(np.float64)))
    return np.asarray(strands.max(axis=0) if merge == "max" else strands.mean(axis=0))
