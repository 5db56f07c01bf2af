"""Write bigWig files, in pure Python and NumPy.

pyBigWig reads the finished file back, but does not write it: when the disk is full its C library corrupts memory and
aborts the process, the time it takes grows with the square of the number of contigs, and other readers refuse the
files that it makes of empty tracks.

Layout: header, zoom headers, total summary, chromosome tree, data blocks, their index, and per zoom level its blocks
and index; then the magic number again. A data block holds up to 1,024 values of one chromosome: as fixed steps where
the intervals are equally long and touch (4 bytes a value), with starts where they are only equally long (8 bytes), else
with starts and ends (12 bytes). The file's bytes do not depend on how the track was cut into pieces.

Source: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 5–19.
"""

from __future__ import annotations

import errno
import struct
from contextlib import closing
from shutil import copyfileobj
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.tracks.bbi import BlockList, chromosome_tree, write_index
from deepgrn_tool.tracks.writer import TrackWriter, Values
from deepgrn_tool.tracks.zoom import RECORD, RECORDS_PER_BLOCK, ZOOM_LEVELS, Pyramid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions

MAGIC = 0x888FFC26
VERSION = 4
HEADER = struct.Struct("<IHHQQQHHQQIQ")
ZOOM_HEADER = struct.Struct("<IIQQ")
SUMMARY = struct.Struct("<Qdddd")
SECTION_HEADER = struct.Struct("<IIIIIBBH")
BED_GRAPH, VARIABLE_STEP, FIXED_STEP = 1, 2, 3
SUMMARY_OFFSET = HEADER.size + ZOOM_LEVELS * ZOOM_HEADER.size
TREE_OFFSET = SUMMARY_OFFSET + SUMMARY.size
VALUES_PER_BLOCK = 1024
BED_GRAPH_ITEM = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])
VARIABLE_STEP_ITEM = np.dtype([("start", "<u4"), ("value", "<f4")])
LARGEST_BLOCK = max(
    SECTION_HEADER.size + VALUES_PER_BLOCK * BED_GRAPH_ITEM.itemsize, RECORDS_PER_BLOCK * RECORD.itemsize
)
LONGEST_CHROMOSOME = 2**32 - 1  # bp; positions have 32 bits


def encode_section(chrom: int, starts: Positions, ends: Positions, values: Values) -> bytes:
    """Encode one data block in the most compact of the three forms that fits.

    Args:
        chrom: Number of the chromosome.
        starts: int64, shape (n,), ascending, 0-based, 1 <= n <= 65,535.
        ends: int64, shape (n,), exclusive.
        values: float32, shape (n,).

    Returns:
        The block, not compressed.
    """
    span = int(ends[0] - starts[0])
    kind, step = BED_GRAPH, 0
    if bool((ends - starts == span).all()):
        touching = bool((starts[1:] == ends[:-1]).all())
        kind, step = (FIXED_STEP, span) if touching else (VARIABLE_STEP, 0)
    else:
        span = 0
    header = SECTION_HEADER.pack(chrom, int(starts[0]), int(ends[-1]), step, span, kind, 0, len(starts))
    if kind == FIXED_STEP:
        return header + values.astype("<f4").tobytes()
    items = np.empty(len(starts), BED_GRAPH_ITEM if kind == BED_GRAPH else VARIABLE_STEP_ITEM)
    items["start"], items["value"] = starts, values
    if kind == BED_GRAPH:
        items["end"] = ends
    return header + items.tobytes()


