"""Which bin gives to which, and what a window is made of then, on arrays small enough to write down."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.importance.permute import draw_donors, exchanged, input_groups
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.windows import Windows

# Three windows of four bases, two tracks, expression and annotation (14 meta inputs).
CODES = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 4]], np.uint8)
SIGNALS = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
META = np.arange(42, dtype=np.float32).reshape(3, 14)
WINDOWS = Windows(CODES, SIGNALS, META, np.array([1, 0, 0], np.uint8))
GROUPS = {group.name: group for group in input_groups(NetworkConfig(tracks=("uniqueness", "accessibility")))}


def test_groups_in_the_order_of_the_network():
    assert list(GROUPS) == ["sequence", "uniqueness", "accessibility", "expression", "annotation"]
    names = [group.name for group in input_groups(NetworkConfig(tracks=("sequence", "H3K4me3"), meta=("annotation",)))]
    assert names == ["sequence", "track sequence", "H3K4me3", "annotation"]


@pytest.mark.parametrize(
    ("name", "codes", "signals", "meta"),
    [
        ("sequence", CODES[[2, 0, 1]], SIGNALS, META),
        ("uniqueness", CODES, np.stack([SIGNALS[[2, 0, 1]][..., 0], SIGNALS[..., 1]], axis=2), META),
        ("accessibility", CODES, np.stack([SIGNALS[..., 0], SIGNALS[[2, 0, 1]][..., 1]], axis=2), META),
        ("expression", CODES, SIGNALS, np.hstack([META[[2, 0, 1], :8], META[:, 8:]])),
        ("annotation", CODES, SIGNALS, np.hstack([META[:, :8], META[[2, 0, 1], 8:]])),
    ],
)
def test_one_input_comes_from_other_windows(name, codes, signals, meta):
    for rows in ([0, 1, 2], [1], [2, 0]):
        found = exchanged(WINDOWS, np.array(rows), GROUPS[name], np.array([2, 0, 1]))
        for part, expected in zip(found, (codes, signals, meta), strict=True):
            assert np.array_equal(part, expected[rows])


def test_without_an_exchange_and_the_windows_stay_as_they_are():
    before = [part.copy() for part in (CODES, SIGNALS, META)]
    found = exchanged(WINDOWS, np.array([1, 0]), None, np.array([2, 0, 1]))
    assert all(np.array_equal(part, given[[1, 0]]) for part, given in zip(found, before, strict=True))
    exchanged(WINDOWS, np.arange(3), GROUPS["uniqueness"], np.array([2, 0, 1]))
    assert all(np.array_equal(part, given) for part, given in zip((CODES, SIGNALS, META), before, strict=True))


def test_inputs_that_are_the_same_everywhere():
    meta = META.copy()
    meta[:, :8] = 0.5
    signals = SIGNALS.copy()
    signals[..., 1] = signals[:1, :, 1]
    windows = Windows(CODES, signals, meta, WINDOWS.labels)
    constant = [name for name, group in GROUPS.items() if group.is_constant(windows)]
    assert constant == ["accessibility", "expression"]


@given(st.integers(1, 200), st.floats(0.1, 60), st.integers(0, 5))
def test_bins_of_equal_weight_are_permuted(count, weight, seed):
    donors = draw_donors(np.full(count, weight), np.random.default_rng(seed))
    assert sorted(donors.tolist()) == list(range(count))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(0, 50))
def test_a_bin_gives_as_often_as_those_that_it_stands_for(weights, seed):
    """Expected count: number of bins × weight / sum of weights; found: that, rounded up or down."""
    given_by = Counter(draw_donors(np.array(weights, float), np.random.default_rng(seed)).tolist())
    for bin_, weight in enumerate(weights):
        expected = len(weights) * weight / sum(weights)
        assert expected - 1 < given_by[bin_] < expected + 1
    assert sum(given_by.values()) == len(weights)


def test_every_receiver_gets_from_every_bin_in_proportion():
    """Weights 1, 1, 2 of 4: a window gets from the last one in half of the draws, 1,000 of 2,000; sd 22."""
    draws = [draw_donors(np.array([1.0, 1.0, 2.0]), np.random.default_rng(seed)) for seed in range(2000)]
    for receiver in range(3):
        counts = np.bincount([draw[receiver] for draw in draws], minlength=3)
        assert np.abs(counts - [500, 500, 1000]).max() < 90
