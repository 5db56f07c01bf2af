"""A Markov model of the sequence that was looked at, as MEME reads it (`meme -bfile`).

The file gives the share of each tuple of 1, 2, … bases, in blocks that each sum to 1, as MEME's fasta-get-markov
writes it; lines with # are comments. As there, both strands count and tuples with other letters do not, and each count
is raised a little so that no share is 0.

Source: MEME Suite, "Background model format" (meme-suite.org/meme/doc/bfile-format.html).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.intervals import merge
from deepgrn_tool.data.schema import UNKNOWN_BASE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.data.selection import BinGroup
    from deepgrn_tool.motifs.sequences import Codes

Shares = NDArray[np.float64]

BASES = "ACGT"
PSEUDOCOUNT = 0.1  # fasta-get-markov's
MOST_ORDER = 5  # 4,096 tuples: beyond that windows do not fill the counts
BASES_AT_ONCE = 1 << 20


class TupleCounts:
    """Counts tuples of 1 up to order + 1 bases.

    Args:
        order: Order of the Markov model.
    """

    def __init__(self, order: int) -> None:
        """Start with nothing."""
        self.order = order
        self._counts = [np.zeros(4**size, np.int64) for size in range(1, order + 2)]

    def add(self, codes: Codes, skip: int = 0) -> None:
        """Count the tuples of a sequence on the strand given.

        Args:
            codes: uint8, shape (n,); codes above 3 are no bases.
            skip: Leave out tuples that end within so many first bases: those were counted with the piece before.
        """
        known = codes < UNKNOWN_BASE
        tuples, whole = np.zeros(len(codes) + 1, np.int64), np.ones(len(codes) + 1, bool)
        for size, counts in enumerate(self._counts, 1):
            if len(codes) < size:
                return
            # Tuples of one base less, and the base that follows.
            tuples = tuples[:-1] * 4 + codes[size - 1 :]
            whole = whole[:-1] & known[size - 1 :]
            new = max(0, skip - (size - 1))
            counts += np.bincount(tuples[new:][whole[new:]], minlength=len(counts))

    def shares(self) -> list[Shares]:
        """Give the share of every tuple on both strands.

        Returns:
            For tuples of 1, 2, … bases: float64, shape (4**size,), in the order of their letters.
        """
        result = []
        for size, counts in enumerate(self._counts, 1):
            # The reverse complement of a tuple: its axes turned round, and A…T along each turned round.
            table = counts.reshape((4,) * size)
            both = counts + np.flip(table).transpose(range(size)[::-1]).ravel() + PSEUDOCOUNT
            result.append(both / both.sum())
        return result


def count_windows(features: FeaturesFile, bins: Iterable[BinGroup], flank: int, order: int) -> TupleCounts:
    """Count the tuples of all windows of bins; a base that several windows share counts once.

    Args:
        features: The open features file.
        bins: The bins.
        flank: bp on each side of a bin that belong to its window.
        order: Order of the Markov model.
    """
    counts = TupleCounts(order)
    for group in bins:
        starts, ends = merge(group.starts - flank, group.starts + (BIN_SIZE + flank))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            for begin in range(start, end, BASES_AT_ONCE):
                first = max(start, begin - order)
                codes = features.sequence(group.chrom, first, min(begin + BASES_AT_ONCE, end))
                counts.add(codes, begin - first)
    return counts


def background_text(shares: list[Shares]) -> str:
    """Write the file.

    Args:
        shares: Shares of the tuples of 1, 2, … bases.
    """
    lines = []
    for order, block in enumerate(shares):
        lines.append(f"# order {order}")
        names = map("".join, itertools.product(BASES, repeat=order + 1))
        lines += [f"{name} {share:.3e}" for name, share in zip(names, block.tolist(), strict=True)]
    return "\n".join(lines) + "\n"
