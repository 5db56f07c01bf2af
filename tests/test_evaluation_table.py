"""Rows of the table, subsamples, and thinned curves."""

import numpy as np
import pytest

from deepgrn_tool.evaluation.curves import thinned
from deepgrn_tool.evaluation.table import COLUMNS, mean_metrics, metrics_of, subsamples
from deepgrn_tool.metrics.ranking import Ranking


def test_columns():
    assert COLUMNS == (
        *("prediction", "cell", "chromosome", "bins", "bound", "base_rate", "auroc", "auprc", "average_precision"),
        *("recall_at_50_percent_fdr", "recall_at_25_percent_fdr", "recall_at_10_percent_fdr"),
        *("recall_at_05_percent_fdr", "f1"),
    )


@pytest.mark.parametrize("counts", [(20, 40), (7, 1000), (3, 3), (1, 15)])
def test_subsamples_leave_out_each_bin_once_and_evenly(counts):
    bound = np.random.default_rng(0).permutation(np.repeat([True, False], counts))
    kept = np.array(list(subsamples(bound, 5)))
    assert kept.shape == (10, sum(counts))
    assert ((~kept).sum(axis=0) == 1).all()
    for members, count in ((bound, counts[0]), (~bound, counts[1])):
        left_out = (~kept[:, members]).sum(axis=1)
        assert left_out.min() >= count // 10
        assert left_out.max() <= -(-count // 10)


def test_subsamples_follow_the_seed():
    bound = np.arange(300) % 3 == 0
    first, again, other = (np.array(list(subsamples(bound, seed))) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    # Drawn at random: the first tenth is not every tenth bin, nor the first ones.
    gaps = np.diff(np.flatnonzero(~first[0]))
    assert len(set(gaps.tolist())) > 5


def test_mean_of_metrics():
    one = metrics_of(Ranking([1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1]))
    two = metrics_of(Ranking([1, 0], [0.9, 0.8]))
    none = metrics_of(Ranking([0, 0], [0.9, 0.8]))
    assert (one.auroc, two.auroc) == (0.5, 1.0)
    mean = mean_metrics([one, two])
    assert (mean.bins, mean.bound, mean.base_rate, mean.auroc) == (3, 1.5, 0.5, 0.75)
    assert (none.bins, none.bound, none.base_rate) == (2, 0, 0)
    assert np.isnan([*none[3:], *mean_metrics([one, none])[3:]]).all()


def test_metrics_of_no_bin():
    nothing = metrics_of(Ranking([], []))
    assert nothing[:2] == (0, 0)
    assert np.isnan(nothing[2:]).all()


def test_thinned_curves_are_near_the_whole_ones():
    x = np.sort(np.random.default_rng(1).random(200_000))
    x[[0, -1]] = 0, 1
    y = x**2
    few_x, few_y = thinned((x, y))
    assert len(few_x) < 10_000
    assert (few_x[0], few_x[-1], few_y[-1]) == (0, 1, 1)
    assert np.isin(few_x, x).all()
    assert np.abs(np.interp(x, few_x, few_y) - y).max() < 1e-3


def test_corners_survive_thinning():
    x, y = np.array([0, 0, 0.5, 0.5, 1]), np.array([1, 0.25, 0.25, 0.125, 0.125])
    few_x, few_y = thinned((x, y))
    assert (few_x.tolist(), few_y.tolist()) == (x.tolist(), y.tolist())
