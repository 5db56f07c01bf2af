"""Bins of a genome through the engine: inputs are read while earlier segments are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.engine.engine import Engine, SegmentInput, SegmentScores
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError


def score_bins(
    engine: Engine, reader: InputReader, groups: Iterable[BinGroup]
) -> Iterator[tuple[str, Positions, SegmentScores]]:
    """Score bins group by group.

    Args:
        engine: The network, made ready.
        reader: Reader of the network's inputs.
        groups: Ascending bins without repeats; groups run a few segments ahead of the results.

    Yields:
        The chromosome, the starts of a segment's bins, int64, shape (n,), and what the network says of them; in order.

    Raises:
        InputError: A score is not a number, or the features file is damaged.
    """
    waiting: deque[tuple[str, Positions]] = deque()

    def inputs() -> Iterator[SegmentInput]:
        for group in groups:
            for segment in engine.cut(group.starts):
                waiting.append((group.chrom, group.starts[segment.first : segment.first + len(segment)]))
                yield reader.read(group.chrom, group.starts, segment)

    for result in engine.score(inputs()):
        chrom, starts = waiting.popleft()
        check_scores(reader.path, chrom, starts, result.probability)
        yield chrom, starts, result


def bases_per_window(bin_starts: Iterable[Positions], window_size: int) -> float:
    """Tell how many bases windows add on average, those that they share counted once.

    Args:
        bin_starts: Of each chromosome int64, shape (n,), starts of its bins.
        window_size: bp.
    """
    bases = windows = 0
    for starts in bin_starts:
        bases += window_size + int(np.minimum(np.abs(np.diff(starts)), window_size).sum())
        windows += len(starts)
    return bases / max(windows, 1)


def check_scores(features: Path, chrom: str, starts: Positions, probability: NDArray[np.float32]) -> None:
    """Refuse scores that are not numbers.

    Args:
        features: The features file, for the message.
        chrom: Name of the chromosome.
        starts: int64, shape (n,), starts of the bins.
        probability: float32, shape (n,).

    Raises:
        InputError: The first such bin is named.
    """
    wrong = ~np.isfinite(probability)
    if wrong.any():
        start = int(starts[int(np.argmax(wrong))])
        raise InputError(
            f"the score of {chrom}:{start}-{start + BIN_SIZE} is not a number; the signal there must be too large for "
            "the model: look at it with deepgrn-info, and at the files that it came from",
            features,
        )
