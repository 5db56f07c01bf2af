"""How good the networks are on real data: one table per factor, beside what one gets without a network.

    python -m benchmarks.accuracy prepare baselines train combine table [--folder FOLDER] [--threads N]

Steps that are done already are not repeated, and an interrupted training goes on. docs/accuracy.md says what is
measured and how; the data are those of ../shared/data (or $DEEPGRN_SHARED/data).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.accuracy.combine import combined_rows
from benchmarks.accuracy.errors import describe_errors
from benchmarks.accuracy.plan import planned_rows
from benchmarks.accuracy.prepare import features_path, labels_path, prepare_features, prepare_labels
from benchmarks.accuracy.results import append_result, markdown, read_results
from benchmarks.accuracy.rows import run_row
from benchmarks.accuracy.tasks import DATA, TASKS

STEPS = ("prepare", "baselines", "train", "combine", "table", "errors")


def prepare(folder: Path) -> None:
    """Make features and label files."""
    for task in TASKS.values():
        if not features_path(folder, task.genome).exists():
            prepare_features(task.genome, folder)
        if not labels_path(folder, task).exists():
            prepare_labels(task, folder)


def baselines(folder: Path, tasks: list[str]) -> None:
    """Rank without networks."""
    from benchmarks.accuracy.baselines import run_baselines

    path = folder / "baselines.tsv"
    for name in tasks:
        if not any(result.task == name for result in read_results(path)):
            for result in run_baselines(TASKS[name], folder):
                print(f"{result.task}, {result.method}: auPRC {result.auprc:.3f}, auROC {result.auroc:.3f}", flush=True)
                append_result(path, result)


def train(folder: Path, tasks: list[str], threads: int) -> None:
    """Train and test the networks, one after another."""
    path = folder / "networks.tsv"
    done = {(result.task, result.method, result.seed) for result in read_results(path)}
    for row in planned_rows():
        if row.task.factor in tasks and (row.task.factor, row.method, row.seed) not in done:
            append_result(path, run_row(row, folder, threads))


def combine(folder: Path, tasks: list[str]) -> None:
    """Average the scores of all seeds."""
    path = folder / "means.tsv"
    path.unlink(missing_ok=True)
    for result in combined_rows((row for row in planned_rows() if row.task.factor in tasks), folder):
        append_result(path, result)


def table(folder: Path, tasks: list[str]) -> None:
    """Print the tables."""
    results = [result for name in ("baselines", "networks", "means") for result in read_results(folder / f"{name}.tsv")]
    for name in tasks:
        print(f"\n{name}\n\n{markdown(results, name)}")


def errors(folder: Path, tasks: list[str]) -> None:
    """Tell what the best network of each factor that is tested in a cell of its own gets right and wrong."""
    networks = read_results(folder / "networks.tsv")
    for task in (TASKS[name] for name in tasks if TASKS[name].test_cell not in TASKS[name].train_cells):
        best = max((one for one in networks if one.task == task.factor), key=lambda one: one.auprc)
        row = next(row for row in planned_rows() if (row.task, row.method, row.seed) == (task, best.method, best.seed))
        found = describe_errors(task, folder / f"{row.stem}.tab.gz", folder)
        print(f"\n{task.factor}, {best.method}, seed {best.seed}\n\n{found}")


def main() -> int:
    """Do the steps that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("steps", nargs="+", choices=STEPS, metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--folder", type=Path, default=Path("accuracy"), help="for all files (default: accuracy)")
    parser.add_argument("--tasks", nargs="+", choices=tuple(TASKS), default=list(TASKS), help="default: all")
    parser.add_argument("--threads", type=int, default=2, help="of the programs (default: 2)")
    args = parser.parse_args()
    if not DATA.is_dir():
        print(f"{DATA} is not there; set DEEPGRN_SHARED", file=sys.stderr)
        return 1
    args.folder.mkdir(parents=True, exist_ok=True)
    actions = {
        "prepare": lambda: prepare(args.folder),
        "baselines": lambda: baselines(args.folder, args.tasks),
        "train": lambda: train(args.folder, args.tasks, args.threads),
        "combine": lambda: combine(args.folder, args.tasks),
        "table": lambda: table(args.folder, args.tasks),
        "errors": lambda: errors(args.folder, args.tasks),
    }
    for step in args.steps:
        actions[step]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
