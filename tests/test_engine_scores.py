"""The engine against the ordinary Keras network, which sees every window cut out of the chromosome on its own.

Here NumPy computes, as it does for short runs; `test_engine_compiled.py` does the same with compiled code.
"""

import numpy as np
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

ROWS = covering_set(OPTIONS)


def test_every_two_options_meet_in_all_their_values():
    for one in OPTIONS:
        for other in OPTIONS:
            if one != other:
                met = {(str(row[one]), str(row[other])) for row in ROWS}
                assert len(met) == len(OPTIONS[one]) * len(OPTIONS[other]), (one, other)


@pytest.mark.parametrize("row", ROWS, ids=identity)
def test_scores_equal_the_ordinary_network(row):
    model, chromosome, meta, expected = model_and_scores(row)
    for grid, starts in GRIDS.items():
        engine = Engine(model, on_grid=grid == "on-grid", attention=True, max_windows=MAX_WINDOWS, bins=1)
        assert_same(engine_scores(engine, chromosome, starts, meta[grid]), expected[grid])
    # The windows' logits differ, so that an engine that ignored some of its input would not pass by chance.
    logits = np.concatenate([expected[grid]["logits"] for grid in GRIDS], axis=1)
    assert logits.std(axis=1).min() > 20 * 1e-5
    assert np.unique(logits).size > 0.75 * logits.size
