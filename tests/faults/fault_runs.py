"""Running a job in a folder of its own, disturbed at a chosen moment, and looking at what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fault_jobs import Job, make_inputs

LAUNCHER = Path(__file__).with_name("launch.py")
POLL = 0.001  # seconds
LONGEST = 300  # seconds that a run may take
Content = dict[str, bytes]


def content(folder: Path) -> Content:
    """Read all files below a folder; a link is read as the name that it points to, an empty folder as nothing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.fsencode(os.readlink(path))
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


@dataclass(frozen=True)
class Moment:
    """When a signal is sent: after a share of the whole run, after a share of the part that writes, or at an event.

    Attributes:
        share: Of the processor time of an undisturbed run.
        of_writing: The share is of the time from the first file on.
        event: Number of a file event, from 1; 0 for a moment in time.
    """

    share: float = 0.0
    of_writing: bool = False
    event: int = 0


@dataclass
class Done:
    """How a run ended.

    Attributes:
        code: Exit status as shells report it: 128 + number for a signal.
        said: What it wrote to stderr.
        printed: What it wrote to stdout, if that was kept.
        hit: Whether the signal came before its end.
        seconds: Processor time from the program's begin to its end.
        writes: Processor time from its begin to its first file.
        events: Names of its file events.
    """

    code: int = 0
    said: str = ""
    printed: str = ""
    hit: bool = False
    seconds: float = 0.0
    writes: float = 0.0
    events: list[str] = field(default_factory=list)


def processor_time(process: int) -> float:
    """Sum the processor time of a process's threads, in seconds; 0 when it is gone."""
    total = 0
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/schedstat") as stream:
                total += int(stream.read().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return total / 1e9
    return total / 1e9


class Bench:
    """A place where one job is run again and again.

    Args:
        job: What to run.
        root: A folder for all runs.

    Attributes:
        whole: What an undisturbed run leaves.
        printed: What it prints.
        length: Its processor time, in seconds, from its begin.
        first_write: Processor time at its first file.
        events: Number of its file events.
    """

    def __init__(self, job: Job, root: Path) -> None:
        """Make inputs and run the job twice undisturbed, to see that its outputs do not change."""
        self.job = job
        self._root = Path(tempfile.mkdtemp(prefix=f"{job.module}-", dir=root))
        self._root.chmod(0o755)
        self.inputs = self._root / "inputs"
        self.inputs.mkdir()
        make_inputs(self.inputs)
        self._number = 0
        runs = []
        for _ in range(2):
            out = self.prepare()
            done = self.run(out)
            if done.code or done.said:
                raise RuntimeError(f"{job.name}: the undisturbed run ended with {done.code}: {done.said}")
            runs.append((done, content(out)))
        (first, self.whole), (second, again) = runs
        if self.whole != again:
            changed = [name for name in self.whole | again if self.whole.get(name) != again.get(name)]
            raise RuntimeError(f"{job.name}: two undisturbed runs differ in {', '.join(changed)}")
        self.printed = first.printed
        self.length = min(first.seconds, second.seconds)
        self.first_write = min(first.writes, second.writes)
        self.events = len(first.events)

    def prepare(self, older: bool = False) -> Path:
        """Make a new folder of outputs; gives its path."""
        self._number += 1
        out = self._root / f"out{self._number}"
        self.job.prepare(self.inputs, out, older)
        return out

    def run(
        self, out: Path, number: int = 0, moment: Moment | None = None, through: Sequence[str] = (), **options: Any
    ) -> Done:
        """Run the job, with --quiet.

        Args:
            out: The folder of outputs.
            number: Signal to send.
            moment: When to send it.
            through: A command that runs the command behind it in some way.
            options: For `subprocess.Popen`; stdout is kept unless it is given.
        """
        temporary = self.temporary(out)
        temporary.mkdir(exist_ok=True)
        temporary.chmod(0o777)
        reader, writer = os.pipe()
        event = moment.event if moment else 0
        argv = [str(writer), str(out), str(int(number)), str(event), self.job.module]
        kept = "stdout" not in options
        process = subprocess.Popen(
            [*through, sys.executable, str(LAUNCHER), *argv, *self.job.argv(self.inputs, out), "--quiet"],
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            pass_fds=(writer,),
            env={**os.environ, "TMPDIR": str(temporary), "MPLCONFIGDIR": str(self._root / "matplotlib")},
            cwd=self._root,
            text=True,
            **options,
        )
        os.close(writer)
        done = Done()
        try:
            self._watch(process, reader, done, number, moment)
            printed, done.said = process.communicate(timeout=LONGEST)
        finally:
            os.close(reader)
            process.kill()
        done.printed = printed if kept else ""
        done.code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return done

    def temporary(self, out: Path) -> Path:
        """Give the folder for temporary files of a run."""
        return out.with_name(f"{out.name}.tmp")

    def _watch(
        self, process: subprocess.Popen[str], reader: int, done: Done, number: int, moment: Moment | None
    ) -> None:
        """Follow the run, send the signal in its time, and take down its events."""
        os.set_blocking(reader, False)
        text, begun = b"", 0.0
        due = self._due(moment)
        while True:
            try:
                piece = os.read(reader, 1 << 16)
            except BlockingIOError:
                piece = None
            if piece == b"":
                break
            used = processor_time(process.pid)
            if piece:
                begun = begun or used
                text += piece
                if not done.writes and text.count(b"\n") > 1:
                    done.writes = used - begun
            done.seconds = max(done.seconds, used - begun) if begun else 0.0
            if begun and due is not None and used - begun >= due:
                process.send_signal(number)
                done.hit, due = True, None
            time.sleep(POLL)
        done.events = text.decode(errors="replace").splitlines()[1:]
        done.hit = done.hit or bool(moment and moment.event and len(done.events) >= moment.event)

    def _due(self, moment: Moment | None) -> float | None:
        """Give the processor time after which a signal is sent."""
        if moment is None or moment.event:
            return None
        if moment.of_writing:
            return self.first_write + moment.share * (self.length - self.first_write)
        return moment.share * self.length
