"""The heat map: one row per window, similar ones together, below the mean of the values and of every signal track.

Source: DeepGRN paper, figures 3 and 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.rows import HeatMapRows
from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.plots.style import GRAY, figure_files, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float32]

COLUMNS_COMPARED = 128  # per row, for clustering: steps are wider than the bases that are skipped
FEW = 4  # windows up to which each has a line of its own
NAMED = 25  # windows up to which rows carry names
BRIGHTEST = 99  # percentile of the values that has the last colour, so that single ones do not darken the rest
WIDTH, PANEL, ROW, MAP, MARGINS = 7.5, 0.8, 0.5, 4.2, 1.2  # inches; the map is as high as its rows, up to MAP
COLORS = "viridis"  # as light as it is large, also in grey


def cluster_order(values: Floats) -> NDArray[np.int64]:
    """Order rows so that similar ones stand together, those whose values lie more to the left above.

    The rows are leaves of Ward's hierarchical clustering; the branches of its tree are turned by the mean place of
    their values along the window, since the tree itself leaves open which of two branches comes first.

    Args:
        values: float32, shape (rows, bases); NaN only in whole columns.

    Returns:
        int64, shape (rows,), row numbers from top to bottom.
    """
    known = values[:, ~np.isnan(values[0])].astype(np.float64)
    height = known - known.min(axis=1, keepdims=True) + 1e-9  # rows all of one value lie in the middle
    places = height @ np.arange(known.shape[1]) / height.sum(axis=1)
    if len(values) == 1:
        return np.zeros(1, np.int64)
    from scipy.cluster.hierarchy import linkage

    branches = [([row], float(place)) for row, place in enumerate(places)]
    for one, other, *_ in linkage(known[:, :: max(1, known.shape[1] // COLUMNS_COMPARED)], "ward"):
        (upper, _), (lower, _) = sorted((branches[int(one)], branches[int(other)]), key=lambda branch: branch[1])
        branches.append((upper + lower, float(places[upper + lower].mean())))
    return np.array(branches[-1][0], np.int64)


def draw_heat_map(rows: HeatMapRows, title: str, unit: str, path: Path) -> None:
    """Draw and save.

    Args:
        rows: What to show.
        title: Text above the figure.
        unit: What the values are, beside the colours.
        path: File to write; its suffix tells the format.

    Raises:
        OSError: The file cannot be written.
    """
    lines = {unit.replace(" (", "\n("): rows.values, **rows.signals}
    heights = [*[PANEL] * len(lines), min(MAP, ROW * (1 + len(rows.values)))]
    with figure_files([path], size=(WIDTH, sum(heights) + MARGINS)) as (whole,):
        figure: Any = whole.figure
        whole.remove()
        grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(30, 1))
        figure.suptitle(title, fontsize=11)
        bottom = figure.add_subplot(grid[len(lines), 0])
        for number, (name, values) in enumerate(lines.items()):
            axes = figure.add_subplot(grid[number, 0], sharex=bottom)
            _draw_lines(axes, name, values, rows.names)
            if number == 0 and len(values) <= FEW:
                axes.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
        image = _draw_rows(bottom, rows)
        bar = figure.colorbar(image, cax=figure.add_subplot(grid[len(lines), 1]))
        bar.set_label(unit, fontsize=9)
        bar.outline.set_visible(False)


def _draw_lines(axes: Axes, name: str, values: Floats, names: list[str]) -> None:
    """Draw the mean over all windows, or each window where they are few."""
    places = np.arange(values.shape[1]) + 0.5 - values.shape[1] / 2
    if len(values) <= FEW:
        for number, (row, label) in enumerate(zip(values, names, strict=True)):
            axes.plot(places, row, linewidth=1.2, label=label, **line_style(number))
    else:
        axes.plot(places, values.mean(axis=0), linewidth=1.2, **line_style(0))
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    axes.tick_params(labelsize=8, labelbottom=False)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    _mark_bin(axes, GRAY)


def _draw_rows(axes: Axes, rows: HeatMapRows) -> Any:
    order = cluster_order(rows.values)
    values = rows.values[order]
    half = values.shape[1] / 2
    low, high = float(np.nanmin(values)), float(np.nanpercentile(values, BRIGHTEST))
    image = axes.imshow(
        values,
        aspect="auto",
        interpolation="nearest",
        cmap=COLORS,
        vmin=min(0.0, low),
        vmax=max(high, low + 1e-6),
        extent=(-half, half, len(values), 0),
    )
    axes.grid(False)
    _mark_bin(axes, "white")
    axes.set_xlabel("distance from the middle of the bin (bp)")
    if len(values) <= NAMED:
        axes.set_yticks(np.arange(len(values)) + 0.5, [rows.names[row] for row in order], fontsize=8)
    else:
        axes.set_yticks([])
        shown = f"{len(values):,} windows"
        more = f"{shown}, evenly spaced among {rows.windows:,}" if rows.windows > len(values) else shown
        axes.set_ylabel(f"{more}, clustered")
    return image


def _mark_bin(axes: Axes, colour: str) -> None:
    for edge in (-BIN_SIZE / 2, BIN_SIZE / 2):
        axes.axvline(edge, color=colour, linewidth=0.7, linestyle=(0, (4, 3)))
