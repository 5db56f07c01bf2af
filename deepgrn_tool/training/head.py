"""From the pooled steps to the loss, one compiled operation with its gradient: attention, LSTMs and dense layers.

Arrays with a step axis are (step, window, dimension); the windows of the forward strand come first, then the same
windows on the reverse strand. Softmax over steps and products along steps so run over contiguous memory.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.encoding import trigonometric_encoding
from deepgrn_tool.training.compiled import compiled
from deepgrn_tool.training.loss import binary_cross_entropy
from deepgrn_tool.training.lstm import bidirectional
from deepgrn_tool.training.masks import Masks

PART = 1 << 8  # number of this part of the network for the masks; the convolutions have smaller ones


class Head:
    """The network above the max-pool.

    Args:
        config: The network's shape.
        scale_attention: Whether attended values are multiplied by the number of steps.
    """

    def __init__(self, config: NetworkConfig, scale_attention: bool) -> None:
        """Remember the shape."""
        self._config = config
        self._attention_scale = float(config.steps) if scale_attention else 1.0
        self.loss_and_gradients = compiled(self._loss_and_gradients)

    def _loss_and_gradients(
        self, weights: dict[str, Any], pooled: Any, meta: Any, labels: Any, importance: Any, keys: tuple[Any, Any, Any]
    ) -> tuple[Any, dict[str, Any], Any]:
        """Compute `loss`, its gradients by weight, and that of the pooled steps; `keys` are those of the masks."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((weights, pooled))
            loss = self.loss(weights, pooled, meta, labels, importance, Masks(*keys, PART))
        return loss, *tape.gradient(loss, (weights, pooled))

    def loss(self, weights: dict[str, Any], pooled: Any, meta: Any, labels: Any, importance: Any, masks: Masks) -> Any:
        """Compute the sum over windows of importance · binary cross-entropy.

        Args:
            weights: All weights by name.
            pooled: float32, shape (steps, 2 windows, filters).
            meta: float32, shape (windows, meta_size).
            labels: float32, shape (windows,).
            importance: float32, shape (windows,).
            masks: Where dropout masks come from.

        Returns:
            float32 scalar.
        """
        forward, reverse = tf.split(self.logits(weights, pooled, meta, masks), 2)
        return tf.reduce_sum(importance * binary_cross_entropy(forward, reverse, labels, self._config.merge))

    def logits(self, weights: dict[str, Any], pooled: Any, meta: Any, masks: Masks) -> Any:
        """Compute both strands' logits, float32, shape (2 windows,)."""
        config = self._config
        x = pooled
        if config.attends_before_lstm:
            x = self._attend(weights, x)
        for layer in range(1, config.num_lstm + 1):
            rates = config.lstm_dropout, config.recurrent_dropout
            x = bidirectional(x, weights, f"lstm_{layer}", config.gate_activation, rates, masks)
            x = masks.drop(x, config.dropout)
        if config.attention != "none" and not config.attends_before_lstm:
            x = self._attend(weights, x)
        if config.attention != "weighted-sum":
            x = tf.reshape(tf.transpose(x, (1, 0, 2)), (x.shape[1], -1))
        x = _dense(weights, "strand", x)
        if config.meta:
            x = tf.concat([x, tf.concat([meta, meta], axis=0)], axis=1)
        x = masks.drop(x, config.dropout)
        for index in range(len(config.dense_after_meta)):
            x = masks.drop(_dense(weights, f"dense_{index + 1}", x), config.dropout)
        return tf.matmul(x, weights["logit/kernel"])[:, 0] + weights["logit/bias"]

    def _attend(self, weights: dict[str, Any], x: Any) -> Any:
        if self._config.is_pairwise:
            return self._attend_in_pairs(weights, x)
        if self._config.attention == "weighted-sum":
            total = tf.reduce_sum(tf.nn.softmax(x, axis=0) * x, axis=0)
            return tf.nn.relu(tf.matmul(total, weights["attention/kernel"]))
        steps, windows, width = x.shape
        logits = tf.matmul(weights["attention/kernel"], tf.reshape(x, (steps, windows * width)), transpose_a=True)
        logits = tf.reshape(logits, x.shape) + weights["attention/bias"][:, tf.newaxis, tf.newaxis]
        alpha = tf.nn.softmax(logits, axis=0)
        if self._config.merge_attention:
            alpha = tf.reduce_mean(alpha, axis=2, keepdims=True)
        return x * (alpha * self._attention_scale)

    def _attend_in_pairs(self, weights: dict[str, Any], x: Any) -> Any:
        x = tf.transpose(x, (1, 0, 2))
        coded = x
        if self._config.position_encoding == "learned":
            coded = x + weights["attention/position"]
        elif self._config.position_encoding == "trigonometric":
            coded = x + trigonometric_encoding(*x.shape[1:])
        query, key, value = (tf.tensordot(coded, weights[f"attention/{part}"], 1) for part in ("query", "key", "value"))
        scale = 1.0 / math.sqrt(self._config.attended_width // 2)
        alpha = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * scale)
        return tf.transpose(x + tf.matmul(alpha, value), (1, 0, 2))


def _dense(weights: dict[str, Any], name: str, x: Any) -> Any:
    return tf.nn.relu(tf.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"])
