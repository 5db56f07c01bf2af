"""Chosen bins through the engine: their scores and attention weights, in order, a segment at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.bins import ChosenBins
from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.engine.engine import Engine, SegmentInput
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.errors import InputError
from deepgrn_tool.network.files import Model


@dataclass(frozen=True)
class AttendedWindows:
    """Windows of one chromosome and what the network says of them.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (windows,), starts of the bins; their windows start a flank before.
        probability: float32, shape (windows,).
        attention: float32, shape (2, windows, steps, d) or, pairwise, (2, windows, steps, steps), forward strand first.
    """

    chrom: str
    starts: Positions
    probability: NDArray[np.float32]
    attention: NDArray[np.float32]


def attended_windows(
    features: FeaturesFile, model: Model, reader: InputReader, bins: ChosenBins, threads: int = 1
) -> Iterator[AttendedWindows]:
    """Score bins and give their attention; inputs are read while earlier segments are computed.

    Args:
        features: The open features file.
        model: A network with attention.
        reader: Reader of the network's inputs from `features`.
        bins: The bins.
        threads: Processor threads.

    Yields:
        All bins, in order.

    Raises:
        InputError: A score is not a number, or the features file is damaged.
    """
    engine = Engine(model, on_grid=bins.on_grid, threads=threads, attention=True, bins=bins.total)
    config = model.config
    waiting: deque[tuple[str, Positions]] = deque()

    def inputs() -> Iterator[SegmentInput]:
        for group in bins:
            for segment in cut_into_segments(
                group.starts - config.flank, config.window_size, engine.max_bases, engine.max_windows, engine.spacing
            ):
                waiting.append((group.chrom, group.starts[segment.first : segment.first + len(segment)]))
                yield reader.read(group.chrom, group.starts, segment)

    for result in engine.score(inputs()):
        chrom, starts = waiting.popleft()
        if result.attention is None:
            raise ValueError("the network has no attention")
        check_scores(features, chrom, starts, result.probability)
        yield AttendedWindows(chrom, starts, result.probability, result.attention)


def check_scores(features: FeaturesFile, chrom: str, starts: Positions, probability: NDArray[np.float32]) -> None:
    """Refuse scores that are not numbers.

    Raises:
        InputError: The first such bin is named.
    """
    wrong = ~np.isfinite(probability)
    if wrong.any():
        start = int(starts[int(np.argmax(wrong))])
        raise InputError(
            f"the score of {chrom}:{start}-{start + BIN_SIZE} is not a number; the signal there must be too large for "
            "the model: look at it with deepgrn-info, and at the files that it came from",
            features.path,
        )
