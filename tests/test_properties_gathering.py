"""Scores of any windows, gathered from positions that they share, against a float64 network that sees them alone."""

import numpy as np
import pytest
from engine_toys import LENGTH, SIZES, cut_window, engine_scores, random_chromosome, random_meta, random_model
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_network import reference

from deepgrn_tool.engine.engine import Engine

WINDOW = 200 + 2 * SIZES["flank"]
NETWORKS = {
    "after-lstm, pool 5": {"attention": "after-lstm", "kernel_size": 10},
    "no convolution": {"attention": "none", "num_conv": 0, "kernel_size": 15},
    "two convolutions, pool 7": {"attention": "weighted-sum", "num_conv": 2, "kernel_size": 15},
    "pairwise, max": {"attention": "pairwise-before-lstm", "kernel_size": 34, "merge": "max"},
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    return random_model(**SIZES, **NETWORKS[request.param])


ANYWHERE = st.lists(st.integers(-WINDOW - 50, LENGTH + 50), min_size=1, max_size=25, unique=True).map(sorted)
ON_GRID = st.lists(st.integers(-8, LENGTH // 50), min_size=1, max_size=25, unique=True).map(
    lambda numbers: [50 * number for number in sorted(numbers)]
)


@pytest.mark.parametrize("on_grid", [True, False])
def test_any_windows_in_segments_of_any_size(network, on_grid):
    chromosome = random_chromosome(LENGTH, len(network.config.tracks))
    engines = {
        count: Engine(network, on_grid=on_grid, attention=False, max_windows=count, bins=100) for count in (1, 3, 16)
    }

    @settings(max_examples=8)
    @given(starts=ON_GRID if on_grid else ANYWHERE, count=st.sampled_from(sorted(engines)))
    def same(starts, count):
        meta = random_meta(network.config, len(starts))
        windows = np.stack([cut_window(chromosome, start, WINDOW) for start in starts])
        expected = reference(network.config, network.weights, windows, meta)
        found = engine_scores(engines[count], chromosome, starts, meta)
        np.testing.assert_allclose(found["probability"], expected.probability[:, 0], rtol=0, atol=1e-5)

    same()
