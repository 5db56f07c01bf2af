"""Means per base against a plain sum over the windows that cover each base."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgrn_tool.attention.base_means import BaseMeans
from deepgrn_tool.attention.geometry import Profile


def run(length, pieces):
    """Feed pieces (starts, [(offset, size, values (windows, cells)), …]) and list the intervals."""
    means = BaseMeans(length)
    found = []
    for starts, parts in pieces:
        profiles = [Profile(np.array(values, np.float32), offset, size) for offset, size, values in parts]
        found.append(means.add(np.array(starts, np.int64), profiles))
    found.append(means.finish())
    return [row for columns in found for row in zip(*(column.tolist() for column in columns), strict=True)]


def test_two_windows_by_hand():
    """Cells of 3 bp, from base 1 of each window.

    base       0 1 2 3 4 5 6 7 8 9 10 11
    at 0         2 2 2 4 4 4
    at 4                 4 4 4 8 8 8
    mean         2 2 2 4 4 4 4 8 8 8
    """
    parts = [(1, 3, [[2, 4], [4, 8]])]
    assert run(100, [([0, 4], parts)]) == [(1, 4, 2.0), (4, 8, 4.0), (8, 11, 8.0)]


def test_both_strands_by_hand():
    """One window, its strands a base apart, as with kernels of an even width."""
    parts = [(1, 2, [[2, 6]]), (2, 2, [[4, 8]])]
    wanted = [(11, 12, 2.0), (12, 13, 3.0), (13, 14, 5.0), (14, 15, 7.0), (15, 16, 8.0)]
    assert run(100, [([10], parts)]) == wanted


def test_windows_over_both_ends_of_a_chromosome():
    parts = [(0, 5, [[1, 2], [3, 4]])]
    assert run(12, [([-5, 6], parts)]) == [(0, 5, 2.0), (6, 11, 3.0), (11, 12, 4.0)]


def test_windows_beyond_the_ends_leave_nothing():
    assert run(20, [([-10, 20], [(0, 5, [[1, 2], [3, 4]])])]) == []


def test_no_window():
    assert run(20, []) == []


def test_equal_neighbours_are_one_interval_across_pieces():
    assert run(100, [([0], [(0, 4, [[7, 7]])]), ([8], [(0, 4, [[7, 7]])]), ([30], [(0, 4, [[7, 1]])])]) == [
        (0, 16, 7.0),
        (30, 34, 7.0),
        (34, 38, 1.0),
    ]


def brute_force(length, starts, parts):
    """List the runs of equal means, base by base."""
    values = {}
    for base in range(length):
        covering = []
        for offset, size, table in parts:
            for start, cells in zip(starts, table, strict=True):
                cell = (base - start - offset) // size
                if 0 <= cell < len(cells):
                    covering.append(float(np.float32(cells[cell])))
        if covering:
            values[base] = float(np.float32(sum(covering) / len(covering)))
    runs = []
    for base, value in values.items():
        if runs and runs[-1][1] == base and runs[-1][2] == value:
            runs[-1][1] = base + 1
        else:
            runs.append([base, base + 1, value])
    return [tuple(one) for one in runs]


@st.composite
def windows(draw):
    """Windows with one or two profiles, and where to cut them into pieces."""
    starts = sorted(draw(st.sets(st.integers(-30, 220), min_size=1, max_size=12)))
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        cells = draw(st.integers(1, 5))
        # Quarters and few of them: sums are exact, and equal neighbours are frequent.
        table = [[draw(st.integers(0, 3)) / 4 for _ in range(cells)] for _ in starts]
        parts.append((draw(st.integers(0, 6)), draw(st.integers(1, 7)), table))
    cuts = draw(st.sets(st.integers(1, len(starts)), max_size=5))
    return starts, parts, sorted(cuts)


@given(windows())
@settings(max_examples=200)
def test_any_windows_in_any_pieces(example):
    starts, parts, cuts = example
    bounds = [0, *cuts, len(starts)]
    pieces = [
        (starts[begin:end], [(offset, size, table[begin:end]) for offset, size, table in parts])
        for begin, end in itertools.pairwise(bounds)
        if end > begin
    ]
    assert run(200, pieces) == brute_force(200, starts, parts)


@pytest.mark.parametrize("piece", [1, 2, 7, 256])
def test_pieces_give_the_same_bits(piece):
    """Values whose sums depend on their order."""
    draw = np.random.default_rng(5)
    starts = np.unique(draw.integers(0, 30_000, 500))
    tables = [draw.random((len(starts), 57)).astype(np.float32) for _ in range(2)]

    def cut(size):
        for begin in range(0, len(starts), size):
            part = slice(begin, begin + size)
            yield starts[part], [(16, 17, tables[0][part]), (17, 17, tables[1][part])]

    assert run(40_000, cut(piece)) == run(40_000, cut(len(starts)))


def test_memory_does_not_grow_with_the_chromosome():
    """10,000 windows over half a million bases: only the last window's bases are held."""
    means = BaseMeans(600_000)
    for begin in range(0, 10_000, 100):
        starts = 50 * np.arange(begin, begin + 100)
        means.add(starts, [Profile(np.ones((100, 57), np.float32), 16, 17)])
        assert means._sums.nbytes < 8 * 2000
