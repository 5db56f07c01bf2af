"""Per-base datasets, written chunk by chunk as plain deflate that any HDF5 library reads.

Chunks are compressed here rather than by HDF5: with ISA-L, several times faster than zlib. A chunk that holds nothing
but the fill value is never written. One thread does it all: reading takes longer than packing, and a second thread for
the packing was slower, since each waits for the other's hold on the interpreter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from isal import igzip_lib

from deepgrn_tool.data.schema import CHUNK

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray

_LEVEL = 2  # of ISA-L's 0 to 3; 3 takes five times as long and gains nothing
_FEW = 8  # one value in so many positions is few: picking them out is faster than adding up all


def _compress(raw: NDArray[np.uint8], history_bits: int) -> bytes:
    return igzip_lib.compress(
        raw.data, _LEVEL, igzip_lib.COMP_ZLIB, igzip_lib.MEM_LEVEL_DEFAULT, hist_bits=history_bits
    )


def deflate_signal(raw: NDArray[np.uint8]) -> bytes:
    """Compress the bytes of a signal as one zlib stream.

    Args:
        raw: uint8, shape (n,), contiguous.
    """
    return _compress(raw, igzip_lib.MAX_HIST_BITS)


def deflate_bases(raw: NDArray[np.uint8]) -> bytes:
    """Compress base codes as one zlib stream.

    DNA repeats too little for far matches to pay; only matches within 16 bases are looked for, which finds runs of N
    and short tandem repeats.

    Args:
        raw: uint8, shape (n,), contiguous.
    """
    return _compress(raw, 4)


class TrackWriter:
    """Fills one per-base dataset from front to back.

    Args:
        group: Where the dataset is made.
        name: Name of the dataset.
        size: Positions of the whole genome.
        fill: The value of positions that are never written; its dtype is the dataset's.
    """

    def __init__(self, group: h5py.Group, name: str, size: int, fill: np.generic) -> None:
        """Make the dataset, empty."""
        self._chunk = min(CHUNK, size)
        self.dataset: h5py.Dataset = group.create_dataset(
            name,
            shape=(size,),
            dtype=fill.dtype,
            chunks=(self._chunk,),
            fillvalue=fill,
            compression="gzip",
            compression_opts=1,
        )
        self._fill = fill
        self._deflate = deflate_bases if fill.dtype == np.uint8 else deflate_signal
        self._buffer: NDArray[Any] = np.empty(self._chunk, fill.dtype)
        self._used = 0
        self._offset = 0
        self.covered = 0
        self.total = 0.0
        self.lowest = math.inf
        self.highest = -math.inf

    def append(self, values: NDArray[Any]) -> None:
        """Add the next positions.

        Args:
            values: Shape (n,), dtype of the dataset.
        """
        done = 0
        while done < values.size:
            amount = min(self._chunk - self._used, values.size - done)
            piece = values[done : done + amount]
            done += amount
            if amount == self._chunk:
                self._write(piece)
                continue
            self._buffer[self._used : self._used + amount] = piece
            self._used += amount
            if self._used == self._chunk:
                self._write(self._buffer)
                self._used = 0

    def _write(self, values: NDArray[Any]) -> None:
        """Write the next chunk, unless it holds nothing but the fill value."""
        differs = values != self._fill
        count = int(np.count_nonzero(differs))
        if count:
            self.covered += count
            if values.dtype != np.uint8:
                self._sum_up(values[differs] if count * _FEW < values.size else values)
            self.dataset.id.write_direct_chunk((self._offset,), self._deflate(self._whole(values).view(np.uint8)))
        self._offset += self._chunk

    def _sum_up(self, values: NDArray[np.float32]) -> None:
        self.total += float(values.sum(dtype=np.float64))
        self.lowest = min(self.lowest, float(values.min()))
        self.highest = max(self.highest, float(values.max()))

    def _whole(self, values: NDArray[Any]) -> NDArray[Any]:
        """Fill up the last chunk of the dataset, which is stored whole."""
        if values.size == self._chunk:
            return values
        chunk = np.full(self._chunk, self._fill)
        chunk[: values.size] = values
        return chunk

    def finish(self) -> None:
        """Write what is left and store the statistics as attributes of the dataset."""
        if self._used:
            self._write(self._buffer[: self._used])
        size = int(self.dataset.shape[0])
        self.dataset.attrs["covered_bases"] = np.int64(self.covered)
        if self._fill.dtype != np.uint8:
            without_value = [0.0] if self.covered < size else []
            self.dataset.attrs["mean"] = self.total / size
            self.dataset.attrs["minimum"] = min([self.lowest, *without_value])
            self.dataset.attrs["maximum"] = max([self.highest, *without_value])
