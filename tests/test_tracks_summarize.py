"""Summaries of overlapping bins, against sums over every single base."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.errors import InputError
from deepgrn_tool.tracks.summarize import summarizer_for

SCORES = st.floats(0, 1, width=32)
ANY_BINS = st.lists(st.tuples(st.integers(0, 900), SCORES), max_size=25).map(
    lambda bins: sorted(bins, key=lambda b: b[0])
)
GRID_BINS = st.dictionaries(st.integers(0, 30).map(lambda n: 50 * n), SCORES, max_size=25).map(
    lambda bins: sorted(bins.items())
)
CUTS = st.lists(st.integers(0, 25), max_size=6)


def summarize(kind, bins, cuts=()):
    starts = np.array([start for start, _ in bins], np.int64)
    scores = np.array([score for _, score in bins], np.float32)
    summarizer = summarizer_for(kind, "c")
    edges = sorted({0, len(bins), *(cut for cut in cuts if cut < len(bins))})
    pieces = [summarizer.add(starts[a:b], scores[a:b]) for a, b in pairwise(edges)]
    pieces.append(summarizer.finish())
    starts, ends, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
    assert (starts.dtype, ends.dtype, values.dtype) == (np.int64, np.int64, np.float32)
    return list(zip(starts.tolist(), ends.tolist(), values.tolist(), strict=True))


def per_base(intervals):
    bases = {}
    for start, end, value in intervals:
        assert start < end
        for base in range(start, end):
            assert base not in bases
            bases[base] = value
    return bases


def covering(bins):
    bases = {}
    for start, score in bins:
        for base in range(start, start + 200):
            bases.setdefault(base, []).append(score)
    return bases


def test_center_by_hand():
    # bins     0 |--------------------| 200
    #               50 |--------------------| 250
    # centres      75 |####| 125 |####| 175
    assert summarize("center", [(0, 0.5), (50, 0.25), (400, 1.0)]) == [
        (75, 125, 0.5),
        (125, 175, 0.25),
        (475, 525, 1.0),
    ]


def test_mean_and_max_by_hand():
    # bases    0       50      100                 200     250             300
    # 0.5      |-----------------------------------|
    # 0.25             |-----------------------------------|
    # 1.0                      |--------------------------------------------|
    bins = [(0, 0.5), (50, 0.25), (100, 1.0)]
    assert summarize("max", bins) == [(0, 50, 0.5), (50, 100, 0.5), (100, 200, 1.0), (200, 250, 1.0), (250, 300, 1.0)]
    means = [(0, 50, 0.5), (50, 100, 0.375), (100, 200, 1.75 / 3), (200, 250, 0.625), (250, 300, 1.0)]
    assert summarize("mean", bins) == [(start, end, float(np.float32(value))) for start, end, value in means]


@given(GRID_BINS, CUTS)
def test_center_is_invertible(bins, cuts):
    intervals = summarize("center", bins, cuts)
    assert [(start - 75, value) for start, end, value in intervals if end - start == 50] == bins


@pytest.mark.parametrize("kind", ["mean", "max"])
@given(bins=st.one_of(ANY_BINS, GRID_BINS), cuts=CUTS)
def test_mean_and_max_equal_brute_force_however_cut(kind, bins, cuts):
    intervals = summarize(kind, bins, cuts)
    assert intervals == sorted(intervals)
    got = per_base(intervals)
    expected = covering(bins)
    assert got.keys() == expected.keys()
    for base, scores in expected.items():
        want = max(scores) if kind == "max" else sum(scores) / len(scores)
        assert got[base] == pytest.approx(want, rel=1e-6, abs=1e-30)


@pytest.mark.parametrize("kind", ["mean", "max"])
@given(bins=ANY_BINS, cuts=CUTS)
def test_cutting_changes_no_bit(kind, bins, cuts):
    assert summarize(kind, bins, cuts) == summarize(kind, bins)


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_runs_of_grid_bins_give_cells_of_one_stride(kind):
    intervals = summarize(kind, [(50 * number, 0.5) for number in range(10)])
    assert intervals == [(50 * number, 50 * number + 50, 0.5) for number in range(13)]


@pytest.mark.parametrize("cuts", [(), (1,)])
@pytest.mark.parametrize("second", [100, 120, 149])
def test_center_refuses_bins_whose_centres_overlap(second, cuts):
    with pytest.raises(InputError, match=rf"c:100 and c:{second} start .*--summarize mean or max, or write \.tab\.gz"):
        summarize("center", [(100, 0.5), (second, 0.5)], cuts)
    assert len(summarize("center", [(100, 0.5), (150, 0.5)], cuts)) == 2


@pytest.mark.parametrize("kind", ["center", "mean", "max"])
@pytest.mark.parametrize("cuts", [(), (1,)])
def test_bins_out_of_order_are_a_bug_of_the_caller(kind, cuts):
    with pytest.raises(ValueError, match="c:0 comes after bin c:400"):
        summarize(kind, [(400, 0.5), (0, 0.5)], cuts)


@pytest.mark.parametrize("kind", ["center", "mean", "max"])
def test_no_bins_no_intervals(kind):
    assert summarize(kind, []) == []


def test_memory_stays_flat():
    summarizer = summarizer_for("mean", "c")
    for begin in range(0, 5_000_000, 50_000):
        starts = np.arange(begin, begin + 50_000, 50, dtype=np.int64)
        summarizer.add(starts, np.ones(len(starts), np.float32))
        assert len(summarizer._starts) == 4
