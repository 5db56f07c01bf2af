"""Which networks are trained, in the order of what they tell: a first seed of everything before further seeds."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.accuracy.rows import Row
from benchmarks.accuracy.tasks import TASKS

SEEDS = (1, 2, 3)
KINDS = ("none", "after-lstm", "weighted-sum", "pairwise", "before-lstm", "pairwise-before-lstm")
# Peak-level signal is heavy-tailed, and larger than one-hot bases: scaled down, it leaves the filters to the sequence.
# With two cells or one, expression tells only which cell a bin is from.
SIGNALS = ("--tracks", "accessibility", "--transform", "accessibility=log1p,scale:0.1")
INPUTS = (*SIGNALS, "--no-expression", "--no-annotation")
LEARNING = (
    *("--learning-rate", "0.003", "--rate-decay", "cosine", "--weight-averaging", "0.995"),
    *("--negatives", "5", "--open-negatives", "0.2"),
    *("--lstm-dropout", "0", "--recurrent-dropout", "0"),  # those of weighted-sum would need many more epochs
)
# Chosen on chrXV, where larger windows and steps and fewer epochs came to 0.59 instead of 0.86 without attention.
OWN_LEARNING = {"Reb1": ("--flank", "150", "--batch-size", "32", "--learning-rate", "0.002")}
EPOCHS = {"CTCF": 2, "TAF1": 2, "Reb1": 12}  # limited by time
AS_PUBLISHED = ("--learning-rate", "0.001", "--negatives", "1", "--no-scale-attention")
LONGER = 5  # epochs of CTCF, where time allows
FEWER_NEGATIVES = 3  # so many times the epochs show as many windows


def planned_rows() -> Iterator[Row]:
    """List the rows."""
    for seed in SEEDS:
        for kind in KINDS:
            yield _row("CTCF", kind, LEARNING, f"network, `{kind}`", seed)
        yield _row("CTCF", "none", LEARNING, "network, `none`, longer", seed, LONGER)
        for task in ("Reb1", "TAF1"):
            for kind in KINDS:
                yield _row(task, kind, LEARNING, f"network, `{kind}`", seed)
    for seed in SEEDS:
        name = "network, `after-lstm` as published"
        yield _row("CTCF", "after-lstm", AS_PUBLISHED, name, seed, FEWER_NEGATIVES * EPOCHS["CTCF"])


def _row(task: str, kind: str, learning: tuple[str, ...], method: str, seed: int, epochs: int | None = None) -> Row:
    number = str(EPOCHS[task] if epochs is None else epochs)
    options = (*INPUTS, *learning, *OWN_LEARNING.get(task, ()), "--epochs", number, "--attention", kind)
    return Row(TASKS[task], method, options, seed)
