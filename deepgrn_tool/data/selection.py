"""Which bins are scored: whole chromosomes, regions tiled on the grid, or bins exactly as a BED file lists them."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE, STRIDE, grid_starts, tile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.bed import parse_bed, read_bed


@dataclass(frozen=True)
class BinGroup:
    """Bins of one chromosome.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (n,), 0-based starts in the order in which they are written.
    """

    chrom: str
    starts: Positions


class GridSelection:
    """Bins of the grid, ascending, chromosomes in C-locale order.

    Args:
        chromosomes: Chromosome name → length in bp, of the genome.
        names: The chromosomes to score, all of them known; None for all.
        regions: BED file whose intervals are tiled with bins; None for whole chromosomes.

    Attributes:
        total: Number of bins.
        on_grid: Whether all bins lie on the grid: True.
        ascending: Whether groups and bins are in order: True.

    Raises:
        InputError: The regions are not on the genome.
    """

    on_grid = True
    ascending = True

    def __init__(
        self, chromosomes: Mapping[str, int], names: Iterable[str] | None = None, regions: str | Path | None = None
    ) -> None:
        """Count the bins; their starts are made when they are needed."""
        chosen = chromosomes if names is None else names
        self._lengths = {name: chromosomes[name] for name in sorted(chosen, key=str.encode)}
        self._regions = None if regions is None else read_bed(regions, chromosomes)
        if self._regions is None:
            self.total = sum(len(range(0, length - BIN_SIZE + 1, STRIDE)) for length in self._lengths.values())
        else:
            self.total = sum(len(group.starts) for group in self)

    def __iter__(self) -> Iterator[BinGroup]:
        """Go through the chromosomes that have bins."""
        for name, length in self._lengths.items():
            if self._regions is None:
                starts = grid_starts(length)
            elif name in self._regions:
                starts = tile(*self._regions[name], length)
            else:
                continue
            if len(starts):
                yield BinGroup(name, starts)


class ListedSelection:
    """Bins exactly as a BED file lists them, in its order.

    Args:
        path: BED file; each line is one bin of 200 bp, on the grid or not.
        chromosomes: Chromosome name → length in bp, of the genome.

    Attributes:
        total: Number of bins.
        on_grid: Whether all starts agree modulo the stride.
        ascending: Whether the lines are sorted as `LC_ALL=C sort -k1,1 -k2,2n` does it, without repeated bins.

    Raises:
        InputError: A line is not a bin of the genome, or there is none.
    """

    def __init__(self, path: str | Path, chromosomes: Mapping[str, int]) -> None:
        """Read the whole list: 13 bytes per bin, and twice as many more for a moment."""
        lines, numbers = array("q"), array("i")  # an array of each run would cost more where lines alternate
        known: dict[str, int] = {}
        for number, chrom, start, end in parse_bed(path):
            length = chromosomes.get(chrom)
            if length is None:
                hint = did_you_mean(chrom, chromosomes)
                raise InputError(f"chromosome '{chrom}' is not in the features file{hint}", path, number)
            if end - start != BIN_SIZE:
                text = f"spans {end - start} bp; a bin has {BIN_SIZE} (give regions of any size with --regions)"
                raise InputError(text, path, number)
            if end > length:
                raise InputError(f"end ({end}) is past the end of {chrom} ({length})", path, number)
            lines.append(start)
            numbers.append(known.setdefault(chrom, len(known)))
        if not lines:
            raise InputError("holds no bin", path)
        self._names = list(known)
        self._starts = np.frombuffer(lines, np.int64)
        self._chromosomes = np.frombuffer(numbers, np.intc)
        self.total = len(self._starts)
        self.on_grid = bool(((self._starts - self._starts[0]) % STRIDE == 0).all())
        # Chromosomes are numbered as they come: they ascend where their names do and none comes back.
        names_ascend = all(one < two for one, two in itertools.pairwise(name.encode() for name in self._names))
        steps = np.diff(self._chromosomes)
        self.ascending = names_ascend and bool(((steps > 0) | ((steps == 0) & (np.diff(self._starts) > 0))).all())

    def __iter__(self) -> Iterator[BinGroup]:
        """Go through runs of lines on the same chromosome."""
        changes = np.flatnonzero(np.diff(self._chromosomes)) + 1
        for begin, end in itertools.pairwise(np.concatenate([[0], changes, [self.total]])):
            yield BinGroup(self._names[self._chromosomes[begin]], self._starts[begin:end])
