"""The course of training as rows, and as a table for other programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.textfile import read_lines, real_number, whole_number
from deepgrn_tool.output import write_file


@dataclass(frozen=True)
class Epoch:
    """What is told of an epoch.

    Attributes:
        epoch: Number, from 1.
        loss: Mean binary cross-entropy of the windows shown, with class weights, while the network changed.
        validation_auprc: Area under the precision-recall curve (Davis-Goadrich) after the epoch.
        validation_auroc: Area under the ROC curve.
        merge: How the strands were joined in these two.
        positives: Bound windows shown.
        negatives: Unbound windows shown.
        learning_rate: Of Adam, at the beginning of the epoch.
    """

    epoch: int
    loss: float
    validation_auprc: float
    validation_auroc: float
    merge: str
    positives: int
    negatives: int
    learning_rate: float


_KINDS: dict[str, Callable[[str], Any]] = {
    "epoch": whole_number,
    "loss": real_number,
    "validation_auprc": real_number,
    "validation_auroc": real_number,
    "merge": str,
    "positives": whole_number,
    "negatives": whole_number,
    "learning_rate": real_number,
    "kept": str,
}  # of the columns


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """Give the epoch with the best validation auPRC, the first of equals."""
    return max(history, key=lambda row: row.validation_auprc)


def read_history(path: str | Path) -> list[Epoch]:
    """Read a table that `write_history` wrote.

    Raises:
        InputError: The file is no such table.
    """
    names = [field.name for field in dataclasses.fields(Epoch)]
    rows: list[Epoch] = []
    for number, line in read_lines(path):
        fields = line.split("\t")
        if number == 1:
            if fields != [*names, "kept"]:
                raise InputError("is no history of training; deepgrn-train --history writes one", path, number)
            continue
        try:
            values = [_KINDS[name](text) for name, text in zip([*names, "kept"], fields, strict=True)]
        except ValueError as error:
            raise InputError(f"is no row of a history of training ({error})", path, number) from error
        rows.append(Epoch(*values[:-1]))
    if not rows:
        raise InputError("holds no epoch", path)
    return rows


def write_history(history: Sequence[Epoch], path: str | Path) -> None:
    """Write a tab-separated table with a header; the last column tells the epoch that was kept."""
    best = best_epoch(history).epoch
    names = [field.name for field in dataclasses.fields(Epoch)]
    lines = ["\t".join([*names, "kept"])]
    for row in history:
        values = [getattr(row, name) for name in names]
        texts = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in values]
        lines.append("\t".join([*texts, "yes" if row.epoch == best else "no"]))
    write_file(path, "\n".join(lines) + "\n")
