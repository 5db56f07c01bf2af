"""BED files: the first three columns, 0-based half-open.

Lenient: comments, `track` and `browser` lines, blank lines, CRLF, gzip, spaces instead of tabs, any further columns,
any order, overlaps. Strict: whole numbers, 0 <= start < end <= length of the chromosome.
"""

from __future__ import annotations

import logging
from array import array
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.textfile import read_lines, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Intervals = tuple[NDArray[np.int64], NDArray[np.int64]]

logger = logging.getLogger(__name__)

HEADER_WORDS = ("track", "browser")


def parse_bed(path: str | Path) -> Iterator[tuple[int, str, int, int]]:
    """Go through the intervals of a BED file.

    Yields:
        1-based line number, chromosome, 0-based start, end (exclusive).

    Raises:
        InputError: A line has fewer than three columns, or its numbers are not 0 <= start < end.
    """
    for number, line in read_lines(path):
        fields = line.split("\t", 3) if "\t" in line else line.split(None, 3)
        if not fields or line.startswith("#") or fields[0].split(" ", 1)[0] in HEADER_WORDS or not line.strip():
            continue
        if len(fields) < 3:
            raise InputError("has fewer than three columns (chromosome, start, end)", path, number)
        try:
            start, end = whole_number(fields[1]), whole_number(fields[2])
        except ValueError as error:
            raise InputError(str(error), path, number) from error
        if start < 0:
            raise InputError(f"start ({start}) is negative; BED counts from 0", path, number)
        if end <= start:
            raise InputError(f"end ({end}) is not after start ({start})", path, number)
        yield number, fields[0], start, end


class IntervalCollector:
    """Sorts intervals into chromosomes, checks them against the genome, and counts those outside it.

    Args:
        path: The file that the intervals come from, for messages.
        lengths: Chromosome names and lengths of the genome, in bp.
        clip: Cut intervals at chromosome ends and leave out those beyond; False refuses them and tells of the option
            that cuts them; None refuses them where the program has no such option.
    """

    def __init__(self, path: str | Path, lengths: Mapping[str, int], clip: bool | None) -> None:
        """Start with no interval."""
        self._path = path
        self._lengths = lengths
        self._clip = clip
        self._foreign: dict[str, int] = {}
        self._clipped = 0
        self.kept = 0

    def place(self, number: int, chrom: str, start: int, end: int) -> tuple[int, int] | None:
        """Check one interval.

        Returns:
            Start and end within the chromosome, or None when the interval is to be left out.

        Raises:
            InputError: The interval reaches past the chromosome's end and clipping is off.
        """
        length = self._lengths.get(chrom)
        if length is None:
            self._foreign[chrom] = self._foreign.get(chrom, 0) + 1
            return None
        self.kept += 1
        if end <= length:
            return start, end
        if not self._clip:
            text = f"end ({end}) is past the end of {chrom} ({length}); is the file from another assembly?"
            if self._clip is not None:
                text += " (for a genome that is cut short on purpose, use --clip-intervals)"
            raise InputError(text, self._path, number)
        self._clipped += 1
        return (start, length) if start < length else None

    def finish(self) -> None:
        """Report what was left out.

        Raises:
            InputError: No interval lies on the genome, or a chromosome goes by another name in the genome.
        """
        for chrom in self._foreign:
            if _other_name(chrom, self._lengths):
                hint = did_you_mean(chrom, self._lengths)
                raise InputError(f"chromosome '{chrom}' is not in the genome{hint}", self._path)
        if not self.kept:
            if not self._foreign:
                raise InputError("holds no interval", self._path)
            first = next(iter(self._foreign))
            hint = did_you_mean(first, self._lengths)
            raise InputError(f"no line is on a chromosome of the genome: '{first}' is not in it{hint}", self._path)
        if self._foreign:
            lines, names = sum(self._foreign.values()), len(self._foreign)
            logger.info(
                "%s: left out %s lines on %s chromosomes that the genome lacks", self._path, f"{lines:,}", names
            )
        if self._clipped:
            logger.info("%s: clipped %s intervals at chromosome ends", self._path, f"{self._clipped:,}")


def _other_name(chrom: str, known: Mapping[str, int]) -> bool:
    """Tell whether a chromosome is known with or without `chr`, or as the other name of the mitochondrion."""
    if f"chr{chrom}" in known or (chrom.startswith("chr") and chrom[3:] in known):
        return True
    mitochondrion = ("MT", "M", "chrM", "chrMT")
    return chrom in mitochondrion and any(name in known for name in mitochondrion)


def to_arrays(pairs: Mapping[str, array[int]]) -> dict[str, Intervals]:
    """Turn flat start, end, start, end, … lists into two arrays per chromosome."""
    result: dict[str, Intervals] = {}
    for chrom, flat in pairs.items():
        table = np.array(flat, np.int64).reshape(-1, 2)
        result[chrom] = (table[:, 0].copy(), table[:, 1].copy())
    return result


def read_bed(path: str | Path, lengths: Mapping[str, int], clip: bool | None = None) -> dict[str, Intervals]:
    """Read a BED file and check it against a genome.

    Args:
        path: Plain or gzip-compressed BED file.
        lengths: Chromosome names and lengths of the genome, in bp.
        clip: Cut intervals at chromosome ends; False and None refuse them (`IntervalCollector`).

    Returns:
        Chromosome name → starts and ends, int64, shape (n,), 0-based half-open, in the order of the file. Lines on
        chromosomes that the genome lacks are counted, logged and left out.

    Raises:
        InputError: The file is not BED, no line is on the genome, or the names differ by a `chr` prefix.
    """
    collector = IntervalCollector(path, lengths, clip)
    pairs: dict[str, array[int]] = {}
    for number, chrom, start, end in parse_bed(path):
        placed = collector.place(number, chrom, start, end)
        if placed is not None:
            pairs.setdefault(chrom, array("q")).extend(placed)
    collector.finish()
    return to_arrays(pairs)
