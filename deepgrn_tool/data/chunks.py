"""Per-base datasets, written chunk by chunk as plain deflate that any HDF5 library reads.

Chunks are compressed here rather than by HDF5, so that several threads can do it; a chunk that holds nothing but the
fill value is never written. Most chunks of a signal are mostly zero: a deflate stream may be cut at byte boundaries
where the compressor was flushed, so runs of zero blocks are spliced in from a stream made once.
"""

from __future__ import annotations

import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from deepgrn_tool.data.schema import CHUNK

if TYPE_CHECKING:
    import h5py
    from numpy.typing import NDArray

_LEVEL = 1
_RAW = -15  # deflate without header, largest window
_ZLIB_HEADER = b"\x78\x01"
_ADLER_MODULUS = 65_521
_LAST_BLOCK = b"\x03\x00"  # an empty final deflate block
_FEW = 8  # one value in so many positions is few: picking them out is faster than adding up all
_SPLICE = 16_384  # bytes of a block that is looked at for being all zero


@cache
def _zero_piece() -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return compressor.compress(bytes(_SPLICE)) + compressor.flush(zlib.Z_FULL_FLUSH)


def deflate_sparse(raw: NDArray[np.uint8]) -> bytes:
    """Compress bytes that are mostly zero, as one zlib stream.

    Args:
        raw: uint8, shape (n,), contiguous.

    Returns:
        What `zlib.decompress` turns back into the same bytes.
    """
    whole = raw.size - raw.size % _SPLICE
    occupied: NDArray[np.bool_] = np.any(raw[:whole].view(np.uint64).reshape(-1, _SPLICE // 8), axis=1)
    edges = np.flatnonzero(np.diff(occupied)) + 1
    bounds = [0, *(edges * _SPLICE).tolist(), whole]
    parts = [_ZLIB_HEADER]
    checksum = 1
    for begin, end in pairwise(bounds):
        if begin < end and not occupied[begin // _SPLICE]:
            parts.append(_zero_piece() * ((end - begin) // _SPLICE))
            checksum = _add_zeros(checksum, end - begin)
        elif begin < end:
            parts.append(_flushed(raw[begin:end]))
            checksum = zlib.adler32(raw[begin:end].data, checksum)
    checksum = zlib.adler32(raw[whole:].data, checksum)
    parts += [_flushed(raw[whole:]), _LAST_BLOCK, checksum.to_bytes(4, "big")]
    return b"".join(parts)


def _add_zeros(checksum: int, count: int) -> int:
    """Extend an Adler-32 checksum by zero bytes: its low half stays, its high half grows by that for each byte."""
    low, high = checksum & 0xFFFF, checksum >> 16
    return low | (high + count * low) % _ADLER_MODULUS << 16


def _flushed(raw: NDArray[np.uint8]) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    return compressor.compress(raw.data) + compressor.flush(zlib.Z_FULL_FLUSH)


def deflate_bases(raw: NDArray[np.uint8]) -> bytes:
    """Compress base codes: DNA repeats too little for matches to pay, so none are looked for."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(raw.data) + compressor.flush()


class CompressionPool:
    """Runs the compression of chunks in up to `threads` threads, the caller's included.

    Args:
        threads: Processor threads; 1 compresses in the calling thread.
    """

    def __init__(self, threads: int) -> None:
        """Start no thread until the first chunk."""
        self._pool = ThreadPoolExecutor(threads - 1, "compress") if threads > 1 else None
        self.backlog = 2 * threads

    def submit(self, compress: Any, raw: NDArray[np.uint8]) -> Future[bytes]:
        """Compress `raw`, now or soon."""
        if self._pool is not None:
            return self._pool.submit(compress, raw)
        done: Future[bytes] = Future()
        done.set_result(compress(raw))
        return done

    def close(self) -> None:
        """Wait for the threads to end."""
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
            compression_opts=_LEVEL,
        )
        self._fill = fill
        self._pool = pool
        self._compress = deflate_bases if fill.dtype == np.uint8 else deflate_sparse
        self._buffer: NDArray[Any] = np.full(self._chunk, fill)
        self._used = 0
        self._offset = 0
        self._pending: deque[tuple[int, Future[bytes]]] = deque()
        self.covered = 0
        self.total = 0.0
        self.highest = 0.0
        self.lowest = 0.0

    def append(self, values: NDArray[Any]) -> None:
        """Add the next positions.

        Args:
            values: Shape (n,), dtype of the dataset; not to be changed afterwards.
        """
        done = 0
        while done < values.size:
            amount = min(self._chunk - self._used, values.size - done)
            piece = values[done : done + amount]
            done += amount
            if amount == self._chunk:
                self._take_chunk(piece)
                continue
            self._buffer[self._used : self._used + amount] = piece
            self._used += amount
            if self._used == self._chunk:
                self._take_chunk(self._buffer)
                self._buffer = np.full(self._chunk, self._fill)
                self._used = 0

    def _take_chunk(self, chunk: NDArray[Any]) -> None:
        """Count and hand on one whole chunk, unless it holds nothing but the fill value."""
        count = self._count(chunk)
        if count:
            self.covered += count
            self._pending.append((self._offset, self._pool.submit(self._compress, chunk.view(np.uint8))))
            while len(self._pending) > self._pool.backlog:
                self._write_one()
        self._offset += self._chunk

    def _count(self, chunk: NDArray[Any]) -> int:
        """Count the positions that differ from the fill value; update the statistics of signal."""
        if chunk.dtype == np.uint8:
            return int(np.count_nonzero(chunk != self._fill))
        count = int(np.count_nonzero(chunk))
        if count:
            values = chunk[chunk != 0] if count * _FEW < chunk.size else chunk
            self.total += float(values.sum(dtype=np.float64))
            self.highest = max(self.highest, float(values.max()))
            self.lowest = min(self.lowest, float(values.min()))
        return count

    def _write_one(self) -> None:
        offset, compressed = self._pending.popleft()
        self.dataset.id.write_direct_chunk((offset,), compressed.result())

    def finish(self) -> None:
        """Write what is left and store the statistics as attributes of the dataset."""
        if self._used:
            self._buffer[self._used :] = self._fill
            self._take_chunk(self._buffer)
        while self._pending:
            self._write_one()
        size = int(self.dataset.shape[0])
        self.dataset.attrs["covered_bases"] = np.int64(self.covered)
        if self._fill.dtype != np.uint8:
            self.dataset.attrs["mean"] = self.total / size if size else 0.0
            self.dataset.attrs["minimum"] = self.lowest
            self.dataset.attrs["maximum"] = self.highest
