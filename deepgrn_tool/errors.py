"""The two kinds of mistake that a user can make; everything else is a bug and shows its traceback."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike


LONGEST_MESSAGE = 2000  # characters
MESSAGE_END = 700  # of them are kept of the end, which holds the advice
CHROMOSOME = re.compile(r"(chr)?([0-9]+[a-z]?|[ivx]+|[lmruwxyz]|mt|un)\Z", re.IGNORECASE)


class UsageError(Exception):
    """Options that contradict each other or lack a partner; programs exit with code 2."""


class InputError(Exception):
    """A file whose content is wrong or does not match the other inputs; programs exit with code 1.

    Args:
        message: What is wrong and what to do about it, in the user's words, without a full stop.
        path: The file at fault, if there is one.
        line: 1-based line number within that file.
    """

    def __init__(self, message: str, path: str | PathLike[str] | None = None, line: int | None = None) -> None:
        """Put file and line before the message, as compilers do."""
        self.message = message
        self.path = None if path is None else str(path)
        self.line = line
        super().__init__(self._text())

    def _text(self) -> str:
        if self.path is None:
            return self.message
        if self.line is None:
            return f"{self.path}: {self.message}"
        return f"{self.path}, line {self.line}: {self.message}"


def escaped(text: str) -> str:
    r"""Write whatever a terminal would not show as it is as Python escapes: for text that comes out of a file.

    These are line ends, control and escape codes, marks that turn the direction of writing, bytes that are no UTF-8.

    >>> escaped("'a\x1b[31m\n' is no number")
    "'a\\x1b[31m\\n' is no number"
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def printable(text: str) -> str:
    """Make one line of bounded length out of a message, whatever it quotes: escaped, and cut in the middle."""
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[: LONGEST_MESSAGE - MESSAGE_END]} … {text[-MESSAGE_END:]}"
    return escaped(text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that the user probably meant.

    The number or letter of a chromosome is taken at its word: chr8 is no slip of the pen for chrV.

    Returns:
        `"; did you mean 'chr21'?"`, or a short list of what there is, or an empty string when nothing is known.
    """
    names = list(known)
    prefixed = [f"chr{name}", name.removeprefix("chr")]
    if name in {"MT", "M", "chrM", "chrMT"}:
        prefixed += ["chrM", "MT", "M", "chrMT"]
    for candidate in prefixed:
        if candidate != name and candidate in names:
            return f"; did you mean '{candidate}'?"
    close = [known_name for known_name in names if known_name.casefold() == name.casefold()]
    if not close and not CHROMOSOME.match(name):
        close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    if not names:
        return ""
    shown = ", ".join(names[:5])
    return f" (it has {shown}{', …' if len(names) > 5 else ''})"
