"""Transforms of signal, against values worked out by hand, and that the engine applies them."""

import math

import numpy as np
import pytest
from features_inputs import Inputs

from deepgrn_tool.cli.features import main
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.transforms import Transforms
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.network.config import NetworkConfig


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("none", [0, -2, 7.5], [0, -2, 7.5]),
        ("log1p", [0, 1, -1, math.e - 1], [0, math.log(2), -math.log(2), 1]),
        ("clip:2", [0, 1.5, 2, 7, -7], [0, 1.5, 2, 2, -2]),
        ("scale:0.5", [0, 3, -1], [0, 1.5, -0.5]),
        ("log1p,clip:1", [0, math.e**2, 1], [0, 1, math.log(2)]),
        ("clip:1,log1p", [0, math.e**2, 1], [0, math.log(2), math.log(2)]),
        ("none,scale:2,none", [1], [2]),
    ],
)
def test_steps_from_left_to_right(text, values, expected):
    signals = np.array(values, np.float32)[:, np.newaxis]
    Transforms([text]).apply(signals)
    np.testing.assert_allclose(signals[:, 0], expected, rtol=1e-6)


def test_every_track_has_its_own():
    signals = np.full((2, 3, 3), 3, np.float32)
    Transforms(["none", "log1p", "clip:2"]).apply(signals)
    np.testing.assert_allclose(signals, np.broadcast_to([3, math.log(4), 2], (2, 3, 3)), rtol=1e-6)


def test_the_engine_reads_transformed_signals(tmp_path):
    """Accessibility of liver is 2 all over chrB, uniqueness 0.5 on its first 600 bp."""
    inputs = Inputs(tmp_path)
    assert main([*inputs.everything(), "--quiet"]) == 0
    config = NetworkConfig(flank=0, kernel_size=8, transforms=("scale:10", "log1p"))
    with FeaturesFile(inputs.output) as features:
        starts = np.array([-100, 500])
        (segment,) = cut_into_segments(starts, 200, 5000, 100, 1)
        found = InputReader(features, config, "liver").read("chrB", starts, segment).signals
    log3 = math.log(3)
    expected = [[0, 0]] * 100 + [[5, log3]] * 200 + [[0, log3]] * 100
    np.testing.assert_allclose(found, expected, rtol=1e-6)
