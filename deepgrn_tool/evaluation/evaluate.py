"""The job of deepgrn-evaluate: predictions and labels in, the table of metrics and the curves out."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from deepgrn_tool.evaluation.curves import Curves, curves_of, draw_curves
from deepgrn_tool.evaluation.join import Prediction, ScoredBins, check_names, join, read_labelled_bins
from deepgrn_tool.evaluation.scores import check_score_names
from deepgrn_tool.evaluation.table import Metrics, row_text, rows_of, table_text
from deepgrn_tool.metrics.ranking import Ranking
from deepgrn_tool.output import atomic_output, check_outputs, write_file
from deepgrn_tool.plots.style import check_figure_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)


def evaluate(
    labels: str | Path,
    predictions: Sequence[Prediction],
    output: str | Path,
    *,
    cell: str | None = None,
    chromosomes: Sequence[str] | None = None,
    drop_missing: bool = False,
    subsample_seed: int | None = None,
    curves: Sequence[str | Path] = (),
) -> None:
    """Compare predictions with labels.

    Args:
        labels: Label file.
        predictions: One or more predictions.
        output: Table to write.
        cell: Cell of the predictions that name none; None for the only cell of the labels.
        chromosomes: Chromosomes to compare on; None for those of the labels that every prediction has scores on.
        drop_missing: Leave out labelled bins that have no score; else they are an error.
        subsample_seed: Seed of ten subsamples, which add rows to the table; None for none.
        curves: Figures to write.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not match the others.
        OSError: A file cannot be read or written.
    """
    check_names(predictions)
    check_score_names(prediction.path for prediction in predictions)
    check_figure_names(curves)
    check_outputs([output, *curves], [labels, *(prediction.path for prediction in predictions)])
    for prediction in predictions:
        os.stat(prediction.path)  # a wrong name is told before the labels are read
    chosen, bins = read_labelled_bins(labels, predictions, cell, chromosomes)
    joined = join(chosen, bins, all_chromosomes=chromosomes is not None, drop_missing=drop_missing)
    rows: list[str] = []
    drawn: list[Curves] = []
    while joined:
        scored = joined.pop(0)  # one prediction after the other, so that memory is freed
        ranking = Ranking(scored.bound, scored.scores)
        parts = dict(rows_of(scored, ranking, subsample_seed))
        rows += [row_text(scored, part, metrics) for part, metrics in parts.items()]
        _log_summary(scored, parts["all"])
        if curves:
            drawn.append(curves_of(scored.prediction.title, parts["all"], ranking))
    with ExitStack() as outputs:
        table = outputs.enter_context(atomic_output(output))
        figures = [outputs.enter_context(atomic_output(path)) for path in curves]
        write_file(table, table_text(rows))
        if figures:
            draw_curves(figures, drawn)


def _log_summary(scored: ScoredBins, metrics: Metrics) -> None:
    where = scored.chromosomes[0] if len(scored.chromosomes) == 1 else f"{len(scored.chromosomes)} chromosomes"
    logger.info(
        "%s: auPRC %.4g at a base rate of %.3g, auROC %.4g, recall %.3g at 10 %% FDR; %s bins on %s, %s of them bound",
        scored.prediction.title,
        metrics.auprc,
        metrics.base_rate,
        metrics.auroc,
        metrics.recall_at_10_percent_fdr,
        f"{metrics.bins:,}",
        where,
        f"{metrics.bound:,}",
    )
