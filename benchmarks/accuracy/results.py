"""The results of finished rows: a table that grows line by line, and its summary over seeds."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """How well one method ranks the bins of the test.

    Attributes:
        task: Name of the task.
        method: The method and its settings; rows that differ only in the seed share it.
        seed: Of a network; 0 for methods without chance.
        auprc: Area under the precision-recall curve (Davis-Goadrich).
        auroc: Area under the ROC curve.
        validation: Validation auPRC of the model that was kept; not a number for methods without validation.
        epochs: Epochs of training; 0 for methods without.
    """

    task: str
    method: str
    seed: int
    auprc: float
    auroc: float
    validation: float = float("nan")
    epochs: int = 0


def read_results(path: Path) -> list[Result]:
    """Read the rows that are finished; none when there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return [
            Result(
                row["task"],
                row["method"],
                int(row["seed"]),
                float(row["auprc"]),
                float(row["auroc"]),
                float(row["validation"]),
                int(row["epochs"]),
            )
            for row in csv.DictReader(stream, delimiter="\t")
        ]


def append_result(path: Path, result: Result) -> None:
    """Add a finished row at once, so that an interrupted queue goes on behind it."""
    names = [each.name for each in fields(Result)]
    new = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, names, delimiter="\t", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(result))


def spread(values: Iterable[float]) -> str:
    """Write the mean, and the lowest and highest value where there are several.

    >>> spread([0.25, 0.5])
    '0.375 (0.250–0.500)'
    >>> spread([0.25])
    '0.250'
    """
    known = list(values)
    mean = f"{statistics.fmean(known):.3f}"
    return mean if len(known) == 1 else f"{mean} ({min(known):.3f}–{max(known):.3f})"


def markdown(results: Iterable[Result], task: str) -> str:
    """Write the table of a task, methods in the order of their first row."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.task == task:
            groups.setdefault(result.method, []).append(result)
    lines = ["| method | seeds | auPRC, test | auROC, test | auPRC, validation | epochs |", "|---|---|---|---|---|---|"]
    for method, rows in groups.items():
        trained = rows[0].epochs > 0
        cells = [
            method,
            str(len(rows)) if trained else "",
            spread(row.auprc for row in rows),
            spread(row.auroc for row in rows),
            spread(row.validation for row in rows) if trained else "",
            ", ".join(str(row.epochs) for row in rows) if trained else "",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
