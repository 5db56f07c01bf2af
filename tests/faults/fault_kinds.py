"""The ways to disturb a run, and what must hold afterwards. Every function gives a list of what went wrong."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fault_runs import Bench, Content, Done, Moment, content

# The superuser may write everywhere, but not without this capability.
ORDINARY_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
STOPS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
Problems = list[str]


def part(found: Content, name: str) -> Content:
    """Take one output, a file or a folder, out of what was found."""
    return {path: data for path, data in found.items() if path == name or path.startswith(f"{name}/")}


def damage(bench: Bench, out: Path, before: Content, killed: bool, stopped: bool = False) -> Problems:
    """Name outputs that are neither absent nor as they were nor complete, and files that should not be there.

    Args:
        bench: Where the job was run.
        out: The folder of outputs.
        before: What was there before the run.
        killed: Temporary files may be left, under names that tell what they are.
        stopped: The program may have left its file to go on from, if it makes one.
    """
    job, found, problems = bench.job, content(out), []
    for name in job.outputs:
        now, old = part(found, name), part(before, name)
        if not now and not job.adds:
            continue
        begun = killed and job.adds and now[name].startswith(old[name])  # bytes behind the old end mean nothing
        if not begun and now not in (old, part(bench.whole, name)):
            problems.append(f"{name} is neither as it was nor complete")
    owned = "|".join(map(re.escape, (*job.outputs, *([job.goes_on] if job.goes_on else []))))
    temporary = re.compile(rf"\.({owned})\..*\.(partial|old)(\.\w+)?(/|\Z)")
    for path in found:
        mine = any(part({path: b""}, name) for name in job.outputs)
        goes_on = path == job.goes_on and (killed or stopped)
        if not mine and not goes_on and not (killed and temporary.match(path)):
            problems.append(f"{path} is left behind")
    for name in temporaries(bench, out):
        if not (killed or stopped) or not name.startswith("deepgrn-"):
            problems.append(f"{name} is left in the temporary folder")
    return problems


def temporaries(bench: Bench, out: Path) -> list[str]:
    """List what runs left in their temporary folder, but for the file by which Python's tempfile tries the folder."""
    folder = bench.temporary(out)
    names = os.listdir(folder) if folder.exists() else []
    return [name for name in names if not re.fullmatch("[a-z0-9_]{8}", name)]


def again(bench: Bench, out: Path) -> Problems:
    """Run the job once more, undisturbed, and compare; nothing is to be done where all is complete."""
    found = content(out)
    if found != bench.whole or temporaries(bench, out) or not bench.whole:
        done = bench.run(out)
        if done.code or done.said:
            return [f"the second run ended with {done.code}: {done.said}"]
        if done.printed != bench.printed:
            return ["the second run prints something else"]
        found = content(out)
    problems = [f"{name} differs after the second run" for name in bench.whole if found.get(name) != bench.whole[name]]
    problems += [f"{name} is there after the second run" for name in found if name not in bench.whole]
    problems += [f"{name} is still in the temporary folder" for name in temporaries(bench, out)]
    shutil.rmtree(out)
    shutil.rmtree(bench.temporary(out), ignore_errors=True)
    return problems


def one_line(bench: Bench, done: Done) -> Problems:
    """Check that a run was refused in one line with exit code 1."""
    text = done.said.removesuffix("\n")
    begin = f"{bench.job.program}: error: "
    if done.code == 1 and text.startswith(begin) and "\n" not in text:
        return []
    return [f"exit code {done.code}, stderr: {done.said!r}"]


def killed(bench: Bench, moments: Sequence[Moment], older: bool) -> Problems:
    """SIGKILL, once or several times in a row in the same folder, and then a run that is let be."""
    out, problems = bench.prepare(older), []
    for moment in moments:
        before = content(out)
        done = bench.run(out, signal.SIGKILL, moment)
        if done.code not in (0, 137) or (done.code == 0 and done.hit and done.said):
            problems.append(f"exit code {done.code}, stderr: {done.said!r}")
        problems += damage(bench, out, before, killed=True)
    return problems + again(bench, out)


def stopped(bench: Bench, number: int, moment: Moment, older: bool) -> Problems:
    """SIGINT or SIGTERM: exit code 130 or 143, one line, no temporary files."""
    out = bench.prepare(older)
    before = content(out)
    done = bench.run(out, number, moment)
    problems = damage(bench, out, before, killed=False, stopped=True)
    complete = all(part(content(out), name) == part(bench.whole, name) for name in bench.job.outputs)
    lines = done.said.splitlines()
    if lines and bench.job.goes_on and lines[0].startswith("stopped in epoch"):
        lines = lines[1:]
    if done.code == 0 or (done.code == 128 + number and not lines):
        if not complete or done.said:
            problems.append(f"exit code {done.code}, outputs complete: {complete}, stderr: {done.said!r}")
    elif (done.code, lines) != (128 + number, [f"{bench.job.program}: {STOPS[signal.Signals(number)]}"]):
        problems.append(f"exit code {done.code}, stderr: {done.said!r}")
    return problems + again(bench, out)


