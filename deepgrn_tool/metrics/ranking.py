"""Scores of the ENCODE-DREAM challenge: auROC, auPRC, average precision, recall at a false discovery rate, F1.

Each function takes labels and scores and sorts them; `Ranking` sorts once and then gives all of them, of subsets too.

Examples may have weights. A negative of weight w counts as w negatives of the same score, so that a sample of negatives
can stand for all of them. A positive of weight w counts as w in all sums; where the Davis-Goadrich curve is drawn
through tied scores, it is one step, as any positive is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats]  # x, y


class _Levels(NamedTuple):
    """What scores at least as high as each distinct score, the highest first; all float64, shape (levels,)."""

    true_positives: Floats  # summed weights of positives
    false_positives: Floats  # summed weights of negatives
    positives: Floats  # number of positives, whatever their weight


class _Steps(NamedTuple):
    """The Davis-Goadrich curve: one straight path of steps for each level that holds positives.

    Attributes:
        first: Precision at the begin of each path, shape (paths,).
        precision: Precision after each positive, shape (positives,).
        true_positives: Summed weight of positives after each positive, shape (positives,).
        width: True positives per step of each path, shape (paths,).
        counts: int64, steps of each path, shape (paths,).
    """

    first: Floats
    precision: Floats
    true_positives: Floats
    width: Floats
    counts: NDArray[np.int64]


class Ranking:
    """Examples by falling score; all metrics of them without sorting again.

    Args:
        labels: bool, or 0 and 1, shape (n,).
        scores: Any finite numbers, shape (n,); higher means more probably positive.
        weights: Positive finite numbers, shape (n,); None for 1 each.

    Attributes:
        total: Number of examples.
        positives: Number of positive examples.

    Raises:
        ValueError: Shapes differ, or a value is not one of those above.
    """

    def __init__(self, labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> None:
        """Check and sort."""
        given, values = np.asarray(labels), np.asarray(scores)
        factors = None if weights is None else np.asarray(weights, np.float64)
        _check(given, values, factors)
        order = np.argsort(values)[::-1]
        self._set(
            order, values[order], given.astype(bool, copy=False)[order], None if factors is None else factors[order]
        )

    def _set(
        self, order: NDArray[np.int64], scores: NDArray[Any], bound: NDArray[np.bool_], weights: Floats | None
    ) -> None:
        self._order, self._scores, self._bound, self._weights = order, scores, bound, weights
        self.total = len(order)
        self.positives = int(np.count_nonzero(bound))
        self._known: _Levels | None = None

    def subset(self, keep: NDArray[np.bool_]) -> Ranking:
        """Rank some of the examples.

        Args:
            keep: bool, shape (n,), in the order in which the examples were given, whatever was left out before.
        """
        return self._part(keep[self._order])

    def by_group(self, groups: NDArray[np.integer[Any]], count: int) -> Iterator[Ranking]:
        """Rank each group of examples, in time that does not grow with their number.

        Args:
            groups: Group of each example, from 0 on, shape (n,), in the order in which the examples were given.
            count: Number of groups.
        """
        here = groups[self._order]
        rows = np.argsort(here, kind="stable")
        for first, last in pairwise(np.searchsorted(here[rows], np.arange(count + 1)).tolist()):
            yield self._part(rows[first:last])

    def _part(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Ranking:
        """Take rows of the ranked examples, which keep their order."""
        part = object.__new__(Ranking)
        weights = None if self._weights is None else self._weights[rows]
        part._set(self._order[rows], self._scores[rows], self._bound[rows], weights)
        return part

    def auroc(self) -> float:
        """Give the area under the ROC curve; tied examples share their rank.

        Raises:
            ValueError: All examples are positive, or none is.
        """
        levels = self._levels()
        hits = levels.true_positives
        misses = np.diff(levels.false_positives, prepend=0.0)
        halves = misses @ hits + misses[1:] @ hits[:-1]
        return float(halves / (2 * hits[-1] * levels.false_positives[-1]))

    def average_precision(self) -> float:
        """Give the mean precision at the score of each positive.

        Raises:
            ValueError: All examples are positive, or none is.
        """
        levels = self._levels()
        gained = np.diff(levels.true_positives, prepend=0.0)
        return float(gained @ _precision(levels.true_positives, levels.false_positives) / levels.true_positives[-1])

    def auprc(self) -> float:
        """Give the area under the precision-recall curve as Davis and Goadrich draw it.

        Between two neighbouring distinct scores, false positives grow in proportion to true positives. Precision is
        computed after each further true positive, and these points are joined by straight lines. Before the first
        score precision is that of the first score's examples, or 0 where these are all negatives.

        Raises:
            ValueError: All examples are positive, or none is.

        Source: Davis & Goadrich 2006, "The relationship between precision-recall and ROC curves", section 4.
        """
        steps = self._steps()
        ends = np.cumsum(steps.counts)
        inner = np.add.reduceat(steps.precision, ends - steps.counts)
        areas = steps.width * (inner + (steps.first - steps.precision[ends - 1]) / 2)
        return float(areas.sum() / steps.true_positives[-1])

    def recall_at_fdr(self, cutoffs: Sequence[float]) -> Floats:
        """Give the recall at the lowest score where the false discovery rate is within bounds.

        Args:
            cutoffs: Highest false discovery rates, as fractions; compared with 1 - precision in floating point.

        Returns:
            float64, shape (cutoffs,); 0 where no score is high enough.

        Raises:
            ValueError: All examples are positive, or none is.
        """
        levels = self._levels()
        rates = 1 - _precision(levels.true_positives, levels.false_positives)
        recalls = np.append(levels.true_positives / levels.true_positives[-1], 0.0)
        places = [np.flatnonzero(rates <= cutoff) for cutoff in cutoffs]
        return np.array([recalls[place[-1] if len(place) else -1] for place in places])

    def f1(self) -> float:
        """Give the F1 score of the rounded scores: examples that score more than 0.5 are taken for positive.

        Raises:
            ValueError: All examples are positive, or none is.
        """
        levels = self._levels()
        called = int(np.count_nonzero(self._scores > 0.5))
        weights = np.ones(self.total) if self._weights is None else self._weights
        hits = float(weights[:called] @ self._bound[:called])
        return 2 * hits / float(weights[:called].sum() + levels.true_positives[-1])

    def roc_curve(self) -> Curve:
        """Give the corners of the ROC curve.

        Returns:
            False positive rate and true positive rate, float64, shape (m,), from (0, 0) to (1, 1).

        Raises:
            ValueError: All examples are positive, or none is.
        """
        levels = self._levels()
        gains = np.flatnonzero(np.diff(levels.true_positives, prepend=0.0))
        corners = np.unique(np.concatenate([gains - 1, gains, [-1, len(levels.true_positives) - 1]])) + 1
        rates = (levels.false_positives, levels.true_positives)
        misses, hits = (np.insert(values / values[-1], 0, 0.0)[corners] for values in rates)
        return misses, hits

    def precision_recall_curve(self) -> Curve:
        """Give the points of the Davis-Goadrich curve whose area is `auprc`.

        Returns:
            Recall and precision, float64, shape (m,), recall from 0 to 1.

        Raises:
            ValueError: All examples are positive, or none is.
        """
        steps = self._steps()
        begins = np.cumsum(steps.counts) - steps.counts
        reached = steps.true_positives
        recall = np.insert(reached, begins, reached[begins] - steps.width) / reached[-1]
        return recall, np.insert(steps.precision, begins, steps.first)

    def _levels(self) -> _Levels:
        if self._known is None:
            if not 0 < self.positives < self.total:
                missing = "positive" if self.positives == 0 else "negative"
                raise ValueError(f"none of {self.total:,} examples is {missing}; there is nothing to compare")
            last = np.append(np.flatnonzero(self._scores[1:] != self._scores[:-1]), self.total - 1)
            positives = np.cumsum(self._bound)[last].astype(np.float64)
            if self._weights is None:
                self._known = _Levels(positives, last + 1 - positives, positives)
            else:
                hits = np.cumsum(np.where(self._bound, self._weights, 0.0))[last]
                misses = np.cumsum(np.where(self._bound, 0.0, self._weights))[last]
                self._known = _Levels(hits, misses, positives)
        return self._known

    def _steps(self) -> _Steps:
        levels = self._levels()
        gains = np.diff(levels.positives, prepend=0.0)
        paths = np.flatnonzero(gains)
        counts = gains[paths].astype(np.int64)
        hits_before, misses_before = (np.insert(column, 0, 0.0)[paths] for column in levels[:2])
        width = (levels.true_positives[paths] - hits_before) / counts
        slope = (levels.false_positives[paths] - misses_before) / counts
        begins = np.cumsum(counts) - counts
        number = np.arange(1, int(counts.sum()) + 1) - np.repeat(begins, counts)
        hits = np.repeat(hits_before, counts) + number * np.repeat(width, counts)
        misses = np.repeat(misses_before, counts) + number * np.repeat(slope, counts)
        precision = _precision(hits, misses)
        first = precision[begins]
        later = hits_before + misses_before > 0
        first[later] = _precision(hits_before[later], misses_before[later])
        return _Steps(first, precision, hits, width, counts)


def _check(labels: NDArray[Any], scores: NDArray[Any], weights: Floats | None) -> None:
    """Refuse what cannot be ranked."""
    shapes = {labels.shape, scores.shape} | (set() if weights is None else {weights.shape})
    if len(shapes) != 1 or labels.ndim != 1:
        raise ValueError(f"labels, scores and weights must be equally long lists; their shapes are {sorted(shapes)}")
    if labels.dtype != bool and not ((labels == 0) | (labels == 1)).all():
        raise ValueError("labels must be 0 or 1")
    if not np.isfinite(scores.astype(np.float64, copy=False)).all():
        raise ValueError("scores must be finite numbers")
    if weights is not None and not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError("weights must be positive finite numbers")


def _precision(hits: Floats, misses: Floats) -> Floats:
    return hits / (hits + misses)


def auroc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the area under the ROC curve; arguments as of `Ranking`, result as of `Ranking.auroc`."""
    return Ranking(labels, scores, weights).auroc()


def average_precision(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the average precision; arguments as of `Ranking`, result as of `Ranking.average_precision`."""
    return Ranking(labels, scores, weights).average_precision()


def auprc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the Davis-Goadrich area under the precision-recall curve; arguments as of `Ranking`.

    >>> round(auprc([1, 0, 1, 1, 0, 0, 1, 0, 0, 0], [0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.1, 0.0]), 12)
    0.80625
    """
    return Ranking(labels, scores, weights).auprc()


def recall_at_fdr(
    labels: ArrayLike, scores: ArrayLike, cutoffs: Sequence[float], weights: ArrayLike | None = None
) -> Floats:
    """Compute the recall at false discovery rates; arguments as of `Ranking`, result as of `Ranking.recall_at_fdr`."""
    return Ranking(labels, scores, weights).recall_at_fdr(cutoffs)


def f1(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute F1 of rounded scores; arguments as of `Ranking`, result as of `Ranking.f1`."""
    return Ranking(labels, scores, weights).f1()
