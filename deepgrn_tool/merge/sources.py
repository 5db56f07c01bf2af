"""The files to be joined, read piece by piece: bigWig by its index, text in the order of its rows.

Strict: within a file, chromosomes of text come in C-locale (bytewise) order and rows ascend, as deepgrn-predict writes
them; intervals of tracks do not overlap, and no bin of a table is there twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.score_text import ScoreRows, read_bin_rows, read_score_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deepgrn_tool.data.intervals import Positions

SORTING = "sort the rows with LC_ALL=C sort -k1,1 -k2,2n"


class Piece(NamedTuple):
    """Ascending intervals of one chromosome.

    Attributes:
        starts: int64, shape (n,), 0-based, n >= 1.
        ends: int64, shape (n,), exclusive.
        values: float32, shape (n,), finite.
    """

    starts: Positions
    ends: Positions
    values: NDArray[np.float32]

    def part(self, which: slice | Positions) -> Piece:
        """Give some of the intervals, by place."""
        return Piece(self.starts[which], self.ends[which], self.values[which])


class Source(ABC):
    """One file.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        """Remember the name, for messages."""
        self.path = Path(path)

    @abstractmethod
    def pieces(self, chrom: str) -> Iterator[Piece]:
        """Go through the intervals of a chromosome; chromosomes are asked for in C-locale order, each once.

        Raises:
            InputError: The file is damaged, out of order, or holds what is no finite number.
        """


class BigWigSource(Source):
    """A bigWig track.

    Args:
        path: The file.
        track: The same, open.
    """

    def __init__(self, path: str | Path, track: BigWig) -> None:
        """Read nothing yet."""
        super().__init__(path)
        self.lengths = track.lengths
        self._track = track

    def pieces(self, chrom: str) -> Iterator[Piece]:
        """Go through the intervals of a chromosome, none where the file lacks it."""
        if chrom not in self.lengths:
            return
        bound = 0
        for starts, ends, values in self._track.finite_intervals(chrom):
            ordered = (starts >= np.append(bound, ends[:-1])).all() and (ends > starts).all()
            if not ordered or ends[-1] > self.lengths[chrom]:
                text = f"intervals on {chrom} overlap or reach past its end; the file is damaged, make it again"
                raise InputError(text, self.path)
            bound = int(ends[-1])
            yield Piece(starts, ends, values)


class TextSource(Source):
    """A bedGraph file or a table of bins, read once from begin to end.

    Args:
        path: The file.
        lengths: Length of each chromosome, in bp, by name; None where it is yet to be found out.
        bins: The rows are bins, which may overlap; else intervals, which may not.
    """

    def __init__(self, path: str | Path, lengths: Mapping[str, int] | None, bins: bool) -> None:
        """Read the first piece."""
        super().__init__(path)
        self._lengths = lengths
        self._bins = bins
        self._rows = read_bin_rows(path, BIN_SIZE) if bins else read_score_rows(path)
        self._chrom, self._start, self._end = "", -1, 0  # of the last row read
        self._lines: Positions = np.empty(0, np.int64)  # of the last rows read
        self._next: ScoreRows | None = None
        self._advance()

    def pieces(self, chrom: str) -> Iterator[Piece]:
        """Go through the intervals of a chromosome, none unless it is the next one in the file."""
        while self._next is not None and self._next.chrom == chrom:
            rows = self._next
            with np.errstate(over="ignore"):
                values = rows.values.astype(np.float32)
            too_large = ~np.isfinite(values)
            if too_large.any():
                index = int(np.argmax(too_large))
                text = f"score {rows.values[index]} is too large for a track (32-bit numbers)"
                raise InputError(text, self.path, int(rows.lines[index]))
            yield Piece(rows.starts, rows.ends, values)
            self._advance()

    def measure(self) -> dict[str, int]:
        """Read the whole file.

        Returns:
            Chromosome name → end of its last interval, in bp.
        """
        found: dict[str, int] = {}
        while self._next is not None:
            found[self._next.chrom] = max(found.get(self._next.chrom, 0), int(self._next.ends.max()))
            self._advance()
        return found

    def _advance(self) -> None:
        rows = next(self._rows, None)
        if rows is not None:
            self._check_chromosome(rows)
            self._check_ends(rows)
            self._check_order(rows)
        self._next = rows

    def _check_chromosome(self, rows: ScoreRows) -> None:
        if rows.chrom != self._chrom:
            line = int(rows.lines[0])
            if self._lengths is not None and rows.chrom not in self._lengths:
                hint = did_you_mean(rows.chrom, self._lengths)
                text = f"chromosome '{rows.chrom}' is not among those whose length is known{hint}"
                raise InputError(text, self.path, line)
            if self._chrom and rows.chrom.encode() < self._chrom.encode():
                text = f"chromosome '{rows.chrom}' comes after '{self._chrom}', against the C-locale order; {SORTING}"
                raise InputError(text, self.path, line)
            # A block that goes back and forth comes sorted into chromosomes: rows of the one before may stand below.
            again = self._lines[self._lines > line]
            if len(again):
                text = f"the rows of chromosome '{self._chrom}' do not stand together; {SORTING}"
                raise InputError(text, self.path, int(again[0]))
            self._chrom, self._start, self._end = rows.chrom, -1, 0

    def _check_ends(self, rows: ScoreRows) -> None:
        length = None if self._lengths is None else self._lengths[rows.chrom]
        if length is not None and (rows.ends > length).any():
            index = int(np.argmax(rows.ends > length))
            text = f"end ({rows.ends[index]}) is past the end of {rows.chrom} ({length})"
            raise InputError(f"{text}; is the file from another assembly?", self.path, int(rows.lines[index]))

    def _check_order(self, rows: ScoreRows) -> None:
        back = np.diff(rows.starts, prepend=self._start) <= 0
        touched = np.append(self._end, rows.ends[:-1])
        wrong = back if self._bins else back | (rows.starts < touched)
        if wrong.any():
            index = int(np.argmax(wrong))
            before = self._start if index == 0 else int(rows.starts[index - 1])
            place = f"{rows.chrom}:{rows.starts[index]}-{rows.ends[index]}"
            if rows.starts[index] < before:
                text = f"{place} comes after a row that starts at {before}; {SORTING}"
            elif self._bins:
                text = f"the bin {place} is there twice"
            else:
                text = f"{place} overlaps the interval before it; a track has one value per base"
            raise InputError(text, self.path, int(rows.lines[index]))
        self._lines, self._start, self._end = rows.lines, int(rows.starts[-1]), int(rows.ends[-1])
