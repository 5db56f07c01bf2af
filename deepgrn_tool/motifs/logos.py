"""Sequence logos of the most enriched motifs, below each other: letters as high as the information they carry.

Source: Schneider & Stephens 1990, "Sequence logos: a new way to display consensus sequences".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.motifs.enrichment import Enrichment, power_of_ten
from deepgrn_tool.plots.style import COLORS, figure_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTER_COLORS = {"A": COLORS[2], "C": COLORS[0], "G": COLORS[4], "T": COLORS[1]}
HEIGHT = 1.35  # inches, of a motif with its title
COLUMN = 0.3  # inches, of a position
NARROWEST = 5.0  # inches, of the figure: titles need them
MOST_BITS = 2.0  # a base that is always there
GAP = 0.04  # between letters, as a share of a position


def letter_heights(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the height of each letter: its probability times the information of its position.

    Args:
        probabilities: float64, shape (width, 4), rows sum to 1.

    Returns:
        float64, shape (width, 4), in bits; a row sums to 2 bits less its entropy.
    """
    known = np.where(probabilities > 0, probabilities, 1.0)
    information = MOST_BITS + (probabilities * np.log2(known)).sum(axis=1, keepdims=True)
    return probabilities * information


def draw_logos(found: Sequence[Enrichment], path: Path) -> None:
    """Draw and save.

    Args:
        found: The motifs, best first, at least one.
        path: File to write; its suffix tells the format.

    Raises:
        OSError: The file cannot be written.
    """
    widest = max(len(entry.motif.probabilities) for entry in found)
    size = (max(NARROWEST, COLUMN * widest + 1), HEIGHT * len(found))
    with figure_files([path], size=size) as (whole,):
        figure = whole.figure
        whole.remove()
        panels = figure.subplots(len(found), 1, squeeze=False)[:, 0]
        for rank, (axes, entry) in enumerate(zip(panels, found, strict=True), 1):
            _draw_logo(axes, letter_heights(entry.motif.probabilities))
            shares = (
                f"{100 * entry.matching_sites / max(entry.sites, 1):.1f} % of sites, "
                f"{100 * entry.matching_controls / max(entry.controls, 1):.1f} % of controls"
            )
            title = f"{rank}. {entry.motif.title}: {shares}, p = {power_of_ten(entry.log10_p)}"
            axes.set_title(title, fontsize=9, loc="left")
            axes.set_xlim(0.5, widest + 0.5)


def _draw_logo(axes: Axes, heights: NDArray[np.float64]) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    font = FontProperties(family="DejaVu Sans", weight="bold")
    shapes = {letter: TextPath((0, 0), letter, size=1, prop=font) for letter in LETTER_COLORS}
    boxes = {letter: shape.get_extents() for letter, shape in shapes.items()}
    for position, row in enumerate(heights, 1):
        base = 0.0
        for height, letter in sorted(zip(row.tolist(), LETTER_COLORS, strict=True)):
            box = boxes[letter]
            place = Affine2D().translate(-box.x0, -box.y0).scale((1 - GAP) / box.width, height / box.height)
            place = place.translate(position - (1 - GAP) / 2, base)
            shape = place.transform_path(shapes[letter])
            axes.add_patch(PathPatch(shape, facecolor=LETTER_COLORS[letter], linewidth=0))
            base += height
    axes.set_ylim(0, MOST_BITS)
    axes.set_ylabel("bits")
    axes.set_xticks(np.arange(1, len(heights) + 1), [str(n) for n in range(1, len(heights) + 1)], fontsize=7)
    axes.grid(False)
