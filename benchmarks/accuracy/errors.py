"""What is wrongly called and what is missed: are these bins bound in the cells that the network learned from?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.prepare import labels_path
from benchmarks.accuracy.tasks import Task
from deepgrn_tool.evaluation.scores import read_scores
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import BOUND, UNBOUND

NEAR = 250  # bp between the starts of a wrongly called bin and of a bound one


def describe_errors(task: Task, scores: Path, folder: Path) -> str:
    """Call as many bins as are bound, those with the highest scores, and tell of the right, wrong and missed ones.

    Args:
        task: What was learned; its other cells are those that taught.
        scores: Score table of its test.
        folder: Where its labels are.

    Returns:
        Lines of text.
    """
    labels = read_labels(labels_path(folder, task), cells=[task.test_cell, *task.train_cells], chromosomes=task.test)
    starts = {name: one.starts for name, one in labels.chromosomes.items()}
    found = read_scores(scores, starts)
    codes = np.concatenate([one.codes for one in labels.chromosomes.values()], axis=1)
    values = np.concatenate([found[name] for name in starts])
    bound, counts = codes[0] == BOUND, (codes[0] == BOUND) | (codes[0] == UNBOUND)
    taught = (codes[1:] == BOUND).any(axis=0)
    candidates = np.flatnonzero(counts)
    order = candidates[np.argsort(-values[candidates], kind="stable")]
    called = np.zeros(len(values), bool)
    called[order[: int(bound.sum())]] = True
    places = np.concatenate([one + place for one, place in zip(starts.values(), _apart(starts), strict=True)])
    near = _near(places, bound)
    groups = {
        "rightly called": called & bound,
        "wrongly called": called & ~bound,
        "missed": bound & ~called,
        "rightly not called": counts & ~bound & ~called,
    }
    teachers = " or ".join(task.train_cells)
    lines = [
        f"{name}: {int(group.sum()):,} bins, {taught[group].mean():.1%} of them bound in {teachers}"
        for name, group in groups.items()
    ]
    wrong = groups["wrongly called"]
    lines.append(f"{near[wrong].mean():.1%} of those wrongly called start within {NEAR} bp of a bound bin")
    lines += [f"first {top:,} bins: {bound[order[:top]].mean():.1%} bound" for top in (500, 1000, 2000, 4000)]
    return "\n".join(lines)


def _apart(starts: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Place chromosomes one after another, further apart than `NEAR`."""
    lengths = [int(one[-1]) + 1000 for one in starts.values()]
    return np.cumsum([0, *lengths[:-1]])


def _near(places: NDArray[np.int64], bound: NDArray[np.bool_]) -> NDArray[np.bool_]:
    targets = places[bound]
    following = np.searchsorted(targets, places).clip(0, len(targets) - 1)
    before = (following - 1).clip(0)
    return np.minimum(abs(targets[following] - places), abs(targets[before] - places)) <= NEAR
