"""What the tests said: counts, and a line for each test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Report:
    """Counts of tests and what to print of them."""

    passed: int = 0
    failed: int = 0
    lines: list[str] = field(default_factory=list)

    def __add__(self, other: Report) -> Report:
        """Join two reports."""
        return Report(self.passed + other.passed, self.failed + other.failed, self.lines + other.lines)


def _reasons(data: dict[str, Any]) -> list[str]:
    """Collect why a test failed: what was expected, and what the program wrote."""
    problems = [str(data[key]) for key in ("output_problems", "execution_problem", "problem_log") if data.get(key)]
    job = data.get("job") or {}  # none where the test failed before its job began
    said = [str(job.get(key) or "").strip() for key in ("command_line", "stderr")]
    return [f"    {line}" for text in [*problems, *said] for line in text.splitlines()]


def read_checks(text: str, name: str, exit_code: int) -> Report:
    """Read what checks.py printed, a line of JSON per check; another end than a good one counts as a failed test."""
    report = Report()
    for line in text.splitlines() if not exit_code else ():
        check = json.loads(line)
        if check["problem"]:
            report += Report(0, 1, [f"{check['name']}: failed, {check['problem']}"])
        else:
            report += Report(1, 0, [f"{check['name']}: passed"])
    if not report.lines:
        report += Report(0, 1, [f"{name} ended with exit code {exit_code}", text])
    return report


def read_report(file: Path, name: str, exit_code: int, log: Path) -> Report:
    """Read a report of planemo.

    A run without any test, and one that failed beside its tests, count as one failed test: silence is no success.

    Args:
        file: JSON that planemo wrote; may be missing.
        name: Name of the tool or workflow.
        exit_code: Of planemo.
        log: What planemo printed.
    """
    report = Report()
    tests = json.loads(file.read_text())["tests"] if file.exists() else []
    for number, test in enumerate(tests):
        data = test["data"]
        seconds = f"{float(data.get('time_seconds') or 0):.0f} s"
        if data["status"] == "success":
            report += Report(1, 0, [f"{name} {number}: passed, {seconds}"])
        else:
            report += Report(0, 1, [f"{name} {number}: {data['status']}, {seconds}", *_reasons(data)])
    if not tests or (exit_code and not report.failed):
        report += Report(0, 1, [f"{name}: planemo ended with exit code {exit_code}, see {log}"])
    return report
