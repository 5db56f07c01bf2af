"""Windows that lie far apart: segments have room for their bases, and scores are those of neighbours on the grid."""

import numpy as np
import pytest

from deepgrn_tool.engine.bins import bases_per_window
from deepgrn_tool.engine.computation import whole_blocks
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([[0, 50, 100]], (1000 + 50 + 50) / 3),
        ([[0, 5000]], 1000.0),  # nothing shared
        ([[0, 50], [0]], (1000 + 50 + 1000) / 3),  # two chromosomes
        ([[100, 0, 0]], (1000 + 100 + 0) / 3),  # as a list may have them
        ([], 0.0),
    ],
)
def test_bases_per_window(starts, expected):
    assert bases_per_window([np.array(one, np.int64) for one in starts], 1000) == expected


@pytest.fixture(scope="module")
def model():
    config = NetworkConfig(tracks=("accessibility",), filters=4, lstm_units=2, dense_units=4, dense_after_meta=(4,))
    return Model(config, build_network(config).get_weights())


@pytest.mark.parametrize(
    ("density", "windows", "bases"),
    [
        # NumPy's segments have 256 windows; 1,002 bp for the first one, 50 bp for each of the grid.
        (None, 256, 1002 + 256 * 50),
        (50.0, 256, 1002 + 256 * 50),
        (100.0, 256, 1002 + 256 * 100),
        (300.0, 128, 1002 + 128 * 300),  # three times as many bases as on the grid, no more
        (1002.0, 38, 1002 + 38 * 1002),
        (200.0, 256, 1002 + 256 * 200),  # 192, and up to whole blocks of 128
    ],
)
def test_room_in_a_segment(model, density, windows, bases):
    engine = Engine(model, bins=1, bases_per_window=density)
    assert (engine.max_windows, engine.max_bases) == (windows, bases)


@pytest.mark.parametrize(("windows", "rounded"), [(1, 1), (38, 38), (128, 128), (129, 256), (1451, 1536), (2048, 2048)])
def test_windows_go_through_the_layers_in_blocks_of_128(windows, rounded):
    """Not one by one, as they did where a segment had an odd number of them."""
    assert whole_blocks(windows) == rounded
