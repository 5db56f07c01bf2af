"""Reading label files: `chr start stop CELL…`, one letter B, U or A per bin and cell; plain, gzip or bgzip.

Lenient: CRLF, a missing last line end, any order of chromosomes, bins on the 50-bp grid or not.
Strict: bins have 200 bp and ascend, those of a chromosome stand together, every row has all columns.

Source: data of the ENCODE-DREAM challenge (`TF.train.labels.tsv.gz`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.textfile import BLOCK_SIZE, line_blocks, open_bytes
from deepgrn_tool.labels.parse import Rows, parse_rows
from deepgrn_tool.labels.table import COORDINATE_COLUMNS, ChromosomeLabels, Labels

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.labels.table import Codes

SORTING = "sort the rows with LC_ALL=C sort -k1,1 -k2,2n, the header first"


class MissingChromosomeError(InputError):
    """A chromosome that was asked for is not in the label file.

    Args:
        name: The chromosome.
        known: Those of the file.
        path: The file.
    """

    def __init__(self, name: str, known: Collection[str], path: str | Path) -> None:
        """Keep the name, and what there is instead, for those who know why it was asked for."""
        self.name, self.hint = name, did_you_mean(name, known)
        super().__init__(f"has no chromosome '{name}'{self.hint}", path)


def read_labels(
    path: str | Path, *, cells: Sequence[str] | None = None, chromosomes: Collection[str] | None = None
) -> Labels:
    """Read a label file; memory is little more than the arrays that are kept.

    All rows are checked, those that are not kept as well.

    Args:
        path: Label file, plain or compressed.
        cells: Cells to keep, in this order; None keeps all.
        chromosomes: Chromosomes to keep; None keeps all. The order is that of the file.

    Returns:
        The labels of the bins.

    Raises:
        InputError: The file is not a label file, or a wanted cell is not in it.
        MissingChromosomeError: A wanted chromosome is not in it.
    """
    with open_bytes(path) as stream:
        names = _read_header(stream, path)
        kept = tuple(names if cells is None else dict.fromkeys(cells))
        for name in kept:
            if name not in names:
                raise InputError(f"has no cell '{name}'{did_you_mean(name, names)}", path)
        collector = _Collector(path, [names.index(name) for name in kept], chromosomes)
        for line, block in line_blocks(stream, path, line=2):
            for rows in parse_rows(block, len(names), path, line):
                collector.add(rows)
    return Labels(kept, collector.finish())


def _read_header(stream: BinaryIO, path: str | Path) -> list[str]:
    """Read the first line; returns the names of the cells."""
    raw = stream.readline(BLOCK_SIZE)
    if not raw:
        raise InputError("is empty", path)
    try:
        fields = raw.decode("utf-8-sig").rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text; is this a binary file?", path, 1) from error
    count = len(COORDINATE_COLUMNS)
    if tuple(fields[:count]) != COORDINATE_COLUMNS or len(fields) == count:
        text = "is not the header of a label file: 'chr', 'start', 'stop' and the names of cells, separated by tabs"
        raise InputError(text, path, 1)
    cells = fields[count:]
    if "" in cells:
        raise InputError("a column of the header has no cell name", path, 1)
    twice = next((cell for cell in cells if cells.count(cell) > 1), None)
    if twice is not None:
        raise InputError(f"names cell '{twice}' twice", path, 1)
    return cells


class _Collector:
    """Gathers rows by chromosome and watches over their order.

    Args:
        path: The file, for messages.
        columns: Which cells to keep, by column.
        chromosomes: Names of the chromosomes to keep, or None.
    """

    def __init__(self, path: str | Path, columns: Sequence[int], chromosomes: Collection[str] | None) -> None:
        self._path = path
        self._columns = list(columns)
        self._wanted = chromosomes
        self._done: dict[str, ChromosomeLabels | None] = {}  # None where a chromosome is not kept
        self._chrom: str | None = None
        self._last = -1  # start of the bin before
        self._starts: list[Positions] = []
        self._codes: list[Codes] = []

    def add(self, rows: Rows) -> None:
        """Take the next rows of the file."""
        if rows.chrom != self._chrom:
            self._end_chromosome()
            if rows.chrom in self._done:
                text = f"chromosome '{rows.chrom}' appears a second time; its bins must stand together: {SORTING}"
                raise InputError(text, self._path, rows.line)
            self._chrom, self._last = rows.chrom, -1
        steps = np.diff(rows.starts, prepend=self._last)
        if (steps <= 0).any():
            index = int(np.argmax(steps <= 0))
            start = int(rows.starts[index])
            text = f"the bin {rows.chrom}:{start}-{start + BIN_SIZE} "
            text += "is there twice" if steps[index] == 0 else f"comes after one that starts at {start - steps[index]}"
            raise InputError(f"{text}; {SORTING}", self._path, rows.line + index)
        self._last = int(rows.starts[-1])
        if self._wanted is None or rows.chrom in self._wanted:
            self._starts.append(rows.starts)
            self._codes.append(rows.codes[self._columns])

    def finish(self) -> dict[str, ChromosomeLabels]:
        """Give what was gathered."""
        self._end_chromosome()
        if not self._done:
            raise InputError("holds no bin, only a header", self._path)
        for name in self._wanted or ():
            if name not in self._done:
                raise MissingChromosomeError(name, self._done, self._path)
        return {name: labels for name, labels in self._done.items() if labels is not None}

    def _end_chromosome(self) -> None:
        if self._chrom is None:
            return
        self._done[self._chrom] = None
        if self._starts:
            starts, codes = np.concatenate(self._starts), np.concatenate(self._codes, axis=1)
            self._done[self._chrom] = ChromosomeLabels(self._chrom, starts, codes)
        self._starts, self._codes = [], []
