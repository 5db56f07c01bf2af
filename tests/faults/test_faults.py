"""A few of the faults of benchmarks/faults.py, at fixed moments, for programs that start fast.

Each function of `fault_kinds` disturbs a run, looks at what is left, runs the job again, and lists what is wrong.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import fault_kinds as kinds
import pytest
from fault_jobs import JOBS
from fault_runs import Bench, Moment

QUICK = ["import", "labels", "merge", "features --add-to", "hub", "info"]
WRITING = [name for name in QUICK if name != "info"]


@pytest.fixture(scope="module")
def bench():
    """Give benches by the names of their jobs, each made once."""
    made = {}
    with tempfile.TemporaryDirectory(prefix="deepgrn-faults-") as folder:
        os.chmod(folder, 0o755)

        def give(name):
            if name not in made:
                made[name] = Bench(next(job for job in JOBS if job.name == name), Path(folder))
            return made[name]

        yield give


def test_every_program_has_a_job():
    programs = {path.stem for path in Path("deepgrn_tool/cli").glob("[a-z]*.py")}
    assert {job.module for job in JOBS} == programs


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("share", [0.35, 0.85])
def test_killed_at_a_moment_of_the_run(bench, name, share):
    assert kinds.killed(bench(name), [Moment(share=share)], older=share > 0.5) == []


@pytest.mark.parametrize("name", ["import", "labels", "hub"])
def test_killed_before_each_of_its_steps_with_files(bench, name):
    assert bench(name).events >= 3
    for event in range(1, bench(name).events + 1):
        assert kinds.killed(bench(name), [Moment(event=event)], older=event % 2 == 1) == [], event


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_writes(bench, name, number):
    moment = Moment(share=0.3, of_writing=True) if number == signal.SIGINT else Moment(event=1)
    assert kinds.stopped(bench(name), number, moment, older=number == signal.SIGINT) == []


@pytest.mark.parametrize("name", [*WRITING, "evaluate", "motifs", "report"])
def test_files_may_not_grow(bench, name):
    assert kinds.limited(bench(name), 0.4, older=True) == []


@pytest.mark.parametrize("name", ["merge", "features --add-to"])
def test_a_full_disk(bench, name, tmp_path):
    if not kinds.may_mount(tmp_path):
        pytest.skip("mounting a small disk is not permitted here")
    assert kinds.full(bench(name), 0.5) == []


@pytest.mark.parametrize("name", WRITING)
def test_no_permission_to_write(bench, name):
    if os.geteuid() == 0 and shutil.which(kinds.ORDINARY_USER[0]) is None:
        pytest.skip("run by the superuser, and there is no setpriv to lower its rights")
    assert kinds.forbidden(bench(name), older=True) == []


@pytest.mark.parametrize("name", ["merge", "hub"])
def test_something_in_the_way(bench, name):
    assert kinds.in_the_way(bench(name), bench(name).job.outputs[0]) == []
    assert kinds.no_folder(bench(name)) == []


@pytest.mark.parametrize("name", ["info", "import"])
@pytest.mark.parametrize("kind", ["closed", "full", "broken", "no stderr", "no stdin"])
def test_streams(bench, name, kind):
    assert kinds.streams(bench(name), kind, older=kind == "closed") == []


@pytest.mark.parametrize("name", ["predict", "predict --resume"])
def test_predictions_killed_and_stopped_while_they_write(bench, name):
    assert kinds.killed(bench(name), [Moment(share=share, of_writing=True) for share in (0.2, 0.7)], older=False) == []
    assert kinds.stopped(bench(name), signal.SIGTERM, Moment(share=0.5, of_writing=True), older=True) == []
