"""A genome as twoBit, with which UCSC and IGV show tracks on an assembly that they do not know.

Repeats are not marked: lower case is not kept in features files.

Source: UCSC, "twoBit format", version 0, https://genome.ucsc.edu/FAQ/FAQformat.html#format7.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.data.schema import UNKNOWN_BASE
from deepgrn_tool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SIGNATURE = 0x1A412743
LARGEST_OFFSET = 2**32 - 1
LONGEST_NAME = 255  # bytes
TWO_BITS = np.array([2, 1, 3, 0, 0], np.uint8)  # of A, C, G, T and, where a block of N says so, T
BASES_PER_BYTE = 4
BLOCK = (
    1 << 16
)  # bases packed at once, whole bytes of them, so that what is made of them stays in the processor's cache


def encode_sequence(codes: NDArray[np.uint8]) -> bytes:
    """Encode a chromosome: its size, blocks of N, no masked blocks, four bases a byte.

    Args:
        codes: uint8, shape (n,): A, C, G, T = 0..3, other 4.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], codes == UNKNOWN_BASE, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    numbers = np.concatenate([[len(codes), len(starts)], starts, ends - starts, [0, 0]]).astype("<u4")
    return numbers.tobytes() + b"".join(_pack(codes[begin : begin + BLOCK]) for begin in range(0, len(codes), BLOCK))


def _pack(codes: NDArray[np.uint8]) -> bytes:
    """Pack four bases a byte, the first in the highest bits; the last byte is filled up with zeros."""
    padded = np.zeros(-(-len(codes) // BASES_PER_BYTE) * BASES_PER_BYTE, np.uint8)
    np.take(TWO_BITS, codes, out=padded[: len(codes)])
    four = padded.reshape(-1, BASES_PER_BYTE)
    return (four[:, 0] << 6 | four[:, 1] << 4 | four[:, 2] << 2 | four[:, 3]).tobytes()


def write_twobit(
    target: Path, lengths: Mapping[str, int], sequence: Callable[[str, int, int], NDArray[np.uint8]]
) -> None:
    """Write a genome, chromosome by chromosome; memory holds the longest one, with a few bytes per base.

    Args:
        target: File to write.
        lengths: Chromosome name → length, in bp.
        sequence: Gives the base codes of a chromosome from a start to an end, as `encode_sequence` wants them.

    Raises:
        InputError: The genome is too large for the format, or a name too long.
    """
    names = {name: name.encode() for name in lengths}
    longest = max(names.values(), key=len)
    if len(longest) > LONGEST_NAME:
        raise InputError(
            f"the name of chromosome '{longest.decode()}' is too long for a twoBit file (255 bytes)", target
        )
    offsets = []
    with target.open("wb") as out:
        out.write(bytes(16 + sum(1 + len(name) + 4 for name in names.values())))
        for name, length in lengths.items():
            offsets.append(out.tell())
            if offsets[-1] > LARGEST_OFFSET:
                raise InputError("the genome is too large for a twoBit file (4 GB); leave out --own-genome", target)
            out.write(encode_sequence(sequence(name, 0, length)))
        out.seek(0)
        out.write(struct.pack("<IIII", SIGNATURE, 0, len(names), 0))
        for packed_name, offset in zip(names.values(), offsets, strict=True):
            out.write(struct.pack("<B", len(packed_name)) + packed_name + struct.pack("<I", offset))
