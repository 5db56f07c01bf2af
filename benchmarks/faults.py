"""Disturb every program at many moments and look at what is left: killed, stopped, disk full, no permission, no stdout.

Usage: python benchmarks/faults.py [--kills 20] [--stops 6] [--seed 1] [--programs NAME ...] [--columns NAME ...]

After each run the outputs must be absent, as before, or complete; temporary files gone or, after SIGKILL, named as
such; exit code and message right; and a second run must give the same bytes as an undisturbed one (programs that take
long are killed five times in a row before that). Disks are filled only where mounting is permitted.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "faults"))

import fault_kinds as kinds
from fault_jobs import JOBS, Job
from fault_runs import Bench, Moment

COLUMNS = ("SIGKILL", "SIGINT", "SIGTERM", "size limit", "full disk", "no permission", "streams")
IN_A_ROW = 5  # kills of a program that takes long, before it is let be
Trial = tuple[str, str, Callable[[Bench], list[str]], int]  # column, words, what to do, how many runs it disturbs


def moments(bench: Bench, count: int, draw: random.Random) -> list[Moment]:
    """Choose moments: half of them over the whole run, a quarter while it writes, a quarter at events of files."""
    at_events = min(count // 4, bench.events)
    writing = count // 4 if bench.events else 0
    over_all = count - at_events - writing
    found = [Moment(share=(number + draw.random()) / over_all) for number in range(over_all)]
    found += [Moment(share=(number + draw.random()) / writing, of_writing=True) for number in range(writing)]
    return found + [Moment(event=number) for number in draw.sample(range(1, bench.events + 1), at_events)]


def words(moment: Moment) -> str:
    """Tell a moment."""
    if moment.event:
        return f"before file event {moment.event}"
    return f"after {moment.share:.0%} of the {'writing' if moment.of_writing else 'run'}"


def signals(bench: Bench, kills: int, stops: int, draw: random.Random) -> Iterator[Trial]:
    """List the signals that are sent to a job."""
    chosen, row = moments(bench, kills, draw), IN_A_ROW if bench.job.needs_tensorflow else 1
    if row > 1:
        draw.shuffle(chosen)
    for number in range(0, len(chosen), row):
        part = chosen[number : number + row]
        run = partial(kinds.killed, moments=part, older=number // row % 2 == 1)
        yield "SIGKILL", ", ".join(map(words, part)), run, len(part)
    for stop in (signal.SIGINT, signal.SIGTERM):
        for number, moment in enumerate(moments(bench, stops, draw)):
            run = partial(kinds.stopped, number=stop, moment=moment, older=number % 2 == 1)
            yield stop.name, words(moment), run, 1


def conditions(bench: Bench, draw: random.Random, mounts: bool) -> Iterator[Trial]:
    """List what else is done to a job: to the disk, to permissions, to its standard streams."""
    outputs = bench.job.outputs
    for number, share in enumerate((0, 0.3 * draw.random(), 0.3 + 0.6 * draw.random(), 0.999) if outputs else ()):
        yield "size limit", f"{share:.1%}", partial(kinds.limited, share=share, older=number % 2 == 1), 1
    for share in (0, 0.5, 0.9) if mounts and outputs else ():
        yield "full disk", f"{share:.0%}", partial(kinds.full, share=share), 1
    for older in (False, True) if outputs else ():
        yield "no permission", f"older: {older}", partial(kinds.forbidden, older=older), 1
    for name in outputs:
        yield "no permission", f"{name} in the way", partial(kinds.in_the_way, name=name), 1
    if outputs:
        yield "no permission", "no folder", kinds.no_folder, 1
    for number, kind in enumerate(("closed", "full", "broken", "no stderr", "no stdin")):
        yield "streams", kind, partial(kinds.streams, kind=kind, older=number % 2 == 1), 1


def try_job(job: Job, root: Path, args: argparse.Namespace, mounts: bool) -> dict[str, list[int]]:
    """Do all trials of a job, telling failures as they come; gives trials and failures by column."""
    begin = time.monotonic()
    bench = Bench(job, root)
    counts = {column: [0, 0] for column in COLUMNS}
    draw = random.Random(f"{args.seed} {job.name}")
    for column, text, run, runs in chain(signals(bench, args.kills, args.stops, draw), conditions(bench, draw, mounts)):
        if args.columns is not None and column not in args.columns:
            continue
        problems = run(bench)
        counts[column][0] += runs
        counts[column][1] += bool(problems)
        for problem in problems:
            print(f"{job.name}, {column} {text}: {problem}", flush=True)
    tried = sum(count for count, _ in counts.values())
    print(f"{job.name}: {tried} runs disturbed, {time.monotonic() - begin:.0f} s", flush=True)
    return counts


def main() -> None:
    """Parse options, try, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs for each program")
    parser.add_argument("--stops", type=int, default=6, help="SIGINTs, and as many SIGTERMs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", nargs="+", metavar="NAME", choices=[job.name for job in JOBS])
    parser.add_argument("--columns", nargs="+", metavar="NAME", choices=COLUMNS, help="only these columns of the table")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deepgrn-faults-") as folder:
        os.chmod(folder, 0o755)  # other users look at the inputs
        mounts = kinds.may_mount(Path(folder))
        if not mounts:
            print("mounting is not permitted here: no disk is filled")
        chosen = [job for job in JOBS if args.programs is None or job.name in args.programs]
        table = {job.name: try_job(job, Path(folder), args, mounts) for job in chosen}
    print("\t".join(["program", *COLUMNS]))
    for name, counts in table.items():
        print("\t".join([name, *(f"{tried} ({failed})" for tried, failed in counts.values())]))
    tried, failed = (sum(pair[place] for counts in table.values() for pair in counts.values()) for place in (0, 1))
    print(f"{tried} runs tried, {failed} failures")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
