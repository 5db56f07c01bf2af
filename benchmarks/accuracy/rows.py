"""One row of the table: a network trained, its scores of the test bins, and how good they are; all by the programs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy.prepare import features_path, labels_path
from benchmarks.accuracy.programs import run_program
from benchmarks.accuracy.results import Result
from benchmarks.accuracy.tasks import Task


@dataclass(frozen=True)
class Row:
    """A network to be trained.

    Attributes:
        task: What it learns.
        method: What the table calls it; rows that differ only in the seed share it.
        options: Of deepgrn-train, beside files, cells, chromosomes and seed.
        seed: Decides all that is random.
    """

    task: Task
    method: str
    options: tuple[str, ...]
    seed: int

    @property
    def stem(self) -> str:
        """Begin of its file names."""
        words = "".join(letter if letter.isalnum() else " " for letter in self.method).split()
        return f"{self.task.factor}.{'-'.join(words)}.seed{self.seed}"


def train_command(row: Row, folder: Path, threads: int) -> list[str]:
    """Write the command that trains, going on where it was interrupted."""
    task, model = row.task, folder / f"{row.stem}.model.h5"
    return [
        "deepgrn-train",
        str(features_path(folder, task.genome)),
        str(labels_path(folder, task)),
        "--cells",
        ",".join(task.train_cells),
        "--chromosomes",
        ",".join(task.train),
        "--validation-chromosomes",
        ",".join(task.validation),
        "--test-chromosomes",
        ",".join(task.test),
        *row.options,
        "--seed",
        str(row.seed),
        "--threads",
        str(threads),
        "--history",
        str(folder / f"{row.stem}.history.tsv"),
        "--resume",
        "-o",
        str(model),
    ]


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def evaluate(task: Task, scores: Path, folder: Path) -> tuple[float, float]:
    """Compare a score table (.tab.gz) with the labels of the test: auPRC and auROC."""
    metrics = scores.with_name(scores.name.replace(".tab.gz", ".metrics.tsv"))
    chosen = ["--cell", task.test_cell, "--chromosomes", ",".join(task.test)]
    run_program("deepgrn-evaluate", scores, "--labels", labels_path(folder, task), *chosen, "-o", metrics)
    total = next(line for line in _read_table(metrics) if line["chromosome"] == "all")
    return float(total["auprc"]), float(total["auroc"])


def run_row(row: Row, folder: Path, threads: int) -> Result:
    """Train, score the bins of the test, and compare them with the labels; a step whose output is there is not redone.

    Args:
        row: The network.
        folder: Where features and labels are, and where all outputs go.
        threads: Processor threads of each program.
    """
    task = row.task
    model, history, scores = (folder / f"{row.stem}.{suffix}" for suffix in ("model.h5", "history.tsv", "tab.gz"))
    if not model.exists():
        run_program(*train_command(row, folder, threads))
    if not scores.exists():
        chosen = ["--cell", task.test_cell, "--chromosomes", ",".join(task.test), "--threads", str(threads)]
        features = str(features_path(folder, task.genome))
        run_program("deepgrn-predict", features, model, *chosen, "-o", scores)
    auprc, auroc = evaluate(task, scores, folder)
    epochs = _read_table(history)
    kept = next(line for line in epochs if line["kept"] == "yes")
    return Result(
        task=task.factor,
        method=row.method,
        seed=row.seed,
        auprc=auprc,
        auroc=auroc,
        validation=float(kept["validation_auprc"]),
        epochs=len(epochs),
    )
