"""Choice of the backend: Keras with a compiler for long runs, NumPy alone for short ones.

Loading TensorFlow and compiling takes some ten seconds, in which NumPy scores thousands of bins; beyond that the
compiled code is faster.
"""

from __future__ import annotations

from deepgrn_tool.engine.backend import Backend

SHORT_RUN = 10_000  # bins; fewer are done by NumPy before TensorFlow would have loaded


def backend_for(bins: int | None, threads: int) -> Backend:
    """Choose the backend of a run.

    Args:
        bins: How many bins will be scored; None for many.
        threads: Processor threads.

    Raises:
        UsageError: Keras is set to a backend that cannot run the engine.
    """
    if bins is not None and bins < SHORT_RUN:
        from deepgrn_tool.engine.numpy_backend import numpy_backend

        return numpy_backend()
    from deepgrn_tool.engine.keras_backend import keras_backend

    return keras_backend(threads)
