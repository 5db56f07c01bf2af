"""The compiled engine against the ordinary Keras network; long runs use it.

Each network takes seconds to compile, so the covering set is one of those options that change the code that is
compiled; `test_engine_scores.py` has all options.
"""

import pytest
from engine_toys import (
    GRIDS,
    MAX_WINDOWS,
    OPTIONS,
    assert_same,
    covering_set,
    engine_scores,
    identity,
    model_and_scores,
)

from deepgrn_tool.engine.engine import Engine

# One variant of each kind of attention; the place of the others' steps in the network is the same.
KINDS = {
    "attention": [
        {"attention": "none"},
        {"attention": "after-lstm"},
        {"attention": "before-lstm", "merge_attention": True},
        {"attention": "weighted-sum"},
        {"attention": "pairwise", "position_encoding": "trigonometric"},
        {"attention": "pairwise-before-lstm", "position_encoding": "learned"},
    ],
    "num_conv": [0, 1, 2],
    "grid": list(GRIDS),
    "num_lstm": [1, 2],
    "kernel_size": [30, 34],
}
ROWS = covering_set(KINDS)


@pytest.mark.parametrize("row", ROWS, ids=identity)
def test_scores_equal_the_ordinary_network(row):
    model, chromosome, meta, expected = model_and_scores(row)
    grid = row["grid"]
    engine = Engine(model, on_grid=grid == "on-grid", attention=True, max_windows=MAX_WINDOWS)
    assert_same(engine_scores(engine, chromosome, GRIDS[grid], meta[grid]), expected[grid])


def test_the_set_has_each_kind_with_each_number_of_convolutions():
    assert KINDS["num_conv"] == OPTIONS["num_conv"]
    assert len({(row["attention"]["attention"], row["num_conv"]) for row in ROWS}) == 18
