"""What depends on the Keras backend and the device: set-up before the first import, and compilation.

Everything else in the engine is written with `keras.ops`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from deepgrn_tool.errors import UsageError

# 512-bit vectors made the LSTM's gates a third faster where the processor has them; elsewhere the flag does nothing.
XLA_FLAGS = ("--xla_cpu_prefer_vector_width=512",)


def prepare() -> str:
    """Load Keras with its backend set up for many small computations side by side.

    Each of our threads runs whole segments, so TensorFlow's own threads within an operation would only wait for each
    other. Must run before anything else imports Keras or TensorFlow, since both read their settings once.

    Returns:
        Name of the backend.

    Raises:
        UsageError: Keras is set to a backend that cannot run the engine.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    given = os.environ.get("XLA_FLAGS", "")
    added = [flag for flag in XLA_FLAGS if flag.partition("=")[0] not in given]
    os.environ["XLA_FLAGS"] = " ".join([given, *added]).strip()
    import keras

    name = str(keras.backend.backend())
    if name == "tensorflow":
        _one_thread_per_operation()
    elif name != "jax":
        raise UsageError(f"Keras is set to the backend '{name}'; set KERAS_BACKEND to tensorflow or jax")
    return name


def _one_thread_per_operation() -> None:
    import tensorflow as tf

    # Fails once TensorFlow has computed something: a program that uses the library keeps its own settings then.
    if not tf.config.threading.get_intra_op_parallelism_threads():
        try:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            return


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of fixed-shape arrays; it is traced once, at its first call."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False, reduce_retracing=False)


def take_rows(table: Any, rows: Any) -> Any:
    """Gather rows of a table; `keras.ops.take` would also compare every index with zero, to allow negative ones.

    Args:
        table: Shape (n, width).
        rows: int32, any shape, 0 <= row < n.

    Returns:
        Shape (*rows.shape, width).
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax.numpy

        return jax.numpy.take(table, rows, axis=0, mode="clip")
    import tensorflow as tf

    return tf.gather(table, rows)
