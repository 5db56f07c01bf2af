"""Precision-recall and ROC curves of several predictions in one figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.plots.style import GRAY, figure_files, line_style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from deepgrn_tool.evaluation.table import Metrics
    from deepgrn_tool.metrics.ranking import Curve, Ranking

RESOLUTION = 1000  # points of a curve that fall into the same 1/1000 of both axes are drawn as one


@dataclass(frozen=True)
class Curves:
    """What is drawn of one prediction.

    Attributes:
        title: Its name in the legend.
        metrics: Its numbers in the legend.
        precision_recall: Recall and precision, thinned.
        roc: False and true positive rate, thinned.
    """

    title: str
    metrics: Metrics
    precision_recall: Curve
    roc: Curve


def curves_of(title: str, metrics: Metrics, ranking: Ranking) -> Curves:
    """Take the curves of a prediction; few points are kept, so that files stay small."""
    return Curves(title, metrics, thinned(ranking.precision_recall_curve()), thinned(ranking.roc_curve()))


def thinned(curve: Curve) -> Curve:
    """Keep the first and the last of neighbouring points that fall into one cell of a fine grid.

    Args:
        curve: x and y from 0 to 1, float64, shape (n,).

    Returns:
        x and y, float64, shape (m,), each point within 1/1000 of those left out; first and last points stay.
    """
    cells = [np.floor(values * RESOLUTION) for values in curve]
    changes = (np.diff(cells[0]) != 0) | (np.diff(cells[1]) != 0)
    kept = np.append(True, changes) | np.append(changes, True)
    return curve[0][kept], curve[1][kept]


def draw_curves(paths: Sequence[str | Path], curves: Sequence[Curves]) -> None:
    """Draw precision against recall on the left, ROC on the right, and a legend with the areas below.

    Args:
        paths: Files to write, .png, .pdf or .svg.
        curves: One or more predictions.

    Raises:
        OSError: A file cannot be written.
    """
    columns = 1 if len(curves) < 3 else 2
    legend_height = 0.25 * -(-(len(curves) + 1) // columns)
    with figure_files(paths, panels=2, size=(4.8, 4.7 + legend_height)) as (left, right):
        for index, shown in enumerate(curves):
            text = f"auPRC {shown.metrics.auprc:.3f}, auROC {shown.metrics.auroc:.3f}: {shown.title}"
            left.plot(*shown.precision_recall, label=text, clip_on=False, zorder=3, **line_style(index))
            right.plot(*shown.roc, clip_on=False, zorder=3, **line_style(index))
        _draw_base_rates(left, [shown.metrics.base_rate for shown in curves])
        right.plot([0, 1], [0, 1], color=GRAY, linestyle="dotted", linewidth=1.2)
        _finish(left, "Precision-recall", "recall", "precision")
        _finish(right, "ROC", "false positive rate", "true positive rate")
        handles, labels = left.get_legend_handles_labels()
        figure = left.get_figure()
        if figure is not None:
            figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def _draw_base_rates(axes: Axes, rates: Sequence[float]) -> None:
    """Draw the precision of calling every bin: one line, or one in the colour of each prediction where they differ."""
    if len(set(rates)) == 1:
        axes.axhline(rates[0], color=GRAY, linestyle="dotted", linewidth=1.2, label=f"base rate {rates[0]:.2g}")
        return
    for index, rate in enumerate(rates):
        style = {**line_style(index), "linestyle": "dotted"}
        axes.axhline(rate, linewidth=1.2, label="base rates" if index == 0 else None, **style)


def _finish(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
