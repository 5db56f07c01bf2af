"""Tables and images of other programs, taken over as they are."""

from __future__ import annotations

import re
from pathlib import Path

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.formats.textfile import read_lines
from deepgrn_tool.report.content import Figure, Table
from deepgrn_tool.report.figures import KINDS

MOST_ROWS = 100  # of a table are shown
LARGEST_IMAGE = 20_000_000  # bytes
LARGEST_TABLE = 20_000_000  # bytes
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SVG_START = re.compile(
    rb"\A(\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>)?\s*(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]", re.DOTALL
)


def check_image_names(paths: list[str]) -> None:
    """Refuse images that a page cannot show; cheap, for use before any work.

    Raises:
        UsageError: The suffix is neither .png nor .svg.
    """
    for path in paths:
        if Path(path).suffix.lower() not in KINDS:
            raise UsageError(f"figure {path}: only .png and .svg can be shown; draw it as one of these")


def read_table(path: str | Path) -> tuple[Table, int]:
    """Read a tab-separated table with a header.

    Returns:
        The table with its first rows, at most `MOST_ROWS`, and how many rows the file has.

    Raises:
        InputError: The file is no such table.
    """
    if Path(path).stat().st_size > LARGEST_TABLE:
        raise InputError(
            f"is larger than {LARGEST_TABLE // 1_000_000} MB, too much for a page; keep what matters", path
        )
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    count = 0
    for number, line in read_lines(path):
        if not line.strip():
            continue
        fields = tuple(line.split("\t"))
        if not columns:
            columns = fields
            continue
        if len(fields) != len(columns):
            raise InputError(f"has {len(fields)} columns where the header has {len(columns)}", path, number)
        count += 1
        if count <= MOST_ROWS:
            rows.append(fields)
    if len(columns) < 2:
        raise InputError("is no table: a header with tabs between the names of columns is expected", path)
    return Table(columns, rows), count


def read_image(path: str | Path, caption: str) -> Figure:
    """Read an image; what an SVG would do beside showing is not done in a page's images.

    Raises:
        InputError: The file is too large, or not what its suffix says.
    """
    if Path(path).stat().st_size > LARGEST_IMAGE:
        text = f"is larger than {LARGEST_IMAGE // 1_000_000} MB, too much for a page; draw it smaller"
        raise InputError(text, path)
    content = Path(path).read_bytes()
    suffix = Path(path).suffix.lower()
    right = content.startswith(PNG_MAGIC) if suffix == ".png" else SVG_START.match(content[:10_000])
    if not right:
        raise InputError(f"is not {'a PNG' if suffix == '.png' else 'an SVG'} image", path)
    return Figure(content, KINDS[suffix], caption, caption)
