"""Fuzz the parsers with atheris, guided by the coverage of their code, and count what is found.

Usage: python benchmarks/fuzz.py [--minutes 60] [--seed 1] [--processes N] [--work FOLDER] [TARGET…]

Needs `pip install atheris`; targets and first files are those of tests/fuzz. Each target gets so many minutes, as many
targets at a time as there are processors. Inputs that lead on and inputs that fail stay in the folder; a later run with
the same folder goes on from there. A target fails with anything but the project's own errors, with a crash, with more
than 3 GB of memory, and where a file keeps it busy for two minutes. What failed is in files whose names begin with
crash-, oom- or timeout-: put it into tests/fuzz/findings when it is mended.

The table gives the branches of the code that were reached, and the minute in which the last of them was reached first:
long before the end, more minutes are unlikely to find more.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_PER_FILE = 120  # generous, for machines where others compute, too
MEGABYTES = 3000
MOST_FINDINGS = 10  # then a target ends early
LONGEST = {"features": 40_000, "model": 40_000, "published": 130_000, "bigwig": 8_000}  # bytes
USUAL_LENGTH = 4_000  # bytes
LAST, COUNT = "last-input", "executions"  # files that a fuzzing process leaves
ARTIFACT = re.compile(r"Test unit written to (\S+)")
PLACE = re.compile(r'File "\S*?(deepgrn_tool/\S+)", line ([0-9]+)')
ERROR = re.compile(r"=== Uncaught Python exception: ===\n(.+)")
BRANCHES = re.compile(r"cov: ([0-9]+)")
LINES_KEPT = 1000  # of what a fuzzing process says


@dataclass
class Progress:
    """What fuzzing one target has come to."""

    begun: float = field(default_factory=time.monotonic)
    executions: int = 0
    branches: int = 0
    last_new_branch: float = 0  # minutes after the beginning
    findings: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """Time passed."""
        return (time.monotonic() - self.begun) / 60

    def hear(self, line: str) -> None:
        """Take the number of branches reached from a line that libFuzzer says."""
        said = BRANCHES.search(line)
        if said and int(said[1]) > self.branches:
            self.branches = int(said[1])
            self.last_new_branch = self.minutes


def fuzz(target: str, folder: Path, options: list[str]) -> None:
    """Fuzz one target in this process, until libFuzzer ends it."""
    import atheris

    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "fuzz")]
    with atheris.instrument_imports(include=["deepgrn_tool"]):
        from fuzz_targets import run_target
    from fuzz_seeds import NUMBERS, WORDS, seeds

    logging.disable()
    warnings.simplefilter("ignore")
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds()[target]):
        (corpus / f"seed-{number}").write_bytes(data)
    words = folder / "words.dict"
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in (*NUMBERS, *WORDS))
    words.write_text("".join(f'"{word}"\n' for word in quoted))
    executions = 0
    with tempfile.TemporaryDirectory() as place, open(folder / COUNT, "wb", buffering=0) as counter:

        def execute(data: bytes) -> None:
            """Leave the input and the count behind before each run: a crash of a library ends this process."""
            nonlocal executions
            executions += 1
            (folder / LAST).write_bytes(data)
            os.pwrite(counter.fileno(), executions.to_bytes(8, "little"), 0)
            run_target(target, data, Path(place))

        atheris.Setup([sys.argv[0], *options, f"-dict={words}", str(corpus)], execute)
        atheris.Fuzz()


def run_once(target: str, folder: Path, seconds: int, seed: int, progress: Progress) -> None:
    """Fuzz in a process of its own, until something is found or the time is up."""
    command = [sys.executable, __file__, "--child", target, "--work", str(folder.parent)]
    options = {
        "max_total_time": seconds,
        "seed": seed,
        "timeout": SECONDS_PER_FILE,
        "rss_limit_mb": MEGABYTES,
        "max_len": LONGEST.get(target, USUAL_LENGTH),
        "artifact_prefix": f"{folder}/",
    }
    command += ["--", *(f"-{name}={value}" for name, value in options.items())]
    kept: collections.deque[str] = collections.deque(maxlen=LINES_KEPT)
    (folder / COUNT).unlink(missing_ok=True)
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    with subprocess.Popen(command, **pipe) as process:
        for line in process.stdout:
            progress.hear(line)
            kept.append(line)
    said = "".join(kept)
    if not (folder / COUNT).exists():
        sys.exit(f"{target} did not begin:\n{said}")
    progress.executions += int.from_bytes((folder / COUNT).read_bytes(), "little")
    if process.returncode == 0:
        return
    artifact, error, places = ARTIFACT.search(said), ERROR.search(said), PLACE.findall(said)
    if artifact:
        name = Path(artifact[1]).name
    else:
        data = (folder / LAST).read_bytes()
        name = f"crash-{hashlib.sha1(data).hexdigest()}"
        (folder / name).write_bytes(data)
    what = error[1] if error else f"the process ended with {process.returncode}"
    where = f" at {places[-1][0]}:{places[-1][1]}" if places else ""
    progress.findings.append(f"{what}{where}: {name}")


def fuzz_target(target: str, work: Path, minutes: float, seed: int) -> Progress:
    """Fuzz one target for some minutes, going on after each finding; print lines of the table."""
    folder = work / target
    folder.mkdir(parents=True, exist_ok=True)
    progress = Progress()
    while (left := (minutes - progress.minutes) * 60) >= 1 and len(progress.findings) < MOST_FINDINGS:
        run_once(target, folder, int(left), seed + len(progress.findings), progress)
    numbers = f"{progress.executions}\t{progress.branches}\t{progress.last_new_branch:.1f}\t{len(progress.findings)}"
    print("\n  ".join([f"{target}\t{progress.minutes:.1f}\t{numbers}", *progress.findings]), flush=True)
    return progress


def main() -> int:
    """Parse options, fuzz, and give 1 if anything was found."""
    own, options = sys.argv[1:], []
    if "--" in own:
        own, options = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--minutes", type=float, default=60, help="for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="targets at a time (default: processors)")
    parser.add_argument("--work", type=Path, default=Path("fuzz"), help="folder (default: fuzz)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args(own)
    if args.child:
        fuzz(args.child, args.work / args.child, options)
        return 0
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "fuzz")]
    from fuzz_targets import TARGETS

    unknown = sorted(set(args.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no target is called {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    print("target\tminutes\texecutions\tbranches\tlast new branch (minutes)\tfindings", flush=True)
    with ThreadPoolExecutor(args.processes) as pool:
        running = [
            pool.submit(fuzz_target, name, args.work, args.minutes, args.seed) for name in args.targets or TARGETS
        ]
    return int(any(target.result().findings for target in running))


if __name__ == "__main__":
    sys.exit(main())
