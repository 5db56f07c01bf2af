"""The page of dependencies names what pyproject.toml asks for, no more and no less."""

import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "dependencies.md").read_text(), flags=re.MULTILINE)


def package(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower()


def named_in(heading):
    """Names in the first column of a section's table."""
    (section,) = [text for text in SECTIONS if text.startswith(heading)]
    return sorted(name.lower() for name in re.findall(r"^\| `([\w.-]+)` \|", section, flags=re.MULTILINE))


def test_packages_to_run():
    assert named_in("To run") == sorted(map(package, PROJECT["dependencies"]))


def test_packages_to_test():
    asked = {package(one) for group in PROJECT["optional-dependencies"].values() for one in group} - {"deepgrn-tool"}
    assert named_in("To test, build and document") == sorted(asked)


@pytest.mark.parametrize("requirement", PROJECT["dependencies"])
def test_every_bound_has_a_reason(requirement):
    (line,) = [text for text in (ROOT / "pyproject.toml").read_text().splitlines() if f'"{requirement}"' in text]
    assert re.search(r'",  # \w', line)
