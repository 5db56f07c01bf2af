"""The course of training as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deepgrn_tool.plots.style import GRAY, figure_files, line_style
from deepgrn_tool.training.history import Epoch, best_epoch


def draw_curves(history: Sequence[Epoch], base_rate: float, title: str, paths: Sequence[Path]) -> None:
    """Draw loss and validation auPRC by epoch, the kept epoch marked.

    Args:
        history: The epochs.
        base_rate: Share of bound bins in validation: the auPRC of guessing.
        title: What was trained, such as the factor.
        paths: Files to write, .png, .pdf or .svg.

    Raises:
        OSError: A file cannot be written.
    """
    from matplotlib.ticker import MaxNLocator

    best = best_epoch(history)
    epochs = [row.epoch for row in history]
    with figure_files(paths, panels=2) as (left, right):
        left.plot(epochs, [row.loss for row in history], marker="o", markersize=4, **line_style(0))
        left.set(xlabel="epoch", ylabel="training loss", title=f"{title}: loss" if title else "loss")
        left.set_ylim(bottom=0)
        right.plot(epochs, [row.validation_auprc for row in history], marker="o", markersize=4, **line_style(1))
        right.set(xlabel="epoch", ylabel="validation auPRC", ylim=(0, 1.02))
        right.set_title(f"{title}: validation auPRC" if title else "validation auPRC")
        right.axhline(base_rate, color=GRAY, linestyle="dashed", linewidth=1.2, label=f"base rate {base_rate:.2g}")
        right.plot(
            [best.epoch],
            [best.validation_auprc],
            marker="*",
            markersize=14,
            linestyle="none",
            color=line_style(1)["color"],
            markeredgecolor="black",
            label=f"kept: epoch {best.epoch}, {best.validation_auprc:.3f}",
        )
        right.legend(loc="best")
        for panel in (left, right):
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            panel.set_xlim(0.5, max(epochs) + 0.5)
