"""Pages of the documentation that are made from the programs' own option parsers, so that they cannot drift apart.

They need the package, but none of the libraries that compute.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

WIDTH = 79  # of usage lines


def write_pages(folder: Path) -> None:
    """Write a page for each program, and remove those of programs that are gone; equal pages are left untouched."""
    folder.mkdir(exist_ok=True)
    pages = {}
    for point in sorted(entry_points(group="console_scripts"), key=lambda one: one.name):
        if point.value.startswith("deepgrn_tool."):
            pages[folder / f"{point.name}.md"] = program_page(point.name, point.value.partition(":")[0])
    for path in set(folder.glob("*.md")) - set(pages):
        path.unlink()
    for path, text in pages.items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def program_page(program: str, module_name: str) -> str:
    """Write the page of a program, as Markdown.

    Args:
        program: Name of the executable.
        module_name: Module of its options.
    """
    from deepgrn_tool.cli._common import new_parser

    module = import_module(module_name)
    parser = new_parser(program, module.__doc__ or "")
    parser.formatter_class = _Narrow
    module.add_arguments(parser)
    parts = [f"# {program}", _plain(parser.description or ""), _block(parser.format_usage())]
    for group in parser._action_groups:
        rows = [_row(action) for action in group._group_actions]
        if rows:
            title = (group.title or "options").capitalize()
            parts += [f"## {title}", *rows]
    if parser.epilog:
        parts += ["## Examples and notes", _block(parser.epilog % {"prog": program})]
    return "\n\n".join(parts) + "\n"


class _Narrow(argparse.HelpFormatter):
    """Lines are as long on every terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=WIDTH)


def _block(text: str) -> str:
    return f"```text\n{text.strip()}\n```"


def _row(action: argparse.Action) -> str:
    formatter = argparse.HelpFormatter("")
    meaning = formatter._expand_help(action) if action.help else "(no help)"
    return f"`{formatter._format_action_invocation(action)}`\n: {_plain(meaning)}"


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup; paragraphs stay."""
    for sign in "\\`*_{}[]<>#|":
        text = text.replace(sign, f"\\{sign}")
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))
