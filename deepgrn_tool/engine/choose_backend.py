"""Choice of the backend: Keras with a compiler for long runs, NumPy alone for short ones.

Loading TensorFlow and compiling takes some ten seconds, in which NumPy scores thousands of bins; beyond that the
compiled code is faster.
"""

from __future__ import annotations

from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.engine.shared import Geometry
from deepgrn_tool.engine.steps import shares_products
from deepgrn_tool.network.config import NetworkConfig

SHORT_RUN = 10_000  # bins; fewer are done by NumPy before TensorFlow would have loaded


def backend_for(config: NetworkConfig, geometry: Geometry, bins: int | None, threads: int) -> Backend:
    """Choose the backend of a run.

    Args:
        config: The network's shape.
        geometry: Which pooled positions are kept.
        bins: How many bins will be scored; None for many.
        threads: Processor threads.

    Raises:
        UsageError: Keras is set to a backend that cannot run the engine.
    """
    if bins is not None and bins < SHORT_RUN:
        from deepgrn_tool.engine.numpy_backend import numpy_backend

        return numpy_backend()
    from deepgrn_tool.engine.keras_backend import keras_backend

    # Where attention goes dimension by dimension, compiled code does little at once. It stays on the thread that calls
    # it if there is no other to share its operations with, and gains 5 %; other networks' code leaves it in any case.
    stays = config.attention in ("after-lstm", "weighted-sum") and not shares_products(config, geometry)
    return keras_backend(threads, one_thread_each=stays)
