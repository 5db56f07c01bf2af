"""The engine: a model that scores segment after segment on several threads."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.engine.choose_backend import backend_for
from deepgrn_tool.engine.computation import Shape, compiled_computation, whole_blocks
from deepgrn_tool.engine.kernels import engine_kernels, exponents_are_safe
from deepgrn_tool.engine.segments import Segment, cut_into_segments
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.network.files import Model

MOST_BASES = 3.0  # bases of a segment, over those of as many neighbours on the grid: bounds the memory


@dataclass(frozen=True)
class SegmentInput:
    """What the network reads for one segment.

    Attributes:
        segment: Which windows, and where.
        codes: uint8, shape (bases,), A C G T = 0..3, other = 4.
        signals: float32, shape (bases, tracks).
        meta: float32, shape (windows, meta inputs).
    """

    segment: Segment
    codes: NDArray[np.uint8]
    signals: NDArray[np.float32]
    meta: NDArray[np.float32]


@dataclass(frozen=True)
class SegmentScores:
    """What the network says of one segment.

    Attributes:
        segment: Which windows.
        probability: float32, shape (windows,).
        logits: float32, shape (2, windows), forward strand first.
        attention: float32, shape (2, windows, steps, d) or, pairwise, (2, windows, steps, steps); None if not asked
            for or if the network has none.
    """

    segment: Segment
    probability: NDArray[np.float32]
    logits: NDArray[np.float32]
    attention: NDArray[np.float32] | None


class Engine:
    """Scores segments with a model; compiled for one shape, up to which segments are put together and padded.

    Args:
        model: The network.
        on_grid: Whether all windows of a segment start at the same position modulo the stride, which lets the engine
            skip most positions for some networks.
        threads: Segments computed side by side.
        attention: Whether to return attention.
        max_windows: Windows of a segment, rounded up to whole blocks; None for what suits the backend.
        max_bases: Bases of a segment; None for what `bases_per_window` asks for.
        bases_per_window: How many bases windows add on average: `stride` for neighbours on the grid (None), up to
            `window_size` where they lie far apart. Segments then have room for as many bases as their windows need.
        bins: How many bins will be scored in all, if known: short runs are faster without TensorFlow.

    Attributes:
        config: The network's shape.
        max_bases: Bases of a segment.
        max_windows: Windows of a segment.
        spacing: Windows of a segment must start at multiples of this within the segment, in bp.

    Source: the sharing of positions is ours; the network is that of the DeepGRN paper, section 2.3.
    """

    def __init__(
        self,
        model: Model,
        *,
        on_grid: bool = True,
        threads: int = 1,
        attention: bool = False,
        max_windows: int | None = None,
        max_bases: int | None = None,
        bases_per_window: float | None = None,
        bins: int | None = None,
    ) -> None:
        """Load the backend; a compiler works at the first segment, unless it did for a network of the same shape."""
        config = model.config
        self.config = config
        geometry = Geometry.of(config, on_grid)
        backend = backend_for(config, geometry, bins, threads)
        self._threads = threads
        needed = max(bases_per_window or 0.0, config.stride)
        suited = max(1, round(backend.windows * min(1.0, MOST_BASES * config.stride / needed)))
        self.max_windows = whole_blocks(max_windows or suited)
        self.spacing = geometry.spacing
        self.max_bases = max_bases or config.window_size + math.ceil(needed * self.max_windows)
        safe = exponents_are_safe(config, model.weights)
        self._compute = compiled_computation(backend, Shape(config, geometry, self.max_windows, attention, safe))
        kernels = engine_kernels(config, model.weights)
        self._kernels = {name: backend.ops.convert_to_tensor(values) for name, values in kernels.items()}

    def cut(self, bin_starts: Positions) -> Iterator[Segment]:
        """Cut the windows of one chromosome's bins into segments that suit this engine.

        Args:
            bin_starts: int64, shape (n,), strictly ascending starts.
        """
        config = self.config
        starts = bin_starts - config.flank
        return cut_into_segments(starts, config.window_size, self.max_bases, self.max_windows, self.spacing)

    def score(self, inputs: Iterable[SegmentInput]) -> Iterator[SegmentScores]:
        """Score segments; results come in the order of the inputs, a few segments behind them.

        Args:
            inputs: Read one at a time in the calling thread, while earlier segments are computed in others. Small
                segments, of different chromosomes for example, are computed together.
        """
        pending: deque[Future[list[SegmentScores]]] = deque()
        work = (_Work.of(one, self.config.window_size) for one in inputs)
        with ThreadPoolExecutor(self._threads) as workers:
            try:
                for batch in self._batches(work):
                    pending.append(workers.submit(self._score_batch, batch))
                    # One batch more than there are threads keeps them busy while the next one is read.
                    if len(pending) > self._threads + 1:
                        yield from pending.popleft().result()
                while pending:
                    yield from pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def _batches(self, work: Iterable[_Work]) -> Iterator[list[_Work]]:
        """Collect neighbouring segments that fit into one computation."""
        batch: list[_Work] = []
        bases = windows = 0
        for one in work:
            size = _rounded_up(len(one.codes), self.spacing)
            if batch and (bases + size > self.max_bases or windows + len(one.offsets) > self.max_windows):
                yield batch
                batch, bases, windows = [], 0, 0
            batch.append(one)
            bases += size
            windows += len(one.offsets)
        if batch:
            yield batch

    def _score_batch(self, batch: list[_Work]) -> list[SegmentScores]:
        config = self.config
        codes = np.full(self.max_bases, UNKNOWN_BASE, np.uint8)
        signals = np.zeros((self.max_bases, len(config.tracks)), np.float32)
        offsets = np.zeros(self.max_windows, np.int32)
        meta = np.zeros((self.max_windows, config.meta_size), np.float32)
        base = window = 0
        for one in batch:
            bases, windows = len(one.codes), len(one.offsets)
            codes[base : base + bases] = one.codes
            signals[base : base + bases] = one.signals
            offsets[window : window + windows] = one.offsets + base
            meta[window : window + windows] = one.meta
            base += _rounded_up(bases, self.spacing)
            window += windows
        outputs = [np.asarray(value) for value in self._compute(self._kernels, codes, signals, offsets, meta)]
        results = []
        window = 0
        for one in batch:
            part = window + one.windows
            window += len(one.offsets)
            attention = outputs[2][:, part] if len(outputs) == 3 else None
            results.append(SegmentScores(one.segment, outputs[0][part], outputs[1][:, part], attention))
        return results


@dataclass(frozen=True)
class _Work:
    """A segment as it is computed.

    Attributes:
        segment: Which windows are asked for.
        codes: As in `SegmentInput`.
        signals: As in `SegmentInput`.
        offsets: int32, shape (n,), starts of the windows that are computed.
        meta: float32, shape (n, meta inputs), of the windows that are computed.
        windows: Index of the computed window that gives each window asked for.
    """

    segment: Segment
    codes: NDArray[np.uint8]
    signals: NDArray[np.float32]
    offsets: NDArray[np.int32]
    meta: NDArray[np.float32]
    windows: NDArray[np.int64]

    @classmethod
    def of(cls, one: SegmentInput, window_size: int) -> _Work:
        """Leave out repeats: in a gap of the assembly, windows differ in their meta inputs at most."""
        if (one.codes != UNKNOWN_BASE).any() or one.signals.any():
            return cls(one.segment, one.codes, one.signals, one.segment.offsets, one.meta, np.arange(len(one.segment)))
        meta, windows = np.unique(one.meta, axis=0, return_inverse=True)
        offsets = np.zeros(len(meta), np.int32)
        return cls(one.segment, one.codes[:window_size], one.signals[:window_size], offsets, meta, windows.ravel())


def _rounded_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
