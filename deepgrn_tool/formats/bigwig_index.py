"""Header, chromosomes and index of a bigWig file; nothing that they claim is believed before it is checked.

Whatever the file holds, memory stays within a few times its size: trees are walked node by node, each node once, and
every place that they name must lie within the file.

Source: Kent et al. (2010), BigWig and BigBed, supplementary tables 5 to 17.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

MAGIC = 0x888FFC26
INDEX_MAGIC = 0x2468ACE0
CHROMOSOME_MAGIC = 0x78CA8C91
NO_INDEX = 0  # where a file without any value says that its index is
_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_CHROMOSOMES = struct.Struct("<IIIIQQ")
_INDEX = struct.Struct("<IIQIIIIQII")
_NODE = struct.Struct("<BBH")
_LEAF = np.dtype([(name, "<u4") for name in ("chrom", "start", "last_chrom", "end")] + [("at", "<u8"), ("size", "<u8")])
_END_MARK_SINCE = 4  # files of this version and later repeat the magic at their end
_CHILD_SIZE = 8  # bytes; ends the entry of an inner node
_LARGEST_NUMBER = (1 << 31) - 1  # of a chromosome; leaves room for a place in the lower bits of 64
_TRUNCATED = "is truncated or was not written to its end; copy or make the file again"


class Header(NamedTuple):
    """What the fixed header says.

    Attributes:
        chromosomes_at: Byte where the tree of chromosomes begins.
        data_at: Byte where the data begin.
        index_at: Byte where the index of the data begins, or `NO_INDEX`.
        compressed: Whether blocks of data are compressed.
    """

    chromosomes_at: int
    data_at: int
    index_at: int
    compressed: bool


class Blocks(NamedTuple):
    """Blocks of data in the order of the genome; a place is the chromosome's number << 32, plus the base.

    Attributes:
        firsts: int64, shape (n,), place of each block's first base, ascending.
        reaches: int64, shape (n,), the highest end (exclusive) of a block and all before it.
        offsets: int64, shape (n,), byte where a block begins.
        sizes: int64, shape (n,), its bytes.
    """

    firsts: NDArray[np.int64]
    reaches: NDArray[np.int64]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]


def is_bigwig(path: str | Path) -> bool:
    """Tell by its first four bytes whether a file is a bigWig, of either byte order."""
    check_regular(path)
    with open(path, "rb") as stream:
        head = stream.read(4)
    return head in (MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big"))


def _kind(head: bytes) -> str:
    if not head:
        return "is empty"
    if head[:4] == MAGIC.to_bytes(4, "big"):
        return "is a bigWig of a big-endian machine; rewrite it with bigWigToWig and wigToBigWig"
    if head[:4] == b"\xeb\xf2\x89\x87":
        return "is a bigBed, not a bigWig"
    if head[:4] == b"CRAM":
        return "is CRAM; only accessibility can be counted from alignments, convert this track to bigWig"
    if head[:2] == b"\x1f\x8b":
        return "is gzip or BAM, not a bigWig; convert text to bigWig with bedGraphToBigWig, BAM with bamCoverage"
    return "is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig"


def damaged(path: str | Path, what: str) -> InputError:
    """Make the error that tells of a file that contradicts itself."""
    return InputError(f"is damaged: {what}; make the file again", path)


def read_header(stream: BinaryIO, path: str | Path) -> Header:
    """Read the header, and see whether the file is as long as it says.

    Raises:
        InputError: The file is no bigWig, or truncated.
    """
    size = os.fstat(stream.fileno()).st_size
    head = stream.read(_HEADER.size)
    if head[:4] != MAGIC.to_bytes(4, "little"):
        raise InputError(_kind(head), path)
    if len(head) < _HEADER.size:
        raise InputError("is truncated within its header; copy the file again", path)
    _, version, zooms, tree, data, index, _, _, _, summary, buffer, _ = _HEADER.unpack(head)
    zoom_table = stream.read(24 * zooms)
    if len(zoom_table) < 24 * zooms:
        raise InputError("is truncated within its header; copy the file again", path)
    zoom_offsets = [place for level in range(zooms) for place in struct.unpack_from("<QQ", zoom_table, 24 * level + 8)]
    if max(tree, data, index, summary, *zoom_offsets) >= size or min(tree, data) < _HEADER.size:
        raise InputError(_TRUNCATED, path)
    if version >= _END_MARK_SINCE:
        stream.seek(-4, os.SEEK_END)
        if stream.read(4) != MAGIC.to_bytes(4, "little"):
            raise InputError(_TRUNCATED, path)
    if index < _HEADER.size and not (index == NO_INDEX and _read_at(stream, data, 8, path) == bytes(8)):
        raise InputError(_TRUNCATED, path)
    return Header(tree, data, index, buffer > 0)


def read_chromosomes(stream: BinaryIO, header: Header, path: str | Path) -> tuple[dict[str, int], dict[str, int]]:
    """Read names, lengths and numbers of the chromosomes.

    Returns:
        Name → length in bp, and name → number, in the order of the numbers.

    Raises:
        InputError: The file is damaged.
    """
    head = _read_at(stream, header.chromosomes_at, _CHROMOSOMES.size, path)
    magic, _, key_size, _, count, _ = _CHROMOSOMES.unpack(head)
    if magic != CHROMOSOME_MAGIC:
        raise damaged(path, "an index is not where the header says")
    found: list[tuple[int, str, int]] = []
    width = key_size + 8
    root = header.chromosomes_at + _CHROMOSOMES.size
    for entries in _leaves(stream, root, width, key_size + _CHILD_SIZE, path):
        for place in range(0, len(entries), width):
            number, length = struct.unpack_from("<II", entries, place + key_size)
            try:
                name = entries[place : place + key_size].rstrip(b"\0").decode()
            except UnicodeDecodeError as error:
                raise damaged(path, "the name of a chromosome is not UTF-8 text") from error
            if not (name and name.isprintable()):
                raise damaged(path, f"'{name}' cannot be the name of a chromosome")
            found.append((number, name, length))
    found.sort()
    numbers = {name: number for number, name, _ in found}
    if not (len(found) == count == len(numbers) == len(set(numbers.values()))) or not found:
        raise damaged(path, "its list of chromosomes is not complete, or names one twice")
    if found[-1][0] > _LARGEST_NUMBER:
        raise damaged(path, f"a chromosome has the number {found[-1][0]}")
    return {name: length for _, name, length in found}, numbers


def read_index(stream: BinaryIO, header: Header, path: str | Path) -> Blocks:
    """Read where each block of data is, and what it covers.

    Raises:
        InputError: The file is damaged.
    """
    leaves: list[NDArray[np.void]] = []
    if header.index_at != NO_INDEX:
        head = _read_at(stream, header.index_at, _INDEX.size, path)
        if _INDEX.unpack(head)[0] != INDEX_MAGIC:
            raise damaged(path, "an index is not where the header says")
        root = header.index_at + _INDEX.size
        for entries in _leaves(stream, root, _LEAF.itemsize, 16 + _CHILD_SIZE, path):
            leaves.append(np.frombuffer(entries, _LEAF))
    table = np.concatenate(leaves) if leaves else np.empty(0, _LEAF)
    size = os.fstat(stream.fileno()).st_size
    if (table["at"] > size).any() or (table["size"] > size - table["at"]).any():
        raise InputError(_TRUNCATED, path)
    if (table["chrom"] > _LARGEST_NUMBER).any() or (table["last_chrom"] > _LARGEST_NUMBER).any():
        raise damaged(path, "its index names chromosomes that are not there")
    firsts = (table["chrom"].astype(np.int64) << 32) + table["start"]
    ends = (table["last_chrom"].astype(np.int64) << 32) + table["end"]
    if (np.diff(firsts) < 0).any() or (ends < firsts).any():
        raise damaged(path, "its index is not in the order of the genome")
    reaches = np.maximum.accumulate(ends) if len(ends) else ends
    return Blocks(firsts, reaches, table["at"].astype(np.int64), table["size"].astype(np.int64))


def _read_at(stream: BinaryIO, place: int, size: int, path: str | Path) -> bytes:
    stream.seek(place)
    data = stream.read(size)
    if len(data) < size:
        raise InputError(_TRUNCATED, path)
    return data


def _leaves(stream: BinaryIO, root: int, leaf_width: int, branch_width: int, path: str | Path) -> Iterator[bytes]:
    """Walk a tree from left to right; yields the entries of each leaf, and refuses a tree that is none.

    Args:
        stream: The file.
        root: Byte where the root begins.
        leaf_width: Bytes of an entry of a leaf.
        branch_width: Bytes of an entry of another node, of which the last `_CHILD_SIZE` tell where a child begins.
        path: The file, for messages.
    """
    size = os.fstat(stream.fileno()).st_size
    waiting, seen = [root], {root}
    while waiting:
        place = waiting.pop()
        if place + _NODE.size > size:
            raise InputError(_TRUNCATED, path)
        is_leaf, _, count = _NODE.unpack(_read_at(stream, place, _NODE.size, path))
        width = leaf_width if is_leaf else branch_width
        if place + _NODE.size + count * width > size:
            raise InputError(_TRUNCATED, path)
        entries = stream.read(count * width)
        if is_leaf:
            yield entries
            continue
        ends = range(width, len(entries) + 1, width)
        children = [int.from_bytes(entries[end - _CHILD_SIZE : end], "little") for end in ends]
        if len(set(children)) < count or not seen.isdisjoint(children):
            raise damaged(path, "its index runs in a circle")
        seen.update(children)
        waiting += reversed(children)
