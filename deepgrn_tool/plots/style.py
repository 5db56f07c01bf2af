"""How figures look, and files of figures that are the same whenever and wherever they are drawn.

Lines differ in colour and, beyond seven, in dashes; the colours are told apart in every common kind of colour
blindness. matplotlib loads only when a figure is drawn, and no window system is needed.

Source: colours of Okabe & Ito 2008, "Color Universal Design", without yellow, which is pale on white.
"""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepgrn_tool.errors import UsageError
from deepgrn_tool.output import write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
GRAY = "#767676"  # of base rates and other lines to compare with
DOTS_PER_INCH = 150
SETTINGS: dict[Any, Any] = {  # of matplotlib
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.solid_joinstyle": "round",
    "pdf.fonttype": 42,  # text that can be edited
    "text.parse_math": False,  # a $ in the name of a file or cell is a $
    "svg.hashsalt": "deepgrn",  # else identifiers in SVG differ from run to run
}
# What matplotlib would write of itself and of the time.
METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    ".svg": {"Creator": None, "Date": None},
}


def check_figure_names(paths: Iterable[str | Path]) -> None:
    """Refuse figures whose names do not tell a format; cheap, for use before any work.

    Raises:
        UsageError: The suffix is not .png, .pdf or .svg.
    """
    for path in paths:
        if Path(path).suffix.lower() not in METADATA:
            raise UsageError(f"figure {path}: the suffix must tell the format: .png, .pdf or .svg")


def line_style(index: int) -> dict[str, Any]:
    """Give the look of the line number `index`, from 0, as keywords of `Axes.plot`; the first 28 differ.

    >>> line_style(0), line_style(7)
    ({'color': '#0072B2', 'linestyle': 'solid'}, {'color': '#0072B2', 'linestyle': (0, (5, 2))})
    """
    return {"color": COLORS[index % len(COLORS)], "linestyle": DASHES[index // len(COLORS) % len(DASHES)]}


@contextmanager
def figure_files(
    paths: Iterable[str | Path], panels: int = 1, size: tuple[float, float] = (5.2, 4.6)
) -> Iterator[list[Axes]]:
    """Give empty panels beside each other; at the good end of the block the figure is written to all files.

    The files are written in place: give temporary names from `output.atomic_output`.

    Args:
        paths: Files to write, with suffixes that `check_figure_names` takes; equal drawings give equal bytes.
        panels: Number of panels.
        size: Width and height of each panel, in inches.

    Yields:
        The panels' axes, from left to right.

    Raises:
        OSError: A file cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own settings are
        matplotlib.rcParams.update(SETTINGS)
        figure = Figure(figsize=(size[0] * panels, size[1]), layout="constrained")
        yield list(figure.subplots(1, panels, squeeze=False)[0])
        figure.draw_without_rendering()  # places everything; the next drawing would move it a little
        figure.set_layout_engine("none")
        for path in paths:
            suffix = Path(path).suffix.lower()
            drawn = BytesIO()  # Matplotlib, drawing PDF, would hide what the disk says
            figure.savefig(drawn, format=suffix[1:], dpi=DOTS_PER_INCH, metadata=METADATA[suffix], bbox_inches="tight")
            write_file(path, drawn.getvalue())
