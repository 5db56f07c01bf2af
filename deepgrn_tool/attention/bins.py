"""Which bins are looked at: chromosomes, regions, listed bins, bound bins of a label file, or bins above a score."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE, STRIDE, grid_starts
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.data.selection import BinGroup, GridSelection, ListedSelection
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.evaluation.scores import read_scores
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import BOUND

logger = logging.getLogger(__name__)

SORTING = "sort it: LC_ALL=C sort -u -k1,1 -k2,2n"


class ChosenBins:
    """Bins in ascending order, chromosomes in C-locale order, those on the blacklist left out.

    Args:
        features: The open features file, whose blacklist counts.
        selection: Groups of ascending bins, one for each chromosome, in C-locale order; gone through several times.
        on_grid: Whether all starts agree modulo the stride.

    Attributes:
        total: Number of bins.
        blacklisted: Number of bins that were left out.
        on_grid: Whether all starts agree modulo the stride.
    """

    def __init__(self, features: FeaturesFile, selection: Iterable[BinGroup], on_grid: bool) -> None:
        """Count the bins."""
        self._features = features
        self._selection = selection
        self.on_grid = on_grid
        self.total = sum(len(group.starts) for group in self)
        self.blacklisted = sum(len(group.starts) for group in selection) - self.total

    def __iter__(self) -> Iterator[BinGroup]:
        """Go through the chromosomes that have bins."""
        for group in self._selection:
            blacklist = self._features.blacklist(group.chrom)
            kept = ~overlaps(group.starts, group.starts + BIN_SIZE, *blacklist)
            if kept.any():
                yield BinGroup(group.chrom, group.starts[kept])


def choose_bins(
    features: FeaturesFile,
    cell: str,
    *,
    chromosomes: Sequence[str] | None = None,
    regions: str | Path | None = None,
    bins: str | Path | None = None,
    labels: str | Path | None = None,
    scores: str | Path | None = None,
    threshold: float = 0.5,
) -> ChosenBins:
    """Choose bins in one of five ways; all bins of the genome without any.

    Args:
        features: The open features file.
        cell: Cell type, a column of `labels`.
        chromosomes: Whole chromosomes, or those that `labels` and `scores` are limited to.
        regions: BED file, tiled with bins of the grid.
        bins: BED file of sorted bins.
        labels: Label file whose bound bins are taken.
        scores: Track or table of scores, made by deepgrn-predict; bins of the grid count.
        threshold: Least score of the bins taken from `scores`; compared as float32.

    Raises:
        UsageError: More than one way is given.
        InputError: A file is wrong or does not fit the genome, or no bin is left.
    """
    if sum(option is not None for option in (regions, bins, labels, scores)) > 1:
        raise UsageError("give only one of --regions, --bins, --labels and --scores")
    if chromosomes is not None and (regions is not None or bins is not None):
        raise UsageError("--chromosomes goes alone or with --labels or --scores")
    for name in chromosomes or ():
        if name not in features.chromosomes:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, features.chromosomes)}", features.path)
    if bins is not None:
        listed = ListedSelection(bins, features.chromosomes)
        if not listed.ascending:
            raise InputError(f"its bins are not sorted or some are repeated; {SORTING}", bins)
        chosen = ChosenBins(features, listed, listed.on_grid)
    elif labels is not None:
        chosen = _chosen(features, _bound_bins(features, cell, labels, chromosomes))
    elif scores is not None:
        chosen = _chosen(features, _bins_above(features, scores, threshold, chromosomes))
    else:
        chosen = ChosenBins(features, GridSelection(features.chromosomes, chromosomes, regions), True)
    source = next((path for path in (regions, bins, labels, scores) if path is not None), features.path)
    _check_any(chosen, source)
    return chosen


def _check_any(chosen: ChosenBins, source: str | Path) -> None:
    if chosen.blacklisted:
        logger.info("Bins left out for the blacklist: %s", f"{chosen.blacklisted:,}")
    if chosen.total:
        return
    if chosen.blacklisted:
        raise InputError("all bins that it gives lie on the blacklist of the features file", source)
    raise InputError("gives no bin of 200 bp on the chromosomes of the features file", source)


def _chosen(features: FeaturesFile, groups: dict[str, Positions]) -> ChosenBins:
    """Put chromosomes in C-locale order."""
    ordered = [BinGroup(name, groups[name]) for name in sorted(groups, key=str.encode) if len(groups[name])]
    phases = {int(phase) for group in ordered for phase in np.unique(group.starts % STRIDE)}
    return ChosenBins(features, ordered, len(phases) <= 1)


def _bound_bins(
    features: FeaturesFile, cell: str, path: str | Path, chromosomes: Sequence[str] | None
) -> dict[str, Positions]:
    labels = read_labels(path, cells=[cell], chromosomes=chromosomes)
    starts = {name: one.starts[one.codes[0] == BOUND] for name, one in labels.chromosomes.items()}
    starts = _on_genome(features, starts, path)
    if not any(map(len, starts.values())):
        raise InputError(f"holds no bound bin of cell '{cell}' on the chromosomes asked for", path)
    return starts


def _on_genome(features: FeaturesFile, starts: dict[str, Positions], path: str | Path) -> dict[str, Positions]:
    """Leave out chromosomes that the features lack, as features of a part of the genome do."""
    known = {name: values for name, values in starts.items() if name in features.chromosomes}
    if not known and starts:
        name = next(iter(starts))
        hint = did_you_mean(name, features.chromosomes)
        raise InputError(f"no chromosome of it is in the features file: '{name}' is not{hint}", path)
    if len(known) < len(starts):
        logger.info("%s: chromosomes left out that the features file lacks: %s", path, len(starts) - len(known))
    for name, values in known.items():
        length = features.chromosomes[name]
        if len(values) and values[-1] + BIN_SIZE > length:
            text = f"the bin {name}:{values[-1]}-{values[-1] + BIN_SIZE} is past the end of {name} ({length})"
            raise InputError(f"{text}; is the file of another assembly?", path)
    return known


def _bins_above(
    features: FeaturesFile, path: str | Path, threshold: float, chromosomes: Sequence[str] | None
) -> dict[str, Positions]:
    grid = {name: grid_starts(features.chromosomes[name]) for name in chromosomes or features.chromosomes}
    found = read_scores(path, grid)
    for name in chromosomes or ():
        if name not in found:
            raise InputError(f"has no score on chromosome '{name}'", path)
    # As float32, the precision of scores: 0.7 shall count as 0.7, in tables as in tracks, which hold 0.69999999 for it.
    least = np.float32(threshold)
    starts = {name: grid[name][scores.astype(np.float32) >= least] for name, scores in found.items()}
    if not any(map(len, starts.values())):
        raise InputError(f"holds no bin of the grid that scores {threshold:g} or more", path)
    return starts
