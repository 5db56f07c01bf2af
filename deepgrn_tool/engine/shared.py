"""What neighbouring windows share: convolutions, the per-position dense layer and the max-pool, once per base.

Both strands are computed along the forward strand. A convolution of the reverse complement equals one of the forward
sequence with the kernel turned around and its base channels swapped; a pooled step of the reverse strand then covers
the same kind of run of positions, only in descending order (`Geometry`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.kernels import CODES, PHASES, STRANDS, Kernels, base_groups
from deepgrn_tool.network.config import NetworkConfig

CHUNK = 4096  # positions computed together, so that what passes between the layers stays in the processor's cache


@dataclass(frozen=True)
class Geometry:
    """Where the pooled steps of a window lie.

    Attributes:
        spacing: Distance between pooled positions that are kept, in bp: windows must start at multiples of it.
        lag: Positions by which the reverse strand's pooled steps lie behind the forward strand's: the tail that the
            max-pool drops.
        rows: Kept positions from one pooled step to the next.
    """

    spacing: int
    lag: int
    rows: int

    @classmethod
    def of(cls, config: NetworkConfig, on_grid: bool) -> Geometry:
        """Find the geometry of a network; windows on the grid need fewer positions than windows anywhere."""
        spacing = gcd(config.pool_size, config.stride) if on_grid else 1
        lag = config.conv_length - config.steps * config.pool_size
        return cls(spacing, lag, config.pool_size // spacing)


def pooled_positions(
    backend: Backend, config: NetworkConfig, kernels: Kernels, geometry: Geometry, codes: Any, signals: Any
) -> Any:
    """Compute the max-pooled features of a segment at every kept position.

    Args:
        backend: Who computes.
        config: The network's shape.
        kernels: Its weights (`engine_kernels`).
        geometry: Which positions are kept.
        codes: int32, shape (bases,), A C G T = 0..3, other = 4.
        signals: float32, shape (bases, tracks).

    Returns:
        float32, shape (2 positions, filters), before the bias and ReLU of the per-position layer; the forward strand's
        rows come first. Step j of the forward strand of a window that starts at base b is row b / spacing + rows · j;
        step j of its reverse strand is, of that strand, row b / spacing + rows · (steps - 1 - j).
    """
    ops = backend.ops
    reach = config.receptive_field + config.pool_size - 1  # bases under one pooled position
    positions = codes.shape[0] - reach + 1
    chunks = -(-positions // CHUNK)
    kept = -(-positions // (chunks * geometry.spacing))  # pooled positions of a chunk that are kept
    size = kept * geometry.spacing
    # The last chunk, and the reverse strand's lag, may reach past the segment, where no window reads.
    missing = chunks * size + geometry.lag - positions
    codes = ops.pad(codes, ((0, missing),), constant_values=UNKNOWN_BASE)
    signals = ops.pad(signals, ((0, missing), (0, 0)))

    def add_chunk(index: Any, grown: Any) -> Any:
        for number, strand in enumerate(STRANDS):
            first = index * size + (geometry.lag if strand == "reverse" else 0)
            some_codes = ops.slice(codes, (first,), (size + reach - 1,))
            some_signals = ops.slice(signals, (first, 0), (size + reach - 1, signals.shape[1]))
            x = _before_pool(backend, config, kernels, some_codes, some_signals, strand)
            x = _sliding_maximum(ops, x, config.pool_size)[:: geometry.spacing]
            grown = ops.slice_update(grown, (number, index * kept, 0), x[np.newaxis])
        return grown

    grown = ops.zeros((len(STRANDS), chunks * kept, config.filters))
    return ops.reshape(ops.fori_loop(0, chunks, add_chunk, grown), (-1, config.filters))


def _before_pool(
    backend: Backend, config: NetworkConfig, kernels: Kernels, codes: Any, signals: Any, strand: str
) -> Any:
    """Compute the per-position dense layer without bias and ReLU, which commute with the maximum and come after it."""
    ops = backend.ops
    x = _first_layer(backend, config, kernels, codes, signals, strand)
    if config.num_conv == 0:
        return x
    x = ops.relu(x + kernels["conv_1/bias"])
    for layer in range(2, config.num_conv + 1):
        x = ops.conv(x[np.newaxis], kernels[f"conv_{layer}/{strand}"], padding="valid")[0]
        x = ops.relu(x + kernels[f"conv_{layer}/bias"])
    return ops.matmul(x, kernels["per_position/kernel"])


def _first_layer(
    backend: Backend, config: NetworkConfig, kernels: Kernels, codes: Any, signals: Any, strand: str
) -> Any:
    """Convolve bases and signals, without bias.

    The part of the bases is a sum of table look-ups, one for every few bases of the kernel.
    """
    size = config.kernel_size if config.num_conv else 1
    length = codes.shape[0] - size + 1
    result = None
    words: dict[int, Any] = {}
    first_row = 0
    for start, width in base_groups(size):
        if width not in words:
            words[width] = _words(codes, width)
        rows = words[width][start : start + length] + first_row
        part = backend.take_rows(kernels[f"first/{strand}_tables"], rows)
        result = part if result is None else result + part
        first_row += CODES**width
    return result + _convolve_few(backend.ops, kernels[f"first/{strand}_signals"], signals) if config.tracks else result


def _convolve_few(ops: Any, kernel: Any, signals: Any) -> Any:
    """Convolve few channels as one matrix product that gives `PHASES` neighbouring positions per row.

    Args:
        ops: The backend's functions.
        kernel: float32, as `several_positions` gives it.
        signals: float32, shape (bases, channels).

    Returns:
        float32, shape (bases - size + 1, filters).
    """
    channels, filters = signals.shape[1], kernel.shape[1] // PHASES
    reach = kernel.shape[0] // channels  # bases that one row reads
    length = signals.shape[0] - (reach - PHASES)
    rows, parts = -(-length // PHASES), -(-reach // PHASES)
    missing = (rows + parts - 1) * PHASES - signals.shape[0]
    signals = ops.pad(signals, ((0, max(0, missing)), (0, 0)))[: (rows + parts - 1) * PHASES]
    blocks = ops.reshape(signals, (-1, PHASES * channels))
    frames = ops.concatenate([blocks[part : part + rows] for part in range(parts)], axis=1)[:, : reach * channels]
    return ops.reshape(ops.matmul(frames, kernel), (rows * PHASES, filters))[:length]


def _words(codes: Any, width: int) -> Any:
    """Number the words of `width` neighbouring codes, one word per position that starts one."""
    length = codes.shape[0] - width + 1
    word = codes[:length]
    for index in range(1, width):
        word = word * CODES + codes[index : index + length]
    return word


def _sliding_maximum(ops: Any, x: Any, width: int) -> Any:
    """Compute the maximum of `width` neighbouring rows, one for every row that starts such a run."""
    reach = 1
    while 2 * reach <= width:
        x = ops.maximum(x[:-reach], x[reach:])
        reach *= 2
    return x if reach == width else ops.maximum(x[: reach - width], x[width - reach :])
