"""Random changes of a file, the same ones for a seed: for the short run of the tests, which needs no fuzzer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from fuzz_seeds import NUMBERS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = tuple(word.encode() for word in (*NUMBERS, *WORDS))
BINARY = (b"\0" * 4, b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\x7f\xff\xff\xff", b"\1\0\0\0")
MOST_CHANGES = 4


def _span(draw: random.Random, size: int) -> tuple[int, int]:
    first = draw.randrange(size + 1)
    return first, min(size, first + draw.choice((0, 1, 1, 2, 4, 8, 40)))


def _field(draw: random.Random, data: bytes) -> tuple[int, int]:
    """Choose a field: what stands between white space or commas."""
    first, last = _span(draw, len(data))
    while first > 0 and data[first - 1] not in b"\t\n ,":
        first -= 1
    while last < len(data) and data[last] not in b"\t\n ,":
        last += 1
    return first, last


def change(draw: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Change one thing."""
    kind = draw.randrange(7)
    if kind == 0:  # a field
        first, last = _field(draw, data)
        return data[:first] + draw.choice(TOKENS) + data[last:]
    first, last = _span(draw, len(data))
    if kind == 1:  # cut out
        return data[:first] + data[last:]
    if kind == 2:  # put in
        return data[:first] + draw.choice(TOKENS + BINARY) + data[first:]
    if kind == 3:  # overwrite
        new = draw.choice((*BINARY, draw.randbytes(draw.randrange(1, 9))))
        return data[:first] + new + data[first + len(new) :]
    if kind == 4:  # repeat
        return data[:last] + data[first:last] * draw.choice((1, 2, 30)) + data[last:]
    if kind == 5:  # end early
        return data[:first]
    other = draw.choice(others)
    return data[:first] + other[draw.randrange(len(other) + 1) :]


def mutations(files: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Go through changed files, each with a few changes."""
    draw = random.Random(seed)
    for _ in range(count):
        data = draw.choice(files)
        for _ in range(draw.randrange(1, MOST_CHANGES + 1)):
            data = change(draw, data, files)
        yield data
