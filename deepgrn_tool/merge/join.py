"""Ascending intervals of several files as one ascending sequence.

Each file is at one piece at a time. Up to the smallest of the pieces' last starts nothing can come in between any more,
so that everything up to there is put in order and handed on; files whose piece is used up take their next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.merge.sources import Piece, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions


class _Head:
    """Where one file is.

    Args:
        number: Which of the files it is.
        pieces: What is still to come.
    """

    def __init__(self, number: int, pieces: Iterator[Piece]) -> None:
        self.number = number
        self.piece = next(pieces, None)
        self._pieces = pieces

    def take(self, bound: int) -> Piece:
        """Take the intervals that start up to `bound`, and the next piece when none is left."""
        if self.piece is None:
            raise ValueError("nothing is left to take")
        count = int(np.searchsorted(self.piece.starts, bound, side="right"))
        taken, rest = self.piece.part(slice(count)), self.piece.part(slice(count, None))
        self.piece = rest if len(rest.starts) else next(self._pieces, None)
        return taken


class _Neighbours:
    """Watches over intervals that follow each other, and knows which file each is from.

    Args:
        paths: The files.
        chrom: Name of the chromosome.
        bins: Intervals are bins, which may overlap but not be the same; else none may overlap.
    """

    def __init__(self, paths: Sequence[Path], chrom: str, bins: bool) -> None:
        self._paths, self._chrom, self._bins = paths, chrom, bins
        self._last = -1, 0, 0  # start, end and file of the last interval

    def check(self, starts: Positions, ends: Positions, files: Positions) -> None:
        """Refuse an interval that shares bases with the one before it, or a bin that is the one before it."""
        start, end, file = self._last
        clash = starts == np.append(start, starts[:-1]) if self._bins else starts < np.append(end, ends[:-1])
        if clash.any():
            index = int(np.argmax(clash))
            if index:
                start, end, file = int(starts[index - 1]), int(ends[index - 1]), int(files[index - 1])
            place = f"{self._chrom}:{starts[index]}-{ends[index]}"
            other = self._paths[file]
            if self._bins:
                text = f"the bin {place} is in {other}, too; join tables that share no bin"
            else:
                text = f"{place} overlaps {self._chrom}:{start}-{end} of {other}; join tracks that share no base"
            raise InputError(text, self._paths[int(files[index])])
        self._last = int(starts[-1]), int(ends[-1]), int(files[-1])


def join(sources: Sequence[Source], chrom: str, bins: bool) -> Iterator[Piece]:
    """Go through the intervals of all files on one chromosome.

    Args:
        sources: The files, each in order within itself.
        chrom: Name of the chromosome.
        bins: Intervals are bins, which may overlap but not be the same; else none may overlap.

    Yields:
        The intervals by start, each once.

    Raises:
        InputError: Two files have a base, or a bin, in common; both are named. Or one of them is wrong in itself.
    """
    neighbours = _Neighbours([source.path for source in sources], chrom, bins)
    heads = [_Head(number, source.pieces(chrom)) for number, source in enumerate(sources)]
    while waiting := [(head, int(head.piece.starts[-1])) for head in heads if head.piece is not None]:
        bound = min(last for _, last in waiting)
        taken = [(head.number, head.take(bound)) for head, _ in waiting]
        files = np.repeat([number for number, _ in taken], [len(piece.starts) for _, piece in taken])
        together = Piece(
            np.concatenate([piece.starts for _, piece in taken]),
            np.concatenate([piece.ends for _, piece in taken]),
            np.concatenate([piece.values for _, piece in taken]),
        )
        order = np.argsort(together.starts, kind="stable")
        joined = together.part(order)
        neighbours.check(joined.starts, joined.ends, files[order])
        yield joined
