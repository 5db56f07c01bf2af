"""Attention weights to one number per step, by hand."""

import numpy as np
import pytest

from deepgrn_tool.attention.reduce import relative_attention
from deepgrn_tool.network.config import NetworkConfig

PLAIN = NetworkConfig(attention="after-lstm")
MERGED = NetworkConfig(attention="before-lstm", merge_attention=True)
PAIRWISE = NetworkConfig(attention="pairwise")


def weights(*windows):
    """Give windows of (steps, d) as weights of both strands, the reverse strand's with its dimensions turned around."""
    forward = np.array(windows, np.float32)
    return np.stack([forward, forward[:, :, ::-1]])


def test_uniform_attention_is_one():
    uniform = np.full((2, 3, 57, 8), 1 / 57, np.float32)
    for share in (0.1, 0.5, 1.0):
        np.testing.assert_allclose(relative_attention(uniform, PLAIN, share), 1, rtol=1e-6)


def test_mean_of_all_dimensions():
    found = relative_attention(weights([[0.5, 0.1], [0.25, 0.2], [0.25, 0.7]]), PLAIN, 1.0)
    np.testing.assert_allclose(found, np.tile(3 * np.array([0.3, 0.225, 0.475]), (2, 1, 1)), rtol=1e-6)


def test_the_dimension_that_varies_most_for_each_window():
    """Squares of the distances from 1/4: dimension 0 gives 0.0024 and 0.0008, dimension 1 gives 0.0002 and 0.0146."""
    first = np.array([[0.29, 0.25], [0.23, 0.26], [0.25, 0.25], [0.23, 0.24]])
    second = np.array([[0.27, 0.35], [0.23, 0.20], [0.25, 0.20], [0.25, 0.25]])
    found = relative_attention(weights(first, second), PLAIN, 0.1)
    np.testing.assert_allclose(found[0], [4 * first[:, 0], 4 * second[:, 1]], rtol=1e-6)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)  # chosen for each strand on its own


@pytest.mark.parametrize(("share", "width", "kept"), [(0.1, 64, 6), (0.1, 4, 1), (0.25, 8, 2), (0.9, 5, 4)])
def test_number_of_dimensions(share, width, kept):
    """Dimension i has i + 1 thousandths more on the first of two steps, so that the last ones vary most."""
    more = (np.arange(width) + 1) / 1000
    window = np.stack([0.5 + more, 0.5 - more])
    found = relative_attention(weights(window), PLAIN, share)
    np.testing.assert_allclose(found[0, 0, 0], 2 * (0.5 + more[-kept:].mean()), rtol=1e-5)


def test_windows_do_not_depend_on_their_neighbours():
    draw = np.random.default_rng(1)
    many = draw.dirichlet(np.ones(9), (2, 150, 16)).astype(np.float32).transpose(0, 1, 3, 2)
    whole = relative_attention(many, PLAIN)
    alone = np.concatenate([relative_attention(many[:, place : place + 1], PLAIN) for place in range(150)], axis=1)
    np.testing.assert_array_equal(whole, alone)


def test_weights_that_the_network_averages_itself():
    window = np.repeat(np.array([[0.7], [0.2], [0.1]]), 6, axis=1)
    np.testing.assert_allclose(relative_attention(weights(window), MERGED)[0, 0], [2.1, 0.6, 0.3], rtol=1e-6)


def test_weighted_sums_are_not_averaged_by_the_network_whatever_a_file_says():
    """Dimension 1 varies more: 0.5 - 1/3 and so on, against 0.4, 0.3, 0.3 in dimension 0."""
    config = NetworkConfig(attention="weighted-sum", merge_attention=True)
    window = [[0.4, 0.5], [0.3, 0.4], [0.3, 0.1]]
    np.testing.assert_allclose(relative_attention(weights(window), config)[0, 0], [1.5, 1.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(relative_attention(weights(window), config, 1.0)[0, 0], [1.35, 1.05, 0.6], rtol=1e-6)


def test_pairwise_attention_is_what_a_step_receives():
    """Rows attend, columns are attended to."""
    window = [[0.8, 0.1, 0.1], [0.6, 0.2, 0.2], [0.1, 0.9, 0.0]]
    found = relative_attention(np.array([[window], [window]], np.float32), PAIRWISE)
    np.testing.assert_allclose(found, np.tile([1.5, 1.2, 0.3], (2, 1, 1)), rtol=1e-6)
