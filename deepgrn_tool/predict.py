"""Scores bins of a genome with a model and writes tracks and tables."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.data.selection import BinGroup, GridSelection, ListedSelection
from deepgrn_tool.engine.bins import score_bins
from deepgrn_tool.engine.engine import Engine, SegmentScores
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.network.files import Model
from deepgrn_tool.output import check_outputs
from deepgrn_tool.pairing import choose_cell, compare_assemblies, load_grid_model
from deepgrn_tool.progress import Progress
from deepgrn_tool.tracks.outputs import ScoreOutputs, check_suffixes, companions
from deepgrn_tool.tracks.summarize import Summary

logger = logging.getLogger(__name__)


def predict(
    features: str | Path,
    model: str | Path,
    outputs: Sequence[str | Path],
    *,
    cell: str | None = None,
    chromosomes: Sequence[str] | None = None,
    regions: str | Path | None = None,
    bins: str | Path | None = None,
    summarize: Summary = "center",
    threshold: float = 0.5,
    summary: str | Path | None = None,
    threads: int = 1,
) -> int:
    """Score bins and write them; all outputs appear at the end, or none.

    Args:
        features: features.h5 with the genome and the cell's tracks.
        model: model.h5.
        outputs: Files to write; their suffixes tell the formats (`deepgrn_tool.tracks.outputs`).
        cell: Cell type; may be left out where the features hold only one.
        chromosomes: Score these chromosomes whole; all of them if neither regions nor bins are given.
        regions: BED file whose regions are tiled with bins of the grid.
        bins: BED file of bins to score exactly as listed.
        summarize: How tracks show overlapping bins: "center", "mean" or "max".
        threshold: Least score of called regions.
        summary: File for a table of counts per chromosome.
        threads: Processor threads.

    Returns:
        Number of bins that were scored, blacklisted ones included.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others.
        OSError: A file cannot be read or written.
    """
    _check_options(outputs, chromosomes, regions, bins, summary)
    given = [path for path in (features, model, regions, bins) if path is not None]
    wanted = [*outputs, *([summary] if summary is not None else [])]
    check_outputs(wanted, given)
    network = load_grid_model(model)
    with FeaturesFile(features) as file:
        check_outputs([*wanted, *companions(outputs, file.chromosomes)], given)
        cell = choose_cell(file, cell)
        compare_assemblies(network, file)
        selection = _select(file, chromosomes, regions, bins)
        if not selection.ascending and not all(str(path).lower().endswith(".tab.gz") for path in outputs):
            raise InputError(
                "its bins are not sorted or some are repeated, which tracks cannot show; "
                "sort it (LC_ALL=C sort -u -k1,1 -k2,2n) or write only .tab.gz",
                bins,
            )
        if not selection.total:
            raise InputError("no bin fits the chromosomes or regions asked for; bins have 200 bp", regions or features)
        reader = InputReader(file, network.config, cell)
        writer = ScoreOutputs(outputs, file.chromosomes, summarize=summarize, threshold=threshold, table=summary)
        if bins is not None:
            _check_listed_bins(writer, selection, bins)
        return _run(file, network, reader, selection, writer, cell, threads)


def _check_options(
    outputs: Sequence[str | Path],
    chromosomes: Sequence[str] | None,
    regions: str | Path | None,
    bins: str | Path | None,
    summary: str | Path | None,
) -> None:
    if sum(option is not None for option in (chromosomes, regions, bins)) > 1:
        raise UsageError("give only one of --chromosomes, --regions and --bins")
    if chromosomes is not None and not chromosomes:
        raise UsageError("--chromosomes names no chromosome; leave it out to score all of them")
    if not outputs and summary is None:
        raise UsageError("nothing to write: give at least one output")
    check_suffixes(outputs)


def _select(
    features: FeaturesFile, chromosomes: Sequence[str] | None, regions: str | Path | None, bins: str | Path | None
) -> GridSelection | ListedSelection:
    if bins is not None:
        return ListedSelection(bins, features.chromosomes)
    for name in chromosomes or ():
        if name not in features.chromosomes:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, features.chromosomes)}", features.path)
    return GridSelection(features.chromosomes, chromosomes, regions)


def _check_listed_bins(writer: ScoreOutputs, selection: Iterable[BinGroup], path: str | Path) -> None:
    for group in selection:
        try:
            writer.check_bins(group.chrom, group.starts)
        except InputError as error:
            raise InputError(error.message, path) from error


@dataclass
class _Group:
    """A group of bins on its way through the engine.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, starts in the order in which they are written.
        unique: int64, the same starts, ascending and without repeats.
        inverse: Index into `unique` of every start; None where `starts` is `unique`.
        blacklisted: bool, shape of `unique`.
        scored: Indices into `unique` of the other bins.
        scores: float32, shape of `unique`; blacklisted bins stay 0.
        taken: Number of scores so far.
        written: Number of bins already written.
    """

    chrom: str
    starts: Positions
    unique: Positions
    inverse: NDArray[np.int64] | None
    blacklisted: NDArray[np.bool_]
    scored: NDArray[np.int64] = field(init=False)
    scores: NDArray[np.float32] = field(init=False)
    taken: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        self.scored = np.flatnonzero(~self.blacklisted)
        self.scores = np.zeros(len(self.unique), np.float32)

    @classmethod
    def of(cls, bins: BinGroup, features: FeaturesFile) -> _Group:
        """Sort the bins and look them up in the blacklist."""
        unique, inverse = bins.starts, None
        if not (np.diff(bins.starts) > 0).all():
            unique, inverse = np.unique(bins.starts, return_inverse=True)
        blacklisted = overlaps(unique, unique + BIN_SIZE, *features.blacklist(bins.chrom))
        return cls(bins.chrom, bins.starts, unique, inverse, blacklisted)

    def take(self, result: SegmentScores) -> None:
        """Keep the scores of one segment; segments come in order."""
        bins = self.scored[self.taken : self.taken + len(result.segment)]
        self.scores[bins] = result.probability
        self.taken += len(bins)

    def write(self, writer: ScoreOutputs) -> bool:
        """Write the bins before the first one that is still to be scored; tells whether that was all."""
        done = self.taken == len(self.scored)
        if self.inverse is not None and not done:
            return False
        end = len(self.starts) if done else int(self.scored[self.taken])
        if end > self.written:
            here = slice(self.written, end)
            # With repeats or out of order, all bins are written at once.
            bins = here if self.inverse is None else self.inverse
            writer.add_bins(self.chrom, self.starts[here], self.scores[bins], self.blacklisted[bins])
            self.written = end
        return done


def _run(
    features: FeaturesFile,
    model: Model,
    reader: InputReader,
    selection: GridSelection | ListedSelection,
    writer: ScoreOutputs,
    cell: str,
    threads: int,
) -> int:
    """Send all bins through the engine; inputs are read while earlier ones are computed and written."""
    logger.info("Scoring %s bins of cell %s", f"{selection.total:,}", cell)
    engine = Engine(model, on_grid=selection.on_grid, threads=threads, bins=selection.total)
    waiting: deque[_Group] = deque()

    def groups() -> Iterator[BinGroup]:
        for bins in selection:
            group = _Group.of(bins, features)
            waiting.append(group)
            yield BinGroup(group.chrom, group.unique[group.scored])

    begin = time.monotonic()
    with writer, Progress("scoring", selection.total, "bins") as progress:

        def write() -> None:
            # A group without a segment, all of it on the blacklist, is written in its turn.
            while waiting and waiting[0].write(writer):
                waiting.popleft()

        for _, _, result in score_bins(engine, reader, groups()):
            write()
            waiting[0].take(result)
            progress.advance(len(result.segment))
        write()
    seconds = time.monotonic() - begin
    logger.info("Scored %s bins in %.1f s", f"{selection.total:,}", seconds)
    return selection.total
