"""Accessibility of windows and around sites: which windows have one clear peak, and the mean signal by distance.

A *clear peak*: the window's signal is smoothed by the mean of 51 bp. Stretches where it is at least half as high as the
highest place of the window are its peaks; those less than 50 bp apart count as one. They are clear where that
highest place is at least twice the mean signal of all windows that are searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.schema import ACCESSIBILITY
from deepgrn_tool.plots.style import GRAY, figure_files, line_style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.motifs.sites import Sites

Floats = NDArray[np.float64]

SMOOTHED = 51  # bp, an odd number
NEAR = 50  # bp between stretches that count as one
TIMES_MEAN = 2.0
HEADROOM = 1.1  # of the figure, for its legend
AROUND = 500  # bp on each side of a site's middle


def window_peaks(signals: NDArray[np.float32]) -> tuple[NDArray[np.int64], Floats]:
    """Count the peaks of windows, clear or not.

    Args:
        signals: float32, shape (windows, window_size).

    Returns:
        Number of peaks, int64, 0 where there is no signal, and the highest smoothed value, float64; shape (windows,).
    """
    half = SMOOTHED // 2
    # Past its ends a window goes on with 0, as chromosomes do.
    padded = np.pad(signals.astype(np.float64), ((0, 0), (half + 1, half)))
    running = np.cumsum(padded, axis=1)
    smooth = (running[:, SMOOTHED:] - running[:, :-SMOOTHED]) / SMOOTHED
    highest = smooth.max(axis=1)
    counts = np.zeros(len(signals), np.int64)
    for number, (row, top) in enumerate(zip(smooth, highest.tolist(), strict=True)):
        if top > 0:
            places = np.flatnonzero(row >= top / 2)
            counts[number] = 1 + int((np.diff(places) > NEAR).sum())
    return counts, highest


def read_windows(features: FeaturesFile, cell: str, chrom: str, begins: Positions, size: int) -> NDArray[np.float32]:
    """Read the accessibility of windows.

    Args:
        features: The open features file.
        cell: Cell type.
        chrom: Name of the chromosome.
        begins: int64, shape (n,), first base of each window; off the chromosome's ends the signal is 0.
        size: bp of a window.

    Returns:
        float32, shape (n, size).

    Raises:
        InputError: The cell has no accessibility, or the file is damaged.
    """
    signals = np.empty((len(begins), size), np.float32)
    for row, begin in zip(signals, begins.tolist(), strict=True):
        row[:] = features.signal(ACCESSIBILITY, chrom, begin, begin + size, cell)
    return signals


def mean_around(features: FeaturesFile, cell: str, groups: Sequence[Sites]) -> Floats:
    """Average the accessibility around sites, along the strand of each.

    Args:
        features: The open features file.
        cell: Cell type.
        groups: The sites of each chromosome.

    Returns:
        float64, shape (2 * AROUND,): the base number AROUND is the first one right of the sites' middles; NaN without
        sites.

    Raises:
        InputError: The cell has no accessibility, or the file is damaged.
    """
    total, count = np.zeros(2 * AROUND), 0
    for sites in groups:
        # The middle of an odd width, rounded, is nearer to one end; on the reverse strand that end is the other one.
        middle = np.where(sites.reverse, sites.width - sites.width // 2, sites.width // 2)
        signals = read_windows(features, cell, sites.chrom, sites.starts + middle - AROUND, 2 * AROUND)
        signals[sites.reverse] = signals[sites.reverse, ::-1]
        total += signals.sum(axis=0, dtype=np.float64)
        count += len(sites)
    return total / count if count else np.full(2 * AROUND, np.nan)


def profile_table(sites: Floats, controls: Floats) -> str:
    """Write the mean accessibility by distance as a table, tab-separated, with a header.

    Args:
        sites: As `mean_around` gives it.
        controls: The same around the controls.
    """
    rows = ["distance\tsites\tcontrols"]
    for distance, pair in enumerate(zip(sites.tolist(), controls.tolist(), strict=True), -AROUND):
        rows.append("\t".join([str(distance), *("NA" if np.isnan(value) else f"{value:.6g}" for value in pair)]))
    return "\n".join(rows) + "\n"


def draw_profile(sites: Floats, controls: Floats, width: int, title: str, path: Path) -> None:
    """Draw the mean accessibility by distance.

    Args:
        sites: As `mean_around` gives it.
        controls: The same around the controls.
        width: bp of a site, which is marked.
        title: Text above the figure.
        path: File to write; its suffix tells the format.

    Raises:
        OSError: The file cannot be written.

    Source: DeepGRN paper, figure 5, right.
    """
    distances = np.arange(-AROUND, AROUND) + 0.5
    with figure_files([path]) as (axes,):
        axes.plot(distances, controls, label="controls in the same windows", color=GRAY, linewidth=0.8)
        axes.plot(distances, sites, label="sites", linewidth=1, color=line_style(0)["color"])
        axes.axvspan(-width / 2, width / 2, color=line_style(4)["color"], alpha=0.25, linewidth=0)
        axes.set(xlabel="distance from the site's middle, along its strand (bp)", ylabel="mean accessibility")
        axes.set(title=title, xlim=(-AROUND, AROUND))
        axes.set_ylim(0, HEADROOM * axes.get_ylim()[1])
        axes.legend(loc="upper right", ncols=2)
