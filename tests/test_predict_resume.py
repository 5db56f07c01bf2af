"""Predictions that were interrupted go on where they stopped: the same bytes, and nothing is scored twice."""

import errno
import gzip
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from predict_toys import Toy
from programs import exit_code

from deepgrn_tool import scoring
from deepgrn_tool.cli.predict import main
from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.kept_scores import HEAD, KeptScores, stretches

NAMES = ("t.bw", "t.bedGraph.gz", "t.tab.gz", "t.bed")
SIZE = 20  # bins of a stretch: the 83 bins of the toy's genome make five, the last one with three
PROGRAM = "deepgrn-predict: error: "
ANEW = "delete it to start anew"


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch):
    monkeypatch.setattr("deepgrn_tool.scoring.STRETCH", SIZE)
    monkeypatch.setattr("deepgrn_tool.predict.STRETCH", SIZE)


class Run:
    """A run with outputs of all kinds in a folder of its own."""

    def __init__(self, toy, folder):
        self.toy, self.folder = toy, folder
        folder.mkdir()

    @property
    def kept(self):
        return self.folder / "t.bw.scoring"

    def argv(self, *options, cell="liver"):
        outputs = [part for name in NAMES for part in ("-o", self.folder / name)]
        common = ["--cell", cell, "--summary", self.folder / "t.tsv", "--summarize", "mean", "--quiet"]
        return [str(part) for part in (self.toy.features, self.toy.model, *outputs, *common, *options)]

    def go(self, *options, **chosen):
        return exit_code(main, *self.argv("--resume", *options, **chosen))

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def interrupt(self, monkeypatch, after, *options):
        """Run until so many stretches are kept; then, as Ctrl-C, an exception comes."""
        add, kept = KeptScores.add, []

        def stop(store, number, scores):
            add(store, number, scores)
            kept.append(number)
            if len(kept) == after:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(KeptScores, "add", stop)
            assert self.go(*options) == 130
        assert [path.name for path in self.folder.iterdir()] == [self.kept.name]


@pytest.fixture
def run(toy, tmp_path):
    return Run(toy, tmp_path / "run")


