"""The documentation as a site: it builds without warnings, knows every option, and loads nothing from elsewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_documents import parser_of
from test_import_graph import PROGRAMS

ROOT = Path(__file__).parent.parent
LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}  # element → its address


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, in a folder; any warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


class Page(HTMLParser):
    """Collects text and the addresses of what a browser would load by itself."""

    def __init__(self, path):
        super().__init__()
        self.text, self.loaded = "", []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in LOADING and given.get("rel") not in ("index", "search", "next", "prev", "canonical"):
            self.loaded.append(given.get(LOADING[tag]))

    def handle_endtag(self, tag):
        if tag in ("dt", "dd", "p", "li"):
            self.text += "\n"

    def handle_data(self, data):
        self.text += data


def test_nothing_is_loaded_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for path in pages:
        for address in filter(None, Page(path).loaded):
            assert not re.match(r"[a-z]+:|//", address), f"{path.name} loads {address}"
            assert (path.parent / address.partition("?")[0]).exists(), f"{path.name}: {address} is not there"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_option_has_its_place(site, program):
    text = Page(site / "programs" / f"{program}.html").text
    for action in parser_of(program)._actions:
        for name in action.option_strings:
            assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), name
    index = Page(site / "index.html").text
    assert program in index
