"""The table of metrics: one row per prediction and chromosome, and one for all of them; tab-separated, with a header.

Rows of chromosomes on which no bin is bound, or every one is, have `NA` for what cannot be computed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.metrics.ranking import Ranking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from deepgrn_tool.evaluation.join import ScoredBins

logger = logging.getLogger(__name__)

FDR_CUTOFFS = (0.5, 0.25, 0.1, 0.05)
SUBSAMPLES = 10


class Metrics(NamedTuple):
    """What is told of some bins; NaN where it is not defined.

    Attributes:
        bins: Number of bins that are bound or unbound.
        bound: Number of bound ones.
        base_rate: Their share: the precision of calling every bin.
        auroc: Area under the ROC curve.
        auprc: Area under the precision-recall curve (Davis-Goadrich).
        average_precision: Mean precision at the score of each bound bin.
        recall_at_50_percent_fdr: Recall where half of the called bins are unbound; and so on.
        recall_at_25_percent_fdr: The same at a quarter.
        recall_at_10_percent_fdr: The same at a tenth.
        recall_at_05_percent_fdr: The same at a twentieth.
        f1: F1 of the rounded scores.
    """

    bins: float
    bound: float
    base_rate: float
    auroc: float
    auprc: float
    average_precision: float
    recall_at_50_percent_fdr: float
    recall_at_25_percent_fdr: float
    recall_at_10_percent_fdr: float
    recall_at_05_percent_fdr: float
    f1: float


COLUMNS = ("prediction", "cell", "chromosome", *Metrics._fields)


def metrics_of(ranking: Ranking) -> Metrics:
    """Compute all metrics of some bins."""
    total, bound = ranking.total, ranking.positives
    rate = bound / total if total else np.nan
    if not 0 < bound < total:
        return Metrics._make([total, bound, rate, *[np.nan] * (len(Metrics._fields) - 3)])
    areas = (ranking.auroc(), ranking.auprc(), ranking.average_precision())
    recalls = ranking.recall_at_fdr(FDR_CUTOFFS).tolist()
    return Metrics._make([total, bound, rate, *areas, *recalls, ranking.f1()])


def mean_metrics(parts: Sequence[Metrics]) -> Metrics:
    """Average each metric; NaN where one of them is not defined."""
    return Metrics._make(np.mean(parts, axis=0).tolist())


def row_text(scored: ScoredBins, part: str, metrics: Metrics) -> str:
    """Write a row of the table."""
    counts = [f"{value:.10g}" for value in metrics[:2]]
    numbers = ["NA" if np.isnan(value) else f"{value:.6g}" for value in metrics[2:]]
    return "\t".join([scored.prediction.name, str(scored.prediction.cell), part, *counts, *numbers]) + "\n"


def rows_of(scored: ScoredBins, ranking: Ranking, seed: int | None) -> Iterator[tuple[str, Metrics]]:
    """Compute the rows of a prediction.

    Args:
        scored: The prediction's bins.
        ranking: The same bins, ranked.
        seed: Seed of the subsamples; None for none.

    Yields:
        What the row is about ("all", a chromosome, "subsample_1" …, "subsample_mean") and its metrics.

    Raises:
        InputError: No bin is bound, or every one is.
    """
    overall = metrics_of(ranking)
    title = scored.prediction.title
    if not 0 < overall.bound < overall.bins:
        state = "bound" if overall.bound == 0 else "unbound"
        where = ", ".join(scored.chromosomes)
        raise InputError(
            f"{title}: none of {overall.bins:,} labelled bins on {where} is {state}; there is nothing to rank"
        )
    yield "all", overall
    by_chromosome = ranking.by_group(scored.chromosome, len(scored.chromosomes))
    for chrom, part in zip(scored.chromosomes, by_chromosome, strict=True):
        metrics = metrics_of(part)
        if np.isnan(metrics.auroc):
            logger.info("%s: %s has %d bins, %d of them bound: no metrics", title, chrom, metrics.bins, metrics.bound)
        yield chrom, metrics
    if seed is not None:
        parts = [metrics_of(ranking.subset(keep)) for keep in subsamples(scored.bound, seed)]
        for number, metrics in enumerate(parts, start=1):
            yield f"subsample_{number}", metrics
        yield "subsample_mean", mean_metrics(parts)


def subsamples(bound: NDArray[np.bool_], seed: int) -> Iterator[NDArray[np.bool_]]:
    """Leave out each tenth of the bins in turn; bound and unbound bins are dealt to the tenths at random, evenly.

    Args:
        bound: bool, shape (n,).
        seed: Equal seeds and labels give equal tenths.

    Yields:
        bool, shape (n,): the nine tenths that are kept.

    Source: the challenge ranked predictions by ten such stratified subsamples of 90 %.
    """
    generator = np.random.default_rng(seed)
    tenth = np.empty(len(bound), np.uint8)
    for members in (np.flatnonzero(bound), np.flatnonzero(~bound)):
        tenth[members] = generator.permutation(np.arange(len(members)) % SUBSAMPLES)
    for number in range(SUBSAMPLES):
        yield tenth != number


def table_text(rows: Iterable[str]) -> str:
    """Put the header before rows."""
    return "".join(["\t".join(COLUMNS) + "\n", *rows])
