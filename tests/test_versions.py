"""One version number, wherever it is written."""

import re
from pathlib import Path

import pytest

from deepgrn_tool import __version__

ROOT = Path(__file__).parent.parent
WRITTEN = {
    "CHANGES.md": r"^## (\S+)",
    "CITATION.cff": r"^version: (\S+)",
    "galaxy/macros.xml": r'<token name="@TOOL_VERSION@">([^<]+)</token>',
    "bioconda_recipe/meta.yaml": r'{% set version = "([^"]+)" %}',
}
PRESENT = [name for name in WRITTEN if (ROOT / name).exists()]


def first_version(name):
    found = re.search(WRITTEN[name], (ROOT / name).read_text(), re.MULTILINE)
    return found and found.group(1)


def test_version_has_three_numbers():
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


@pytest.mark.parametrize("name", PRESENT)
def test_version_is_the_same_in(name):
    assert first_version(name) == __version__


def test_changes_and_citation_are_there():
    assert {"CHANGES.md", "CITATION.cff"} <= set(PRESENT)


def test_changes_are_newest_first():
    versions = re.findall(WRITTEN["CHANGES.md"], (ROOT / "CHANGES.md").read_text(), re.MULTILINE)
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)
