"""Which networks are trained, in the order of what they tell."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.accuracy.rows import Row
from benchmarks.accuracy.tasks import TASKS

SEEDS = (1, 2, 3)
INPUTS = ("--tracks", "accessibility", "--transform", "accessibility=log1p")
# With two cells to learn from, expression only tells which of them a bin is from.
NO_EXPRESSION = ("--no-expression",)
LEARNING = ("--negatives", "5", "--epochs", "8", "--patience", "3", "--full-validation")
YEAST = (
    "--no-expression",
    "--no-annotation",
    "--negatives",
    "5",
    "--epochs",
    "30",
    "--patience",
    "5",
    "--full-validation",
)
KINDS = ("none", "weighted-sum", "after-lstm", "before-lstm", "pairwise", "pairwise-before-lstm")
AS_PUBLISHED = ("--no-scale-attention", "--negatives", "1")


def planned_rows() -> Iterator[Row]:
    """List the rows, those first that tell most."""
    for kind in KINDS[:2]:
        yield from _rows("CTCF", kind, ())
    for kind in KINDS[:2]:
        yield from _rows("TAF1", kind, ())
    for kind in KINDS:
        yield from _rows("Reb1", kind, ())


def _rows(task: str, kind: str, options: tuple[str, ...], note: str = "") -> Iterator[Row]:
    usual = YEAST if task == "Reb1" else NO_EXPRESSION + LEARNING
    for seed in SEEDS:
        yield Row(TASKS[task], f"`{kind}`{note}", (*INPUTS, *usual, "--attention", kind, *options), seed)
