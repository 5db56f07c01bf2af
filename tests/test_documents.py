"""What the documents tell people to type is understood by the programs, and what they point to is there."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "demo.sh", *(ROOT / "docs").glob("*.md")])
MODULES = {"deepgrn-import": "import_model"}


def commands(text):
    """Command lines that start with one of the programs, continued lines joined."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if re.match(r"\s*deepgrn-[a-z]+ ", line)]


FOUND = [(path.name, command) for path in DOCUMENTS for command in commands(path.read_text())]


def parser_of(program):
    module = importlib.import_module(f"deepgrn_tool.cli.{MODULES.get(program, program.removeprefix('deepgrn-'))}")
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    module.add_arguments(parser)
    return parser


def test_readme_and_demo_show_commands():
    assert {name for name, _ in FOUND} >= {"README.md", "demo.sh"}


@pytest.mark.parametrize(("name", "command"), FOUND)
def test_programs_understand_the_command(name, command):
    program, *arguments = shlex.split(command)
    parser_of(program).parse_args(arguments)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_an_unknown_option_would_be_noticed():
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parser_of("deepgrn-info").parse_args(["features.h5", "--tvs"])
