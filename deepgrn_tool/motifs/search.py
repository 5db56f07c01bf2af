"""One site per window, those with unknown bases left out, and of overlapping ones the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.attended import attended_windows
from deepgrn_tool.attention.bins import ChosenBins
from deepgrn_tool.attention.gradient import contributed_windows
from deepgrn_tool.attention.profiles import Method
from deepgrn_tool.attention.reduce import relative_attention
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.motifs.accessibility import TIMES_MEAN, read_windows, window_peaks
from deepgrn_tool.motifs.sequences import site_codes
from deepgrn_tool.motifs.sites import Sites, keep_best, most_attended, most_contributing
from deepgrn_tool.network.files import Model
from deepgrn_tool.progress import Progress

Peaks = Literal["any", "one", "none"]


@dataclass(frozen=True)
class Found:
    """The sites of a run, and what became of the windows.

    Attributes:
        sites: Those of each chromosome, ascending; chromosomes in C-locale order, those without sites left out.
        windows: Number of windows that were searched.
        other_peaks: Windows left out for their accessibility peaks.
        unknown: Windows whose site holds an unknown base or lies off the chromosome's end.
        overlapping: Windows whose site overlaps a better one.
    """

    sites: list[Sites] = field(default_factory=list)
    windows: int = 0
    other_peaks: int = 0
    unknown: int = 0
    overlapping: int = 0

    @property
    def total(self) -> int:
        """Count the sites."""
        return sum(map(len, self.sites))

    def account(self) -> str:
        """Say what became of the windows."""
        return (
            f"{self.total:,} sites, {self.overlapping:,} merged into better ones, {self.unknown:,} with unknown bases, "
            f"{self.other_peaks:,} in windows with other accessibility peaks"
        )


def candidate_sites(
    model: Model,
    reader: InputReader,
    bins: ChosenBins,
    method: Method,
    share: float,
    width: int,
    threads: int = 1,
) -> Iterator[Sites]:
    """Find the site of every window.

    Args:
        model: The network.
        reader: Reader of the network's inputs.
        bins: The bins.
        method: "attention" or "gradient".
        share: Which part of the attention's dimensions to average.
        width: bp of a site.
        threads: Processor threads.

    Yields:
        One site per bin, in order, many at a time.

    Raises:
        UsageError: Gradients are asked of another backend than TensorFlow.
        InputError: A score is not a number, or the features file is damaged.
    """
    flank = model.config.flank
    if method == "gradient":
        for one in contributed_windows(model, reader, bins, threads):
            places, reverse, values = most_contributing(one.strands, width)
            yield Sites(one.chrom, width, one.starts - flank + places, reverse, values, one.probability, one.starts)
        return
    for windows in attended_windows(model, reader, bins, threads):
        relative = relative_attention(windows.attention, model.config, share)
        places, reverse, values = most_attended(relative, model.config, width)
        starts = windows.starts - flank + places
        yield Sites(windows.chrom, width, starts, reverse, values, windows.probability, windows.starts)


class SiteCollector:
    """Takes the sites of all windows and keeps those that count.

    Args:
        features: The open features file.
        cell: Cell type.
        window_size: bp.
        flank: bp on each side of a bin that belong to its window.
        peaks: "any", or only windows with "one" clear accessibility peak or with "none".
    """

    def __init__(self, features: FeaturesFile, cell: str, window_size: int, flank: int, peaks: Peaks) -> None:
        """Start with nothing."""
        self._features, self._cell, self._peaks = features, cell, peaks
        self._window_size, self._flank = window_size, flank
        self._taken: list[Sites] = []
        self._counts: list[NDArray[np.int64]] = []
        self._highest: list[NDArray[np.float64]] = []
        self._sums: list[NDArray[np.float64]] = []

    def add(self, sites: Sites) -> None:
        """Take sites of consecutive windows.

        Raises:
            InputError: The cell has no accessibility, or the features file is damaged.
        """
        self._taken.append(sites)
        if self._peaks != "any":
            begins = sites.bins - self._flank
            signals = read_windows(self._features, self._cell, sites.chrom, begins, self._window_size)
            counts, highest = window_peaks(signals)
            self._counts.append(counts)
            self._highest.append(highest)
            self._sums.append(signals.sum(axis=1, dtype=np.float64))

    def finish(self) -> Found:
        """Choose among all that were taken.

        Raises:
            InputError: The features file is damaged.
        """
        wanted = self._wanted()
        windows, unknown, overlapping, kept = 0, 0, 0, []
        for chrom in dict.fromkeys(one.chrom for one in self._taken):
            own = [one.take(mask) for one, mask in zip(self._taken, wanted, strict=True) if one.chrom == chrom]
            sites = _joined(own)
            whole = (site_codes(self._features, sites) != UNKNOWN_BASE).all(axis=1)
            known = sites.take(whole)
            best = known.take(keep_best(known))
            windows += len(sites)
            unknown += len(sites) - len(known)
            overlapping += len(known) - len(best)
            if len(best):
                kept.append(best)
        total = sum(map(len, self._taken))
        return Found(kept, total, total - windows, unknown, overlapping)

    def _wanted(self) -> list[NDArray[np.bool_]]:
        """Tell which sites lie in windows with the wanted peaks, for each piece that was taken."""
        if self._peaks == "any":
            return [np.ones(len(one), bool) for one in self._taken]
        sums = np.concatenate(self._sums)
        least = TIMES_MEAN * sums.sum() / (len(sums) * self._window_size)
        chosen = []
        for counts, highest in zip(self._counts, self._highest, strict=True):
            clear = (highest >= least) & (highest > 0)
            chosen.append(clear & (counts == 1) if self._peaks == "one" else ~clear)
        return chosen


def _joined(pieces: list[Sites]) -> Sites:
    columns = zip(*((one.starts, one.reverse, one.values, one.probability, one.bins) for one in pieces), strict=True)
    return Sites(pieces[0].chrom, pieces[0].width, *map(np.concatenate, columns))


def find_sites(candidates: Iterator[Sites], collector: SiteCollector, method: Method, total: int) -> Found:
    """Let the collector take all candidates.

    Args:
        candidates: What `candidate_sites` gives.
        collector: Keeps them.
        method: "attention" or "gradient", for the display of progress.
        total: Number of windows.

    Raises:
        InputError: As of `candidate_sites` and `SiteCollector`.
    """
    with Progress(method, total, "bins") as progress:
        for sites in candidates:
            collector.add(sites)
            progress.advance(len(sites))
    return collector.finish()
