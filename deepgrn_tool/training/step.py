"""The training step: forward, backward and Adam, with the same result as Keras' own step, in less time.

The batch is divided into equal shares, one per thread, which run side by side on one thread each: TensorFlow's kernel
gradient, for one, is no faster on two threads than on one. A short batch is filled with windows that weigh nothing.
Dropout masks depend on seed, step and share only (`masks`), and sums are in a fixed order: the same seed and the same
number of threads give the same weights to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.weights import Weights
from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.compiled import compiled
from deepgrn_tool.training.head import Head
from deepgrn_tool.training.masks import Masks
from deepgrn_tool.training.parameters import ParameterLayout
from deepgrn_tool.training.tower import Tower

# As Keras has them. Source: Kingma and Ba 2015, section 2.
MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-7


class TrainingStep:
    """A network in training: its weights, Adam's moments and the number of steps done.

    Args:
        config: The network's shape.
        weights: Initial weights, in the paper's form.
        batch_size: Windows per step, at most.
        learning_rate: Of Adam.
        seed: Of the dropout masks.
        threads: Shares of the batch that are computed side by side.
        averaging: Share of the old average that a step leaves in the moving average of the weights; 0 for none.
        scale_attention: Multiply attended values by the number of steps, so that uniform attention changes nothing;
            the weights that come out are in the paper's form all the same.

    Source: Keras' `use_ema` for the average; its beginning, where a share so large would keep the random weights for
    long, as in TensorFlow's `ExponentialMovingAverage`: at most (1 + n) / (10 + n) after n steps.

    Raises:
        InputError: The weights do not fit the configuration, or the attention has no scale.
    """

    def __init__(
        self,
        config: NetworkConfig,
        weights: Weights,
        *,
        batch_size: int,
        learning_rate: float,
        seed: int,
        threads: int,
        averaging: float = 0.0,
        scale_attention: bool = False,
    ) -> None:
        """Take the weights; the step itself is compiled when it first runs."""
        self._config = config
        self._shares = max(1, min(threads, batch_size))
        self._share_size = -(-batch_size // self._shares)
        self._batch_size = batch_size
        self._learning_rate = learning_rate
        self._layout = ParameterLayout(config, scale_attention)
        self._tower, self._head = Tower(config), Head(config, scale_attention)
        self._vector = tf.Variable(self._layout.pack(weights))
        self._averaging = averaging
        self._average = tf.Variable(self._vector) if averaging else None
        self._mean, self._square = (tf.Variable(tf.zeros(self._layout.size)) for _ in range(2))
        self._done = tf.Variable(0, dtype=tf.int64)
        self._seed = tf.constant([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF], tf.uint32)
        self._run = tf.function(self._train, autograph=False)

    def run(self, batch: Batch, learning_rate: float | None = None) -> Any:
        """Do one step.

        Args:
            batch: At most `batch_size` windows, at least one.
            learning_rate: Of Adam, in this step; None for that of the constructor.

        Returns:
            Scalar tensor: the mean over the windows of weight · binary cross-entropy, before the step.

        Raises:
            ValueError: The batch is empty or too large.
        """
        count = len(batch)
        if not 1 <= count <= self._batch_size:
            raise ValueError(f"Expected 1 to {self._batch_size} windows. Received {count}")
        missing = self._shares * self._share_size - count
        arrays = [np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1)) for array in batch.arrays()]
        rate = self._learning_rate if learning_rate is None else learning_rate
        return self._run(*arrays, np.float32(count), np.float32(rate))

    def weights(self) -> Weights:
        """Give the weights, or their moving average, in the paper's form, float32 by name."""
        vector = self._vector if self._average is None else self._average
        return self._layout.unpack(vector.numpy())

    def state(self) -> dict[str, NDArray[Any]]:
        """Give all that later steps depend on, besides the arguments of the constructor."""
        return {name: np.array(variable.numpy()) for name, variable in self._variables().items()}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on from a `state`, in a step made with the same arguments.

        Raises:
            InputError: The state is not one of such a step.
        """
        variables = self._variables()
        for name in sorted(variables.keys() | state.keys()):
            if name not in state or name not in variables or state[name].shape != variables[name].shape:
                raise InputError(f"the training state does not fit this network: '{name}' differs")
        for name, variable in variables.items():
            variable.assign(state[name])

    def _variables(self) -> dict[str, Any]:
        variables = {"weights": self._vector, "mean": self._mean, "square": self._square, "steps": self._done}
        return variables if self._average is None else variables | {"average": self._average}

    def _train(self, codes: Any, signals: Any, meta: Any, labels: Any, importance: Any, count: Any, rate: Any) -> Any:
        shares = [tf.split(array, self._shares) for array in (codes, signals, meta, labels, importance)]
        weights = self._layout.views(self._vector)
        step = tf.cast(self._done, tf.uint32)
        losses, gradients = [], []
        for number, share in enumerate(zip(*shares, strict=True)):
            loss, gradient = self._share(weights, share, step, number)
            losses.append(loss)
            gradients.append(gradient)
        self._advance(tf.add_n(gradients) / count, rate)
        return tf.add_n(losses) / count

    def _share(self, weights: dict[str, Any], share: tuple[Any, ...], step: Any, number: int) -> tuple[Any, Any]:
        """Compute the loss of a share, summed over its windows, and its gradient as a vector."""
        codes, signals, meta, labels, importance = share
        masks = Masks(self._seed, step, tf.constant(number, tf.uint32))
        pooled, trace = self._tower.forward(weights, codes, signals, masks)
        upper = {name: value for name, value in weights.items() if not name.startswith(("conv_", "per_position/"))}
        loss, gradients, upstream = self._head.loss_and_gradients(upper, pooled, meta, labels, importance, masks.keys)
        gradients |= self._tower.backward(weights, trace, upstream)
        return loss, self._layout.join(gradients)

    def _advance(self, gradient: Any, rate: Any) -> None:
        variables = self._vector, self._mean, self._square
        number = tf.cast(self._done.assign_add(1), tf.float32)
        vector, mean, square = map(tf.convert_to_tensor, variables)
        values = _adam(vector, mean, square, gradient, number, rate)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if self._average is not None:
            kept = tf.minimum(self._averaging, (1.0 + number) / (10.0 + number))
            self._average.assign(_average(tf.convert_to_tensor(self._average), values[0], kept))


@compiled
def _average(average: Any, vector: Any, kept: Any) -> Any:
    return vector + (average - vector) * kept


@compiled
def _adam(vector: Any, mean: Any, square: Any, gradient: Any, number: Any, rate: Any) -> tuple[Any, Any, Any]:
    """Give the weights and moments after step `number`, counted from 1.

    Source: Kingma and Ba 2015, section 2, the form with one rate per step, as Keras computes it.
    """
    mean = mean + (gradient - mean) * (1 - MEAN_DECAY)
    square = square + (gradient * gradient - square) * (1 - SQUARE_DECAY)
    rate *= tf.sqrt(1.0 - tf.pow(SQUARE_DECAY, number)) / (1.0 - tf.pow(MEAN_DECAY, number))
    return vector - rate * mean / (tf.sqrt(square) + EPSILON), mean, square
