"""A hub appears whole or not at all, and replaces nothing but a hub."""

import os
import signal
import subprocess
import sys

import pytest
from hub_toys import EMAIL, HubToy

from deepgrn_tool.cli.hub import main
from deepgrn_tool.hub.folder import atomic_folder
from deepgrn_tool.output import temporary_sibling


def test_the_folder_appears_at_the_end_with_usual_permissions(tmp_path):
    with atomic_folder(tmp_path / "new") as folder:
        (folder / "file").write_text("inside")
        assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "file").read_text() == "inside"
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o777 & ~umask


def test_a_failure_leaves_what_was_there(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("old")
    with pytest.raises(KeyError), atomic_folder(tmp_path / "old") as folder:
        (folder / "file").write_text("new")
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "file").read_text() == "old"


def test_a_failed_renaming_brings_the_old_folder_back(tmp_path, monkeypatch):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("old")
    rename, calls = os.rename, []

    def fails_the_second_time(source, target):
        calls.append(source)
        if len(calls) == 2:
            raise PermissionError(13, "Permission denied", str(target))
        rename(source, target)

    monkeypatch.setattr("deepgrn_tool.hub.folder._exchange", lambda new, target: False)  # not on every file system
    monkeypatch.setattr(os, "rename", fails_the_second_time)
    with pytest.raises(PermissionError), atomic_folder(tmp_path / "old"):
        pass
    assert len(calls) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "file").read_text() == "old"


def test_where_folders_cannot_be_exchanged_the_old_one_makes_way(tmp_path, monkeypatch):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("old")
    monkeypatch.setattr("deepgrn_tool.hub.folder._exchange", lambda new, target: False)
    with atomic_folder(tmp_path / "old") as folder:
        (folder / "file").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "file").read_text() == "new"


KILLED = """
import os, signal, sys
from pathlib import Path
import deepgrn_tool.hub.folder as program
if sys.argv[2] == "renaming":
    program._exchange = lambda new, target: False
    program.os.rename = lambda old, new, rename=os.rename: (rename(old, new), os.kill(os.getpid(), signal.SIGKILL))
elif sys.argv[2] == "removing":
    program.shutil.rmtree = lambda folder, ignore_errors: os.kill(os.getpid(), signal.SIGKILL)
with program.atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "file").write_text("new")
    if sys.argv[2] == "writing":
        os.kill(os.getpid(), signal.SIGKILL)
"""


# Where folders can be exchanged, the hub is never missing; where they cannot, the old one lies in a folder of the name.
@pytest.mark.parametrize(
    ("moment", "left", "where"),
    [("writing", "old", "old/file"), ("removing", "new", "old/file"), ("renaming", "old", ".old.*.old/old/file")],
)
def test_the_next_run_removes_what_a_killed_one_left(tmp_path, moment, left, where):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("old")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "old"), moment]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert [path.read_text() for path in tmp_path.glob(where)] == [left]
    names = {path.name for path in tmp_path.iterdir()} - {"old"}
    assert names and all(name.startswith(".old.") and name.endswith((".partial", ".old")) for name in names)
    with atomic_folder(tmp_path / "old") as folder:
        (folder / "file").write_text("again")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "file").read_text() == "again"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return HubToy(tmp_path)


def test_overwrite_replaces_the_whole_hub(toy):
    hub = toy.make()
    options = ["--scores", "liver.CTCF.bw", "--assembly", "toy1", *EMAIL, "-o", "hub", "--overwrite", "--quiet"]
    assert main(options) == 0
    assert sorted(path.name for path in (hub / "toy1").iterdir()) == [
        "factor_CTCF.html",
        "scores_CTCF_liver.bw",
        "trackDb.txt",
    ]
    assert not [path for path in toy.folder.iterdir() if path.name.startswith(".")]


def test_an_empty_folder_is_as_good_as_none(toy):
    (toy.folder / "hub").mkdir()
    assert (toy.make() / "hub.txt").exists()


def test_links_lead_to_the_users_files(toy):
    hub = toy.make("--link", output="linked")
    for path in [*(hub / "toy1").glob("*.bw"), *(hub / "toy1").glob("*.bed")]:
        assert path.is_symlink()
        assert path.resolve().parent == toy.folder
    assert (hub / "toy1" / "scores_CTCF_K562.bw").samefile("K562.CTCF.bw")


def test_equal_inputs_give_equal_hubs(toy):
    files = [
        {path.relative_to(hub): path.read_bytes() for path in hub.rglob("*") if path.is_file()}
        for hub in (toy.make(output="one"), toy.make(output="two"))
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 14
    assert not any(str(toy.folder).encode() in data for data in files[0].values())


def test_stopped_when_the_folder_has_just_been_made(tmp_path, monkeypatch):
    """A signal can raise its exception after the folder is there and before its name is known to what cleans up."""

    def made_and_stopped(target, suffix):
        temporary_sibling(target, suffix)
        raise KeyboardInterrupt

    monkeypatch.setattr("deepgrn_tool.hub.folder.temporary_sibling", made_and_stopped)
    (tmp_path / ".hub.of-another.partial").mkdir()
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "hub"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".hub.of-another.partial"]
