"""All files that one run of scoring writes: chosen by their suffixes, fed together, and appearing together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import UsageError
from deepgrn_tool.output import leave_outputs
from deepgrn_tool.tracks.bigwig import BigWigWriter
from deepgrn_tool.tracks.called import CalledRegionsWriter
from deepgrn_tool.tracks.summarize import Summarizer, Summary, summarizer_for
from deepgrn_tool.tracks.summary import SummaryWriter
from deepgrn_tool.tracks.tables import BedGraphWriter, BinTableWriter, IndexedBedGraphWriter, index_path
from deepgrn_tool.tracks.writer import IntervalGuard, TrackWriter, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from numpy.typing import NDArray
    from typing_extensions import Self

    from deepgrn_tool.data.intervals import Positions

TRACK_WRITERS: dict[str, type[TrackWriter]] = {
    ".bw": BigWigWriter,
    ".bigwig": BigWigWriter,
    ".bedgraph": BedGraphWriter,
    ".bg": BedGraphWriter,
    ".bedgraph.gz": IndexedBedGraphWriter,
    ".bg.gz": IndexedBedGraphWriter,
}
BIN_TABLE_SUFFIX = ".tab.gz"
REGIONS_SUFFIX = ".bed"
SUFFIXES_TEXT = (
    ".bw or .bigWig (bigWig), .bedGraph or .bg (bedGraph), .bedGraph.gz or .bg.gz (bgzip and tabix), "
    ".tab.gz (score of each bin), .bed (called regions)"
)


def _suffix_of(path: str | Path) -> str:
    name = Path(path).name.lower()
    for suffix in (*TRACK_WRITERS, BIN_TABLE_SUFFIX, REGIONS_SUFFIX):
        if name.endswith(suffix):
            return suffix
    raise UsageError(f"output {path}: the suffix must tell the format: {SUFFIXES_TEXT}")


def check_suffixes(paths: Iterable[str | Path]) -> None:
    """Refuse outputs whose names do not tell a format; cheap, for use before any work.

    Raises:
        UsageError: The message lists the suffixes that are known.
    """
    for path in paths:
        _suffix_of(path)


def companions(paths: Iterable[str | Path], chromosomes: Mapping[str, int]) -> list[Path]:
    """List the index files that will appear beside outputs, so that they can be checked as outputs, too.

    Args:
        paths: Outputs with known suffixes.
        chromosomes: Length of each chromosome, in bp, by name.
    """
    indexed = [path for path in paths if TRACK_WRITERS.get(_suffix_of(path)) is IndexedBedGraphWriter]
    return [index_path(Path(path), chromosomes) for path in indexed]


def track_writer_for(path: str | Path, chromosomes: Mapping[str, int]) -> TrackWriter:
    """Choose the writer of a track with one value per base, by suffix: bigWig or bedGraph.

    Raises:
        UsageError: The suffix is unknown, or of a format that holds bins.
    """
    writer = TRACK_WRITERS.get(_suffix_of(path))
    if writer is None:
        raise UsageError(f"output {path}: a track is written as .bw, .bigWig, .bedGraph, .bg, .bedGraph.gz or .bg.gz")
    return writer(path, chromosomes)


class ScoreOutputs:
    """Every output of one scoring run; a context manager, at whose good end all files appear, else none.

    Args:
        paths: Files to write, at least one of them or `summary`; formats by suffix, several of one format are fine.
        chromosomes: Length of each chromosome, in bp, by name, of the whole genome; bigWig lists them all.
        summarize: How tracks show overlapping bins: "center", "mean" or "max".
        threshold: Bins that score at least this make called regions (`.bed`).
        table: File for the table of counts per chromosome, if wanted, whatever its suffix.

    Raises:
        UsageError: A suffix is unknown, the summary is, or the threshold is not between 0 and 1.
    """

    def __init__(
        self,
        paths: Iterable[str | Path],
        chromosomes: Mapping[str, int],
        *,
        summarize: Summary = "center",
        threshold: float = 0.5,
        table: str | Path | None = None,
    ) -> None:
        """Choose the writers; nothing is opened yet."""
        if summarize not in get_args(Summary):
            raise UsageError(f"summary '{summarize}' is unknown; use one of {', '.join(get_args(Summary))}")
        if not 0 <= threshold <= 1:
            raise UsageError(f"threshold {threshold} is not between 0 and 1")
        self._summarize: Summary = summarize
        self._track_writers: list[TrackWriter] = []
        self._bin_writers: list[TrackWriter] = []
        for path in paths:
            suffix = _suffix_of(path)
            if suffix == BIN_TABLE_SUFFIX:
                self._bin_writers.append(BinTableWriter(path, chromosomes))
            elif suffix == REGIONS_SUFFIX:
                self._bin_writers.append(CalledRegionsWriter(path, chromosomes, threshold))
            else:
                self._track_writers.append(track_writer_for(path, chromosomes))
        self._table = None if table is None else SummaryWriter(table, chromosomes)
        if self._table is not None:
            self._bin_writers.append(self._table)
        self._guard = IntervalGuard(chromosomes, "any")
        self._opened = ExitStack()
        self._chrom: str | None = None
        self._summarizer: Summarizer | None = None

    def __enter__(self) -> Self:
        """Open all files."""
        with ExitStack() as opened:
            for writer in (*self._track_writers, *self._bin_writers):
                opened.enter_context(writer)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close and verify every file before the first one is renamed; or remove them all."""
        leave_outputs(self._opened, self._close, error)

    def _close(self) -> None:
        self.finish_chromosome()
        for writer in (*self._track_writers, *self._bin_writers):
            writer.close()

    def check_bins(self, chrom: str, starts: Positions) -> None:
        """Refuse bins that the outputs cannot show, before they are scored.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), 0-based starts of all its bins, in the order in which they will be added.

        Raises:
            InputError: Centres of neighbouring bins overlap, and a track shows scores on them.
            ValueError: The caller's bins do not ascend, though a track is written.
        """
        if self._track_writers:
            summarizer_for(self._summarize, chrom).add(starts, np.zeros(len(starts), np.float32))

    def add_bins(
        self, chrom: str, starts: Positions, scores: Values, blacklisted: NDArray[np.bool_] | None = None
    ) -> None:
        """Write a piece of scored bins to all outputs.

        Chromosomes come in C-locale order and bins ascend, unless only `.tab.gz` and the table are written.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), 0-based starts of bins.
            scores: float32, shape (n,), blacklisted bins already 0.
            blacklisted: bool, shape (n,), for the table's count.

        Raises:
            InputError: A score is not a finite number, or centres of bins overlap.
            ValueError: The caller's bins are out of order, out of bounds, or on an unknown chromosome.
            OSError: A file cannot be written; it is named.
        """
        ends = starts + BIN_SIZE
        self._guard.check(chrom, starts, ends, scores)
        if chrom != self._chrom:
            self.finish_chromosome()
            self._chrom = chrom
        for writer in self._bin_writers:
            writer.add(chrom, starts, ends, scores)
        if self._table is not None and blacklisted is not None:
            self._table.count_blacklisted(chrom, int(np.count_nonzero(blacklisted)))
        if self._track_writers:
            if self._summarizer is None:
                self._summarizer = summarizer_for(self._summarize, chrom)
            intervals = self._summarizer.add(starts, scores)
            for writer in self._track_writers:
                writer.add(chrom, *intervals)

    def finish_chromosome(self) -> None:
        """Write what was held back of the current chromosome; the next one and the block's end do it, too."""
        if self._summarizer is not None and self._chrom is not None:
            intervals = self._summarizer.finish()
            for writer in self._track_writers:
                writer.add(self._chrom, *intervals)
        self._summarizer = None
        self._chrom = None
