"""The documentation as a site, by Sphinx: `make docs`. Nothing of it is loaded from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from program_pages import write_pages

from deepgrn_tool import __version__

project = "DeepGRN-tool"
version = release = __version__
copyright = "Apache-2.0"
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3  # links to headings are those that GitHub makes
source_suffix = {".md": "markdown"}
smartquotes = False  # two dashes are an option
html_theme = "furo"
html_title = f"DeepGRN-tool {release}"
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
exclude_patterns = ["_build"]


def setup(app: object) -> None:
    """Make the pages of the programs before the others are read."""
    write_pages(Path(__file__).parent / "programs")