class BigWigWriter(TrackWriter):
    """A bigWig file with zoom levels; all chromosomes are listed in C-locale order, with or without values.

    Args:
        target: File to write.
        chromosomes: Length of each chromosome, in bp, by name, in any order.
    """

    def __init__(self, target: str | Path, chromosomes: Mapping[str, int]) -> None:
        """Refuse genomes that the format cannot hold.

        Raises:
            InputError: A chromosome is longer than 4.29 Gbp.
        """
        super().__init__(target, dict(sorted(chromosomes.items(), key=lambda pair: pair[0].encode())))
        for name, length in chromosomes.items():
            if length > LONGEST_CHROMOSOME:
                raise InputError(
                    f"chromosome '{name}' ({length} bp) is too long for bigWig; write .bedGraph.gz", target
                )
        self._numbers = {name: number for number, name in enumerate(self.chromosomes)}
        self._chrom: str | None = None
        self._held: tuple[Positions, Positions, Values] = (
            np.empty(0, np.int64),
            np.empty(0, np.int64),
            np.empty(0, np.float32),
        )
        self._covered, self._sum, self._squares = 0, 0.0, 0.0
        self._lowest, self._highest = np.inf, -np.inf
        self._first: tuple[str, int, float] | None = None
        self._last: tuple[str, int, float] | None = None

    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        self._temporary = temporary
        self._out = outputs.enter_context(temporary.open("r+b"))
        self._pyramid = Pyramid(temporary.parent, outputs)
        self._out.write(bytes(TREE_OFFSET) + chromosome_tree(self.chromosomes, TREE_OFFSET))
        self._data_offset = self._out.tell()
        self._out.write(bytes(8))  # number of blocks, known at the end
        self._blocks = BlockList(self._out)

    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        if chrom != self._chrom:
            self._flush()
            self._chrom = chrom
        starts, ends, values = (
            np.concatenate([held, new]) for held, new in zip(self._held, (starts, ends, values), strict=True)
        )
        whole = len(starts) - len(starts) % VALUES_PER_BLOCK
        for begin in range(0, whole, VALUES_PER_BLOCK):
            part = slice(begin, begin + VALUES_PER_BLOCK)
            self._write_section(chrom, starts[part], ends[part], values[part])
        self._held = starts[whole:], ends[whole:], values[whole:]

    def _flush(self) -> None:
        """Write the last, shorter block of a chromosome."""
        if self._chrom is not None and len(self._held[0]):
            self._write_section(self._chrom, *self._held)
        self._held = self._held[0][:0], self._held[1][:0], self._held[2][:0]

    def _write_section(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        number = self._numbers[chrom]
        first, last = int(starts[0]), int(ends[-1])
        self._blocks.append(encode_section(number, starts, ends, values), number, first, number, last)
        self._pyramid.add(number, starts, ends, values)
        sizes, wide = ends - starts, values.astype(np.float64)
        self._covered += int(sizes.sum())
        self._sum += float((wide * sizes).sum())
        self._squares += float((wide * wide * sizes).sum())
        self._lowest = min(self._lowest, float(wide.min()))
        self._highest = max(self._highest, float(wide.max()))
        self._first = self._first or (chrom, first, float(values[0]))
        self._last = chrom, last - 1, float(values[-1])

    def _finish(self) -> None:
        self._flush()
        out = self._out
        index_offset = out.tell()
        write_index(out, self._blocks.table(), index_offset)
        zooms = []
        for level in self._pyramid.finish():
            zoom_offset = out.tell()
            out.write(struct.pack("<I", level.count))
            shift = out.tell()
            level.out.seek(0)
            copyfileobj(level.out, out, 1 << 20)
            end = out.tell()
            write_index(out, level.blocks.table(shift), end)
            zooms.append(ZOOM_HEADER.pack(level.size, 0, zoom_offset, end))
        out.write(struct.pack("<I", MAGIC))
        out.seek(self._data_offset)
        out.write(struct.pack("<Q", len(self._blocks)))
        extremes = (self._lowest, self._highest) if self._covered else (0.0, 0.0)
        out.seek(SUMMARY_OFFSET)
        out.write(SUMMARY.pack(self._covered, *extremes, self._sum, self._squares))
        offsets = (TREE_OFFSET, self._data_offset, index_offset)
        out.seek(0)
        out.write(HEADER.pack(MAGIC, VERSION, len(zooms), *offsets, 0, 0, 0, SUMMARY_OFFSET, LARGEST_BLOCK, 0))
        out.write(b"".join(zooms))
        out.close()
        self._verify()

    def _verify(self) -> None:
        """Read the file back with another program's reader: chromosomes, summary, first and last value."""
        import pyBigWig

        try:
            with closing(pyBigWig.open(str(self._temporary))) as track:
                same = track.isBigWig() and track.chroms() == dict(self.chromosomes)
                same = same and track.header()["nBasesCovered"] == self._covered
                for chrom, base, value in filter(None, (self._first, self._last)):
                    same = same and track.values(chrom, base, base + 1) == [value]
        except RuntimeError as error:
            raise OSError(errno.EIO, "was written but cannot be read back", str(self.target)) from error
        if not same:
            raise OSError(errno.EIO, "does not read back as it was written", str(self.target))
