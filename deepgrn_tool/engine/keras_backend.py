"""Keras as the engine's backend: set-up before its first import, and compilation.

The only module of the engine that knows TensorFlow or JAX.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from deepgrn_tool.engine.activations import rational_tanh
from deepgrn_tool.engine.backend import Backend
from deepgrn_tool.errors import UsageError

# 512-bit vectors made the LSTM's gates a third faster where the processor has them; elsewhere the flag does nothing.
XLA_FLAGS = ("--xla_cpu_prefer_vector_width=512",)


@cache
def keras_backend(threads: int = 1, *, one_thread_each: bool = False) -> Backend:
    """Load Keras; should run before anything else imports Keras or TensorFlow, since both read their settings once.

    Args:
        threads: Processor threads, for all computations together.
        one_thread_each: Whether a computation keeps to one thread; as many as there are threads may run side by side.

    Raises:
        UsageError: Keras is set to a backend that cannot run the engine.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    given = os.environ.get("XLA_FLAGS", "")
    added = [flag for flag in XLA_FLAGS if flag.partition("=")[0] not in given]
    os.environ["XLA_FLAGS"] = " ".join([given, *added]).strip()
    with _without_chatter():
        import keras

    # What the user's keras.json says of other networks is not for these.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    name = str(keras.backend.backend())
    if name == "tensorflow":
        return _tensorflow(keras.ops, threads, one_thread_each)
    if name == "jax":
        return _jax(keras.ops)
    raise UsageError(f"Keras is set to the backend '{name}'; set KERAS_BACKEND to tensorflow or jax")


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep what TensorFlow's C++ side prints while it loads off the terminal; no setting of its own silences it all.

    Errors are not lost: they reach Python as exceptions.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _tensorflow(ops: Any, threads: int, one_thread_each: bool) -> Backend:
    import tensorflow as tf

    if not tf.config.threading.get_intra_op_parallelism_threads():
        try:
            tf.config.threading.set_intra_op_parallelism_threads(1 if one_thread_each else threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads if one_thread_each else 1)
        except RuntimeError:
            # TensorFlow has already computed something: a program that uses the library keeps its own settings.
            pass

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        traced: Callable[..., Any] = tf.function(function, jit_compile=True, autograph=False)
        return traced

    # `keras.ops.take` would also compare every row number with zero, to allow negative ones.
    return Backend("tensorflow", ops, partial(rational_tanh, ops), tf.gather, compiled, windows=2048)


def _jax(ops: Any) -> Backend:
    import jax
    import jax.numpy

    def take_rows(table: Any, rows: Any) -> Any:
        return jax.numpy.take(table, rows, axis=0, mode="clip")

    return Backend("jax", ops, partial(rational_tanh, ops), take_rows, jax.jit, windows=2048)
