"""The figures of a page: SVG, but PNG where signals would make SVG large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.output import temporary_folder
from deepgrn_tool.plots.style import COLORS, GRAY, figure_files
from deepgrn_tool.report.content import Figure
from deepgrn_tool.report.track import CLASSES, SPAN, Place

KINDS = {".png": "image/png", ".svg": "image/svg+xml"}  # suffix → media type
PANEL, STRIP, MARGIN, WIDTH = 0.95, 0.2, 0.85, 8.4  # inches
BOUND_COLOR = COLORS[1]


def drawn(draw: Callable[[Path], Any], caption: str, facts: str, suffix: str = ".svg") -> Figure:
    """Let a function draw into a file, and keep the image.

    Args:
        draw: Draws to the path that it is given.
        caption: Text below the figure.
        facts: What it shows, in words.
        suffix: Of `KINDS`.
    """
    with temporary_folder() as folder:
        path = Path(folder) / f"figure{suffix}"
        draw(path)
        return Figure(path.read_bytes(), KINDS[suffix], caption, facts)


def draw_distribution(counts: Mapping[str, NDArray[np.int64]], path: Path) -> None:
    """Draw how many bins have which score, as steps on a logarithmic axis.

    Args:
        counts: Kind of bins → number in each class, int64, shape (CLASSES,).
        path: File to write.
    """
    edges = np.linspace(0, 1, CLASSES + 1)
    with figure_files([path], size=(7.2, 3.6)) as (axes,):
        for number, (name, values) in enumerate(counts.items()):
            color = COLORS[number]
            axes.stairs(values, edges, fill=True, alpha=0.2, color=color)
            axes.stairs(values, edges, color=color, linewidth=1.6, label=f"{name}: {int(values.sum()):,}")
        axes.set_yscale("symlog", linthresh=1)
        axes.set(xlabel="score", ylabel="bins", xlim=(0, 1), ylim=(0, None))
        axes.legend(loc="upper center", ncols=len(counts))


def draw_place(
    place: Place, signals: Mapping[str, NDArray[np.float32]], bound: Sequence[tuple[int, int]] | None, path: Path
) -> None:
    """Draw signals around a place below each other.

    Args:
        place: What is shown.
        signals: Name → float32, shape (SPAN,).
        bound: Stretches that are bound, starts and ends; None where that is not known.
        path: File to write.
    """
    heights = [STRIP] * (bound is not None) + [PANEL] * len(signals)
    with figure_files([path], size=(WIDTH, sum(heights) + MARGIN)) as (whole,):
        figure: Any = whole.figure
        whole.remove()
        panels = list(figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
        last = panels[-1]
        if bound is not None:
            _draw_bound(panels.pop(0), bound)
        edges = np.arange(place.start, place.end + 1)
        for number, (axes, (name, values)) in enumerate(zip(panels, signals.items(), strict=True)):
            color = COLORS[(0, 2, 3)[number % 3]]
            # The outline keeps signals of single bases visible.
            axes.stairs(values, edges, fill=True, facecolor=color, edgecolor=color, linewidth=1)
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
            axes.set_ylim(0, 1 if name == "score" or not values.any() else float(values.max()) * 1.05)
            axes.grid(axis="x")
        last.set_xlim(place.start, place.start + SPAN)
        last.ticklabel_format(axis="x", style="plain", useOffset=False)
        last.xaxis.set_major_formatter(lambda value, _: f"{int(value):,}")
        last.set_xlabel(f"position on {place.chrom}", color=GRAY)


def _draw_bound(axes: Any, stretches: Sequence[tuple[int, int]]) -> None:
    """Draw stretches as boxes on a strip without axes."""
    axes.broken_barh([(start, end - start) for start, end in stretches], (0, 1), color=BOUND_COLOR, linewidth=0)
    axes.set(ylim=(0, 1), yticks=[])
    axes.set_ylabel("bound", rotation=0, ha="right", va="center")
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="x", bottom=False)
    axes.grid(visible=False)
