"""Outputs that do not fit on the disk: one clear error naming the file, and nothing left of any of them.

A limit on the size of files stands in for a full disk; it needs a process of its own. For the kernel both are failing
writes, which differ only in the error's number.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, signal, sys
import numpy as np
import pyBigWig, pysam
from deepgrn_tool.tracks.outputs import ScoreOutputs
limit, count, step, folder, names = *map(int, sys.argv[1:4]), sys.argv[4], sys.argv[5:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
starts = np.arange(count) * step
scores = np.random.default_rng(1).random(len(starts)).astype(np.float32)
outputs = ScoreOutputs([f"{folder}/{name}" for name in names], {"chr1": count * step + 200})
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with outputs:
        for begin in range(0, len(starts), 5000):
            outputs.add_bins("chr1", starts[begin : begin + 5000], scores[begin : begin + 5000])
except OSError as error:
    print(type(error).__name__, error.errno, error.filename, error.strerror, sep="|")
else:
    print("written")
"""


def run_limited(limit, folder, *names, count=50_000, step=50):
    command = [sys.executable, "-c", PROGRAM, str(limit), str(count), str(step), str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return done.stdout, done.stderr


# 50,000 scores take about 350 kB as bigWig, 1.5 MB as text, 0.5 MB compressed: the limits strike at the first
# write, in the middle, and (bigWig) while the index and the zoom levels follow the data.
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *(("t.bw", limit) for limit in (100, 20_000, 180_000, 200_000, 280_000, 350_000)),
        *(("t.bedGraph", limit) for limit in (100, 1_000_000)),
        *(("t.bedGraph.gz", limit) for limit in (100, 300_000)),
        *(("t.tab.gz", limit) for limit in (100, 300_000)),
        ("t.bed", 1000),
    ],
)
def test_one_clear_error_and_no_file(tmp_path, name, limit):
    out, err = run_limited(limit, tmp_path, name)
    assert out == f"OSError|27|{tmp_path / name}|File too large\n"
    assert err == ""
    assert list(tmp_path.iterdir()) == []


def test_one_file_that_does_not_fit_keeps_all_others_back(tmp_path):
    out, _ = run_limited(700_000, tmp_path, "t.bw", "t.bedGraph", "t.tab.gz")
    assert out == f"OSError|27|{tmp_path / 't.bedGraph'}|File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_the_same_outputs_fit_without_the_limit(tmp_path):
    out, err = run_limited(10_000_000, tmp_path, "t.bw", "t.bedGraph", "t.bedGraph.gz", "t.tab.gz", "t.bed")
    assert (out, err) == ("written\n", "")
    assert (tmp_path / "t.bw").stat().st_size > 350_000


def test_index_that_does_not_fit_takes_its_track_with_it(tmp_path):
    # 300 rows over 300 Mbp: the index is a little larger than the data, and only the index meets the limit.
    sparse = {"count": 300, "step": 1_000_000}
    (tmp_path / "fits").mkdir()
    out, _ = run_limited(10_000, tmp_path / "fits", "t.bedGraph.gz", **sparse)
    sizes = {path.suffix: path.stat().st_size for path in (tmp_path / "fits").iterdir()}
    assert out == "written\n"
    assert sizes[".gz"] < sizes[".tbi"]
    between = (sizes[".gz"] + sizes[".tbi"]) // 2
    (tmp_path / "full").mkdir()
    target = tmp_path / "full" / "t.bedGraph.gz"
    out, err = run_limited(between, target.parent, target.name, **sparse)
    assert err == ""  # htslib says nothing of its own
    assert out == f"OSError|5|{target}|its tabix index cannot be written; the disk may be full\n"
    assert list(target.parent.iterdir()) == []
