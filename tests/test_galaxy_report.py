"""The counts that a run of the Galaxy tests ends with: what went wrong is never counted as passed."""

import json
import sys

import pytest
from galaxy_tools import GALAXY

sys.path.insert(0, str(GALAXY / "test"))
from report import Report, read_report


def planemo_report(path, *statuses):
    """Write a report as planemo does, one test for each status."""
    job = {"command_line": "deepgrn-info file.h5", "stderr": "deepgrn-info: error: file.h5: is not HDF5\n"}
    tests = [
        {"id": f"tool-{number}", "data": {"status": status, "time_seconds": 2.4, "job": job, "output_problems": ["x"]}}
        for number, status in enumerate(statuses)
    ]
    path.write_text(json.dumps({"version": "0.1", "tests": tests}))
    return path


def read(tmp_path, *statuses, exit_code=0):
    return read_report(planemo_report(tmp_path / "report.json", *statuses), "tool", exit_code, tmp_path / "tool.log")


def test_successes_are_counted(tmp_path):
    report = read(tmp_path, "success", "success")
    assert (report.passed, report.failed) == (2, 0)
    assert report.lines == ["tool 0: passed, 2 s", "tool 1: passed, 2 s"]


@pytest.mark.parametrize("status", ["failure", "error", "skip", "anything"])
def test_whatever_is_no_success_failed_and_tells_why(tmp_path, status):
    report = read(tmp_path, "success", status, exit_code=1)
    assert (report.passed, report.failed) == (1, 1)
    assert report.lines[1:] == [
        f"tool 1: {status}, 2 s",
        "    ['x']",
        "    deepgrn-info file.h5",
        "    deepgrn-info: error: file.h5: is not HDF5",
    ]


def test_a_job_that_never_began_can_be_told_of(tmp_path):
    path = tmp_path / "report.json"
    data = {"status": "error", "job": None, "execution_problem": "no such file"}
    path.write_text(json.dumps({"tests": [{"id": "tool-0", "data": data}]}))
    assert read_report(path, "tool", 1, tmp_path / "tool.log").lines == ["tool 0: error, 0 s", "    no such file"]


def test_no_test_at_all_is_a_failure(tmp_path):
    log = tmp_path / "tool.log"
    for report in (read(tmp_path), read_report(tmp_path / "absent.json", "tool", 2, log)):
        assert (report.passed, report.failed) == (0, 1)
    assert report.lines == [f"tool: planemo ended with exit code 2, see {log}"]


def test_a_failed_run_of_passed_tests_is_a_failure(tmp_path):
    report = read(tmp_path, "success", exit_code=1)
    assert (report.passed, report.failed) == (1, 1)


def test_reports_add_up():
    total = Report(1, 2, ["a"]) + Report(3, 4, ["b"])
    assert (total.passed, total.failed, total.lines) == (4, 6, ["a", "b"])
