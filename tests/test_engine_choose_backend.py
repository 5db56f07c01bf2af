"""Which backend a run gets, and how many threads one computation may take."""

import pytest

from deepgrn_tool.engine import keras_backend
from deepgrn_tool.engine.choose_backend import SHORT_RUN, backend_for
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.network.config import NetworkConfig


def choose(config, bins, threads=2, on_grid=True):
    return backend_for(config, Geometry.of(config, on_grid), bins, threads)


@pytest.fixture
def asked(monkeypatch):
    """What is asked of Keras, which is not loaded."""
    calls = []
    monkeypatch.setattr(keras_backend, "keras_backend", lambda *values, **named: calls.append((*values, named)))
    return calls


def test_short_runs_are_left_to_numpy(asked):
    assert choose(NetworkConfig(), SHORT_RUN - 1).name == "numpy"
    assert asked == []


@pytest.mark.parametrize("bins", [SHORT_RUN, None])
def test_long_runs_and_those_of_unknown_length_are_compiled(asked, bins):
    choose(NetworkConfig(), bins)
    assert [call[0] for call in asked] == [2]


@pytest.mark.parametrize(
    ("options", "on_grid", "one_thread_each"),
    [
        ({"attention": "after-lstm"}, True, True),
        ({"attention": "weighted-sum"}, True, True),
        ({"attention": "none"}, True, False),
        ({"attention": "before-lstm"}, True, False),
        ({"attention": "pairwise"}, True, False),
        # A pool of 15 bp shares positions 5 bp apart with the grid of 50 bp: 64 steps of 5 bp on a stride of 50.
        ({"attention": "weighted-sum", "kernel_size": 30}, True, False),
        ({"attention": "weighted-sum", "kernel_size": 30}, False, True),
    ],
)
def test_computations_that_stay_on_their_thread_have_one_each(asked, options, on_grid, one_thread_each):
    choose(NetworkConfig(**options), None, on_grid=on_grid)
    assert asked == [(2, {"one_thread_each": one_thread_each})]
