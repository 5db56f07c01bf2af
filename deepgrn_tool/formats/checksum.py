"""Checksums that let an output tell which inputs it was made from."""

from __future__ import annotations

import hashlib
from pathlib import Path

BLOCK = 1 << 20  # bytes read at a time


def sha256(path: str | Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal, holding little of it in memory.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
