"""Files that appear whole or not at all, and what is left where a run is killed."""

import os
import resource
import signal
import subprocess
import sys
import tempfile

import pytest

from deepgrn_tool.errors import InputError
from deepgrn_tool.output import atomic_output, check_outputs, temporary_folder

DEVICE = "is a device or a pipe; outputs are files, so give a file name"
KILLED = """
import os, signal, sys
from deepgrn_tool.output import atomic_output
with atomic_output(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(target):
    with atomic_output(target) as temporary:
        temporary.write_text("whole")


@pytest.fixture
def start():
    """Start a process that writes a file half; it kills itself, or waits for the end of its input."""
    running = []

    def start(target, what):
        running.append(
            subprocess.Popen([sys.executable, "-c", KILLED, target, what], stdin=-1, stdout=-1, stderr=-1, text=True)
        )
        return running[-1], running[-1].stdout.readline().rstrip("\n")

    yield start
    for process in running:
        process.communicate()


@pytest.mark.parametrize("name", ["scores.bw", "a [1].tab.gz", "noSuffix", "model.h5.training"])
def test_the_next_run_removes_what_a_killed_one_left(tmp_path, start, name, monkeypatch):
    target = tmp_path / name
    process, left = start(target, "kill")
    assert process.wait() == -signal.SIGKILL
    assert names(tmp_path) == [os.path.basename(left)]
    assert os.path.basename(left).startswith(f".{name}.")
    said = []
    monkeypatch.setattr("deepgrn_tool.output.logger.info", lambda text, *values: said.append(text % values))
    write(target)
    assert names(tmp_path) == [name]
    assert target.read_text() == "whole"
    assert said == [f"Removed {left}, which a killed run left"]


def test_a_run_at_work_is_left_alone(tmp_path, start):
    target = tmp_path / "scores.bw"
    process, partial = start(target, "wait")
    write(target)
    assert names(tmp_path) == sorted([os.path.basename(partial), "scores.bw"])
    process.communicate("")  # the other one ends well, later: its file replaces ours
    assert process.returncode == 0
    assert (names(tmp_path), target.read_text()) == (["scores.bw"], "half")


def test_files_for_other_targets_and_of_other_machines_are_left_alone(tmp_path, start):
    process, left = start(tmp_path / "scores.bw", "kill")
    process.wait()
    foreign = os.path.basename(left).replace(".bw.", ".bw.0", 1)
    (tmp_path / foreign).write_text("")
    like = [".scores.bw.partial.bw", ".scores.bw.x-1.abc.partial.bw", "scores.bw.partial.bw", foreign]
    for name in like:
        (tmp_path / name).write_text("")
    write(tmp_path / "other.bw")
    write(tmp_path / "scores.bw.bw")
    assert names(tmp_path) == sorted([*like, os.path.basename(left), "other.bw", "scores.bw.bw"])
    write(tmp_path / "scores.bw")
    assert names(tmp_path) == sorted([*like, "other.bw", "scores.bw.bw", "scores.bw"])


def test_nothing_is_left_of_a_block_that_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_output(tmp_path / "a.bw") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_devices_and_pipes_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for path in ("/dev/null", "/dev/full", tmp_path / "pipe", tmp_path / "link"):
        with pytest.raises(InputError) as caught:
            check_outputs([path], [])
        assert str(caught.value) == f"{path}: {DEVICE}"


FOLDER = """
import os, signal
from deepgrn_tool.output import temporary_folder
folder = temporary_folder()
print(folder.name, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_temporary_folder_removes_those_of_killed_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", FOLDER], stdout=-1, text=True, env=environment, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert names(tmp_path) == [os.path.basename(done.stdout.rstrip())]
    (tmp_path / "deepgrn-notes").mkdir()
    with temporary_folder() as first, temporary_folder() as second:
        assert first != second
        assert names(tmp_path) == sorted([os.path.basename(first), os.path.basename(second), "deepgrn-notes"])
    assert names(tmp_path) == ["deepgrn-notes"]


@pytest.mark.parametrize("name", ["a" * 255, "b" * 252 + ".bw", "ä" * 127, "c" * 191 + "." + "d" * 60])
def test_names_as_long_as_files_may_have(tmp_path, start, name):
    """Temporary names are longer than the target's; what a killed run left is found all the same."""
    process, left = start(tmp_path / name, "kill")
    process.wait()
    _, other = start(tmp_path / (name[:-1] + "x"), "kill")
    write(tmp_path / name)
    assert names(tmp_path) == sorted([name, os.path.basename(other)])
    assert left != other
    assert (tmp_path / name).read_text() == "whole"


def test_nothing_is_left_by_a_signal_while_the_file_is_made(tmp_path, monkeypatch):
    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr("deepgrn_tool.output.os.close", interrupted)
    with pytest.raises(KeyboardInterrupt), atomic_output(tmp_path / "a.bw"):
        pass
    monkeypatch.undo()
    assert names(tmp_path) == []
    mkstemp = tempfile.mkstemp

    def interrupted_later(**options):
        mkstemp(**options)
        raise KeyboardInterrupt

    monkeypatch.setattr("deepgrn_tool.output.tempfile.mkstemp", interrupted_later)
    with pytest.raises(KeyboardInterrupt), atomic_output(tmp_path / "a.bw"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", ["long" * 1000, b"long" * 1000])
def test_the_target_is_named_where_the_disk_is_full(tmp_path, content):
    """A process of its own may write files of 2,000 bytes; its errors would name the temporary file, or none."""
    code = "import sys\nfrom deepgrn_tool.output import atomic_output, write_file\n"
    code += "try:\n    with atomic_output(sys.argv[1]) as temporary:\n"
    code += f"        write_file(temporary, {content!r})\nexcept OSError as error:\n    print(error.filename)\n"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.tsv")],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert (done.stdout, done.stderr) == (f"{tmp_path / 'a.tsv'}\n", "")
    assert names(tmp_path) == []
