"""Per-base datasets, written chunk by chunk as plain deflate that any HDF5 library reads.

Chunks are compressed here rather than by HDF5: with ISA-L, several times faster than zlib, and in threads. A chunk that
holds nothing but the fill value is never written.
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from isal import igzip_lib

from deepgrn_tool.data.schema import CHUNK

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray

_LEVEL = 2  # of ISA-L's 0 to 3; 3 takes five times as long and gains nothing
_FEW = 8  # one value in so many positions is few: picking them out is faster than adding up all


def _deflate(raw: NDArray[np.uint8], history_bits: int) -> bytes:
    return igzip_lib.compress(
        raw.data, _LEVEL, igzip_lib.COMP_ZLIB, igzip_lib.MEM_LEVEL_DEFAULT, hist_bits=history_bits
    )


def deflate_signal(raw: NDArray[np.uint8]) -> bytes:
    """Compress the bytes of a signal as one zlib stream.

    Args:
        raw: uint8, shape (n,), contiguous.
    """
    return _deflate(raw, igzip_lib.MAX_HIST_BITS)


def deflate_bases(raw: NDArray[np.uint8]) -> bytes:
    """Compress base codes as one zlib stream.

    DNA repeats too little for far matches to pay; only matches within 16 bases are looked for, which finds runs of N
    and short tandem repeats.

    Args:
        raw: uint8, shape (n,), contiguous.
    """
    return _deflate(raw, 4)


class _Packed(NamedTuple):
    """A chunk ready to be written: its bytes, none when it holds nothing but the fill value, and its statistics."""

    data: bytes
    covered: int
    total: float
    lowest: float
    highest: float


def _pack(values: NDArray[Any], fill: np.generic, chunk_size: int) -> _Packed:
    """Count and compress a chunk; the last one of a dataset may be short, and is stored whole."""
    differs = values != fill
    covered = int(np.count_nonzero(differs))
    if not covered:
        return _Packed(b"", 0, 0.0, 0.0, 0.0)
    chunk = values
    if values.size < chunk_size:
        chunk = np.full(chunk_size, fill)
        chunk[: values.size] = values
    if values.dtype == np.uint8:
        return _Packed(deflate_bases(chunk), covered, 0.0, 0.0, 0.0)
    summed = values[differs] if covered * _FEW < values.size else values
    total, lowest, highest = float(summed.sum(dtype=np.float64)), float(summed.min()), float(summed.max())
    return _Packed(deflate_signal(chunk.view(np.uint8)), covered, total, lowest, highest)


def _pack_all(chunks: list[NDArray[Any]], fill: np.generic, chunk_size: int) -> list[_Packed]:
    return [_pack(chunk, fill, chunk_size) for chunk in chunks]


class CompressionPool:
    """Packs chunks, beside the caller if it may use two threads or more.

    One thread beside the caller's is enough, as reading takes longer than packing. Chunks are handed over by the block:
    handing over each would take as long as packing it.

    Args:
        threads: Processor threads; 1 packs in the calling thread.
    """

    def __init__(self, threads: int) -> None:
        """Start no thread until the first block."""
        self._pool = ThreadPoolExecutor(1, "compress") if threads > 1 else None
        self.backlog = 1 if self._pool is None else 2  # blocks

    def submit(self, chunks: list[NDArray[Any]], fill: np.generic, chunk_size: int) -> Future[list[_Packed]]:
        """Pack chunks, now or soon.

        Args:
            chunks: Shape (chunk_size,) each; the last one of a dataset may be shorter.
            fill: The value of positions without a value.
            chunk_size: Positions of a stored chunk.
        """
        if self._pool is not None:
            return self._pool.submit(_pack_all, chunks, fill, chunk_size)
        done: Future[list[_Packed]] = Future()
        done.set_result(_pack_all(chunks, fill, chunk_size))
        return done

    def close(self) -> None:
        """Wait for the thread to end."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


class TrackWriter:
    """Fills one per-base dataset from front to back.

    Args:
        group: Where the dataset is made.
        name: Name of the dataset.
        size: Positions of the whole genome.
        fill: The value of positions that are never written; its dtype is the dataset's.
        pool: Threads that compress.
    """

    def __init__(self, group: h5py.Group, name: str, size: int, fill: np.generic, pool: CompressionPool) -> None:
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
        self._pool = pool
        self._buffer: NDArray[Any] = np.empty(self._chunk, fill.dtype)
        self._used = 0
        self._offset = 0
        self._pending: deque[Future[list[_Packed]]] = deque()
        self.covered = 0
        self.total = 0.0
        self.lowest = math.inf
        self.highest = -math.inf

    def append(self, values: NDArray[Any]) -> None:
        """Add the next positions.

        Args:
            values: Shape (n,), dtype of the dataset; not to be changed afterwards.
        """
        whole: list[NDArray[Any]] = []
        done = 0
        while done < values.size:
            amount = min(self._chunk - self._used, values.size - done)
            piece = values[done : done + amount]
            done += amount
            if amount == self._chunk:
                whole.append(piece)
                continue
            self._buffer[self._used : self._used + amount] = piece
            self._used += amount
            if self._used == self._chunk:
                whole.append(self._buffer)
                self._buffer = np.empty_like(self._buffer)
                self._used = 0
        self._take(whole)

    def _take(self, chunks: list[NDArray[Any]]) -> None:
        """Hand on whole chunks, and write those that are ready."""
        if chunks:
            self._pending.append(self._pool.submit(chunks, self._fill, self._chunk))
        while len(self._pending) >= self._pool.backlog:
            self._write(self._pending.popleft().result())

    def _write(self, chunks: list[_Packed]) -> None:
        for chunk in chunks:
            if chunk.covered:
                self.dataset.id.write_direct_chunk((self._offset,), chunk.data)
                self.covered += chunk.covered
                self.total += chunk.total
                self.lowest = min(self.lowest, chunk.lowest)
                self.highest = max(self.highest, chunk.highest)
            self._offset += self._chunk

    def finish(self) -> None:
        """Write what is left and store the statistics as attributes of the dataset."""
        if self._used:
            self._take([self._buffer[: self._used]])
        while self._pending:
            self._write(self._pending.popleft().result())
        size = int(self.dataset.shape[0])
        self.dataset.attrs["covered_bases"] = np.int64(self.covered)
        if self._fill.dtype != np.uint8:
            without_value = [0.0] if self.covered < size else []
            self.dataset.attrs["mean"] = self.total / size
            self.dataset.attrs["minimum"] = min([self.lowest, *without_value])
            self.dataset.attrs["maximum"] = max([self.highest, *without_value])
