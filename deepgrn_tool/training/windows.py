"""Windows cut out of a features file, held compactly: one byte per base and four per base and track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import CHUNK
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.sampling import EpochPlan


class StoppedError(Exception):
    """Reading was given up because nobody needs the windows any more."""


@dataclass(frozen=True)
class Windows:
    """Windows in memory.

    Attributes:
        codes: uint8, shape (n, window_size).
        signals: float32, shape (n, window_size, tracks), transformed.
        meta: float32, shape (n, meta_size).
        labels: uint8, shape (n,), 1 bound, 0 unbound.
    """

    codes: NDArray[np.uint8]
    signals: NDArray[np.float32]
    meta: NDArray[np.float32]
    labels: NDArray[np.uint8]

    def batch(self, rows: NDArray[np.int64], positive_weight: float) -> Batch:
        """Copy some windows into a batch.

        Args:
            rows: int64, shape (m,).
            positive_weight: Weight of a bound window; an unbound one has 1.
        """
        labels = self.labels[rows].astype(np.float32)
        weights = np.where(labels == 1, np.float32(positive_weight), np.float32(1))
        return Batch(self.codes[rows], self.signals[rows], self.meta[rows], labels, weights)


def window_bytes(config: NetworkConfig) -> int:
    """Count the bytes of a window in memory."""
    return config.window_size * (1 + 4 * len(config.tracks)) + 4 * config.meta_size + 1


class WindowReader:
    """Cuts windows out of a features file, reading it from front to back.

    Windows that hang over a chromosome's end are padded with N and 0.

    Args:
        path: The features file; the reader opens it for itself, so that it can work in its own thread.
        config: The network's shape.
        cells: Names of the cells that plans refer to.
        chromosomes: Names of the chromosomes that plans refer to.

    Raises:
        InputError: The features lack a cell, a track or a meta input.
    """

    def __init__(
        self, path: str | Path, config: NetworkConfig, cells: Sequence[str], chromosomes: Sequence[str]
    ) -> None:
        """Open the file and check that it holds what the network needs."""
        self._features = FeaturesFile(path)
        self._config = config
        self._chromosomes = list(chromosomes)
        lengths = np.array(list(self._features.chromosomes.values()), np.int64)
        places = dict(zip(self._features.chromosomes, np.cumsum(lengths) - lengths, strict=True))
        self.offsets = np.array([places[chrom] for chrom in chromosomes], np.int64)
        self.stopping = Event()
        try:
            self._readers = [InputReader(self._features, config, cell) for cell in cells]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._features.close()

    def read(self, plan: EpochPlan) -> Windows:
        """Read windows.

        Args:
            plan: The windows, in the order of the file.

        Returns:
            The windows, in the same order.

        Raises:
            InputError: The file is damaged, or a signal is not a finite number.
            StoppedError: `stopping` was set meanwhile.
        """
        count, size, tracks = len(plan), self._config.window_size, len(self._config.tracks)
        windows = Windows(
            np.empty((count, size), np.uint8),
            np.empty((count, size, tracks), np.float32),
            np.empty((count, self._config.meta_size), np.float32),
            plan.labels,
        )
        chunks = (self.offsets[plan.chromosomes] + plan.starts) // CHUNK
        # Two chromosomes may share a chunk; runs end at both kinds of border.
        borders = np.flatnonzero(np.diff(chunks, prepend=-1) | np.diff(plan.chromosomes, prepend=-1))
        for begin, end in zip(borders, np.append(borders[1:], count), strict=True):
            if self.stopping.is_set():
                raise StoppedError
            self._read_run(plan, int(begin), int(end), windows)
        self._read_meta(plan, windows)
        return windows

    def _read_run(self, plan: EpochPlan, begin: int, end: int, windows: Windows) -> None:
        """Cut the windows of one chunk of one chromosome."""
        config = self._config
        chrom = self._chromosomes[plan.chromosomes[begin]]
        starts = plan.starts[begin:end].astype(np.int64) - config.flank
        first, last = int(starts[0]), int(starts[-1]) + config.window_size
        offsets = starts - first
        codes = self._features.sequence(chrom, first, last)
        windows.codes[begin:end] = sliding_window_view(codes, config.window_size)[offsets]
        tracks = len(config.tracks)
        if not tracks:
            return
        cells = plan.cells[begin:end]
        for cell in np.unique(cells):
            signals = self._readers[cell].signals(chrom, first, last)
            rows = np.flatnonzero(cells == cell)
            # One row of the flat view is a whole window of all tracks, contiguous, so that rows are copied at once.
            flat = sliding_window_view(signals.reshape(-1), config.window_size * tracks)
            windows.signals[begin + rows] = flat[offsets[rows] * tracks].reshape(len(rows), -1, tracks)

    def _read_meta(self, plan: EpochPlan, windows: Windows) -> None:
        if not self._config.meta_size:
            return
        order = np.lexsort((plan.cells, plan.chromosomes))
        changes = (np.diff(plan.chromosomes[order]) != 0) | (np.diff(plan.cells[order]) != 0)
        for rows in np.split(order, np.flatnonzero(changes) + 1):
            if len(rows):
                chromosome, cell = self._chromosomes[plan.chromosomes[rows[0]]], plan.cells[rows[0]]
                windows.meta[rows] = self._readers[cell].meta(chromosome, plan.starts[rows].astype(np.int64))
