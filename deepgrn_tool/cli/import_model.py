"""Turn a published DeepGRN network (Keras 2 HDF5) into a model file, and print its architecture.

The authors publish their networks at https://github.com/jianlin-cheng/DeepGRN (example/models, data/models).
The file is read as data: code that it holds (Lambda layers) is never run. Scores equal those of the original program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import logger, new_parser, run_cli
from deepgrn_tool.cli._streams import print_lines
from deepgrn_tool.output import check_outputs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-import."""
    parser.epilog = "example:\n  deepgrn-import EGR1_single.h5 --factor EGR1 -o EGR1.model.h5\n"
    parser.add_argument("published", metavar="PUBLISHED.h5", help="network saved by the published program (HDF5)")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="model file (HDF5) to make")
    parser.add_argument("--factor", metavar="NAME", default="", help="transcription factor, such as EGR1; recorded")
    parser.add_argument(
        "--assembly", metavar="NAME", default="hg19", help="genome that it was trained on; recorded (default: hg19)"
    )


def run(args: argparse.Namespace) -> None:
    """Import a network, write the model file and print the architecture."""
    check_outputs([args.output], [args.published])
    from deepgrn_tool.network.files import describe_network, save_model
    from deepgrn_tool.network.published import import_published

    model = import_published(args.published, factor=args.factor, assembly=args.assembly)
    rows = describe_network(model.config)
    width = max(len(name) for name, _ in rows)
    print_lines(f"{name.ljust(width)}  {text}" for name, text in rows)
    save_model(model, args.output)
    values = sum(array.size for array in model.weights.values())
    logger.info(
        "%s: %d weight arrays, %s values, from %s", args.output, len(model.weights), f"{values:,}", args.published
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-import."""
    parser = new_parser("deepgrn-import", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
