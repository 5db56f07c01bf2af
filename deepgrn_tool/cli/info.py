"""Show what a features file or a model file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import new_parser, run_cli
from deepgrn_tool.cli._streams import print_lines
from deepgrn_tool.errors import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

FEATURES_COLUMNS = ("section", "name", "value")
MODEL_COLUMNS = ("name", "value")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-info."""
    parser.add_argument("file", metavar="FILE", help="features.h5 or model.h5")
    parser.add_argument("--tsv", action="store_true", help="with tabs between columns and a header, for other programs")


def _write_table(columns: Sequence[str], rows: Sequence[Sequence[str]], tsv: bool) -> None:
    rows = [[escaped(cell) for cell in row] for row in rows]
    if tsv:
        lines = ["\t".join(row) for row in (columns, *rows)]
    else:
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(columns) - 1)]
        lines = ["  ".join([*map(str.ljust, row[:-1], widths), row[-1]]) for row in rows]
    print_lines(lines)


def run(args: argparse.Namespace) -> None:
    """Print the content of the file."""
    from deepgrn_tool.formats.hdf5 import format_of, open_hdf5
    from deepgrn_tool.formats.journal import finish_addition

    finish_addition(args.file)
    with open_hdf5(args.file, "deepgrn-features or deepgrn-import") as file:
        kind = format_of(file)
    if kind == "deepgrn-model":
        from deepgrn_tool.network.files import describe_model

        _write_table(MODEL_COLUMNS, describe_model(args.file), args.tsv)
        return
    from deepgrn_tool.data.summary import describe_features

    _write_table(FEATURES_COLUMNS, describe_features(args.file), args.tsv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-info."""
    parser = new_parser("deepgrn-info", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
