"""The bin grid against brute force over every base."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.data.bins import BIN_SIZE, CENTER_OFFSET, CENTER_SIZE, STRIDE, grid_starts, official_starts, tile

REGIONS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 400)), max_size=5)


def positions(numbers):
    return np.array(numbers, np.int64)


def tile_by_force(regions, length):
    """Every multiple of 50 whose bin fits and whose central bases include a base of a region."""
    wanted = set()
    for start, end in regions:
        wanted.update(range(start, end))
    return [
        start
        for start in range(0, length, 50)
        if start + 200 <= length and any(base in wanted for base in range(start + 75, start + 125))
    ]


def test_sizes_are_those_of_the_paper():
    assert (BIN_SIZE, STRIDE, CENTER_OFFSET, CENTER_SIZE) == (200, 50, 75, 50)


@given(st.integers(0, 1500))
def test_grid_holds_every_bin_inside_the_chromosome(length):
    starts = grid_starts(length)
    assert starts.dtype == np.int64
    assert starts.tolist() == [start for start in range(0, length + 1, 50) if start + 200 <= length]


def test_chromosome_shorter_than_a_bin_has_no_bins():
    assert grid_starts(199).tolist() == []
    assert grid_starts(200).tolist() == [0]
    assert tile(positions([0]), positions([199]), 199).tolist() == []


def test_bins_of_the_challenge():
    for length in range(1500):  # an error of one base shows at few lengths only
        rounded_up = math.ceil((length - 600) / 50) * 50
        starts = official_starts(length)
        assert starts.dtype == np.int64
        assert starts.tolist() == [start for start in range(600, length, 50) if start <= rounded_up - 50]
        assert (starts + 200 <= length).all()


def test_bins_of_the_challenge_on_chr10_of_hg19():
    assert len(official_starts(135_534_747)) == 2_710_671  # blacklisted ones included


@given(REGIONS, st.integers(0, 1300))
def test_tile_equals_brute_force(regions, length):
    pairs = [(start, start + size) for start, size in regions]
    starts = tile(positions([a for a, _ in pairs]), positions([b for _, b in pairs]), length)
    assert starts.dtype == np.int64
    assert starts.tolist() == tile_by_force(pairs, length)


@given(st.integers(75, 800), st.integers(1, 300))
def test_cells_cover_a_region_away_from_the_ends(start, size):
    starts = tile(positions([start]), positions([start + size]), 2000)
    covered = {base for first in starts.tolist() for base in range(first + 75, first + 125)}
    assert covered >= set(range(start, start + size))


def test_whole_chromosome_tiles_to_the_grid():
    assert np.array_equal(tile(positions([0]), positions([1730]), 1730), grid_starts(1730))


def test_no_regions_no_bins():
    assert tile(positions([]), positions([]), 1000).tolist() == []
