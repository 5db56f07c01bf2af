"""Metrics against numbers worked out by hand, scikit-learn, R's PRROC, and sums of exact fractions."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve, roc_auc_score

from deepgrn_tool.metrics.ranking import Ranking, auprc, auroc, average_precision, f1, recall_at_fdr

LABELS = [1, 0, 1, 1, 0, 0, 1, 0, 0, 0]
SCORES = [0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.1, 0.0]
CUTOFFS = (0.5, 0.25, 0.10, 0.05)


def exact_auprc(labels, scores, weights):
    """Davis and Goadrich by the book, with fractions, one distinct score after the other."""
    total = sum(weight for label, weight in zip(labels, weights, strict=True) if label)
    hits = misses = area = Fraction(0)
    for score in sorted(set(scores), reverse=True):
        tied = [number for number, other in enumerate(scores) if other == score]
        positives = [weights[number] for number in tied if labels[number]]
        negatives = Fraction(sum(weights[number] for number in tied if not labels[number]))
        if not positives:
            misses += negatives
            continue
        steps = len(positives)
        path = [
            (hits + Fraction(sum(positives)) * step / steps, misses + negatives * step / steps)
            for step in range(steps + 1)
        ]
        precisions = [tp / (tp + fp) if tp + fp else None for tp, fp in path]
        if precisions[0] is None:  # no example yet: the precision of those to come
            precisions[0] = precisions[1]
        for (before, after), (left, right) in zip(pairwise(path), pairwise(precisions), strict=True):
            area += (after[0] - before[0]) * (left + right) / 2
        hits, misses = path[-1]
    return area / total


@st.composite
def examples(draw, weighted=False):
    """Labels of both kinds, scores of few and many ties, weights of negatives from 1 to 5."""
    scores = draw(st.lists(st.integers(0, draw(st.sampled_from([2, 5, 1000]))), min_size=2, max_size=40))
    labels = draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    labels[0], labels[1] = draw(st.sampled_from([(True, False), (False, True)]))
    weights = [draw(st.integers(1, 5)) if weighted and not label else 1 for label in labels]
    return labels, [score / 8 for score in scores], weights


def all_metrics(ranking):
    areas = [ranking.auroc(), ranking.auprc(), ranking.average_precision(), ranking.f1()]
    return np.array([*areas, *ranking.recall_at_fdr(CUTOFFS)])


def test_golden_case():
    assert auprc(LABELS, SCORES) == pytest.approx(0.80625, abs=1e-12)
    assert average_precision(LABELS, SCORES) == pytest.approx(0.75, abs=1e-12)
    # Pairs of a positive and a negative: 6 + 5 + 5 + 3 (2 of them tied with 0.8 and with 0.6, half each) of 24.
    assert auroc(LABELS, SCORES) == pytest.approx((6 + 5.5 + 5.5 + 3) / 24, abs=1e-12)
    assert recall_at_fdr(LABELS, SCORES, CUTOFFS).tolist() == [1.0, 0.75, 0.25, 0.25]
    assert f1(LABELS, SCORES) == pytest.approx(2 * 4 / (8 + 4), abs=1e-12)  # 8 are called, 4 of them positive


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [  # auc.davis.goadrich of R's PRROC, computed in R 4.2
        (LABELS, SCORES, 0.80625),
        ([0, 1], [0.9, 0.1], 0.25),
        ([0, 0, 1, 1, 0], [0.9, 0.9, 0.5, 0.5, 0.5], 0.242857142857143),
        ([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0.5] * 10, 0.3),
        (
            [0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0],
            [0.95, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.4, 0.4, 0.4, 0.2, 0.1],
            0.3578355,
        ),
        ([1, 1, 1, 0, 0, 1, 0], [5, 5, 5, 5, 5, -2, -2.0], 0.59642857),
    ],
)
def test_auprc_as_prroc(labels, scores, expected):
    assert auprc(labels, scores) == pytest.approx(expected, abs=5e-9)


@given(examples(weighted=True))
def test_auprc_is_that_of_exact_fractions(example):
    labels, scores, weights = example
    assert auprc(labels, scores, weights) == pytest.approx(float(exact_auprc(labels, scores, weights)), abs=1e-12)


@given(examples())
def test_areas_and_f1_as_scikit_learn(example):
    labels, scores, _ = example
    assert auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    called = np.rint(np.clip(scores, 0, 1))
    assert f1(labels, scores) == pytest.approx(f1_score(labels, called, zero_division=0.0), abs=1e-12)


@given(examples(weighted=True))
def test_weighted_areas_as_scikit_learn(example):
    labels, scores, weights = example
    assert auroc(labels, scores, weights) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=weights), abs=1e-12
    )
    assert average_precision(labels, scores, weights) == pytest.approx(
        average_precision_score(labels, scores, sample_weight=weights), abs=1e-12
    )


@given(examples())
def test_recall_at_fdr_as_in_the_challenge(example):
    labels, scores, _ = example
    precision, recall, _ = precision_recall_curve(labels, scores)  # from the lowest score up
    expected = [next(r for p, r in zip(precision, recall, strict=True) if 1 - p <= cutoff) for cutoff in CUTOFFS]
    assert recall_at_fdr(labels, scores, CUTOFFS).tolist() == pytest.approx(expected, abs=1e-12)


def test_recall_is_0_where_the_best_score_is_a_negatives():
    assert recall_at_fdr([0, 1, 1], [0.9, 0.8, 0.7], [0.25]).tolist() == [0.0]
    # At the last score 1 of 3 is wrong, and 1 - 2/3 is just above 1/3 in floating point.
    assert recall_at_fdr([0, 1, 1], [0.9, 0.8, 0.7], [1 / 3, 0.34]).tolist() == [0.0, 1.0]


@given(examples(weighted=True))
def test_weights_of_negatives_are_repeats(example):
    labels, scores, weights = example
    repeated = all_metrics(Ranking(np.repeat(labels, weights), np.repeat(scores, weights)))
    assert all_metrics(Ranking(labels, scores, weights)) == pytest.approx(repeated, abs=1e-12)


def test_a_positive_of_weight_two_is_one_step():
    # One tie: 1 step from (0, 0) to (2, 1), then 1 step to (3, 1); precision 2/3, then 3/4.
    expected = (2 * (2 / 3) + 1 * (2 / 3 + 3 / 4) / 2) / 3
    assert auprc([1, 0, 1, 0], [0.9, 0.9, 0.5, 0.1], [2, 1, 1, 1]) == pytest.approx(expected, abs=1e-12)


@given(examples(weighted=True), st.data())
def test_a_subset_is_ranked_as_if_it_were_alone(example, data):
    labels, scores, weights = (np.array(column) for column in example)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(labels), max_size=len(labels))))
    keep[:2] = True
    twice = np.ones(len(labels), bool)
    part = Ranking(labels, scores, weights).subset(twice).subset(keep)
    assert (part.total, part.positives) == (keep.sum(), labels[keep].sum())
    assert all_metrics(part) == pytest.approx(all_metrics(Ranking(labels[keep], scores[keep], weights[keep])), abs=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_all_tied_and_perfect(dtype):
    labels = np.array([1, 0, 0, 1, 0, 0, 0, 0])
    assert auprc(labels, np.full(8, 3, dtype)) == pytest.approx(0.25, abs=1e-12)
    assert auroc(labels, np.full(8, 3, dtype)) == 0.5
    assert all_metrics(Ranking(labels, labels.astype(dtype))).tolist() == [1.0] * 8
    assert auroc(labels, -labels.astype(dtype)) == 0.0


def test_f1_rounds_half_to_even():
    # 0.5 rounds to 0: one of two positives is called, and nothing else.
    assert f1([1, 1, 0], [0.5, 0.51, 0.5]) == pytest.approx(2 / 3, abs=1e-12)
    assert f1([1, 1, 0], [0.5, 0.4, 0.5]) == 0.0


def test_precision_recall_curve_by_hand():
    recall, precision = Ranking(LABELS, SCORES).precision_recall_curve()
    # 0.9: one positive. 0.8: from (1, 0) two steps to (3, 1). 0.7 adds a negative. 0.6: from (3, 2) one step to (4, 4).
    assert recall.tolist() == [0, 0.25, 0.25, 0.5, 0.75, 0.75, 1]
    assert precision.tolist() == pytest.approx([1, 1, 1, 2 / 2.5, 3 / 4, 3 / 5, 4 / 8], abs=1e-12)


def test_roc_curve_by_hand():
    misses, hits = Ranking(LABELS, SCORES).roc_curve()
    assert misses.tolist() == pytest.approx([0, 0, 1 / 6, 2 / 6, 4 / 6, 1], abs=1e-12)
    assert hits.tolist() == [0, 0.25, 0.75, 0.75, 1, 1]


@given(examples(weighted=True))
def test_curves_enclose_the_areas(example):
    labels, scores, weights = example
    ranking = Ranking(labels, scores, weights)
    for (x, y), area in [(ranking.roc_curve(), auroc), (ranking.precision_recall_curve(), auprc)]:
        enclosed = float(np.diff(x) @ (y[1:] + y[:-1])) / 2
        assert enclosed == pytest.approx(area(labels, scores, weights), abs=1e-12)
        assert (x[0], x[-1]) == pytest.approx((0, 1), abs=1e-12)


@pytest.mark.parametrize("metric", [auroc, auprc, average_precision, f1, lambda y, s: recall_at_fdr(y, s, CUTOFFS)])
@pytest.mark.parametrize(("labels", "missing"), [([0, 0], "positive"), ([1, 1], "negative"), ([], "positive")])
def test_one_class_has_no_metrics(metric, labels, missing):
    text = f"none of {len(labels)} examples is {missing}; there is nothing to compare"
    with pytest.raises(ValueError, match=f"^{text}$"):
        metric(labels, [0.5] * len(labels))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 2], [1, 1]), "labels must be 0 or 1"),
        (([0, np.nan], [1, 1]), "labels must be 0 or 1"),
        (([0, 1], [1, np.nan]), "scores must be finite numbers"),
        (([0, 1], [1, -np.inf]), "scores must be finite numbers"),
        (([0, 1], [1, 1], [1, 0]), "weights must be positive finite numbers"),
        (([0, 1], [1, 1], [1, np.inf]), "weights must be positive finite numbers"),
        (([0, 1], [1]), "labels, scores and weights must be equally long lists; their shapes are [(1,), (2,)]"),
        (([0, 1], [1, 1], [1]), "labels, scores and weights must be equally long lists; their shapes are [(1,), (2,)]"),
        (([[0, 1]], [[1, 1]]), "labels, scores and weights must be equally long lists; their shapes are [(1, 2)]"),
    ],
)
def test_what_cannot_be_ranked(arguments, message):
    with pytest.raises(ValueError) as caught:
        Ranking(*arguments)
    assert str(caught.value) == message


@given(examples(weighted=True), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_groups_are_the_subsets(example, count, seed):
    labels, scores, weights = example
    groups = np.random.default_rng(seed).integers(0, count, len(labels))
    ranking = Ranking(labels, scores, weights)
    parts = list(ranking.by_group(groups, count))
    assert len(parts) == count
    for number, part in enumerate(parts):
        here = groups == number
        alone = Ranking(np.asarray(labels)[here], np.asarray(scores)[here], np.asarray(weights)[here])
        assert (part.total, part.positives) == (alone.total, alone.positives)
        if 0 < part.positives < part.total:
            assert part.auroc() == alone.auroc()
            assert part.auprc() == pytest.approx(alone.auprc(), abs=1e-12)
