"""Cutting chromosomes in two, so that a part of each can be held back: deepgrn-train holds back whole chromosomes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyBigWig
import pysam

LINE = 60  # bases per line of FASTA
BLOCK = 60_000 * LINE  # bases read at once


@dataclass(frozen=True)
class Piece:
    """A stretch of a chromosome that goes by a name of its own.

    Attributes:
        name: The name: that of the chromosome where it is whole, else with `.start` or `.end`.
        chrom: The chromosome.
        start: 0-based start on the chromosome.
        end: End, exclusive.
    """

    name: str
    chrom: str
    start: int
    end: int


def pieces(lengths: Mapping[str, int], cuts: Mapping[str, int]) -> list[Piece]:
    """Name the pieces of a genome.

    Args:
        lengths: Chromosome → length, in bp.
        cuts: Chromosome → position of its cut.

    >>> pieces({"a": 9, "b": 8}, {"b": 5})[1:]
    [Piece(name='b.start', chrom='b', start=0, end=5), Piece(name='b.end', chrom='b', start=5, end=8)]
    """
    result = []
    for chrom, length in lengths.items():
        if chrom in cuts:
            result += [
                Piece(f"{chrom}.start", chrom, 0, cuts[chrom]),
                Piece(f"{chrom}.end", chrom, cuts[chrom], length),
            ]
        else:
            result.append(Piece(chrom, chrom, 0, length))
    return result


def shift(chrom: str, start: int, end: int, parts: list[Piece]) -> Iterator[tuple[str, int, int]]:
    """Tell where an interval lies on the pieces; one across a cut becomes two, one beyond the genome none.

    Yields:
        Name of the piece, 0-based start and end on it.
    """
    for part in parts:
        first, last = max(start, part.start), min(end, part.end)
        if part.chrom == chrom and first < last:
            yield part.name, first - part.start, last - part.start


def cut_fasta(source: Path, parts: list[Piece], output: Path) -> None:
    """Write the pieces as plain FASTA."""
    with pysam.FastaFile(str(source)) as genome, output.open("w") as stream:
        for part in parts:
            stream.write(f">{part.name}\n")
            for start in range(part.start, part.end, BLOCK):
                bases = genome.fetch(part.chrom, start, min(start + BLOCK, part.end))
                stream.writelines(f"{bases[place : place + LINE]}\n" for place in range(0, len(bases), LINE))


def cut_bigwig(source: Path, parts: list[Piece], output: Path) -> None:
    """Write the values on the pieces."""
    ordered = sorted(parts, key=lambda part: part.name)
    with pyBigWig.open(str(source)) as track, pyBigWig.open(str(output), "w") as out:
        out.addHeader([(part.name, part.end - part.start) for part in ordered])
        for part in ordered:
            found = track.intervals(part.chrom, part.start, part.end) or []
            if found:
                starts = [max(start, part.start) - part.start for start, _, _ in found]
                ends = [min(end, part.end) - part.start for _, end, _ in found]
                out.addEntries([part.name] * len(found), starts, ends=ends, values=[value for _, _, value in found])


def cut_bed(source: Path, parts: list[Piece], output: Path) -> None:
    """Write the intervals on the pieces, further columns as they are; others are left out."""
    opened = gzip.open(source, "rt") if source.suffix == ".gz" else source.open()
    with opened as lines, output.open("w") as stream:
        for line in lines:
            chrom, start, end, *rest = line.rstrip("\n").split("\t")
            for name, first, last in shift(chrom, int(start), int(end), parts):
                stream.write("\t".join([name, str(first), str(last), *rest]) + "\n")
