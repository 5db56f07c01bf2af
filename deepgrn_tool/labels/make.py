"""Makes a label file from the peaks of several cells."""

from __future__ import annotations

import errno
import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import UsageError
from deepgrn_tool.labels.inputs import Genome, Grid, PeakFiles, Peaks, bins_of, count_bins, read_genome, read_peaks
from deepgrn_tool.labels.rule import label_bins
from deepgrn_tool.labels.summary import LabelCounts
from deepgrn_tool.labels.table import ChromosomeLabels
from deepgrn_tool.labels.writer import LabelWriter
from deepgrn_tool.output import atomic_output, check_outputs, write_file
from deepgrn_tool.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.rule import Intervals

logger = logging.getLogger(__name__)

MOST_LABELS = 1 << 24  # labels in memory at a time, one byte each, over all cells


def make_labels(
    output: str | Path,
    peaks: Sequence[PeakFiles],
    *,
    sizes: str | Path | None = None,
    features: str | Path | None = None,
    blacklist: str | Path | None = None,
    chromosomes: Sequence[str] | None = None,
    grid: Grid = "whole",
    clip: bool = False,
    summary: str | Path | None = None,
) -> int:
    """Label every bin of a genome in every cell; bins that share a base with the blacklist are left out.

    Args:
        output: Label file to write; gzip if its name ends in `.gz`, else plain text.
        peaks: The peaks of each cell, in the order of the columns.
        sizes: Table of chromosome lengths; one of `sizes` and `features` is needed.
        features: features.h5, for chromosome lengths and blacklist.
        blacklist: BED file of regions to leave out, besides those of `features`.
        chromosomes: Chromosomes to label; None for all.
        grid: Bins to label: "whole", all that lie wholly inside a chromosome; "official", those of the challenge.
        clip: Cut intervals at chromosome ends instead of refusing them.
        summary: File for a table of counts per cell and chromosome.

    Returns:
        Number of bins.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others.
        OSError: A file cannot be read or written.
    """
    _check_cells(peaks)
    given = [sizes, features, blacklist, *(path for cell in peaks for path in (cell.conservative, cell.relaxed))]
    wanted = [output] if summary is None else [output, summary]
    check_outputs(wanted, [path for path in given if path is not None])
    genome = read_genome(sizes, features, blacklist, clip)
    bins = count_bins(genome, chromosomes, grid)
    by_cell = {files.cell: read_peaks(files, genome.lengths, clip) for files in peaks}
    table = LabelCounts(tuple(by_cell))
    total = sum(bins.values())
    logger.info("Labelling %s bins of %s chromosomes in %s cells", f"{total:,}", len(bins), len(by_cell))
    with ExitStack() as stack:
        table_path = None if summary is None else stack.enter_context(atomic_output(summary))
        temporary = stack.enter_context(atomic_output(output))
        parts = _label_parts(genome, grid, bins, by_cell)
        _write(temporary, output, parts, total, table)
        if table_path is not None:
            write_file(table_path, table.text())
    table.log()
    return total


def _check_cells(peaks: Sequence[PeakFiles]) -> None:
    if not peaks:
        raise UsageError("give the peaks of at least one cell with --peaks CELL=CONSERVATIVE[,RELAXED]")
    seen: set[str] = set()
    for files in peaks:
        if files.cell in seen:
            raise UsageError(f"--peaks names cell '{files.cell}' twice")
        if not files.cell or not files.cell.isprintable():
            raise UsageError(f"cell name {files.cell!r} is empty or holds a tab, a line end or the like")
        seen.add(files.cell)


def _label_parts(
    genome: Genome, grid: Grid, chromosomes: Iterable[str], by_cell: Mapping[str, Peaks]
) -> Iterator[ChromosomeLabels]:
    """Label the bins in parts of bounded size: many cells, each with a chromosome's labels, would fill the memory."""
    step = max(1, MOST_LABELS // len(by_cell))
    for chrom in chromosomes:
        starts = bins_of(genome, chrom, grid)
        for begin in range(0, len(starts), step):
            part = starts[begin : begin + step]
            codes = np.empty((len(by_cell), len(part)), np.uint8)
            for row, peaks in zip(codes, by_cell.values(), strict=True):
                relaxed = None if peaks.relaxed is None else _peaks_on(part, peaks.relaxed[chrom])
                row[:] = label_bins(part, _peaks_on(part, peaks.conservative[chrom]), relaxed)
            yield ChromosomeLabels(chrom, part, codes)


def _peaks_on(bins: Positions, peaks: Intervals) -> Intervals:
    """Leave out peaks before the first bin and after the last one; peaks are merged, so their ends ascend, too."""
    starts, ends = peaks
    chosen = slice(np.searchsorted(ends, bins[0], side="right"), np.searchsorted(starts, bins[-1] + BIN_SIZE))
    return starts[chosen], ends[chosen]


def _write(
    temporary: Path, output: str | Path, parts: Iterable[ChromosomeLabels], total: int, counts: LabelCounts
) -> None:
    """Write and count labels, `total` bins in all."""
    compress = str(output).lower().endswith(".gz")
    try:
        with (
            LabelWriter(temporary, counts.cells, compress) as writer,
            Progress("labelling", total, "bins") as progress,
        ):
            for part in parts:
                writer.add(part)
                counts.add(part)
                progress.advance(len(part.starts))
            writer.finish()
    except OSError as error:  # names the temporary file or none
        number = error.errno or errno.EIO
        raise OSError(number, os.strerror(number), str(output)) from error
