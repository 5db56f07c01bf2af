"""Files of figures, and disks that are full."""

import resource
import subprocess
import sys

import pytest

from deepgrn_tool.plots.style import figure_files

# In a process of its own: what the tests print may go to a file that is larger already.
DRAW = """
import sys
from deepgrn_tool.plots.style import figure_files
try:
    with figure_files([sys.argv[1]]) as (axes,):
        axes.plot([0, 1], [0, 1])
except OSError as error:
    print(error.strerror)
"""


def draw(path):
    with figure_files([path]) as (axes,):
        axes.plot([0, 1], [0, 1])


def allow_small_files():
    """No file may grow beyond 2,000 bytes; a figure has more. Python ignores the signal that goes with it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


@pytest.mark.parametrize("name", ["f.png", "f.pdf", "f.svg"])
def test_the_error_of_the_disk_is_told(tmp_path, name):
    """Matplotlib, writing PDF to the disk itself, raised an AttributeError instead."""
    command = [sys.executable, "-c", DRAW, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=allow_small_files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "File too large\n", "")


@pytest.mark.parametrize(("name", "begin"), [("f.png", b"\x89PNG"), ("f.pdf", b"%PDF"), ("f.svg", b"<?xml")])
def test_equal_drawings_are_equal_files_of_their_format(tmp_path, name, begin):
    draw(tmp_path / name)
    first = (tmp_path / name).read_bytes()
    draw(tmp_path / name)
    assert first.startswith(begin)
    assert (tmp_path / name).read_bytes() == first


def test_a_dollar_in_a_name_is_a_dollar(tmp_path):
    """Matplotlib takes text between two of them for a formula, and this one is none."""
    with figure_files([tmp_path / "f.svg"]) as (axes,):
        axes.set_title("a$_$b")
    assert "<!-- a$_$b -->" in (tmp_path / "f.svg").read_text()
