"""What a page holds: sections of text, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes:
        columns: Names.
        rows: Texts, as many in each row as there are columns.
        caption: Text above the table.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    caption: str = ""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Tell of each column whether all its texts are numbers, which are set to the right."""
        return tuple(all(_is_number(row[place]) for row in self.rows) for place in range(len(self.columns)))


@dataclass(frozen=True)
class Figure:
    """An image.

    Attributes:
        image: Content of a PNG or SVG file.
        kind: Its media type.
        caption: Text below it.
        facts: What it shows, in words: for whoever cannot see it, and where a viewer leaves images out.
    """

    image: bytes
    kind: str
    caption: str
    facts: str


@dataclass(frozen=True)
class Fact:
    """A number that says much.

    Attributes:
        value: The number.
        meaning: What it is, and what to compare it with.
    """

    value: str
    meaning: str


@dataclass
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        text: Paragraphs below the heading.
        figures: Its figures.
        tables: Its tables, below the figures.
        facts: Its main numbers, above the figures.
    """

    title: str
    text: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return text in ("NA", "")
    return True