def limited(bench: Bench, share: float, older: bool) -> Problems:
    """A full disk, for which a limit on the size of files stands: this share of the largest output."""
    sizes = [len(data) for data in bench.whole.values()]
    limit = int(share * max(sizes, default=0))
    out = bench.prepare(older)
    before = content(out)
    done = bench.run(out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    problems = damage(bench, out, before, killed=False, stopped=True)
    if sizes and share < 1 and not bench.job.adds:  # some output cannot have been written
        problems += one_line(bench, done)
        if not any(str(out / name) in done.said for name in bench.job.outputs):
            problems.append(f"does not name the output: {done.said!r}")
    elif done.code or done.said:
        problems += one_line(bench, done)
    return problems + again(bench, out)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[], Any]]:
    """Mount a disk of this many bytes on a folder; gives a function that makes it large."""

    def mount(*options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], check=True, capture_output=True)

    mount("-o", f"size={size}")
    try:
        yield lambda: mount("-o", "remount,size=1g")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def may_mount(folder: Path) -> bool:
    """Tell whether this process may mount a disk."""
    try:
        with small_disk(folder, 4096):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


def full(bench: Bench, share: float) -> Problems:
    """A disk that holds only this share of what the job writes."""
    total = sum(-len(data) // 4096 * -4096 for data in bench.whole.values())
    base = bench.prepare()
    begin = sum(len(data) for data in content(base).values())
    out = base / "disk"
    out.mkdir()
    size = min(begin + max(4096, int(share * (total - begin))), total - 4096)
    with small_disk(out, size // 4096 * 4096) as enlarge:
        for path in [path for path in base.iterdir() if path.is_file()]:
            shutil.move(path, out)
        before = content(out)
        done = bench.run(out)
        problems = damage(bench, out, before, killed=False, stopped=True) + one_line(bench, done)
        if "space" not in done.said and "Input/output" not in done.said and "disk" not in done.said:
            problems.append(f"does not tell that the disk is full: {done.said!r}")
        enlarge()
        if problems:
            return problems
        done = bench.run(out)
        if done.code or content(out) != bench.whole:
            problems.append(f"the second run ended with {done.code} or other outputs: {done.said}")
    shutil.rmtree(base)
    return problems


def forbidden(bench: Bench, older: bool) -> Problems:
    """A folder of outputs that one may not write to, nor the files in it."""
    out = bench.prepare(older)
    before = content(out)
    for path in (*out.rglob("*"), out):
        path.chmod(0o555)
    done = bench.run(out, through=ORDINARY_USER if os.geteuid() == 0 else ())
    problems = damage(bench, out, before, killed=False) + one_line(bench, done)
    for path in (*out.rglob("*"), out):
        path.chmod(0o755)
    return problems + again(bench, out)


def in_the_way(bench: Bench, name: str) -> Problems:
    """A folder under the name of an output, or a file where a folder is to be."""
    out = bench.prepare()
    if bench.job.adds:
        (out / name).unlink()
    (out / name).write_text("mine") if name == "hub" else (out / name).mkdir()
    before = content(out)
    done = bench.run(out)
    problems = one_line(bench, done) + ([] if content(out) == before else ["something was written"])
    shutil.rmtree(out)
    return problems


def no_folder(bench: Bench) -> Problems:
    """A folder of outputs that is not there."""
    out = bench.prepare()
    shutil.rmtree(out)
    done = bench.run(out)
    return one_line(bench, done) + (["the folder was made"] if out.exists() else [])


def streams(bench: Bench, kind: str, older: bool) -> Problems:
    """Standard streams that are closed or broken: `closed`, `full` and `broken` stdout, `no stderr`, `no stdin`."""
    out = bench.prepare(older)
    before = content(out)
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as disk:
        if kind == "full":
            done = bench.run(out, stdout=disk)
        elif kind == "broken":
            done = bench.run(out, stdout=writer)
        else:
            number = {"no stdin": 0, "closed": 1, "no stderr": 2}[kind]
            done = bench.run(out, preexec_fn=lambda: os.close(number))
    os.close(writer)
    problems = damage(bench, out, before, killed=False)
    if bench.job.prints and kind in ("closed", "full", "broken"):
        problems += one_line(bench, done)
    elif done.code or done.said or (kind != "no stderr" and content(out) != bench.whole):
        problems.append(f"exit code {done.code}, stderr: {done.said!r}")
    return problems + again(bench, out)
