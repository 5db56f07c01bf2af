"""What labels are made from: genome, blacklist and peaks, read and checked against each other."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from deepgrn_tool.data.bins import grid_starts, official_starts
from deepgrn_tool.data.intervals import merge, overlaps
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.bed import read_bed
from deepgrn_tool.formats.sizes import read_sizes
from deepgrn_tool.labels.rule import count_peaks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.rule import Intervals

logger = logging.getLogger(__name__)

Grid = Literal["whole", "official"]
STARTS_OF_GRID = {"whole": grid_starts, "official": official_starts}
NO_POSITIONS = np.empty(0, np.int64)


@dataclass(frozen=True)
class PeakFiles:
    """The peaks of one cell.

    Attributes:
        cell: Name of the cell.
        conservative: BED or narrowPeak file of the reproducible peaks.
        relaxed: BED or narrowPeak file of all peaks, or None.
    """

    cell: str
    conservative: str | Path
    relaxed: str | Path | None = None


@dataclass(frozen=True)
class Genome:
    """Chromosomes and what to leave out of them.

    Attributes:
        path: The file that tells the lengths, for messages.
        lengths: Chromosome name → length, in bp.
        blacklist: Chromosome name → starts and ends, int64, shape (n,), merged; empty where there is nothing.
    """

    path: str | Path
    lengths: Mapping[str, int]
    blacklist: Mapping[str, Intervals]


@dataclass(frozen=True)
class Peaks:
    """The peaks of one cell.

    Attributes:
        conservative: Chromosome name → starts and ends, int64, shape (n,), merged; empty where there is no peak.
        relaxed: The same of all peaks; None where there is no such set.
    """

    conservative: Mapping[str, Intervals]
    relaxed: Mapping[str, Intervals] | None


def read_genome(
    sizes: str | Path | None, features: str | Path | None, blacklist: str | Path | None, clip: bool
) -> Genome:
    """Read chromosome lengths and what is to be left out.

    Args:
        sizes: Table of chromosome lengths; exactly one of `sizes` and `features` is given.
        features: features.h5, for chromosome lengths and blacklist.
        blacklist: BED file of regions to leave out, besides those of `features`.
        clip: Cut the regions at chromosome ends instead of refusing them.

    Raises:
        UsageError: Both `sizes` and `features` are given, or neither.
        InputError: A file is wrong, or the blacklist is of another genome.
    """
    known: dict[str, Intervals] = {}
    if sizes is not None and features is None:
        path, lengths = sizes, read_sizes(sizes)
    elif features is not None and sizes is None:
        from deepgrn_tool.data.features_file import FeaturesFile  # HDF5 takes longer to load than a chromosome to label

        with FeaturesFile(features) as file:
            path, lengths = features, file.chromosomes
            known = {chrom: file.blacklist(chrom) for chrom in lengths}
    else:
        raise UsageError("give one of --sizes and --features")
    further = {} if blacklist is None else read_bed(blacklist, lengths, clip)
    return Genome(path, lengths, _union(lengths, known, further))


def bins_of(genome: Genome, chrom: str, grid: Grid) -> Positions:
    """List the bins of a chromosome that do not touch the blacklist.

    Args:
        genome: Lengths and blacklist.
        chrom: Name of the chromosome.
        grid: "whole", every bin of the grid that lies wholly inside the chromosome; "official", those of the challenge.

    Returns:
        Starts, int64, shape (n,), ascending.
    """
    starts = STARTS_OF_GRID[grid](genome.lengths[chrom])
    return starts[count_peaks(starts, *genome.blacklist[chrom], 1) == 0]


def count_bins(genome: Genome, chromosomes: Iterable[str] | None, grid: Grid) -> dict[str, int]:
    """Count the bins of each chromosome.

    Args:
        genome: Lengths and blacklist.
        chromosomes: Chromosomes wanted; None for all.
        grid: As of `bins_of`.

    Returns:
        Chromosome name → number of bins; names in C-locale order, those without bins left out.

    Raises:
        InputError: A chromosome is not in the genome, or there is no bin at all.
    """
    wanted = genome.lengths if chromosomes is None else dict.fromkeys(chromosomes)
    for name in wanted:
        if name not in genome.lengths:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, genome.lengths)}", genome.path)
    counts = {chrom: len(bins_of(genome, chrom, grid)) for chrom in sorted(wanted, key=str.encode)}
    if not any(counts.values()):
        raise InputError("no bin of 200 bp fits into its chromosomes outside the blacklist", genome.path)
    return {chrom: count for chrom, count in counts.items() if count}


def read_peaks(files: PeakFiles, lengths: Mapping[str, int], clip: bool) -> Peaks:
    """Read the peaks of one cell, and warn where the two sets seem to have changed places.

    Args:
        files: Where they are.
        lengths: Chromosome name → length, in bp.
        clip: Cut peaks at chromosome ends instead of refusing them.

    Raises:
        InputError: A file is wrong or of another genome.
    """
    conservative = _union(lengths, read_bed(files.conservative, lengths, clip))
    found = sum(len(starts) for starts, _ in conservative.values())
    if files.relaxed is None:
        logger.info(
            "%s: %s peaks and no relaxed ones: bins that peaks only touch (less than half of either) are ambiguous",
            *(files.cell, f"{found:,}"),
        )
        return Peaks(conservative, None)
    relaxed = _union(lengths, read_bed(files.relaxed, lengths, clip))
    more = sum(len(starts) for starts, _ in relaxed.values())
    logger.info("%s: %s conservative and %s relaxed peaks after merging", files.cell, f"{found:,}", f"{more:,}")
    alone = sum(int((~overlaps(*conservative[chrom], *relaxed[chrom])).sum()) for chrom in lengths)
    if 2 * alone > found:
        logger.warning(
            "warning: %s: %s of %s conservative peaks overlap no relaxed peak; is the order of the files "
            "CELL=CONSERVATIVE,RELAXED?",
            *(files.cell, f"{alone:,}", f"{found:,}"),
        )
    return Peaks(conservative, relaxed)


def _union(lengths: Mapping[str, int], *sets: Mapping[str, Intervals]) -> dict[str, Intervals]:
    """Merge sets of intervals, for every chromosome."""
    result = {}
    for chrom in lengths:
        here = [intervals[chrom] for intervals in sets if chrom in intervals]
        starts = np.concatenate([NO_POSITIONS, *(starts for starts, _ in here)])
        ends = np.concatenate([NO_POSITIONS, *(ends for _, ends in here)])
        result[chrom] = merge(starts, ends)
    return result
