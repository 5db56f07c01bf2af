"""Interval inputs of a features file: the six annotation classes and the blacklist."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.genes import read_gtf
from deepgrn_tool.data.intervals import merge
from deepgrn_tool.data.schema import ANNOTATION_CLASSES
from deepgrn_tool.errors import UsageError
from deepgrn_tool.formats.bed import read_bed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Intervals = tuple[NDArray[np.int64], NDArray[np.int64]]

logger = logging.getLogger(__name__)

OPTION_OF_CLASS = {
    "cpg_island": "--cpg-islands",
    "cds": "--cds",
    "intron": "--introns",
    "promoter": "--promoters",
    "utr5": "--utr5",
    "utr3": "--utr3",
}


@dataclass(frozen=True)
class IntervalTable:
    """Merged intervals of one class and the file that they come from.

    Attributes:
        name: HDF5 path of the dataset.
        role: What the file is for, in words.
        path: The file.
        rows: int64, shape (n, 3): chromosome number, start, end; ascending.
    """

    name: str
    role: str
    path: str
    rows: NDArray[np.int64]


def check_annotation_choice(beds: Mapping[str, str], gtf: str | None) -> None:
    """Refuse an incomplete annotation: all six classes are needed, or none.

    Args:
        beds: Class → BED file, of those that were given.
        gtf: GTF file, or None.

    Raises:
        UsageError: Some classes lack a file, or a class has both a BED file and the GTF.
    """
    from_gtf = set(ANNOTATION_CLASSES) - {"cpg_island"} if gtf is not None else set()
    twice = [OPTION_OF_CLASS[name] for name in ANNOTATION_CLASSES if name in beds and name in from_gtf]
    if twice:
        raise UsageError(f"--gtf already gives what {', '.join(twice)} gives; leave out one of the two")
    missing = [OPTION_OF_CLASS[name] for name in ANNOTATION_CLASSES if name not in beds and name not in from_gtf]
    if missing and len(missing) < len(ANNOTATION_CLASSES):
        raise UsageError(f"annotation needs all six classes or none: {', '.join(missing)} missing")


def _table(intervals: Mapping[str, Intervals], chromosomes: Mapping[str, int]) -> NDArray[np.int64]:
    parts = []
    for number, chrom in enumerate(chromosomes):
        if chrom in intervals:
            starts, ends = merge(*intervals[chrom])
            parts.append(np.column_stack((np.full(len(starts), number, np.int64), starts, ends)))
    return np.concatenate(parts) if parts else np.empty((0, 3), np.int64)


def read_interval_tables(
    beds: Mapping[str, str],
    gtf: str | None,
    blacklist: str | None,
    genome: Mapping[str, int],
    chromosomes: Mapping[str, int],
    clip: bool,
    published: bool,
) -> list[IntervalTable]:
    """Read and check every interval input.

    Args:
        beds: Annotation class → BED file.
        gtf: GTF file, or None.
        blacklist: BED file, or None.
        genome: All chromosomes of the FASTA and their lengths, in bp; names are checked against these.
        chromosomes: Those that are kept, in order.
        clip: Cut intervals at chromosome ends instead of refusing them.
        published: Derive classes from the GTF as in the published annotation (see `read_gtf`).

    Returns:
        One table per class and one for the blacklist, as far as they are given.

    Raises:
        InputError: A file is not what it should be or does not match the genome.
    """
    by_class = {} if gtf is None else read_gtf(gtf, genome, clip, published)
    tables = []
    for name in ANNOTATION_CLASSES:
        if name in beds:
            rows = _table(read_bed(beds[name], genome, clip), chromosomes)
            tables.append(IntervalTable(f"annotation/{name}", f"annotation {name}", beds[name], rows))
        elif gtf is not None:
            rows = _table(by_class[name], chromosomes)
            tables.append(IntervalTable(f"annotation/{name}", f"annotation {name}", gtf, rows))
    if blacklist is not None:
        rows = _table(read_bed(blacklist, genome, clip), chromosomes)
        tables.append(IntervalTable("blacklist", "blacklist", blacklist, rows))
    for table in tables:
        logger.info("%s: %s merged intervals from %s", table.role, f"{len(table.rows):,}", table.path)
    return tables
