"""Sections as one HTML file that needs nothing else: no network, no scripts.

The template is Jinja's, which escapes every text. Images and the style sheet stand in the file as `data:` addresses.
The style sheet is linked that way instead of a `<style>` element, whose text viewers that take tags away would show.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from deepgrn_tool.report.content import Section

TEMPLATE = Path(__file__).with_name("page.html.jinja")
STYLE = Path(__file__).with_name("page.css")


def data_address(content: bytes, kind: str) -> str:
    """Give an address that holds the content itself.

    >>> data_address(b"a", "text/plain")
    'data:text/plain;base64,YQ=='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Write the page.

    Args:
        title: Its heading.
        subtitle: Text below the heading.
        sections: Its parts, in order.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["address"] = data_address
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    style = data_address(STYLE.read_bytes(), "text/css")
    text = template.render(title=title, subtitle=subtitle, sections=sections, style=style) + "\n"
    # In a locale without UTF-8 Python hands on bytes of the command line and of file names as lone surrogates.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
