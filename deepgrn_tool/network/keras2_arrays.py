"""How the published Keras 2 files lay out arrays that we lay out differently."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.network.config import BASES

PUBLISHED_BASES = ("A", "T", "G", "C")  # channel order of the published networks


def from_published_order(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Permute the channels of a first layer's kernel from A, T, G, C, … to A, C, G, T, ….

    Args:
        kernel: float32, shape (…, channels, filters).
    """
    order = [PUBLISHED_BASES.index(base) for base in BASES]
    return kernel[..., [*order, *range(len(order), kernel.shape[-2])], :]


def from_cudnn(
    kernel: NDArray[np.float32], recurrent: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Convert one direction's CuDNNLSTM weights to those of a plain LSTM.

    Args:
        kernel: float32, shape (d, 4u), gates input, forget, cell, output side by side.
        recurrent: float32, shape (u, 4u).
        bias: float32, shape (8u,): one half for the input, one for the recurrent product.

    Returns:
        The three arrays of a plain LSTM: (d, 4u), (u, 4u), (4u,).

    Source: the weight conversion of Keras 2.2.4 between CuDNNLSTM and LSTM.
    """
    gates = [gate.ravel().reshape(gate.shape[1], gate.shape[0]).T for gate in np.split(kernel, 4, axis=1)]
    states = [gate.T for gate in np.split(recurrent, 4, axis=1)]
    return np.concatenate(gates, axis=1), np.concatenate(states, axis=1), bias.reshape(2, -1).sum(axis=0)
