"""The blocks and search trees of a bigWig file, as bytes; nothing here knows what the blocks mean.

All numbers are little-endian. Both trees are written top-down, and every node but the last of a layer is full, so that
a child's place follows from its number.

Source: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 8–19.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

CHROM_TREE_MAGIC = 0x78CA8C91
INDEX_MAGIC = 0x2468ACE0
NODE_SIZE = 256  # items in a full node of either tree
CHROM_TREE_HEADER = struct.Struct("<IIIIQQ")
INDEX_HEADER = struct.Struct("<IIQIIIIQII")
NODE_HEADER = struct.Struct("<BBH")
_RANGE = [("first_chrom", "<u4"), ("start", "<u4"), ("last_chrom", "<u4"), ("end", "<u4")]
BRANCH = np.dtype([*_RANGE, ("offset", "<u8")])
BLOCK = np.dtype([*_RANGE, ("offset", "<u8"), ("size", "<u8")])


class BlockList:
    """Compressed blocks written one after another, and the range that each covers."""

    def __init__(self, out: BinaryIO) -> None:
        """Write to `out` from where it stands."""
        self._out = out
        self._rows: list[tuple[int, int, int, int, int, int]] = []

    def __len__(self) -> int:
        """Count the blocks."""
        return len(self._rows)

    def append(self, data: bytes, first_chrom: int, start: int, last_chrom: int, end: int) -> None:
        """Compress and write one block that covers the given range of chromosome numbers and bases."""
        packed = zlib.compress(data)
        self._rows.append((first_chrom, start, last_chrom, end, self._out.tell(), len(packed)))
        self._out.write(packed)

    def table(self, shift: int = 0) -> NDArray[np.void]:
        """Return the index entries, dtype `BLOCK`, with `shift` bytes added to every offset."""
        table = np.array(self._rows, BLOCK)
        table["offset"] += np.uint64(shift)
        return table


def write_index(out: BinaryIO, blocks: NDArray[np.void], data_end: int) -> None:
    """Write the R-tree over blocks, from where `out` stands.

    Args:
        out: Binary file.
        blocks: dtype `BLOCK`, shape (n,), ascending and non-overlapping; none makes an empty root.
        data_end: Offset of the first byte after the blocks.
    """
    layers = [blocks]
    while len(layers[-1]) > NODE_SIZE:
        layers.append(_cover(layers[-1]))
    whole = _cover(layers[-1])[0]
    corners = [int(whole[name]) for name, _ in _RANGE]
    out.write(INDEX_HEADER.pack(INDEX_MAGIC, NODE_SIZE, len(blocks), *corners, data_end, 1, 0))
    for depth in range(len(layers) - 1, -1, -1):
        layer = layers[depth]
        if depth > 0:
            below = layers[depth - 1].dtype.itemsize * NODE_SIZE + NODE_HEADER.size
            nodes = -(-len(layer) // NODE_SIZE)
            next_layer = out.tell() + nodes * NODE_HEADER.size + layer.nbytes
            layer["offset"] = next_layer + np.arange(len(layer), dtype=np.uint64) * np.uint64(below)
        for begin in range(0, max(len(layer), 1), NODE_SIZE):
            node = layer[begin : begin + NODE_SIZE]
            out.write(NODE_HEADER.pack(depth == 0, 0, len(node)) + node.tobytes())


def _cover(items: NDArray[np.void]) -> NDArray[np.void]:
    """Make one branch, without its offset, for every `NODE_SIZE` items; one all-zero branch for no items."""
    first = np.arange(0, len(items), NODE_SIZE)
    last = np.minimum(first + NODE_SIZE, len(items)) - 1
    branches = np.zeros(max(len(first), 1), BRANCH)
    if len(items):
        for name in ("first_chrom", "start"):
            branches[name] = items[name][first]
        for name in ("last_chrom", "end"):
            branches[name] = items[name][last]
    return branches


def chromosome_tree(chromosomes: Mapping[str, int], offset: int) -> bytes:
    """Build the B+ tree from names to numbers and lengths.

    Args:
        chromosomes: Length of each chromosome, in bp, by name, in C-locale order; numbered in this order from 0.
        offset: Where in the file the tree will begin.

    Returns:
        The tree; short nodes are filled up with zero bytes, as readers that jump to the n-th chromosome expect.
    """
    names = [name.encode() for name in chromosomes]
    key_size = max(map(len, names), default=1)
    block = max(min(NODE_SIZE, len(names)), 1)
    item = np.dtype([("key", f"S{key_size}"), ("value", "<u8")])
    leaves = np.zeros(len(names), item)
    leaves["key"] = names
    lengths = np.fromiter(chromosomes.values(), np.uint64, len(names))
    leaves["value"] = np.arange(len(names), dtype=np.uint64) | (lengths << np.uint64(32))
    layers: list[NDArray[np.void]] = [leaves]
    while len(layers[-1]) > block:
        parents = layers[-1][::block].copy()
        layers.append(parents)
    node_bytes = NODE_HEADER.size + block * item.itemsize
    parts = [CHROM_TREE_HEADER.pack(CHROM_TREE_MAGIC, block, key_size, 8, len(names), 0)]
    position = offset + CHROM_TREE_HEADER.size
    for depth in range(len(layers) - 1, -1, -1):
        layer = layers[depth]
        position += max(-(-len(layer) // block), 1) * node_bytes
        if depth > 0:
            layer["value"] = position + np.arange(len(layer)) * node_bytes
        for begin in range(0, max(len(layer), 1), block):
            node = layer[begin : begin + block]
            parts.append((NODE_HEADER.pack(depth == 0, 0, len(node)) + node.tobytes()).ljust(node_bytes, b"\0"))
    return b"".join(parts)
