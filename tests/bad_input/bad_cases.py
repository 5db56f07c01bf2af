"""What a case of bad input is, how it is run, and what must hold after every one of them."""

from __future__ import annotations

import importlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from programs import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DATA = Path(__file__).resolve().parents[2] / "test-data"
LONGEST_LINE = 2000  # characters; a longer message is cut in its middle
LONGEST_END = 700  # characters that are left of its end
MODULES = {"import": "import_model"}  # where a program is not called as its module
TWO = "{data}/galaxy/features.h5 {data}/model.h5 --cell gamma"
LABELS = "{data}/galaxy/CTCF.labels.tsv.gz"
SCORES = "{data}/galaxy/scores.bw"


@dataclass(frozen=True)
class Slot:
    """A place of a command line where a file is read.

    Attributes:
        program: Name without `deepgrn-`.
        options: The command line; `{bad}` is the file in question, `{data}` the bundled data, `{out}` an empty folder.
        more: What this place adds to the lines of some spoilt files, by what is wrong with them.
        name: File name that is given to the spoilt file, where the suffix matters.
    """

    program: str
    options: str
    more: tuple[tuple[str, str], ...] = ()
    name: str = "bad"

    @property
    def place(self) -> str:
        """The option before the file, or its place."""
        words = shlex.split(self.options)
        index = next(number for number, word in enumerate(words) if "{bad}" in word)
        option = next((word for word in words[index::-1] if word.startswith("-")), "")
        return option if index and words[index - 1].startswith("--") else f"argument {index + 1}"


@dataclass(frozen=True)
class Spoilt:
    """A file that is wrong.

    Attributes:
        what: What is wrong with it, in words.
        make: Its content, or a function that makes the file at a path.
        line: What the program says behind the name of the file; with `{bad}` in it, the whole line.
    """

    what: str
    make: bytes | Callable[[Path], object]
    line: str


@dataclass(frozen=True)
class Case:
    """One run that must be refused.

    Attributes:
        program: Name without `deepgrn-`.
        what: What is wrong, in words; unique within the program.
        options: The command line, as of `Slot`.
        line: What the program says behind `error: `; all that is unprintable is escaped in it.
        code: The exit code.
        make: What `{bad}` is: as of `Spoilt`, or nothing.
        name: File name of `{bad}`.
    """

    program: str
    what: str
    options: str
    line: str
    code: int = 1
    make: bytes | Callable[[Path], object] | None = None
    name: str = "bad"

    def __str__(self) -> str:
        """Name it in the list of tests."""
        return f"{self.program}: {self.what}"


def combine(slots: Iterable[Slot], files: Iterable[Spoilt]) -> list[Case]:
    """Put every spoilt file into every slot."""
    cases = []
    for slot in slots:
        for spoilt in files:
            line = spoilt.line if "{bad}" in spoilt.line else f"{{bad}}{spoilt.line}"
            line = dict(slot.more).get(spoilt.what, line)
            if line:
                place = slot.place if slot.name == "bad" else f"{slot.place} ({slot.name})"
                what = f"{place}: {spoilt.what}"
                cases.append(Case(slot.program, what, slot.options, line, make=spoilt.make, name=slot.name))
    return cases


def listing(folder: Path) -> dict[str, bytes | None]:
    """Tell what is in a folder, and in the folders within."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in folder.rglob("*")
    }


def run(case: Case, folder: Path, capfd) -> tuple[int, list[str], str]:
    """Run a case within a folder, which is the working directory.

    Returns:
        Exit code, the lines on stderr, and what the program says of itself before a message.
    """
    out, bad = folder / "out", Path(case.name)
    out.mkdir()
    if isinstance(case.make, bytes):
        bad.write_bytes(case.make)
    elif case.make is not None:
        case.make(bad)
    before = listing(folder)
    words = [word.format(data=DATA, bad=bad, out="out") for word in shlex.split(case.options)]
    module = importlib.import_module(f"deepgrn_tool.cli.{MODULES.get(case.program, case.program)}")
    code = exit_code(module.main, *words, *(["--quiet"] if case.code == 1 else []))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert listing(folder) == before, "something was written, or an input changed"
    return code, captured.err.splitlines(), f"deepgrn-{case.program}: error: "
