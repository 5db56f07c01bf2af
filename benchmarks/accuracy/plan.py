"""Which networks are trained, in the order of what they tell: a first seed of everything before further seeds."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.accuracy.rows import Row
from benchmarks.accuracy.tasks import TASKS

SEEDS = (1, 2, 3)
KINDS = ("none", "weighted-sum", "after-lstm", "before-lstm", "pairwise", "pairwise-before-lstm")
# Peak-level signal is heavy-tailed. With two cells or one, expression tells only which cell a bin is from.
INPUTS = ("--tracks", "accessibility", "--transform", "accessibility=log1p", "--no-expression", "--no-annotation")
LEARNING = ("--learning-rate", "0.003", "--negatives", "5", "--patience", "3")
EPOCHS = {"CTCF": "6", "TAF1": "6", "Reb1": "12"}  # limited by time
AS_PUBLISHED = ("--learning-rate", "0.001", "--negatives", "1", "--no-scale-attention")


def planned_rows() -> Iterator[Row]:
    """List the rows."""
    for seed in SEEDS:
        for task in ("CTCF", "Reb1", "TAF1"):
            for kind in KINDS[:2]:
                yield _row(task, kind, LEARNING, f"network, `{kind}`", seed)
    for seed in SEEDS:
        for task in ("CTCF", "Reb1", "TAF1"):
            for kind in KINDS[2:]:
                yield _row(task, kind, LEARNING, f"network, `{kind}`", seed)
        yield _row("CTCF", "after-lstm", AS_PUBLISHED, "network, `after-lstm` as published", seed)


def _row(task: str, kind: str, learning: tuple[str, ...], method: str, seed: int) -> Row:
    return Row(TASKS[task], method, (*INPUTS, *learning, "--epochs", EPOCHS[task], "--attention", kind), seed)
