"""igv.js, the genome browser for web pages: found on this computer, never fetched.

It comes with the Python package igv-notebook, which is on PyPI and bioconda. Only the file is used; the package's own
code, which is for notebooks, is not loaded.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

from deepgrn_tool.errors import InputError

PACKAGE = "igv-notebook"
SCRIPT = "igv_notebook/js/igv.iife.js"
LICENSE = re.compile(r"\.dist-info/(licenses/)?LICENSE[^/]*\Z")
# Where the script is put, and what would end a script element early there.
CLOSING_TAG = re.compile(r"</(?=script)", re.IGNORECASE)


class Browser(NamedTuple):
    """igv.js as text.

    Attributes:
        script: JavaScript that defines `igv`, safe between script tags.
        license: Text of its licence, which has to go with every copy.
    """

    script: str
    license: str


def find_igv() -> Browser:
    """Read igv.js.

    Raises:
        InputError: It is not installed.
    """
    try:
        files = {str(path): path for path in distribution(PACKAGE).files or ()}
        script = files[SCRIPT].read_text(encoding="utf-8")
        license_text = next(path.read_text(encoding="utf-8") for name, path in files.items() if LICENSE.search(name))
    except (PackageNotFoundError, KeyError, StopIteration, FileNotFoundError) as error:
        text = "igv.js, which the page needs, is not installed: pip install 'igv-notebook>=0.6.2'"
        raise InputError(f"{text}, or conda install bioconda::igv-notebook") from error
    return Browser(CLOSING_TAG.sub(r"<\/", script), license_text.replace("--", "—").strip())
