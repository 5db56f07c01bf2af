"""Functions compiled to one operation, and TensorFlow's threads as the training step wants them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of tensors into one operation."""
    made: Function = tf.function(function, jit_compile=True, autograph=False)
    return made


def set_threads(threads: int) -> None:
    """Let TensorFlow run as many operations side by side as there are threads, each of them on one thread.

    The training step gives every thread a share of the batch. To be called before TensorFlow computes anything; later
    its settings can no longer change, and only the speed differs.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        logger.debug("TensorFlow keeps the threads that it has: %s", error)
