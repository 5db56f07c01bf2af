"""Files of figures on disks that are full."""

import resource
import signal

import pytest

from deepgrn_tool.plots.style import figure_files


@pytest.fixture
def small_files():
    """No file may grow beyond 2,000 bytes; a figure has more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def draw(path):
    with figure_files([path]) as (axes,):
        axes.plot([0, 1], [0, 1])


@pytest.mark.parametrize("name", ["f.png", "f.pdf", "f.svg"])
def test_the_error_of_the_disk_is_told(tmp_path, small_files, name):
    """Matplotlib, writing PDF to the disk itself, raised an AttributeError instead."""
    with pytest.raises(OSError, match="File too large"):
        draw(tmp_path / name)


@pytest.mark.parametrize(("name", "begin"), [("f.png", b"\x89PNG"), ("f.pdf", b"%PDF"), ("f.svg", b"<?xml")])
def test_equal_drawings_are_equal_files_of_their_format(tmp_path, name, begin):
    draw(tmp_path / name)
    first = (tmp_path / name).read_bytes()
    draw(tmp_path / name)
    assert first.startswith(begin)
    assert (tmp_path / name).read_bytes() == first
