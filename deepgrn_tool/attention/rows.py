"""The rows of a heat map: a bounded number of windows, their values and their signals, base by base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.network.config import NetworkConfig

Floats = NDArray[np.float32]
MOST_ROWS = 5_000  # clustering takes memory with the square of the rows: 100 MB here


@dataclass(frozen=True)
class HeatMapRows:
    """What a heat map shows.

    Attributes:
        names: Bins, as chromosome:start-end, 0-based.
        values: float32, shape (rows, window_size); NaN where no step stands for a base.
        signals: Name of a track → its signal in every window, float32, shape (rows, window_size).
        windows: Number of windows that the rows were taken from.
    """

    names: list[str]
    values: Floats
    signals: dict[str, Floats]
    windows: int


class RowCollector:
    """Keeps evenly spaced windows of all that pass by, and reads their signals.

    Args:
        features: The open features file.
        config: The network's shape.
        cell: Cell type.
        total: Number of windows that will pass.
        rows: How many to keep at most.
        fold_change: A further signal, or None.
    """

    def __init__(
        self,
        features: FeaturesFile,
        config: NetworkConfig,
        cell: str,
        total: int,
        rows: int,
        fold_change: BigWig | None,
    ) -> None:
        """Choose the rows."""
        self._features = features
        self._config = config
        own = features.cell_tracks(cell)
        self._tracks = [(name, cell if name in own else None) for name in config.tracks]
        self._fold_change = fold_change
        self._total = total
        self._wanted = np.unique(np.linspace(0, total - 1, min(rows, total)).round().astype(np.int64))
        self._passed = 0
        self._names: list[str] = []
        self._values: list[Floats] = []
        self._signals: dict[str, list[Floats]] = {}

    def chosen_of(self, count: int) -> NDArray[np.int64]:
        """Tell which of the next windows are wanted, as indices among them.

        Args:
            count: How many windows pass by next.
        """
        begin, end = np.searchsorted(self._wanted, [self._passed, self._passed + count])
        chosen = self._wanted[begin:end] - self._passed
        self._passed += count
        return chosen

    def add(self, chrom: str, starts: Positions, values: Floats) -> None:
        """Keep windows.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), starts of their bins.
            values: float32, shape (n, window_size).

        Raises:
            InputError: A signal cannot be read or is not a number.
        """
        self._values.append(values)
        for start in starts.tolist():
            self._names.append(f"{chrom}:{start}-{start + BIN_SIZE}")
            begin, end = start - self._config.flank, start + BIN_SIZE + self._config.flank
            for name, owner in self._tracks:
                signal = self._features.signal(name, chrom, begin, end, owner)
                self._signals.setdefault(name, []).append(signal)
            if self._fold_change is not None:
                signal = _padded(self._fold_change, chrom, begin, end)
                self._signals.setdefault("fold change", []).append(signal)

    def finish(self) -> HeatMapRows:
        """Give what was kept."""
        signals = {name: np.stack(rows) for name, rows in self._signals.items()}
        return HeatMapRows(self._names, np.concatenate(self._values), signals, self._total)


def _padded(track: BigWig, chrom: str, start: int, end: int) -> Floats:
    first, last = max(start, 0), min(end, track.lengths[chrom])
    values = np.zeros(end - start, np.float32)
    values[first - start : last - start] = track.values(chrom, first, last)
    if not np.isfinite(values).all():
        place = start + int(np.argmin(np.isfinite(values)))
        raise InputError(f"holds a value at {chrom}:{place}-{place + 1} that is not a finite number", track.path)
    return values


def check_fold_change(track: BigWig, chromosomes: dict[str, int]) -> None:
    """Compare a track's chromosomes with those of the windows.

    Args:
        track: The track.
        chromosomes: Length of each chromosome that windows lie on, in bp, by name.

    Raises:
        InputError: A chromosome is missing or has another length.
    """
    for name, length in chromosomes.items():
        if name not in track.lengths:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, track.lengths)}", track.path)
        if track.lengths[name] != length:
            text = f"{name} has {track.lengths[name]} bp, but {length} in the features file"
            raise InputError(f"{text}; is it of another assembly?", track.path)
