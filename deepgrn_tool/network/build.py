"""From a configuration to a Keras network, and its weights as a plain table of named arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.layers import (
    BothStrands,
    ForBothStrands,
    MergeStrands,
    PairwiseAttention,
    PositionAttention,
    WeightedSumAttention,
    keras2_hard_sigmoid,
)
from deepgrn_tool.network.weights import Weights, check_weights


@dataclass(frozen=True)
class Network:
    """A Keras network and its configuration.

    Attributes:
        config: What the network was built from.
        model: Inputs `windows` (n, window_size, channels) and, if the configuration has meta inputs, `meta`
            (n, meta_size), both float32; output: probability of binding, (n, 1).
        inspector: The same layers with more outputs: `probability` (n, 1), `logits` (2n, 1) and, for kinds with
            attention, `attention` (2n, steps, d) or, pairwise, (2n, steps, steps); forward strands come first.
    """

    config: NetworkConfig
    model: keras.Model
    inspector: keras.Model

    def get_weights(self) -> Weights:
        """Give all weights as float32 arrays under the names that `weight_shapes` lists."""
        # Not ops.convert_to_numpy: it asks TensorFlow's variables for a copy, about which NumPy 2 warns.
        return {name: np.asarray(variable).copy() for name, variable in _variables(self.model).items()}

    def set_weights(self, weights: Weights) -> None:
        """Overwrite all weights.

        Raises:
            InputError: A weight is missing, unknown, or has another shape.
        """
        check_weights(weights, self.config)
        for name, variable in _variables(self.model).items():
            variable.assign(weights[name])


def build_network(config: NetworkConfig) -> Network:
    """Build the Keras network of a configuration, with fresh weights.

    Source: DeepGRN paper, section 2.3 and figure 1.
    """
    windows = keras.Input((config.window_size, len(config.channels)), name="windows")
    x = BothStrands(name="both_strands")(windows)
    x = _positions(config, x)
    attention = None
    if config.attends_before_lstm:
        x, attention = _attention(config, x)
        x = _lstms(config, x)
    else:
        x = _lstms(config, x)
        if config.attention != "none":
            x, attention = _attention(config, x)
    if config.attention != "weighted-sum":
        x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(config.dense_units, activation="relu", name="strand")(x)
    inputs = [windows]
    if config.meta:
        meta = keras.Input((config.meta_size,), name="meta")
        inputs.append(meta)
        x = layers.Concatenate(name="with_meta")([x, ForBothStrands(name="meta_for_both")(meta)])
    x = layers.Dropout(config.dropout)(x)
    for index, units in enumerate(config.dense_after_meta):
        x = layers.Dense(units, activation="relu", name=f"dense_{index + 1}")(x)
        x = layers.Dropout(config.dropout)(x)
    logits = layers.Dense(1, name="logit")(x)
    probability = MergeStrands(config.merge, name="probability")(logits)
    outputs = {"probability": probability, "logits": logits}
    if attention is not None:
        outputs["attention"] = attention
    return Network(config, keras.Model(inputs, probability), keras.Model(inputs, outputs))


def fresh_weights(config: NetworkConfig, seed: int) -> Weights:
    """Give the weights that a network has before training, drawn as Keras does.

    Args:
        config: The network's shape.
        seed: Of Keras' random numbers, and of Python's and NumPy's global ones, which Keras sets with them.
    """
    keras.utils.set_random_seed(seed)
    return build_network(config).get_weights()


def _positions(config: NetworkConfig, x: Any) -> Any:
    for index in range(config.num_conv):
        x = layers.Conv1D(config.filters, config.kernel_size, activation="relu", name=f"conv_{index + 1}")(x)
        x = layers.Dropout(config.dropout)(x)
    x = layers.Dense(config.filters, activation="relu", name="per_position")(x)
    return layers.MaxPooling1D(config.pool_size, name="pool")(x)


def _lstms(config: NetworkConfig, x: Any) -> Any:
    gate = keras2_hard_sigmoid if config.gate_activation == "hard-sigmoid" else "sigmoid"
    for index in range(config.num_lstm):
        lstm = layers.LSTM(
            config.lstm_units,
            recurrent_activation=gate,
            return_sequences=True,
            dropout=config.lstm_dropout,
            recurrent_dropout=config.recurrent_dropout,
        )
        x = layers.Bidirectional(lstm, name=f"lstm_{index + 1}")(x)
        x = layers.Dropout(config.dropout)(x)
    return x


def _attention(config: NetworkConfig, x: Any) -> tuple[Any, Any]:
    if config.is_pairwise:
        return PairwiseAttention(config.position_encoding, name="attention")(x)
    if config.attention == "weighted-sum":
        return WeightedSumAttention(config.dense_units, name="attention")(x)
    return PositionAttention(config.merge_attention, name="attention")(x)


def _variables(model: keras.Model) -> dict[str, Any]:
    """Name every variable of the network as `weight_shapes` does."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, layers.Bidirectional):
            for direction in ("forward", "backward"):
                cell = getattr(layer, f"{direction}_layer").cell
                found[f"{layer.name}/{direction}_kernel"] = cell.kernel
                found[f"{layer.name}/{direction}_recurrent"] = cell.recurrent_kernel
                found[f"{layer.name}/{direction}_bias"] = cell.bias
        else:
            found |= {f"{layer.name}/{weight.name}": weight for weight in layer.trainable_weights}
    return found
