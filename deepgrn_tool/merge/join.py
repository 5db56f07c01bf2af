"""Ascending intervals of several files as one ascending sequence.

Each file is at one piece at a time. Up to the smallest of the pieces' last starts nothing can come in between any more,
so that everything up to there is put in order and handed on; files whose piece is used up take their next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.merge.sources import Piece, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions


SAME_PLACE = (
    "join tracks that share no base but whole intervals of the same value (attention, --summarize mean or max: join "
    "whole chromosomes)"
)
SAME_VALUE = (
    "files may share only what has the same value: join runs of one network on the same inputs, regions cut 25 bp "
    "after a multiple of 50, where no bin is shared"
)


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


class Joined(NamedTuple):
    """Intervals of all files, ascending, each once.

    Attributes:
        starts: int64, shape (n,), 0-based, n >= 1.
        ends: int64, shape (n,), exclusive.
        values: float32, shape (n,), finite.
        repeats: How many more of them there were, alike in place and value.
    """

    starts: Positions
    ends: Positions
    values: NDArray[np.float32]
    repeats: int


class _Neighbours:
    """Watches over intervals that follow each other, and knows which file each is from.

    Args:
        paths: The files.
        chrom: Name of the chromosome.
        bins: Intervals are bins, which may overlap; else none may overlap.
    """

    def __init__(self, paths: Sequence[Path], chrom: str, bins: bool) -> None:
        self._paths, self._chrom, self._bins = paths, chrom, bins
        self._last = Piece(np.array([-1]), np.array([0]), np.array([0], np.float32))  # one interval, and its file
        self._file = np.array([0])

    def repeats(self, piece: Piece, files: Positions) -> NDArray[np.bool_]:
        """Tell which intervals are the one before them again, with the same value; refuse any other that shares bases.

        Args:
            piece: Intervals by start.
            files: int64, shape (n,), which file each is from.

        Returns:
            bool, shape (n,).
        """
        starts = np.append(self._last.starts, piece.starts)
        ends = np.append(self._last.ends, piece.ends)
        values = np.append(self._last.values, piece.values)
        same_start = starts[1:] == starts[:-1]
        same = same_start & (ends[1:] == ends[:-1]) & (values[1:] == values[:-1])
        clash = (same_start if self._bins else starts[1:] < ends[:-1]) & ~same
        if clash.any():
            index = int(np.argmax(clash))
            pair = Piece(starts, ends, values).part(slice(index, index + 2))
            self._refuse(pair, np.append(self._file, files)[index : index + 2])
        self._last, self._file = piece.part(slice(-1, None)), files[-1:]
        return same

    def _refuse(self, pair: Piece, files: Positions) -> NoReturn:
        other, here = (f"{self._chrom}:{start}-{end}" for start, end in zip(pair.starts, pair.ends, strict=True))
        path = self._paths[files[0]]
        if other == here:
            text = f"{'the bin ' if self._bins else ''}{here} is {pair.values[1]} here, but {pair.values[0]} in {path}"
            text += f"; {SAME_VALUE}"
        else:
            text = f"{here} overlaps {other} of {path}; {SAME_PLACE}"
        raise InputError(text, self._paths[files[1]])


def join(sources: Sequence[Source], chrom: str, bins: bool) -> Iterator[Joined]:
    """Go through the intervals of all files on one chromosome.

    Runs over neighbouring regions both score the bin on their boundary: what files hold alike is kept once.

    Args:
        sources: The files, each in order within itself.
        chrom: Name of the chromosome.
        bins: Intervals are bins, which may overlap; else none may overlap.

    Yields:
        The intervals by start, each once.

    Raises:
        InputError: Two files share a base, or a bin, otherwise; both are named. Or one of them is wrong in itself.
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
        ordered = together.part(order)
        # Starts ascend within each file, so that all intervals of one start come in the same round.
        repeats = neighbours.repeats(ordered, files[order])
        yield Joined(*ordered.part(np.flatnonzero(~repeats)), int(np.count_nonzero(repeats)))