@pytest.fixture(scope="module")
def whole(toy, tmp_path_factory):
    """Files of a run that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deepgrn_tool.scoring.STRETCH", SIZE)
        made = Run(toy, tmp_path_factory.mktemp("whole") / "run")
        assert made.go() == 0
    files = made.files()
    assert len(files) == 6  # the bedGraph has an index
    return files


def test_stretches_by_hand():
    groups = [("a", [0, 50, 100]), ("b", [0]), ("c", [0, 50, 100, 150, 200, 250]), ("d", [7])]
    groups = [BinGroup(name, np.array(starts)) for name, starts in groups]
    found = [[(each.chrom, each.starts.tolist()) for each in one] for one in stretches(groups, 4)]
    assert found == [
        [("a", [0, 50, 100]), ("b", [0])],
        [("c", [0, 50, 100, 150])],
        [("c", [200, 250]), ("d", [7])],
    ]
    assert [len(one) for one in stretches(groups[:2], 4)] == [2]
    assert list(stretches([], 4)) == []


@pytest.mark.parametrize("after", [1, 3, 4, 5])
def test_going_on_gives_the_same_bytes(run, whole, monkeypatch, after):
    run.interrupt(monkeypatch, after)
    scored = []
    score = scoring.score_bins

    def counted(engine, reader, groups):
        for item in score(engine, reader, groups):
            scored.append(len(item[1]))
            yield item

    monkeypatch.setattr(scoring, "score_bins", counted)
    assert run.go() == 0
    assert run.files() == whole
    kept = min(83, SIZE * after) - sum(banned_among_the_first(run.toy, SIZE * after))
    assert sum(scored) == max(0, 83 - 20 - kept)  # 20 bins are on the blacklist


def banned_among_the_first(toy, count):
    """Tell of the first bins in the order of writing whether they touch the blacklist, which leaves them unscored."""
    from predict_toys import ORDER, is_banned

    bins = [(chrom, start) for chrom in ORDER for start in toy.grid(chrom)]
    assert len(bins) == 83
    return [is_banned(*each) for each in bins[:count]]


def test_many_interruptions(run, whole, monkeypatch):
    for after in (1, 2, 1):
        run.interrupt(monkeypatch, after)
    assert run.kept.read_bytes().count(HEAD) == 1
    assert run.go() == 0
    assert run.files() == whole


def test_scores_are_those_of_a_run_at_a_stretch(run, whole, tmp_path):
    other = tmp_path / "other.tab.gz"
    assert exit_code(main, run.toy.features, run.toy.model, "--cell", "liver", "-o", other, "--quiet") == 0
    rows = [gzip.decompress(data).decode().split() for data in (other.read_bytes(), whole["t.tab.gz"])]
    assert [text for column in range(3) for text in rows[0][column::4]] == [
        text for column in range(3) for text in rows[1][column::4]
    ]
    np.testing.assert_allclose(*[np.array(one[3::4], float) for one in rows], rtol=0, atol=1e-6)


def test_a_record_that_is_cut_off_or_damaged_is_scored_again(run, whole, monkeypatch):
    run.interrupt(monkeypatch, 3)
    data = run.kept.read_bytes()
    record = 12 + 4 * SIZE
    begin = len(data) - 3 * record
    damaged = [data[:keep] for keep in (7, begin - 1, begin + 5, len(data) - 1)]
    damaged += [data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :] for place in (begin + 4, begin + 40)]
    for content in damaged:
        run.kept.write_bytes(content)
        assert run.go() == 0
        assert run.files() == whole
        for path in run.folder.iterdir():
            path.unlink()


KILLED = """
import os, signal, sys
import deepgrn_tool.predict, deepgrn_tool.scoring
from deepgrn_tool.cli.predict import main
from deepgrn_tool.kept_scores import KeptScores
size, writes = int(sys.argv.pop(1)), int(sys.argv.pop(1))
deepgrn_tool.predict.STRETCH = deepgrn_tool.scoring.STRETCH = size
append, seen = KeptScores._append, []
def dies(store, data):
    seen.append(data)
    if len(seen) == writes:
        append(store, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    append(store, data)
KeptScores._append = dies
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("writes", [1, 2, 4])
def test_killed_in_the_middle_of_a_record(run, whole, writes):
    command = [sys.executable, "-c", KILLED, str(SIZE), str(writes), *run.argv("--resume")]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert run.kept.exists()
    assert not [name for name in NAMES if (run.folder / name).exists()]
    assert run.go() == 0
    assert run.files() == whole


def test_unsorted_bins(run, tmp_path, monkeypatch):
    bins = tmp_path / "bins.bed"
    starts = [400, 50, 1000, 50, 0, 900, 450, 300, 350, 1050, 10, 400]
    bins.write_text("".join(f"chr10\t{start}\t{start + 200}\n" for start in starts))
    outputs = {name: tmp_path / f"{name}.tab.gz" for name in ("plain", "kept")}
    common = [run.toy.features, run.toy.model, "--cell", "liver", "--bins", bins, "--quiet"]
    assert exit_code(main, *common, "-o", outputs["plain"]) == 0
    assert exit_code(main, *common, "-o", outputs["kept"], "--resume") == 0
    rows = [gzip.decompress(path.read_bytes()).decode().split() for path in outputs.values()]
    assert [int(text) for text in rows[1][1::4]] == starts
    np.testing.assert_allclose(*[np.array(one[3::4], float) for one in rows], rtol=0, atol=1e-6)


@pytest.mark.parametrize("gathered", [1, 3, 20])
def test_unsorted_bins_of_chromosomes_in_turn(run, tmp_path, monkeypatch, gathered):
    monkeypatch.setattr(scoring, "GATHERED", gathered)
    bins = tmp_path / "bins.bed"
    listed = [(chrom, start) for start in (400, 50, 1000, 50, 0, 900, 450, 300) for chrom in ("chr2", "chr10", "chr2")]
    bins.write_text("".join(f"{chrom}\t{start}\t{start + 200}\n" for chrom, start in listed))
    outputs = {name: tmp_path / f"{name}.tab.gz" for name in ("plain", "kept")}
    common = [run.toy.features, run.toy.model, "--cell", "liver", "--bins", bins, "--quiet"]
    assert exit_code(main, *common, "-o", outputs["plain"]) == 0
    add = KeptScores.add
    with monkeypatch.context() as patch:

        def stop(store, number, scores):
            add(store, number, scores)
            raise KeyboardInterrupt

        patch.setattr(KeptScores, "add", stop)
        assert exit_code(main, *common, "-o", outputs["kept"], "--resume") == 130
    assert exit_code(main, *common, "-o", outputs["kept"], "--resume") == 0
    rows = [gzip.decompress(path.read_bytes()).decode().split() for path in outputs.values()]
    assert list(zip(rows[1][0::4], map(int, rows[1][1::4]), strict=True)) == listed
    np.testing.assert_allclose(*[np.array(one[3::4], float) for one in rows], rtol=0, atol=1e-6)


def test_a_summary_alone(run):
    table = run.folder / "only.tsv"
    argv = [run.toy.features, run.toy.model, "--cell", "liver", "--summary", table, "--resume", "--quiet"]
    assert exit_code(main, *argv) == 0
    assert [path.name for path in run.folder.iterdir()] == ["only.tsv"]


# --- refusals


@pytest.fixture
def stopped(run, monkeypatch):
    run.interrupt(monkeypatch, 3)
    return run


def refusal(capsys, run, code, *, kept):
    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith(f"{PROGRAM}{run.kept}: ") and said.count("\n") == 1
    assert run.files() == {run.kept.name: kept}
    return said.removeprefix(f"{PROGRAM}{run.kept}: ").rstrip("\n")


def test_an_interrupted_run_is_not_passed_over(stopped, capsys):
    before = stopped.kept.read_bytes()
    code = exit_code(main, *stopped.argv())
    text = f"is left from a run that did not end; go on with that run by --resume, or {ANEW}"
    assert refusal(capsys, stopped, code, kept=before) == text


def test_other_options_and_inputs_are_named(stopped, capsys, tmp_path):
    before = stopped.kept.read_bytes()
    code = stopped.go("--chromosomes", "chr2", cell="K562")
    assert refusal(capsys, stopped, code, kept=before) == (
        'belongs to another run: --cell was "liver", is "K562"; --chromosomes was null, is ["chr2"]; '
        f"give what was given then, or {ANEW}"
    )
    regions = tmp_path / "regions.bed"
    regions.write_text("chr2\t0\t500\n")
    code = stopped.go("--regions", regions)
    said = refusal(capsys, stopped, code, kept=before)
    assert said.startswith("belongs to another run: SHA-256 of --regions was null, is ")


def test_outputs_and_their_looks_may_change(stopped, tmp_path, whole):
    assert stopped.go("--threshold", "0.9", "--threads", "2") == 0
    assert stopped.files()["t.tab.gz"] == whole["t.tab.gz"]
    assert not stopped.kept.exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x" * 100, f"is no file of kept scores; {ANEW}"),
        (HEAD + b"{]\n", f"is damaged; {ANEW}"),
        (HEAD + b"[" * 50_000 + b"\n", f"is damaged; {ANEW}"),
        (HEAD + b"3\n", f"is damaged; {ANEW}"),
        (HEAD + b"x" * (2 << 20), f"is no file of kept scores; {ANEW}"),
    ],
)
def test_other_files_of_that_name(run, capsys, content, text):
    run.kept.write_bytes(content)
    assert refusal(capsys, run, run.go(), kept=content) == text


def test_two_runs_at_once(stopped, capsys):
    before = stopped.kept.read_bytes()
    program = "import fcntl, sys; one = open(sys.argv[1]); fcntl.flock(one, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program, stopped.kept], stdin=-1, stdout=-1) as other:
        other.stdout.readline()
        code = stopped.go()
        other.communicate(b"\n", timeout=60)
    assert refusal(capsys, stopped, code, kept=before) == "is in use by another run; wait for it to end"


def test_a_full_disk_names_the_file(run, capsys, monkeypatch):
    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("deepgrn_tool.kept_scores.os.fsync", full)
        assert run.go() == 1
    assert capsys.readouterr().err == (
        f"{PROGRAM}{run.kept}: no space left on the disk; free some or write elsewhere\n"
    )
    assert [path.name for path in run.folder.iterdir()] == [run.kept.name]
    assert run.go() == 0
