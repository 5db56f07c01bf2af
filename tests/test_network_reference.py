"""The Keras network against the plain float64 one for every kind of attention; gradients against finite differences."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from network_toys import ATTENTIONS, random_weights
from reference_network import reference

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.weights import weight_shapes

TINY = {
    "filters": 6,
    "kernel_size": 8,
    "lstm_units": 3,
    "dense_units": 8,
    "dense_after_meta": (8, 6),
    "bin_size": 20,
    "flank": 10,
}
# Taken in turn, so that every value meets many architectures (lengths 2, 4, 2, 3 and 3 against steps of 6).
MERGES = ["mean", "max"]
METAS = [(), ("expression",), ("annotation",), ("expression", "annotation")]
GATES = ["sigmoid", "hard-sigmoid"]
TRACKS = [("uniqueness", "accessibility"), ("accessibility",), ()]
HIDDEN = [(8, 6), (8,), ()]


def all_configs():
    depths = itertools.product(ATTENTIONS, (0, 1, 2), (1, 2))
    for number, (attention, num_conv, num_lstm) in enumerate(depths):
        yield NetworkConfig(
            **TINY
            | attention
            | {
                "num_conv": num_conv,
                "num_lstm": num_lstm,
                "merge": MERGES[(number + number // 6) % 2],
                "meta": METAS[(number + number // 4) % 4],
                "gate_activation": GATES[number // 2 % 2],
                "tracks": TRACKS[number // 5 % 3],
                "dense_after_meta": HIDDEN[number // 7 % 3],
            }
        )


def identity(config):
    merged = "-merged" if config.merge_attention else ""
    encoding = f"-{config.position_encoding}" if config.is_pairwise else ""
    meta = "+".join(config.meta) or "no-meta"
    return f"{config.attention}{merged}{encoding}-{config.num_conv}conv-{config.num_lstm}lstm-{config.merge}-{meta}"


def random_inputs(config, count, seed):
    random = np.random.default_rng(seed)
    windows = random.random((count, config.window_size, len(config.channels)))
    windows[:, :, :4] = np.eye(4)[random.integers(0, 4, windows.shape[:2])]
    windows[0, :5, :4] = 0  # N
    meta = random.standard_normal((count, config.meta_size))
    inputs = [windows, meta] if config.meta else [windows]
    return [array.astype(np.float32) for array in inputs]


def as_arrays(outputs):
    return {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in outputs.items()}


def test_the_turns_cover_every_pair():
    configs = list(all_configs())
    for one, other in itertools.combinations(("attention", "merge", "meta", "gate_activation", "num_conv"), 2):
        pairs = {(getattr(config, one), getattr(config, other)) for config in configs}
        values = [{getattr(config, name) for config in configs} for name in (one, other)]
        assert len(pairs) == len(values[0]) * len(values[1]), (one, other)


@pytest.mark.parametrize("config", list(all_configs()), ids=identity)
def test_outputs_equal_the_reference(config):
    network = build_network(config)
    weights = random_weights(config, seed=2)
    network.set_weights(weights)
    inputs = random_inputs(config, 3, seed=3)
    expected = reference(config, weights, *inputs)
    found = as_arrays(network.inspector(inputs))
    np.testing.assert_allclose(found["probability"], expected.probability, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["logits"], expected.logits, rtol=0, atol=1e-5)
    assert ("attention" in found) == (config.attention != "none")
    if config.attention != "none":
        np.testing.assert_allclose(found["attention"], expected.attention, rtol=0, atol=1e-5)
    assert np.array_equal(keras.ops.convert_to_numpy(network.model(inputs)), found["probability"])
    # All windows and strands differ: a network that ignored some of its input would not pass by chance.
    assert np.unique(expected.logits.round(5)).size == len(expected.logits)


@pytest.mark.parametrize("attention", ATTENTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_gradients_reach_every_weight(attention):
    """The gradient of every array along a random direction equals the central difference of the float64 network."""
    config = NetworkConfig(**TINY | attention, num_conv=2, num_lstm=2)
    network = build_network(config)
    weights = random_weights(config, seed=4)
    network.set_weights(weights)
    inputs = random_inputs(config, 4, seed=5)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(network.model(inputs, training=False))
    variables = network.model.trainable_variables
    gradients = dict(zip(map(id, variables), tape.gradient(total, [v.value for v in variables]), strict=True))
    names = named_variables(network)
    assert set(names) == set(weights)
    random = np.random.default_rng(6)
    for name, variable in names.items():
        gradient = np.asarray(gradients[id(variable)])
        assert np.abs(gradient).max() > 1e-7, f"no gradient reaches {name}"
        direction = random.standard_normal(gradient.shape)
        direction /= np.linalg.norm(direction)
        step = 1e-5
        ends = [
            reference(config, weights | {name: weights[name] + sign * step * direction}, *inputs).probability.sum()
            for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / (2 * step)
        found = float((gradient * direction).sum())
        assert found == pytest.approx(slope, rel=2e-3, abs=2e-6), name


def named_variables(network):
    """Variables by our names, found by value: each array is set to a number of its own."""
    before = network.get_weights()
    marks = {float(number): name for number, name in enumerate(before, start=1)}
    network.set_weights({name: np.full_like(before[name], mark) for mark, name in marks.items()})
    found = {marks[float(np.ravel(np.asarray(v))[0])]: v for v in network.model.trainable_variables}
    network.set_weights(before)
    return found


def test_weights_come_back_as_set():
    config = NetworkConfig(**TINY, num_conv=2, num_lstm=2, attention="pairwise", position_encoding="learned")
    network = build_network(config)
    weights = random_weights(config, seed=7)
    network.set_weights(weights)
    found = network.get_weights()
    assert list(found) == list(weight_shapes(config))
    for name, values in weights.items():
        assert np.array_equal(found[name], values), name
        assert found[name].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("conv_1/bias"), "weight 'conv_1/bias' is missing"),
        (lambda w: w.update({"extra/kernel": np.zeros(3)}), "weight 'extra/kernel' is not part of the network"),
        (lambda w: w.update({"logit/bias": np.zeros(2)}), r"weight 'logit/bias' has shape \(2,\); the network needs"),
        (lambda w: w["logit/bias"].fill(np.nan), "weight 'logit/bias' holds values that are not finite numbers"),
        (lambda w: w["logit/bias"].fill(np.inf), "weight 'logit/bias' holds values that are not finite numbers"),
    ],
)
def test_wrong_weights_are_refused_before_any_is_set(change, message):
    config = NetworkConfig(**TINY)
    network = build_network(config)
    before = network.get_weights()
    weights = random_weights(config, seed=8)
    change(weights)
    with pytest.raises(InputError, match=message):
        network.set_weights(weights)
    assert all(np.array_equal(values, before[name]) for name, values in network.get_weights().items())


def test_dropout_acts_in_training_only():
    config = NetworkConfig(**TINY, dropout=0.5)
    network = build_network(config)
    inputs = random_inputs(config, 3, seed=9)
    first, second = (np.asarray(network.model(inputs, training=False)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, np.asarray(network.model(inputs, training=True)))
