"""One input of a network at a time, taken from other bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.network.config import META_SIZES, NetworkConfig
from deepgrn_tool.training.windows import Windows

SEQUENCE = "sequence"
RESERVED = {SEQUENCE, *META_SIZES}  # a track of such a name is called "track NAME"


@dataclass(frozen=True)
class InputGroup:
    """Inputs that are permuted together.

    Attributes:
        name: What it is called in tables.
        kind: Which array of the windows holds it.
        columns: Its columns there; all of them for the sequence.
    """

    name: str
    kind: Literal["codes", "signals", "meta"]
    columns: slice

    def is_constant(self, windows: Windows) -> bool:
        """Tell whether all windows have the same of it, so that exchanging it changes nothing."""
        values = getattr(windows, self.kind)
        return bool((values[..., self.columns] == values[:1, ..., self.columns]).all())


def input_groups(config: NetworkConfig) -> list[InputGroup]:
    """List what a network reads: the sequence, each track, expression, annotation."""
    groups = [InputGroup(SEQUENCE, "codes", slice(None))]
    for number, track in enumerate(config.tracks):
        name = f"track {track}" if track in RESERVED else track
        groups.append(InputGroup(name, "signals", slice(number, number + 1)))
    column = 0
    for name in config.meta:
        groups.append(InputGroup(name, "meta", slice(column, column + META_SIZES[name])))
        column += META_SIZES[name]
    return groups


def draw_donors(weights: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw from which bin each bin gets the input.

    Bins of equal weight are permuted: each of them gives once. In a sample where some bins stand for many, a bin gives
    as often as it would if all the bins that it stands for were there: weight / mean weight, rounded up or down.

    Args:
        weights: float64, shape (n,), greater than 0: how many bins each one stands for.
        random: Decides.

    Returns:
        int64, shape (n,).

    Source: systematic resampling, as in Madow 1949, Annals of Mathematical Statistics 20:333.
    """
    ends = np.cumsum(weights)
    count = len(weights)
    places = (np.arange(count) + random.random()) * (ends[-1] / count)
    giving = np.minimum(np.searchsorted(ends, places, side="right"), count - 1)
    return random.permutation(giving)


def exchanged(
    windows: Windows, rows: NDArray[np.int64], group: InputGroup | None, donors: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Copy windows, one input of which comes from others.

    Args:
        windows: All windows.
        rows: int64, shape (m,), those wanted.
        group: The input that is exchanged; None for none.
        donors: int64, shape (n,), for each of all windows the one that gives the input.

    Returns:
        Codes, signals and meta inputs of the windows, as in `Windows`.
    """
    parts: dict[str, NDArray[Any]] = {
        "codes": windows.codes[rows],
        "signals": windows.signals[rows],
        "meta": windows.meta[rows],
    }
    if group is not None:
        source = getattr(windows, group.kind)
        parts[group.kind][..., group.columns] = source[donors[rows]][..., group.columns]
    return parts["codes"], parts["signals"], parts["meta"]
