"""A Galaxy server made of installed packages, started and stopped by planemo."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

START_SECONDS = 600
STOP_SECONDS = 20
# Which genomes the browsers know, as the tables that every Galaxy source tree brings: packages lack them.
BROWSERS = {
    "ucsc": "main\thttps://genome.ucsc.edu/cgi-bin/hgTracks?\thg19,hg38,sacCer3\n",
    "igv": "local_default\tlocal\thttp://localhost:60151/load\thg19,hg38,sacCer3\thg19,hg38,sacCer3\n",
}
USER = "tester@example.org"
ADMIN_KEY = "test_key"  # what planemo gives the servers that it starts


def prepare_root(work: Path, programs: Path, requirements: Mapping[str, str], start_script: Path) -> Path:
    """Make the folder that planemo takes for a Galaxy source tree, and the map from requirements to programs.

    planemo reads the version below lib/galaxy and calls run.sh. There must be no more of a source tree than that, else
    Galaxy would believe that it runs from one.

    Args:
        work: Folder with the environment `galaxy`.
        programs: Folder that is put before PATH in jobs.
        requirements: Names and versions of packages in `<requirement>` that this folder stands for.
        start_script: Starts the server.

    Returns:
        The folder.
    """
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("config", "database", "lib/galaxy"):
        (root / folder).mkdir(parents=True)
    version = next((work / "galaxy").glob("lib/python*/site-packages/galaxy/version"))
    (root / "lib/galaxy/version").symlink_to(version)
    (root / "run.sh").symlink_to(start_script)
    for name, number in requirements.items():
        folder = root / "dependencies" / name / number
        folder.mkdir(parents=True)
        (folder / "env.sh").write_text(f'PATH="{programs}:$PATH"\nexport PATH\n')
    (root / "resolvers.xml").write_text(
        f'<dependency_resolvers><galaxy_packages base_path="{root / "dependencies"}"/></dependency_resolvers>\n'
    )
    sites = []
    for kind, row in BROWSERS.items():
        (root / f"{kind}.txt").write_text(row)
        sites.append({"type": kind, "file": str(root / f"{kind}.txt"), "display": [row.partition("\t")[0]]})
    (root / "browsers.yml").write_text(json.dumps(sites))  # JSON is YAML, too
    return root


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A Galaxy server and planemo beside it.

    Args:
        work: Folder with the environments `galaxy` and `planemo`; logs and reports go there.
        root: What `prepare_root` made.
        data_tables: Data tables of the tests.
        test_data: Folder of the files that tests name.
        jobs: Jobs at the same time.
    """

    def __init__(self, work: Path, root: Path, data_tables: Path, test_data: Path, jobs: int) -> None:
        """Choose a port; nothing is started yet."""
        self._work = work
        self._root = root
        self._data_tables = data_tables
        self._test_data = test_data
        self._jobs = jobs
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._user_key = ""
        self._reports = work / "reports"
        shutil.rmtree(self._reports, ignore_errors=True)
        self._reports.mkdir(parents=True)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(self._work / "planemo" / "bin" / "planemo"), "--directory", str(self._work / "state"), *arguments]

    def planemo(self, arguments: Sequence[str], name: str) -> tuple[int, str]:
        """Run planemo; returns its exit code and what it printed, which is kept as NAME.log, too."""
        done = subprocess.run(
            self._command(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        (self._reports / f"{name}.log").write_text(done.stdout)
        return done.returncode, done.stdout

    def test(self, path: Path, seconds: int) -> tuple[int, Path, Path]:
        """Run the tests of a tool or workflow; returns planemo's exit code, its report and its log."""
        name = path.name.partition(".")[0]
        report = self._reports / f"{name}.json"
        arguments = ["test", "--engine", "external_galaxy", "--galaxy_url", self.url]
        arguments += ["--galaxy_admin_key", ADMIN_KEY, "--galaxy_user_key", self._user_key]
        arguments += ["--no_shed_install", "--test_timeout", str(seconds)]
        arguments += ["--test_output", str(report.with_suffix(".html")), "--test_output_json", str(report), str(path)]
        code, _ = self.planemo(arguments, name)
        return code, report, self._reports / f"{name}.log"

    def check(self, workflows: Sequence[Path]) -> tuple[int, str]:
        """Look at tracks and workflows as users would; returns the exit code and what checks.py printed."""
        python = str(self._work / "planemo" / "bin" / "python")
        script = str(Path(__file__).with_name("checks.py"))
        arguments = [self.url, self._user_key, str(self._test_data), *map(str, workflows)]
        done = subprocess.run([python, script, *arguments], capture_output=True, text=True)
        (self._reports / "checks.log").write_text(done.stdout + done.stderr)
        return done.returncode, done.stdout + done.stderr

    @contextlib.contextmanager
    def running(self, tools: Sequence[Path]) -> Iterator[None]:
        """Start the server with some tools, and stop it with all its processes.

        Raises:
            SystemExit: The server does not start.
        """
        arguments = ["serve", "--galaxy_root", str(self._root), "--skip_venv", "--port", str(self._port)]
        arguments += ["--job_workers", str(self._jobs), "--no_shed_install"]
        arguments += ["--dependency_resolvers_config_file", str(self._root / "resolvers.xml")]
        arguments += ["--no_conda_auto_init", "--no_conda_auto_install"]
        arguments += ["--tool_data_table", str(self._data_tables), *map(str, tools)]
        log = self._reports / "server.log"
        environment = {
            **os.environ,
            "GALAXY_ENVIRONMENT": str(self._work / "galaxy"),
            "GALAXY_CONFIG_OVERRIDE_BUILD_SITES_CONFIG_FILE": str(self._root / "browsers.yml"),
            "GALAXY_TEST_FILE_DIR": str(self._test_data),  # Galaxy hands these files out to the tests
        }
        with open(log, "w") as stream:
            process = subprocess.Popen(
                self._command(arguments),
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # so that all that it starts can be ended together
            )
        try:
            self._wait(process, log)
            self._user_key = self._make_user()
            yield
        finally:
            _end(process)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/api/version", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        raise SystemExit(f"Galaxy did not start (limit: {START_SECONDS} s); see {log}")

    def _make_user(self) -> str:
        """Make the user that runs the tests; returns its key. Left to planemo, each of its runs would make it."""
        user = self._post("users", {"remote_user_email": USER})
        return str(self._post(f"users/{user['id']}/api_key", {}))

    def _post(self, path: str, content: Mapping[str, str]) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            data=json.dumps(content).encode(),
            headers={"Content-Type": "application/json", "x-api-key": ADMIN_KEY},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything in its session, first kindly."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # all have ended
            os.killpg(process.pid, kind)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.2)
    process.wait()
