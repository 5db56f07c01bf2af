"""Bars of importance: one group per input, one bar per network, the single exchanges as dots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepgrn_tool.importance.measure import ModelImportance
from deepgrn_tool.plots.style import COLORS, GRAY, figure_files

HATCHES = ("", "//", "..", "xx")  # beyond seven networks colours come again
INCHES_PER_BAR, INCHES_PER_LETTER, MARGIN = 0.24, 0.1, 1.4
SHORTEST, LONGEST = 5.5, 14.0  # inches; the title needs the former
INCHES_PER_ROW, KEY = 0.22, 0.7  # of the legend; the key is the coloured field beside a name


def draw_importance(paths: Sequence[str | Path], measured: Sequence[ModelImportance]) -> None:
    """Draw the mean decrease of each input, its standard deviation, and each exchange.

    Args:
        paths: Files to write, .png, .pdf or .svg.
        measured: One or more networks.

    Raises:
        OSError: A file cannot be written.
    """
    names = list(dict.fromkeys(name for each in measured for name in each.decreases))
    widest = max(INCHES_PER_LETTER * (2 + max(map(len, names))), INCHES_PER_BAR * (len(measured) + 1.5))
    width = np.clip(MARGIN + len(names) * widest, SHORTEST, LONGEST)
    titles = [f"{each.name} (auPRC {each.auprc:.3f})" for each in measured]
    columns = int(np.clip(width / (KEY + INCHES_PER_LETTER * max(map(len, titles))), 1, min(3, len(titles))))
    with figure_files(paths, size=(width, 4.2 + INCHES_PER_ROW * -(-len(titles) // columns))) as (axes,):
        bar = 0.8 / len(measured)
        for index, each in enumerate(measured):
            places = [place for place, name in enumerate(names) if name in each.decreases]
            x = np.array(places) - 0.4 + bar * (index + 0.5)
            values = np.array([each.decreases[names[place]] for place in places])
            look: dict[str, Any] = {
                "color": COLORS[index % len(COLORS)],
                "hatch": HATCHES[index // len(COLORS) % len(HATCHES)],
            }
            axes.bar(x, values.mean(axis=1), bar * 0.92, label=titles[index], edgecolor="white", linewidth=0.5, **look)
            if values.shape[1] > 1:
                spread = values.std(axis=1, ddof=1)
                axes.errorbar(x, values.mean(axis=1), spread, fmt="none", ecolor="black", elinewidth=1, capsize=2)
            scatter = np.linspace(-0.25, 0.25, values.shape[1]) * bar
            axes.scatter((x[:, np.newaxis] + scatter).ravel(), values.ravel(), s=6, color=GRAY, zorder=3, linewidths=0)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_xticks(range(len(names)), names)
        axes.grid(visible=False, axis="x")
        axes.set_ylabel("auPRC lost by exchange among bins")
        axes.set_title(_title(measured))
        figure = axes.get_figure()
        if figure is not None:
            figure.legend(loc="outside lower center", ncols=columns)


def _title(measured: Sequence[ModelImportance]) -> str:
    """Name what all networks have in common."""
    shared = [
        {each.factor for each in measured},
        {", ".join(each.bins.cells) for each in measured},
        {", ".join(each.bins.chromosomes) for each in measured},
    ]
    return "Importance of inputs: " + ", ".join(
        next(iter(values)) for values in shared if len(values) == 1 and all(values)
    )
