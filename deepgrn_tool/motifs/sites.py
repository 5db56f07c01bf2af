"""Sites: in each window the stretch with the most attention or contribution, and of overlapping ones the best.

Attention: the site is centred on the receptive field of the step that gets the most attention, on whichever strand it
is. Step j joins the outputs s·j … s·j + s - 1 of the last convolution, which read the k + s - 1 bases from s·j on
(s: pool size, k: receptive field of one output), so that a site of w bp starts s·j + (s + k - 1 - w) / 2 bases into the
window, rounded down, but within the window; on the reverse strand it is mirrored. Its value is that step's share of the
strand's attention.

Gradient: the site is the stretch of w bp with the highest sum of contributions, on whichever strand it is. Its value is
the stretch's share of the strand's contributions.

Source: DeepGRN paper, section 3.3 (20 bp around the position with the most attention); the centre is corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.network.config import NetworkConfig

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sites:
    """Stretches of one length on one chromosome.

    Attributes:
        chrom: Name of the chromosome.
        width: bp of each.
        starts: int64, shape (n,), 0-based; may lie off the chromosome's ends before they are checked.
        reverse: bool, shape (n,), whether they lie on the reverse strand.
        values: float64, shape (n,), share of the window's attention or contributions, 0 to 1.
        probability: float32, shape (n,), score of the bin that gave each.
        bins: int64, shape (n,), start of that bin.
    """

    chrom: str
    width: int
    starts: Positions
    reverse: NDArray[np.bool_]
    values: NDArray[np.float64]
    probability: Floats
    bins: Positions

    def __len__(self) -> int:
        """Count them."""
        return len(self.starts)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Sites:
        """Keep some, by mask or index."""
        columns = (self.starts, self.reverse, self.values, self.probability, self.bins)
        return Sites(self.chrom, self.width, *(column[chosen] for column in columns))  # type: ignore[arg-type]


def most_attended(
    relative: Floats, config: NetworkConfig, width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Find the step with the most attention in each window.

    Args:
        relative: float32, shape (2, windows, steps), forward strand first, steps in the network's order.
        config: The network's shape.
        width: bp of a site, at most window_size.

    Returns:
        First base of each site, counted from its window's start, int64; whether the step is the
        reverse strand's, bool; the step's share of its strand's attention, float64; each of shape (windows,). Of equal
        steps the forward strand's first one.
    """
    _, windows, steps = relative.shape
    both = relative.transpose(1, 0, 2).reshape(windows, 2 * steps)
    best = both.argmax(axis=1)
    reverse, step = best >= steps, best % steps
    starts = step * config.pool_size + (config.pool_size + config.receptive_field - 1 - width) // 2
    starts = np.clip(starts, 0, config.window_size - width)
    starts = np.where(reverse, config.window_size - width - starts, starts)
    values = both[np.arange(windows), best].astype(np.float64) / steps
    return starts, reverse, values


def most_contributing(strands: Floats, width: int) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Find the stretch with the highest sum of contributions in each window.

    Args:
        strands: float32, shape (2, windows, window_size), contributions of each base, forward strand first, both in the
            direction of the chromosome, none negative.
        width: bp of a site, at most window_size.

    Returns:
        As `most_attended`; of equal stretches the forward strand's leftmost one. Windows to which nothing contributes
        have the value 0.
    """
    running = np.cumsum(strands, axis=2, dtype=np.float64)
    sums = running[:, :, width - 1 :].copy()
    sums[:, :, 1:] -= running[:, :, :-width]
    places = sums.argmax(axis=2)
    highest = np.take_along_axis(sums, places[:, :, np.newaxis], axis=2)[:, :, 0]
    reverse = highest[1] > highest[0]
    windows = np.arange(len(reverse))
    strand = reverse.astype(np.int64)
    total = running[strand, windows, -1]
    values = highest[strand, windows] / np.where(total > 0, total, 1.0)
    return places[strand, windows], reverse, np.clip(values, 0.0, 1.0)


def keep_best(sites: Sites) -> NDArray[np.int64]:
    """Choose sites that do not overlap each other: from the best on, each that shares no base with a better one.

    Which strand they lie on does not count. Of equal values the leftmost goes first, then the forward strand's, then
    that of the first bin.

    Returns:
        int64, indices of the chosen sites, ascending by start.
    """
    order = np.lexsort((sites.bins, sites.reverse, sites.starts, -sites.values))
    by_start = np.argsort(sites.starts, kind="stable")
    starts = sites.starts[by_start]
    # Neighbours that could overlap lie between these bounds in the order of starts.
    first = np.searchsorted(starts, starts - sites.width, side="right")
    after = np.searchsorted(starts, starts + sites.width, side="left")
    free = np.ones(len(order), bool)
    chosen = []
    place = np.empty(len(order), np.int64)
    place[by_start] = np.arange(len(order))
    for site in order.tolist():
        here = int(place[site])
        if free[here]:
            chosen.append(here)
            free[first[here] : after[here]] = False
    return by_start[np.sort(np.array(chosen, np.int64))]
