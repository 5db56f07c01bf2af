"""Chromosome sizes: name and length, tab-separated, as UCSC's `chrom.sizes`; a FASTA index (`.fai`) begins the same.

Lenient: comments, blank lines, CRLF, gzip, spaces instead of tabs, any further columns. Strict: whole numbers above 0,
below 2^32, each chromosome once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.textfile import read_lines

LONGEST_CHROMOSOME = (1 << 32) - 1  # bp; positions in bigWig files have 32 bits

if TYPE_CHECKING:
    from pathlib import Path


def read_sizes(path: str | Path) -> dict[str, int]:
    """Read the lengths of chromosomes.

    Args:
        path: Plain or gzip-compressed table.

    Returns:
        Chromosome name → length, in bp, in the order of the file.

    Raises:
        InputError: The file is not such a table.
    """
    lengths: dict[str, int] = {}
    for number, line in read_lines(path):
        fields = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or line.startswith("#"):
            continue
        if len(fields) < 2 or not fields[0]:
            raise InputError("has not two columns (chromosome, length)", path, number)
        name, text = fields[:2]
        if not (text.isascii() and text.isdecimal()) or int(text) == 0:
            raise InputError(f"length '{text}' is not a whole number above 0", path, number)
        if len(text) > 10 or int(text) > LONGEST_CHROMOSOME:
            raise InputError(f"length {text} is more than any chromosome has (2^32 bp)", path, number)
        if name in lengths:
            raise InputError(f"chromosome '{name}' is named twice", path, number)
        lengths[name] = int(text)
    if not lengths:
        raise InputError("holds no chromosome", path)
    return lengths
