"""Cutting windows into segments, against a drawing and against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgrn_tool.engine.segments import cut_into_segments


def cut(starts, window_size, max_bases, max_windows, multiple):
    return list(cut_into_segments(np.array(starts, np.int64), window_size, max_bases, max_windows, multiple))


def rows(segments):
    return [(one.first, one.pieces.tolist(), one.offsets.tolist()) for one in segments]


# Windows of 10 bp at multiples of 5; a new run begins after a gap (30) and where the phase changes (58).
#   chromosome  -5   0   5  10 ... 30 ... 40 ... 58 ... 68
#   windows      |--------|    (-5, 0)       |---| 30, 40 touch       |----| 58
#   segment      0..15              run at 15: 30..50              run at 35: 58..68
def test_one_segment_by_hand():
    (one,) = cut([-5, 0, 30, 40, 58], window_size=10, max_bases=45, max_windows=5, multiple=5)
    assert rows([one]) == [(0, [[-5, 10, 0], [30, 50, 15], [58, 68, 35]], [0, 5, 15, 25, 35])]
    assert (one.offsets.dtype, one.pieces.dtype, len(one)) == (np.int32, np.int64, 5)


def test_a_segment_ends_where_bases_or_windows_run_out():
    assert [one.first for one in cut([-5, 0, 30, 40, 58], 10, 44, 5, 5)] == [0, 4]
    assert [one.first for one in cut([-5, 0, 30, 40, 58], 10, 45, 4, 5)] == [0, 4]
    assert [one.first for one in cut([-5, 0, 30, 40, 58], 10, 45, 1, 5)] == [0, 1, 2, 3, 4]
    assert [one.first for one in cut([-5, 0, 30, 40, 58], 10, 10, 5, 5)] == [0, 1, 2, 3, 4]


def test_a_run_of_a_length_that_is_no_multiple_is_followed_by_a_gap():
    (one,) = cut([0, 7, 100], window_size=10, max_bases=31, max_windows=9, multiple=7)
    assert rows([one]) == [(0, [[0, 17, 0], [100, 110, 21]], [0, 7, 21])]


def test_windows_that_touch_share_a_run_and_windows_1_bp_apart_do_not():
    assert rows(cut([0, 10, 21], 10, 90, 9, 1)) == [(0, [[0, 20, 0], [21, 31, 20]], [0, 10, 20])]


def test_no_windows_no_segments():
    assert cut([], 10, 45, 5, 5) == []


@st.composite
def problems(draw):
    """Windows on the grid or off it, crowded or far apart."""
    step = draw(st.sampled_from([1, 2, 5, 10]))
    starts = draw(st.lists(st.integers(-40, 400), max_size=60, unique=True))
    window_size = draw(st.integers(1, 40))
    return (
        sorted(start * step for start in starts),
        window_size,
        draw(st.integers(window_size, 400)),
        draw(st.integers(1, 20)),
        draw(st.sampled_from([1, 2, 5, 7])),
    )


def bases_of(segment):
    """Where each base of a segment lies on the chromosome; None between runs."""
    bases = []
    for start, end, place in segment.pieces.tolist():
        assert place >= len(bases), "runs overlap within the segment"
        bases += [None] * (place - len(bases))
        bases += range(start, end)
    return bases


def fits(starts, window_size, max_bases, max_windows, multiple):
    """Lay windows out one by one: whether they fit into one segment."""
    if len(starts) > max_windows:
        return False
    end = run_place = run_start = previous = None
    for start in starts:
        if end is None:
            run_place, run_start = 0, start
        elif start - previous > window_size or (start - previous) % multiple:
            while end % multiple:
                end += 1
            run_place, run_start = end, start
        end = run_place + start - run_start + window_size
        previous = start
    return end <= max_bases


@settings(max_examples=300)
@given(problems())
def test_properties(problem):
    starts, window_size, max_bases, max_windows, multiple = problem
    segments = cut(*problem)
    done = 0
    for segment in segments:
        assert segment.first == done
        bases = bases_of(segment)
        assert 0 < len(segment) <= max_windows
        assert len(bases) <= max_bases
        assert not (segment.pieces[:, 2] % multiple).any()
        for offset in segment.offsets.tolist():
            assert offset % multiple == 0
            assert bases[offset : offset + window_size] == list(range(starts[done], starts[done] + window_size))
            done += 1
    assert done == len(starts)


@settings(max_examples=300)
@given(problems())
def test_no_segment_has_room_for_the_next_window(problem):
    starts, *limits = problem
    bounds = [one.first for one in cut(*problem)] + [len(starts)]
    for begin, end in itertools.pairwise(bounds):
        assert fits(starts[begin:end], *limits)
        assert end == len(starts) or not fits(starts[begin : end + 1], *limits)


@pytest.mark.parametrize("multiple", [1, 5, 50])
def test_a_whole_chromosome_costs_each_base_once(multiple):
    """On the grid nothing but the overlap of neighbouring segments is computed twice: 952 bp after each 5,000."""
    starts = np.arange(-401, 100_000 - 401, 50)
    segments = cut(starts, 1002, 1002 + 50 * 100, 100, multiple)
    assert [len(one) for one in segments] == [100] * 20
    assert all(len(one.pieces) == 1 for one in segments)
    assert sum(len(bases_of(one)) for one in segments) == 100 * 1000 + 20 * 952
