"""Chosen bins through the engine: their scores and attention weights, in order, a segment at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.bins import ChosenBins
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.engine.bins import bases_per_window, score_bins
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.engine.inputs import InputReader
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
    model: Model, reader: InputReader, bins: ChosenBins, threads: int = 1
) -> Iterator[AttendedWindows]:
    """Score bins and give their attention; inputs are read while earlier segments are computed.

    Args:
        model: A network with attention.
        reader: Reader of the network's inputs.
        bins: The bins.
        threads: Processor threads.

    Yields:
        All bins, in order.

    Raises:
        InputError: A score is not a number, or the features file is damaged.
    """
    density = bases_per_window((group.starts for group in bins), model.config.window_size)
    engine = Engine(
        model, on_grid=bins.on_grid, threads=threads, attention=True, bins=bins.total, bases_per_window=density
    )
    for chrom, starts, result in score_bins(engine, reader, bins):
        if result.attention is None:
            raise ValueError("the network has no attention")
        yield AttendedWindows(chrom, starts, result.probability, result.attention)
