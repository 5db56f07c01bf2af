"""Bins whose windows are searched for sites: as in `attention.bins`, under peaks, or above a score of the network."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from deepgrn_tool.attention.bins import ChosenBins, choose_bins
from deepgrn_tool.data.bins import grid_starts
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.data.selection import BinGroup, GridSelection
from deepgrn_tool.engine.bins import score_bins
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.bed import read_bed
from deepgrn_tool.labels.rule import label_bins
from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.network.files import Model
from deepgrn_tool.progress import Progress

logger = logging.getLogger(__name__)

THRESHOLD = 0.5  # least score where none is given


def check_choice(
    chromosomes: Sequence[str] | None,
    bins: str | Path | None,
    labels: str | Path | None,
    peaks: str | Path | None,
    scores: str | Path | None,
    above: float | None,
) -> None:
    """Refuse none or several ways of choosing bins.

    Raises:
        UsageError: Options are missing or contradict each other.
    """
    files = [path for path in (bins, labels, peaks, scores) if path is not None]
    if len(files) > 1:
        raise UsageError("give only one of --labels, --peaks, --bins and --scores")
    if above is not None and files and scores is None:
        raise UsageError("--above goes alone or with --scores")
    if not files and above is None:
        raise UsageError("choose bins with --labels, --peaks, --bins, --scores or --above")
    if bins is not None and chromosomes is not None:
        raise UsageError("--chromosomes does not go with --bins, which lists all bins")


def choose_motif_bins(
    features: FeaturesFile,
    model: Model,
    reader: InputReader,
    cell: str,
    *,
    chromosomes: Sequence[str] | None = None,
    bins: str | Path | None = None,
    labels: str | Path | None = None,
    peaks: str | Path | None = None,
    scores: str | Path | None = None,
    above: float | None = None,
    threads: int = 1,
) -> ChosenBins:
    """Choose bins in one of five ways; `check_choice` tells which go together.

    Args:
        features: The open features file.
        model: The network, which scores all bins where `above` is given alone.
        reader: Reader of the network's inputs from `features`.
        cell: Cell type, a column of `labels`.
        chromosomes: Only these.
        bins: BED file of sorted bins.
        labels: Label file whose bound bins are taken.
        peaks: BED or narrowPeak file; bins that share at least half of themselves or of a peak with it are taken.
        scores: Track or table of scores, made by deepgrn-predict.
        above: Least score; 0.5 for `scores` without it.
        threads: Processor threads.

    Raises:
        InputError: A file is wrong or does not fit the genome, or no bin is left.
    """
    check_choice(chromosomes, bins, labels, peaks, scores, above)
    for name in chromosomes or ():
        if name not in features.chromosomes:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, features.chromosomes)}", features.path)
    if peaks is not None:
        chosen = ChosenBins(features, list(_under_peaks(features, peaks, chromosomes)), True)
        source: str | Path = peaks
    elif above is not None and scores is None:
        found = list(_above_score(features, model, reader, above, chromosomes, threads))
        chosen, source = ChosenBins(features, found, True), features.path
        if not chosen.total:
            raise InputError(f"the network gives no bin of cell '{cell}' a score of {above:g} or more", source)
    else:
        threshold = THRESHOLD if above is None else above
        return choose_bins(
            features, cell, chromosomes=chromosomes, bins=bins, labels=labels, scores=scores, threshold=threshold
        )
    if chosen.blacklisted:
        logger.info("Bins left out for the blacklist: %s", f"{chosen.blacklisted:,}")
    if not chosen.total:
        raise InputError("gives no bin of 200 bp outside the blacklist on the chromosomes asked for", source)
    return chosen


def _under_peaks(features: FeaturesFile, path: str | Path, chromosomes: Sequence[str] | None) -> Iterator[BinGroup]:
    found = read_bed(path, features.chromosomes)
    for chrom in sorted(set(chromosomes or features.chromosomes), key=str.encode):
        if chrom in found:
            starts = grid_starts(features.chromosomes[chrom])
            yield BinGroup(chrom, starts[label_bins(starts, found[chrom], None) == BOUND])


def _above_score(
    features: FeaturesFile,
    model: Model,
    reader: InputReader,
    threshold: float,
    chromosomes: Sequence[str] | None,
    threads: int,
) -> Iterator[BinGroup]:
    """Score all bins outside the blacklist and give those that reach the threshold, chromosome by chromosome."""
    everything = ChosenBins(features, GridSelection(features.chromosomes, chromosomes), True)
    engine = Engine(model, on_grid=True, threads=threads, bins=everything.total)
    logger.info("Scoring %s bins", f"{everything.total:,}")
    pieces: dict[str, list[Positions]] = {}
    with Progress("scoring", everything.total, "bins") as progress:
        for chrom, starts, result in score_bins(engine, reader, everything):
            # As float32, the precision of scores: 0.7 shall count as 0.7.
            pieces.setdefault(chrom, []).append(starts[result.probability >= np.float32(threshold)])
            progress.advance(len(starts))
    for chrom, found in pieces.items():
        yield BinGroup(chrom, np.concatenate(found))
