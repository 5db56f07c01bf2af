"""How far one gets without a network: accessibility, the best motif match, their product, and a logistic regression.

What each of them leaves open (which matrix, how far beyond the bin it looks, mean or maximum) is chosen on the bins
that teach the networks and choose among them, never on those that test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.accuracy.examples import MOTIF_REACHES, REACHES, Examples, read_examples
from benchmarks.accuracy.motifs import Scores
from benchmarks.accuracy.prepare import features_path, labels_path
from benchmarks.accuracy.results import Result
from benchmarks.accuracy.tasks import Task
from deepgrn_tool.metrics.ranking import Ranking, auprc

ONE_IN = 10  # unbound bins that teach: one stands for so many
Method = tuple[str, Callable[[Examples], Scores]]  # what it looks at, and how it scores bins


def _text(reach: int) -> str:
    return f"bin ± {reach} bp" if reach else "bin"


def accessibility_methods() -> Iterator[Method]:
    """List the ways to rank bins by accessibility alone."""
    for reach in REACHES:
        yield f"accessibility alone: mean in {_text(reach)}", lambda seen, reach=reach: seen.means[reach]
        yield f"accessibility alone: maximum in {_text(reach)}", lambda seen, reach=reach: seen.maxima[reach]


def motif_methods(matrices: Sequence[str]) -> Iterator[Method]:
    """List the ways to rank bins by the best motif match alone."""
    for key in [(matrix, reach) for matrix in matrices for reach in MOTIF_REACHES]:
        yield f"best motif match: {key[0]} in {_text(key[1])}", lambda seen, key=key: seen.matches[key]


def joint_inputs(seen: Examples, matrix: str, near: int, reach: int) -> NDArray[np.float32]:
    """Stack the best match, log1p of the highest accessibility, and their product, float32, shape (n, 3)."""
    match, openness = seen.matches[matrix, near], np.log1p(seen.maxima[reach])
    return np.stack([match, openness, match * openness], axis=1)


def product_methods(matrices: Sequence[str]) -> Iterator[Method]:
    """List the ways to rank bins by the best motif match times the logarithm of accessibility."""
    for key in [(matrix, near, reach) for matrix in matrices for near in MOTIF_REACHES for reach in REACHES]:
        name = f"motif × log accessibility: {key[0]} in {_text(key[1])}, accessibility in {_text(key[2])}"
        yield name, lambda seen, key=key: joint_inputs(seen, *key)[:, 2]


def regression_methods(matrices: Sequence[str], teaching: Examples) -> Iterator[Method]:
    """Fit logistic regressions of the label on the best motif match, log accessibility, and their product."""
    for key in [(matrix, near, reach) for matrix in matrices for near in MOTIF_REACHES for reach in REACHES]:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, max_iter=1000))
        model.fit(joint_inputs(teaching, *key), teaching.bound, logisticregression__sample_weight=teaching.weights)
        name = f"logistic regression of both: {key[0]} in {_text(key[1])}, accessibility in {_text(key[2])}"
        yield name, lambda seen, key=key, model=model: model.decision_function(joint_inputs(seen, *key))


def best_method(methods: Iterator[Method], teaching: Examples) -> Method:
    """Choose the method that ranks the teaching bins best."""
    return max(methods, key=lambda method: auprc(teaching.bound, method[1](teaching), teaching.weights))


def run_baselines(task: Task, folder: Path) -> list[Result]:
    """Choose on the teaching bins, then score the bins of the test."""
    files = features_path(folder, task.genome), labels_path(folder, task)
    teaching = read_examples(*files, task.train_cells, task.train + task.validation, task.matrices, ONE_IN)
    test = read_examples(*files, [task.test_cell], task.test, task.matrices)
    families = (
        accessibility_methods(),
        motif_methods(task.matrices),
        product_methods(task.matrices),
        regression_methods(task.matrices, teaching),
    )
    results = []
    for family in families:
        name, score = best_method(family, teaching)
        ranking = Ranking(test.bound, score(test))
        results.append(Result(task.factor, name, 0, ranking.auprc(), ranking.auroc()))
    return results
