"""The hyperbolic tangent as a quotient of polynomials, for compiled code."""

from __future__ import annotations

from typing import Any

# Of x² and ascending: odd numerator without its factor x, and denominator. The largest error on [-8.5, 8.5] is the
# smallest that these degrees allow, 2.2e-7, found by linear programming on 1,200 points; in float32 it is 4.7e-7.
NUMERATOR = (9.99998944e-01, 1.28661126e-01, 2.88843822e-03, 1.07804713e-05)
DENOMINATOR = (1.0, 4.61990695e-01, 2.35559332e-02, 2.29992214e-04, 2.25754873e-07)
BOUND = 8.5  # beyond it, tanh differs from ±1 by less than 1e-7


def rational_tanh(ops: Any, x: Any) -> Any:
    """Compute the hyperbolic tangent to 5e-7, in fewer operations than libraries take for the last digits."""
    x = ops.clip(x, -BOUND, BOUND)
    square = x * x
    return x * _polynomial(NUMERATOR, square) / _polynomial(DENOMINATOR, square)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    result = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result
