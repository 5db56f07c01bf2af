"""Text as other programs write it is read; inputs stay whole whatever the output; two runs at once end well."""

import gzip
import os
import shutil
import subprocess
import sys

import pytest
from bad_cases import DATA
from programs import exit_code

from deepgrn_tool.cli.evaluate import main as evaluate
from deepgrn_tool.cli.labels import main as make_labels
from deepgrn_tool.cli.merge import main as merge

MARK = b"\xef\xbb\xbf"
WAYS = {
    "plain": lambda text: text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "byte order mark": lambda text: MARK + text,
    "no last line end": lambda text: text.rstrip(b"\n"),
    "gzip": gzip.compress,
    "gzip in two pieces": lambda text: gzip.compress(text[:100]) + gzip.compress(text[100:]),
    "all at once": lambda text: gzip.compress((MARK + text).replace(b"\n", b"\r\n").rstrip()),
}


def written(folder, way, name):
    """Write a bundled text file in another way."""
    path = folder / f"{way.replace(' ', '-')}-{name.rpartition('/')[2]}"
    path.write_bytes(WAYS[way]((DATA / name).read_bytes()))
    return path


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Outputs of the three programs on plain files."""
    return outputs(tmp_path_factory.mktemp("plain"), "plain")


def outputs(folder, way):
    """Run the programs that read text alone; give what they write."""
    sizes, peaks = written(folder, way, "galaxy/chrom.sizes"), written(folder, way, "alpha.conservative.narrowPeak")
    labels, scores = written(folder, way, "galaxy/CTCF.labels.tsv"), written(folder, way, "galaxy/scores.bedGraph")
    peaks_labels, metrics, joined = (folder / name for name in ("peaks.tsv", "metrics.tsv", "joined.bedGraph"))
    assert make_labels(["--sizes", str(sizes), "--peaks", f"a={peaks}", "-o", str(peaks_labels), "--quiet"]) == 0
    table = ["--labels", str(labels), "--cell", "gamma", "-o", str(metrics), "--quiet"]
    assert evaluate([f"one={scores}", *table]) == 0
    assert merge([str(scores), "--sizes", str(sizes), "-o", str(joined), "--quiet"]) == 0
    return [path.read_bytes() for path in (peaks_labels, metrics, joined)]


@pytest.mark.parametrize("way", [way for way in WAYS if way != "plain"])
def test_text_as_others_write_it(way, expected, tmp_path):
    assert outputs(tmp_path, way) == expected


def test_a_hard_link_to_an_input_is_replaced_and_the_input_stays(tmp_path):
    peaks, other = tmp_path / "a.bed", tmp_path / "out.tsv"
    shutil.copyfile(DATA / "alpha.conservative.narrowPeak", peaks)
    os.link(peaks, other)
    before = peaks.read_bytes()
    options = ["--sizes", DATA / "galaxy" / "chrom.sizes", "--peaks", f"a={peaks}", "-o", other, "--quiet"]
    assert exit_code(make_labels, *options) == 0
    assert peaks.read_bytes() == before
    assert other.read_bytes().startswith(b"chr\tstart\tstop\ta\n")


def test_an_output_behind_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "t.tsv").write_text("older")
    (tmp_path / "t.tsv").symlink_to("far/t.tsv")
    peaks = DATA / "alpha.conservative.narrowPeak"
    options = ["--sizes", DATA / "galaxy" / "chrom.sizes", "--peaks", f"a={peaks}", "-o", tmp_path / "t.tsv", "--quiet"]
    assert exit_code(make_labels, *options) == 0
    assert os.readlink(tmp_path / "t.tsv") == "far/t.tsv"
    assert (tmp_path / "far" / "t.tsv").read_bytes().startswith(b"chr\tstart\tstop\ta\n")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["far", "t.tsv", "t.tsv"]


def test_a_link_to_nothing_is_an_output(tmp_path):
    (tmp_path / "t.tsv").symlink_to("later.tsv")
    peaks = DATA / "alpha.conservative.narrowPeak"
    options = ["--sizes", DATA / "galaxy" / "chrom.sizes", "--peaks", f"a={peaks}", "-o", tmp_path / "t.tsv", "--quiet"]
    assert exit_code(make_labels, *options) == 0
    assert (tmp_path / "later.tsv").read_bytes().startswith(b"chr\tstart\tstop\ta\n")


@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_two_runs_write_one_output_at_once(tmp_path, name):
    """Each of two runs with other peaks ends well; what is there at last is the whole output of one of them."""
    alone, commands = [], []
    program = [sys.executable, "-c", "import sys; from deepgrn_tool.cli.labels import main; sys.exit(main())"]
    (tmp_path / "out").mkdir()
    for cell in ("alpha", "gamma"):
        options = ["--sizes", f"{DATA}/galaxy/chrom.sizes", "--peaks", f"{cell}={DATA}/{cell}.conservative.narrowPeak"]
        assert exit_code(make_labels, *options, "-o", tmp_path / f"{cell}-{name}", "--quiet") == 0
        alone.append((tmp_path / f"{cell}-{name}").read_bytes())
        commands.append([*program, *options, "-o", str(tmp_path / "out" / name)])
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands * 2]
    said = [process.communicate(timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert (tmp_path / "out" / name).read_bytes() in alone
    assert os.listdir(tmp_path / "out") == [name]
