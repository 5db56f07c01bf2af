"""Motifs in MEME format: files of JASPAR, HOCOMOCO and others, and what MEME and STREME write as text.

What is read: the version line, an optional `ALPHABET= ACGT`, and for each motif its `MOTIF name [other name]` line and
its letter-probability matrix. The numbers after `w=` and `nsites=` may be missing; then rows are counted, and 20 sites
are assumed. Everything else, such as background frequencies, log-odds matrices and text between, is passed over.

Source: MEME Suite, "MEME motif format" (meme-suite.org/meme/doc/meme-format.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.textfile import read_lines, real_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

USUAL_SITES = 20.0  # where nsites is missing, as in the MEME Suite
MOST_COLUMNS = 200  # wider ones are no motifs, and scanning takes memory with the width
MOST_SITES = 1e6  # more count as so many: a pseudocount beside them means nothing, and scores would have no bound
SUM_TOLERANCE = 0.01  # of the probabilities of a position
MATRIX = "letter-probability matrix"


@dataclass(frozen=True)
class Motif:
    """A motif as probabilities of bases.

    Attributes:
        name: First word after MOTIF, such as "MA0139.1".
        other_name: The rest, such as "CTCF"; may be empty.
        probabilities: float64, shape (width, 4), A, C, G, T; rows sum to 1.
        sites: Number of sites that it was made from.
    """

    name: str
    other_name: str
    probabilities: NDArray[np.float64]
    sites: float

    @property
    def title(self) -> str:
        """Give both names."""
        return f"{self.name} {self.other_name}".rstrip()

    def consensus(self) -> str:
        """Give the likeliest base of each position."""
        return "".join("ACGT"[base] for base in self.probabilities.argmax(axis=1))


def read_meme(path: str | Path) -> list[Motif]:
    """Read all motifs of a file.

    Args:
        path: MEME format, plain or gzip.

    Raises:
        InputError: The file is not of this format, is not of DNA, or a matrix is wrong; the line is named.
    """
    lines = _Lines(path)
    _read_head(lines)
    motifs: list[Motif] = []
    places: dict[str, int] = {}
    for number, text in lines:
        words = text.split()
        if words[0].startswith("ALPHABET"):
            _check_alphabet(lines, text)
        if words[0] != "MOTIF":
            continue
        if len(words) < 2:
            raise InputError("MOTIF is not followed by a name", path, number)
        if words[1] in places:
            text = f"motif '{words[1]}' stands in line {places[words[1]]} already; give each a name of its own"
            raise InputError(text, path, number)
        places[words[1]] = number
        # MEME's own output has numbers after the names: MOTIF name MEME-1 width = 8 sites = 50 …
        other = [] if len(words) < 3 or words[2] == "width" else words[2:3]
        motifs.append(_read_motif(lines, number, words[1], "".join(other)))
    if not motifs:
        raise InputError("holds no motif", path)
    return motifs


class _Lines:
    """The lines of a file that are not empty, with one line of looking back."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self._lines = ((number, line.strip()) for number, line in read_lines(path) if line.strip())
        self._again: tuple[int, str] | None = None
        self.last = (0, "")

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        line = self._again or next(self._lines)
        self._again, self.last = None, line
        return line

    def push_back(self) -> None:
        """Give the last line once more."""
        self._again = self.last


def _read_head(lines: _Lines) -> None:
    """Look for the version line, which only MEME's own output precedes by others."""
    for _, text in lines:
        if text.startswith("MEME version"):
            return
        if text.startswith(("MOTIF", MATRIX)):
            break
    raise InputError("has no line 'MEME version 4' before its motifs; is it in MEME format?", lines.path)


def _check_alphabet(lines: _Lines, text: str) -> None:
    letters = text.removeprefix("ALPHABET").lstrip("= ").split()
    if not letters or letters[0].strip('"') not in ("ACGT", "DNA"):
        raise InputError("the alphabet is not that of DNA (ALPHABET= ACGT)", lines.path, lines.last[0])


def _read_motif(lines: _Lines, begin: int, name: str, other_name: str) -> Motif:
    """Read the matrix of the motif whose name was just read."""
    for number, text in lines:
        if text.startswith("MOTIF"):
            break
        if text.startswith(MATRIX):
            width = _setting(lines, "w")
            letters = _setting(lines, "alength")
            if letters not in (None, 4.0):
                raise InputError(f"the matrix of '{name}' is of {letters:g} letters; DNA has 4", lines.path, number)
            sites = _setting(lines, "nsites")
            rows = list(_rows(lines, name, width))
            if not rows:
                raise InputError(f"the matrix of '{name}' has no row", lines.path, number)
            return Motif(name, other_name, np.array(rows), min(sites, MOST_SITES) if sites else USUAL_SITES)
    raise InputError(f"motif '{name}' has no letter-probability matrix", lines.path, begin)


def _setting(lines: _Lines, name: str) -> float | None:
    """Give the number after `name=` in the line of a matrix, None without it."""
    number, text = lines.last
    found = re.search(rf"\b{name}=\s*(\S*)", text)
    if found is None:
        return None
    try:
        value = real_number(found[1])
    except ValueError as error:
        raise InputError(f"'{found[1]}' after {name}= is not a number", lines.path, number) from error
    if not 0 <= value < np.inf or (name == "w" and not (value.is_integer() and 1 <= value <= MOST_COLUMNS)):
        bounds = f"a whole number from 1 to {MOST_COLUMNS}" if name == "w" else "a number of at least 0"
        raise InputError(f"'{found[1]}' after {name}= is not {bounds}", lines.path, number)
    return value


def _rows(lines: _Lines, name: str, width: float | None) -> Iterator[list[float]]:
    """Read the rows of a matrix: as many as told, or up to a line that does not begin with a number."""
    count = 0
    for number, text in lines:
        values = _numbers(text)
        if values is None:
            if width is not None and count < width:
                text = (
                    f"the matrix of '{name}' ends after {count} rows of {width:g}: '{text[:40]}' is no row of numbers"
                )
                raise InputError(text, lines.path, number)
            lines.push_back()
            return
        count += 1
        if count > (MOST_COLUMNS if width is None else width):
            raise InputError(f"the matrix of '{name}' has more than {count - 1} rows", lines.path, number)
        yield _probabilities(lines, values)
    if width is not None and count < width:
        raise InputError(f"the file ends after {count} of {width:g} rows of '{name}'", lines.path)


def _numbers(text: str) -> list[float] | None:
    """Give the numbers of a row, None where there is something else."""
    try:
        return [real_number(word) for word in text.split()]
    except ValueError:
        return None


def _probabilities(lines: _Lines, values: list[float]) -> list[float]:
    number = lines.last[0]
    if len(values) != 4:
        raise InputError(f"has {len(values)} numbers; a row has 4, for A, C, G and T", lines.path, number)
    wrong = next((value for value in values if not 0 <= value <= 1), None)
    if wrong is not None:
        raise InputError(f"{wrong:g} is not a probability (0 to 1)", lines.path, number)
    total = sum(values)
    if abs(total - 1) > SUM_TOLERANCE:
        raise InputError(f"the probabilities sum to {total:g}, not to 1", lines.path, number)
    return [value / total for value in values]
