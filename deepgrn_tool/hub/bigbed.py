"""Called regions as bigBed, the only form of intervals that a track hub takes.

Rows as deepgrn-predict writes them keep all nine columns; of other BED files the first three are kept. There are no
zoom levels: readers sum up the regions themselves, which are few. Layout: header, description of the columns (autoSql),
total summary, chromosome tree, data blocks, their index, and the magic number again.

Source: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 5–16; bigBed version 4.
"""

from __future__ import annotations

import errno
import re
import struct
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from deepgrn_tool.formats.bed import parse_bed
from deepgrn_tool.formats.textfile import read_lines
from deepgrn_tool.tracks.bbi import BlockList, chromosome_tree, write_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAGIC = 0x8789F2EB
VERSION = 4
HEADER = struct.Struct("<IHHQQQHHQQIQ")
SUMMARY = struct.Struct("<Qdddd")
ITEM = struct.Struct("<III")
ROWS_PER_BLOCK = 512
DEFINED_COLUMNS = 6  # of BED; what follows is our own
CALLED_COLUMNS = 9
# Name, score, strand, best score, summit, number of bins.
CALLED_REST = re.compile(r"[^\t]+\t(1000|\d{1,3})\t[.+-]\t[0-9.e-]+\t\d+\t\d+\Z", re.ASCII)
AUTO_SQL = {
    3: """table regions
"Regions"
(
string chrom; "Chromosome"
uint chromStart; "Start, counted from 0"
uint chromEnd; "End"
)
""",
    CALLED_COLUMNS: """table calledRegions
"Regions of bins that score at least a threshold"
(
string chrom; "Chromosome"
uint chromStart; "Start, counted from 0"
uint chromEnd; "End"
string name; "Name"
uint score; "1000 times the best score"
char[1] strand; "Strand"
float best; "Best score of a bin"
uint summit; "Middle of the best bin, counted from 0"
uint bins; "Number of bins"
)
""",
}


class Row(NamedTuple):
    """One region.

    Attributes:
        start: 0-based.
        end: Exclusive.
        rest: Further columns, with tabs between them.
    """

    start: int
    end: int
    rest: str


class Called(NamedTuple):
    """The regions of a BED file.

    Attributes:
        rows: Chromosome → its regions, ascending; chromosomes without any are absent.
        columns: How many columns a row has: 9 as deepgrn-predict writes them, or 3.
    """

    rows: dict[str, list[Row]]
    columns: int

    @property
    def track_type(self) -> str:
        """The type of the track at UCSC."""
        return "bigBed 3" if self.columns == 3 else f"bigBed {DEFINED_COLUMNS} +"


def read_called(path: Path, lengths: Mapping[str, int]) -> Called:
    """Read the rows of a BED file that lie on known chromosomes; `formats.bed.read_bed` has checked them.

    Args:
        path: BED file, plain or gzip.
        lengths: Chromosome name → length, in bp.

    Raises:
        InputError: The file is not BED.
    """
    lines = dict(read_lines(path))
    rows: dict[str, list[Row]] = {}
    complete = True
    for number, chrom, start, end in parse_bed(path):
        rest = "\t".join(lines[number].split("\t")[3:])
        complete = complete and CALLED_REST.match(rest) is not None
        if chrom in lengths:
            rows.setdefault(chrom, []).append(Row(start, end, rest))
    for chrom, found in rows.items():
        rows[chrom] = sorted(found if complete else [row._replace(rest="") for row in found])
    return Called(rows, CALLED_COLUMNS if complete else 3)


def write_bigbed(target: Path, lengths: Mapping[str, int], called: Called) -> None:
    """Write a bigBed file, and read it back.

    Args:
        target: File to write.
        lengths: Chromosome name → length, in bp; all of them are listed in the file.
        called: The regions.

    Raises:
        OSError: The file cannot be written, or does not read back as it was written.
    """
    chromosomes = dict(sorted(lengths.items(), key=lambda pair: pair[0].encode()))
    auto_sql = AUTO_SQL[called.columns].encode() + b"\0"
    summary_offset = HEADER.size + len(auto_sql)
    tree_offset = summary_offset + SUMMARY.size
    with target.open("w+b") as out:
        out.write(bytes(HEADER.size) + auto_sql + SUMMARY.pack(*_summary(called)))
        out.write(chromosome_tree(chromosomes, tree_offset))
        data_offset = out.tell()
        out.write(struct.pack("<Q", sum(map(len, called.rows.values()))))
        blocks = BlockList(out)
        largest = 0
        for number, chrom in enumerate(chromosomes):
            largest = max(largest, _write_blocks(blocks, number, called.rows.get(chrom, [])))
        index_offset = out.tell()
        write_index(out, blocks.table(), index_offset)
        out.write(struct.pack("<I", MAGIC))
        offsets = (tree_offset, data_offset, index_offset)
        columns = (called.columns, min(called.columns, DEFINED_COLUMNS), HEADER.size, summary_offset)
        _write_header(out, HEADER.pack(MAGIC, VERSION, 0, *offsets, *columns, largest, 0))
    _verify(target, chromosomes, called)


def _write_header(out: BinaryIO, header: bytes) -> None:
    out.seek(0)
    out.write(header)


def _write_blocks(blocks: BlockList, number: int, rows: Sequence[Row]) -> int:
    """Write the regions of a chromosome; return the size of the largest block, in bytes."""
    largest, reach = 0, 0
    for begin in range(0, len(rows), ROWS_PER_BLOCK):
        part = rows[begin : begin + ROWS_PER_BLOCK]
        data = b"".join(ITEM.pack(number, row.start, row.end) + row.rest.encode() + b"\0" for row in part)
        # Regions may overlap: what comes later never seems to end before, so that no search misses a long region.
        reach = max(reach, *(row.end for row in part))
        blocks.append(data, number, part[0].start, number, reach)
        largest = max(largest, len(data))
    return largest


def _summary(called: Called) -> tuple[int, float, float, float, float]:
    """Count covered bases; give lowest and highest depth of cover, its sum and its sum of squares over the bases."""
    widths, depths = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for rows in called.rows.values():
        edges = np.array([(row.start, 1) for row in rows] + [(row.end, -1) for row in rows], np.int64)
        edges = edges[np.argsort(edges[:, 0], kind="stable")]
        widths = np.append(widths, np.diff(edges[:, 0]))
        depths = np.append(depths, np.cumsum(edges[:, 1])[:-1])
    covered = (widths > 0) & (depths > 0)
    widths, depths = widths[covered], depths[covered]
    if not len(widths):
        return 0, 0.0, 0.0, 0.0, 0.0
    total, squares = float((widths * depths).sum()), float((widths * depths**2).sum())
    return int(widths.sum()), float(depths.min()), float(depths.max()), total, squares


def _verify(target: Path, chromosomes: Mapping[str, int], called: Called) -> None:
    import pyBigWig

    try:
        with closing(pyBigWig.open(str(target))) as track:
            same = track.isBigBed() and track.chroms() == dict(chromosomes)
            for chrom, rows in called.rows.items():
                found = track.entries(chrom, rows[-1].start, rows[-1].end) or []
                same = same and (rows[-1].start, rows[-1].end) in [entry[:2] for entry in found]
    except RuntimeError as error:
        raise OSError(errno.EIO, "was written but cannot be read back", str(target)) from error
    if not same:
        raise OSError(errno.EIO, "does not read back as it was written", str(target))
