#!/usr/bin/env python3
"""Check the Galaxy tools on a real Galaxy server: lint, tests of the tools, tests of the workflows.

Galaxy and planemo come from PyPI, in the versions of requirements-*.txt, into a work folder of their own; a second run
finds them there. Neither conda, containers nor a Galaxy source tree are needed. The programs under test are those of an
existing environment, by default the project's .venv.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from environments import install
from report import Report, read_checks, read_report
from server import Server, prepare_root

GALAXY = Path(__file__).resolve().parent.parent
PROJECT = GALAXY.parent
# Both ask the internet: whether bio.tools knows the tool, and whether the Tool Shed has an older version.
LINTS_ONLINE = "BioToolsValid"
SHED_LINTS_ONLINE = f"version_bumped,{LINTS_ONLINE}"
TEST_SECONDS = 400  # the longest that a single test may take, training included


def say(text: str) -> None:
    """Print a line at once, with the seconds since the start."""
    sys.stdout.write(f"[{time.monotonic() - START:4.0f} s] {text}\n")
    sys.stdout.flush()


START = time.monotonic()


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="names of tools or workflows to test (default: all, and lint)")
    parser.add_argument("--work", type=Path, default=PROJECT / ".galaxy", help="work folder (default: .galaxy)")
    parser.add_argument("--programs", type=Path, default=PROJECT / ".venv" / "bin", help="folder of deepgrn-* programs")
    parser.add_argument("--jobs", type=int, default=2, help="jobs of Galaxy, and tests, at the same time (default: 2)")
    parser.add_argument("--serve", action="store_true", help="start the server and keep it, to look at forms")
    return parser.parse_args()


def tool_folders() -> list[Path]:
    """List the folders of tools, sorted by name."""
    return sorted(path.parent for path in GALAXY.glob("deepgrn_*/deepgrn_*.xml"))


def workflow_files() -> list[Path]:
    """List the workflows, sorted by name."""
    return sorted((GALAXY / "workflows").glob("*.gxwf.yml"))


def tool_version() -> str:
    """Read the version that the tools require."""
    found = re.search(r'name="@TOOL_VERSION@">([^<]+)<', (GALAXY / "macros.xml").read_text())
    if found is None:
        raise SystemExit("galaxy/macros.xml names no @TOOL_VERSION@")
    return found.group(1)


def published_copy(work: Path) -> Path:
    """Copy the tools to a folder named as where they are published, whatever the project's folder is called here.

    planemo compares the folder's last two names with the address in .shed.yml.
    """
    root = work / "published"
    shutil.rmtree(root, ignore_errors=True)
    copy = root / "main" / GALAXY.name
    shutil.copytree(GALAXY, copy)
    (copy.parent / "test-data").symlink_to(PROJECT / "test-data")
    return copy


def lint(server: Server, work: Path) -> bool:
    """Lint tools, what the Tool Shed needs to know, and workflows; print what is wrong."""
    tools = [str(path) for path in tool_folders()]
    strict = ["--report_level", "warn", "--fail_level", "warn"]
    runs = {
        "tools": ["lint", *strict, "--skip", LINTS_ONLINE, *tools],
        "Tool Shed": [
            "shed_lint",
            "--tools",
            "--ensure_metadata",
            *strict,
            "--skip",
            SHED_LINTS_ONLINE,
            "-r",
            str(published_copy(work)),
        ],
        "workflows": ["workflow_lint", *strict, *map(str, workflow_files())],
    }
    good = True
    for name, arguments in runs.items():
        code, text = server.planemo(arguments, f"lint-{name.replace(' ', '-')}")
        unwanted = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line]
        if code or unwanted:
            good = False
            say(f"lint of {name}: failed\n{text}")
        else:
            say(f"lint of {name}: no warnings")
    return good


def test(server: Server, paths: list[Path], jobs: int) -> Report:
    """Run the tests of tools or workflows, some at a time, and print each result."""
    total = Report()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        started = {pool.submit(server.test, path, TEST_SECONDS): path for path in paths}
        for done in concurrent.futures.as_completed(started):
            path = started[done]
            code, file, log = done.result()
            report = read_report(file, path.name.partition(".")[0], code, log)
            for line in report.lines:
                say(line)
            total += report
    return total


def check(server: Server) -> Report:
    """Look at tracks and workflows as users would, and print each result."""
    code, text = server.check(workflow_files())
    report = read_checks(text, "checks.py", code)
    for line in report.lines:
        say(line)
    return report


def main() -> int:
    """Run all, and give the exit code: 0 where nothing failed."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the server ends, too
    work = options.work.resolve()
    programs = options.programs.resolve()
    if not (programs / "deepgrn-info").exists():
        raise SystemExit(f"{programs} holds no deepgrn-info; name the folder with --programs, or run 'make test' first")
    say(f"Galaxy and planemo in {os.path.relpath(work)}")
    for name in ("galaxy", "planemo"):
        install(work / name, GALAXY / "test" / f"requirements-{name}.txt")
    root = prepare_root(work, programs, {"deepgrn-tool": tool_version()}, GALAXY / "test" / "server.sh")
    server = Server(work, root, GALAXY / "tool_data_table_conf.xml.test", PROJECT / "test-data", options.jobs)
    good = True if options.only or options.serve else lint(server, work)
    chosen = [path for path in [*tool_folders(), *workflow_files()] if not options.only or path.name in options.only]
    if not chosen:
        raise SystemExit(f"no tool or workflow is called {', '.join(options.only)}")
    with server.running(tool_folders()):
        say(f"Galaxy runs at {server.url}")
        if options.serve:
            input("Enter ends it\n")
            return 0
        report = test(server, [path for path in chosen if path.is_dir()], options.jobs)
        report += test(server, [path for path in chosen if path.is_file()], 1)
        if not options.only:
            report += check(server)
    say(f"{report.passed} passed, {report.failed} failed" + ("" if good else "; lint failed"))
    return 0 if good and report.passed and not report.failed else 1


if __name__ == "__main__":
    sys.exit(main())
