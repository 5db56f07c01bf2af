"""Scores of windows that hold inputs of several places, and so share no bases with their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.engine.engine import Engine, SegmentInput
from deepgrn_tool.engine.segments import Segment
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.errors import InputError
from deepgrn_tool.importance.permute import InputGroup, exchanged
from deepgrn_tool.network.files import Model
from deepgrn_tool.training.validation import joined_strands
from deepgrn_tool.training.windows import Windows

WINDOWS = 128  # scored together: one after the other they are as long as a usual segment of the engine


class WindowScorer:
    """Scores all windows again and again, with and without exchanged inputs.

    Every pass puts the same window at the same place of the same computation, so that scores of equal inputs are equal
    to the last bit.

    Args:
        model: The network.
        windows: Its windows.
        passes: How often they will be scored.
        seed: Decides the order of computation, in which gaps of the assembly do not lie together.
        threads: Processor threads.
    """

    def __init__(self, model: Model, windows: Windows, passes: int, seed: int, threads: int) -> None:
        """Prepare the engine."""
        self._config = model.config
        self._windows = windows
        count = len(windows.labels)
        self._order = np.random.default_rng([seed, count]).permutation(count)
        spacing = Geometry.of(self._config, on_grid=True).spacing
        self._pitch = -(-self._config.window_size // spacing) * spacing
        self._engine = Engine(
            model, threads=threads, max_windows=WINDOWS, max_bases=WINDOWS * self._pitch, bins=count * passes
        )

    def scores(
        self,
        on_progress: Callable[[int], None],
        group: InputGroup | None = None,
        donors: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """Score all windows.

        Args:
            on_progress: Called with the number of windows just scored.
            group: The input to exchange; None for none.
            donors: int64, shape (n,), from which window each one gets it.

        Returns:
            float64, shape (n,), in the order of the windows.

        Raises:
            InputError: A score is not a number.
        """
        logits = np.empty((2, len(self._order)), np.float32)
        giving = self._order if donors is None else donors
        for result in self._engine.score(self._segments(group, giving)):
            first = result.segment.first
            logits[:, self._order[first : first + len(result.segment)]] = result.logits
            on_progress(len(result.segment))
        if not np.isfinite(logits).all():
            raise InputError("scores are not numbers: the signals must be too large for the network, or its weights")
        return joined_strands(logits, self._config.merge)

    def _segments(self, group: InputGroup | None, donors: NDArray[np.int64]) -> Iterator[SegmentInput]:
        size, pitch, tracks = self._config.window_size, self._pitch, len(self._config.tracks)
        for begin in range(0, len(self._order), WINDOWS):
            rows = self._order[begin : begin + WINDOWS]
            codes, signals, meta = exchanged(self._windows, rows, group, donors)
            spaced_codes = np.full((len(rows), pitch), UNKNOWN_BASE, np.uint8)
            spaced_signals = np.zeros((len(rows), pitch, tracks), np.float32)
            spaced_codes[:, :size], spaced_signals[:, :size] = codes, signals
            offsets = (np.arange(len(rows)) * pitch).astype(np.int32)
            segment = Segment(begin, np.empty((0, 3), np.int64), offsets)
            yield SegmentInput(segment, spaced_codes.ravel(), spaced_signals.reshape(-1, tracks), meta)
