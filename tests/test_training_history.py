"""The table that tells of each epoch."""

from programs import run_in_c_locale

from deepgrn_tool.training.history import Epoch, read_history

CODE = """
import sys
from deepgrn_tool.training.history import Epoch, write_history
write_history([Epoch(1, 0.5, 0.25, 0.75, "\\u03b2", 10, 20, 0.001)], sys.argv[1])
"""


def test_what_is_written_in_any_locale_is_read_back(tmp_path):
    path = tmp_path / "history.tsv"
    done = run_in_c_locale(CODE, path)
    assert done.returncode == 0, done.stderr
    assert read_history(path) == [Epoch(1, 0.5, 0.25, 0.75, "β", 10, 20, 0.001)]
