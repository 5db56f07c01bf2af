"""What every executable shares: option groups, logging, and the one place that turns errors into exit codes.

Nothing heavier than argparse is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, TypeVar

from deepgrn_tool import __version__
from deepgrn_tool.cli._signals import STOPS, StopSignals
from deepgrn_tool.cli._streams import keep_numbers
from deepgrn_tool.errors import InputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

logger = logging.getLogger("deepgrn_tool")
Number = TypeVar("Number", int, float)

EXIT_OK = 0
EXIT_INPUT = 1  # bad data
EXIT_SIGNAL = 128  # plus the signal's number, as shells report it


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one printable line, whatever the options hold."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


class _OneLine(logging.Formatter):
    """Writes each message as one printable line, whatever text it quotes from a file; a traceback may follow."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


def new_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Make a parser with the options that every program has.

    Args:
        program: Name of the executable, such as "deepgrn-predict".
        description: The module's docstring; its first line is the summary.
    """
    parser = _Parser(
        prog=program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    group = parser.add_argument_group("messages")
    group.add_argument("--quiet", action="store_true", help="report warnings and errors only")
    group.add_argument("--debug", action="store_true", help="report details, and the traceback of an error")
    return parser


def number(text: str) -> float:
    """Parse a number, for argparse; Python alone would take `1_000` and the digits of other scripts, too."""
    return _parsed(text, float, "a number")


def whole(text: str) -> int:
    """Parse a whole number, for argparse, as strictly as `number`."""
    return _parsed(text, int, "a whole number")


def _parsed(text: str, kind: Callable[[str], Number], words: str) -> Number:
    try:
        if "_" in text or not text.isascii():
            raise ValueError(text)
        return kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not {words}") from error


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1, for argparse."""
    value = whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def name_and_file(text: str) -> tuple[str, str]:
    """Parse `NAME=FILE`, for argparse.

    >>> name_and_file("K562=k562.bw")
    ('K562', 'k562.bw')
    """
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=FILE")
    return name, path


def chromosome_names(text: str) -> list[str]:
    """Parse `NAME,NAME`, for argparse; an empty name is refused.

    >>> chromosome_names("chr8,chr21")
    ['chr8', 'chr21']
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"'{text}' holds an empty name; give names with commas between them")
    return names


def add_chromosomes(parser: argparse._ActionsContainer, summary: str) -> None:
    """Add `--chromosomes`, names with commas between them; may be repeated. All names come as one list, None for all.

    Args:
        parser: The parser, or a group of its options.
        summary: What is done with the chromosomes, for `--help`.
    """
    parser.add_argument(
        "--chromosomes",
        type=chromosome_names,
        action="extend",
        metavar="NAME,NAME",
        help=f"{summary}, such as chr8,chr21; may be repeated",
    )


def add_threads(parser: argparse._ActionsContainer, summary: str = "processor threads") -> None:
    """Add `--threads`; the default is 1 and the machine's cores are never counted.

    Args:
        parser: The parser, or a group of its options.
        summary: What the threads are for, for `--help`.
    """
    parser.add_argument("--threads", type=positive_int, default=1, metavar="N", help=f"{summary} (default: 1)")


def _set_up_logging(args: argparse.Namespace) -> None:
    level = logging.DEBUG if args.debug else logging.WARNING if args.quiet else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _describe_os_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}no space left on the disk; free some or write elsewhere"
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def run_cli(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Parse options, run, and return the exit code: 0, 1 for bad data, 2 for bad options, 130 or 143 after a signal.

    Expected mistakes become one line on stderr; any other exception is a bug and propagates.

    Args:
        parser: The program's parser.
        run: What the program does.
        argv: The options; None for those of the command line, after which the process ends.
    """
    keep_numbers()
    with StopSignals(last=argv is None) as signals:
        try:
            args = parser.parse_args(argv)
            _set_up_logging(args)
            # Read once, when NumPy and TensorFlow load: --threads alone decides how many threads compute.
            for library in ("OPENBLAS", "OMP", "MKL"):
                os.environ.setdefault(f"{library}_NUM_THREADS", "1")
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            run(args)
            signals.finish()
        except BaseException as error:
            signals.finish()
            if signals.received or isinstance(error, KeyboardInterrupt):
                number = signals.received or signal.SIGINT
                logger.error("%s: %s", parser.prog, STOPS[number])
                return EXIT_SIGNAL + number
            if isinstance(error, UsageError):
                parser.error(str(error))
            if not isinstance(error, (InputError, OSError)):
                raise
            logger.debug("traceback:", exc_info=True)
            text = str(error) if isinstance(error, InputError) else _describe_os_error(error)
            logger.error("%s: error: %s", parser.prog, text)
            return EXIT_INPUT
    return EXIT_OK
