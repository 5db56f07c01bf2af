"""The quotient that stands for the hyperbolic tangent, against NumPy in double precision."""

import numpy as np
import pytest

from deepgrn_tool.engine import numpy_backend
from deepgrn_tool.engine.activations import BOUND, rational_tanh


@pytest.mark.parametrize("limit", [0.01, 1.0, BOUND, 100.0])
def test_error_is_below_a_millionth(limit):
    x = np.linspace(-limit, limit, 200_001).astype(np.float32)
    found = rational_tanh(numpy_backend, x)
    assert found.dtype == np.float32
    assert np.abs(found - np.tanh(x.astype(np.float64))).max() < 6e-7


def test_symmetry_and_what_is_not_finite():
    x = np.array([0.0, 0.5, 3.0, 1e30, np.inf], np.float32)
    found = rational_tanh(numpy_backend, x)
    assert found[0] == 0
    assert np.array_equal(rational_tanh(numpy_backend, -x), -found)
    np.testing.assert_allclose(found[3:], 1, rtol=0, atol=6e-7)
    assert np.isnan(rational_tanh(numpy_backend, np.array([np.nan], np.float32)))
