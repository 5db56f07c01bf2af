"""Which networks are trained, in the order of what they tell: a first seed of everything before further seeds."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.accuracy.rows import Row
from benchmarks.accuracy.tasks import TASKS

SEEDS = (1, 2, 3)
KINDS = ("none", "after-lstm", "weighted-sum", "pairwise", "before-lstm", "pairwise-before-lstm")
# Peak-level signal is heavy-tailed, and larger than one-hot bases: scaled down, it leaves the filters to the sequence.
# With two cells or one, expression tells only which cell a bin is from.
INPUTS = {
    "CTCF": ("--transform", "accessibility=log1p,scale:0.3", "--no-annotation"),
    "TAF1": ("--transform", "accessibility=log1p,scale:0.3", "--annotation"),  # promoters and CpG islands
    "Reb1": ("--transform", "accessibility=log1p,scale:0.1", "--no-annotation"),
}
LEARNING = (
    *("--flank", "150"),  # windows of 500 bp
    *("--learning-rate", "0.002", "--rate-decay", "cosine", "--weight-averaging", "0.995"),
    *("--negatives", "1", "--open-negatives", "0"),
    *("--lstm-dropout", "0", "--recurrent-dropout", "0"),  # those of weighted-sum would need many more epochs
)
OWN_LEARNING = {  # chosen by the trials of docs/accuracy.md
    "TAF1": ("--learning-rate", "0.003", "--negatives", "5"),
    "Reb1": ("--batch-size", "32"),
}
EPOCHS = {"CTCF": 12, "TAF1": 2, "Reb1": 14}  # limited by time
AS_PUBLISHED = ("--flank", "401", "--learning-rate", "0.001", "--rate-decay", "none", "--weight-averaging", "0")
EPOCHS_AS_PUBLISHED = 9  # limited by time: windows are twice as long


def planned_rows() -> Iterator[Row]:
    """List the rows."""
    for seed in SEEDS:
        for task in TASKS:
            for kind in KINDS:
                yield _row(task, kind, LEARNING, f"network, `{kind}`", seed)
    for seed in SEEDS:
        name = "network, `after-lstm` as published"
        learning = (*LEARNING, *AS_PUBLISHED, "--no-scale-attention")
        yield _row("CTCF", "after-lstm", learning, name, seed, EPOCHS_AS_PUBLISHED)


def _row(task: str, kind: str, learning: tuple[str, ...], method: str, seed: int, epochs: int | None = None) -> Row:
    inputs = ("--tracks", "accessibility", "--no-expression", *INPUTS[task])
    number = str(EPOCHS[task] if epochs is None else epochs)
    options = (*inputs, *learning, *OWN_LEARNING.get(task, ()), "--epochs", number, "--attention", kind)
    return Row(TASKS[task], method, options, seed)
