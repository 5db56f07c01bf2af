"""Which bases a pooled step stands for, on both strands, and values of windows laid along bases.

One output of the last convolution reads k bases (the receptive field); the base in its middle, number (k - 1) // 2, is
taken for its place. Pooled step j joins the outputs s·j … s·j + s - 1 (s: pool size), so that it stands for the bases
[s·j + c, s·j + c + s) of the window, c = (k - 1) // 2.

The reverse strand's tower reads the reverse complement of the window. Its base q is the window's base W - 1 - q, where
W is the window's size. Step j stands there for q = s·j + c … s·j + c + s - 1, which are the window's bases
W - 1 - (s·j + c + s - 1) = W - c - s·(j + 1) up to W - 1 - (s·j + c): the half-open [W - c - s·(j + 1), W - c - s·j).
So the last step comes first on the window. With W = 1002, k = 34 and s = 17, c is 16 and there are 57 steps: the
forward strand's cover [16, 985) and the reverse strand's [17, 986); an even k has no base in its very middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deepgrn_tool.network.config import NetworkConfig


@dataclass(frozen=True)
class Profile:
    """Values of windows along their bases.

    Attributes:
        values: float32, shape (windows, cells), in the direction of the chromosome.
        offset: bp from a window's start to its first cell.
        size: bp of a cell; cells touch each other.
    """

    values: NDArray[np.float32]
    offset: int
    size: int


def step_starts(config: NetworkConfig) -> NDArray[np.int32]:
    """Give the first base of every pooled step, counted from the window's first base on the forward strand.

    Returns:
        int32, shape (2, steps), forward strand first, steps in the network's order: the reverse strand's descend. Each
        step stands for `config.pool_size` bases.

    Source: DeepGRN paper, section 2.3, for the layers; see the module's text for the derivation.
    """
    middle = (config.receptive_field - 1) // 2
    forward = middle + config.pool_size * np.arange(config.steps)
    reverse = config.window_size - middle - config.pool_size * (np.arange(config.steps) + 1)
    return np.stack([forward, reverse]).astype(np.int32)


def strand_profiles(values: NDArray[np.float32], config: NetworkConfig) -> tuple[Profile, Profile]:
    """Lay both strands' values of steps along the bases of the windows.

    Args:
        values: float32, shape (2, windows, steps), steps in the network's order.
        config: The network's shape.

    Returns:
        The forward strand's and the reverse strand's profile.
    """
    starts = step_starts(config)
    forward = Profile(values[0], int(starts[0, 0]), config.pool_size)
    reverse = Profile(values[1, :, ::-1], int(starts[1, -1]), config.pool_size)
    return forward, reverse


def mean_over_bases(parts: Sequence[Profile], window_size: int) -> NDArray[np.float32]:
    """Spread profiles over the bases of their windows and average them.

    Args:
        parts: Profiles of the same windows.
        window_size: bp.

    Returns:
        float32, shape (windows, window_size): the mean of the profiles that cover a base, NaN where none does.
    """
    total = np.zeros((len(parts[0].values), window_size))
    count = np.zeros(window_size)
    for part in parts:
        covered = slice(part.offset, part.offset + part.size * part.values.shape[1])
        total[:, covered] += np.repeat(part.values, part.size, axis=1)
        count[covered] += 1
    count[count == 0] = np.nan
    return (total / count).astype(np.float32)
