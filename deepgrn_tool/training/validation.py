"""How good the network is after an epoch, on chromosomes that it does not learn from, at the natural class ratio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine.engine import Engine, SegmentInput
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.errors import InputError
from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.metrics.ranking import Ranking
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.network.weights import Weights
from deepgrn_tool.training.examples import ChromosomeExamples, Examples
from deepgrn_tool.training.windows import window_bytes

VALIDATION = 3  # purpose of random numbers, beside those of `sampling`
FEWEST_NEGATIVES = 50_000  # of a sample, per cell, if there are as many: the best-scored ones decide, and are few
FEW_BINS = 300  # are scored without a compiler, which would take longer


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


@dataclass(frozen=True)
class _Part:
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


class Validator:
    """Scores the same bins after every epoch.

    Args:
        examples: Bins of the validation chromosomes.
        features: The open features file.
        config: The network's shape.
        negatives: Unbound bins per bound one in a sample, at least `FEWEST_NEGATIVES`; each stands for as many as were
            left out beside it. None: all bins.
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
        self._parts = [part for cell in range(len(examples.cells)) for part in _parts(examples, cell, negatives, seed)]
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
            for segment in cut_into_segments(
                part.starts - self._config.flank,
                self._config.window_size,
                engine.max_bases,
                engine.max_windows,
                engine.spacing,
            ):
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
            InputError: A score is not a number, or the features file is damaged.
        """
        phases = {int(phase) for part in self._parts for phase in np.unique(part.starts % self._config.stride)}
        bins = self.bins if self.bins < FEW_BINS else None
        engine = Engine(Model(self._config, weights), on_grid=len(phases) == 1, threads=self._threads, bins=bins)
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
            raise InputError(
                "scores of validation bins are not numbers: the network has become useless; lower --learning-rate, or "
                "tame large signals with --transform TRACK=log1p"
            )
        return max((self._quality(logits, merge) for merge in self._merges), key=lambda quality: quality.auprc)

    def _quality(self, logits: NDArray[np.float32], merge: str) -> Quality:
        # Like the network's own output, but in float64, where probabilities near 1 still differ.
        strands = np.exp(-np.logaddexp(0, -logits.astype(np.float64)))
        scores = strands.max(axis=0) if merge == "max" else strands.mean(axis=0)
        ranking = Ranking(self._labels, scores, self._weights)
        return Quality(merge, ranking.auprc(), ranking.auroc())


def _parts(examples: Examples, cell: int, ratio: float | None, seed: int) -> Iterator[_Part]:
    """Choose the bins of a cell: all bound ones and, of the others, all or a sample from every chromosome alike."""
    negatives = examples.count_negatives(cell)
    wanted = negatives
    if ratio is not None:
        bound = sum(int(np.count_nonzero(each.codes[cell] == BOUND)) for each in examples.chromosomes)
        wanted = min(negatives, max(round(ratio * bound), FEWEST_NEGATIVES))
    for number, each in enumerate(examples.chromosomes):
        random = np.random.default_rng([seed, 0, VALIDATION, cell * len(examples.chromosomes) + number])
        yield _part(each, examples.cells[cell], cell, wanted / max(negatives, 1), random)


def _part(each: ChromosomeExamples, name: str, cell: int, share: float, random: np.random.Generator) -> _Part:
    bound = each.codes[cell] == BOUND
    others = np.flatnonzero(each.negatives(cell))
    count = min(len(others), -int(-len(others) * share // 1))
    drawn = np.sort(random.choice(len(others), count, replace=False, shuffle=False)) if count < len(others) else None
    chosen = others if drawn is None else others[drawn]
    weights = bound.astype(np.float64)
    weights[chosen] = len(others) / max(count, 1)
    rows = np.flatnonzero(weights)
    return _Part(each.chrom, name, each.starts[rows].astype(np.int64), bound[rows], weights[rows])
