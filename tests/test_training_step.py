"""One training step against Keras' own: gradients of every architecture, places of dropout, loss, and Adam."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from network_toys import ATTENTIONS, random_weights
from test_network_reference import TINY, all_configs, identity
from training_step_toys import (
    assert_same_gradients,
    keras_inputs,
    keras_loss_and_gradients,
    loss_and_gradients,
    make_step,
    random_batch,
)

from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.loss import binary_cross_entropy
from deepgrn_tool.training.masks import Masks


@pytest.fixture
def uncompiled():
    """Run operations one by one: compilation takes seconds per network, these networks milliseconds."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def assert_step_equals_keras(config, batch, **options):
    weights = random_weights(config, seed=2)
    expected_loss, expected = keras_loss_and_gradients(config, weights, batch)
    loss, gradients = loss_and_gradients(config, weights, batch, **options)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_same_gradients(gradients, expected)


# Half of the architectures: every attention with every number of convolutions, and in turn with one or two LSTMs.
CONFIGS = [config for n, config in enumerate(all_configs()) if (n + n // 2 + n // 6) % 2 == 0]


@pytest.mark.parametrize("config", CONFIGS, ids=identity)
def test_gradients_equal_those_of_keras(config, uncompiled):
    config = dataclasses.replace(config, dropout=0.0)
    assert_step_equals_keras(config, random_batch(config, 5, seed=3))


@pytest.mark.parametrize("num_conv", [0, 1, 2])
def test_gradients_where_all_letters_are_bases(num_conv, uncompiled):
    config = NetworkConfig(**TINY, num_conv=num_conv, dropout=0.0)
    assert_step_equals_keras(config, random_batch(config, 5, seed=4, unknown=False))


@pytest.mark.parametrize(("count", "threads"), [(1, 1), (4, 3), (5, 2)])
def test_the_mean_is_over_the_windows_that_are_there(count, threads, uncompiled):
    """Shares of threads are of equal size, so that 4 or 5 windows are filled up to 6."""
    config = NetworkConfig(**TINY, dropout=0.0)
    assert_step_equals_keras(config, random_batch(config, count, seed=5), threads=threads)


def every_second(shape):
    """Drop features 0, 2, 4 … everywhere: a mask that does not depend on how arrays are laid out."""
    return np.broadcast_to(np.arange(shape[-1]) % 2 * 2.0, shape).astype(np.float32)


@pytest.mark.parametrize("rates", [(0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.5), (0.5, 0.5, 0.5)])
@pytest.mark.parametrize("attention", ["none", "before-lstm"])
def test_dropout_acts_where_it_does_in_keras(rates, attention, uncompiled, monkeypatch):
    """With the same mask in both, everything stays equal, so no dropout is missing, too many, or wrongly scaled."""
    config = NetworkConfig(
        **TINY, attention=attention, num_conv=2, num_lstm=2,
        dropout=rates[0], lstm_dropout=rates[1], recurrent_dropout=rates[2],
    )  # fmt: skip
    monkeypatch.setattr(Masks, "factors", lambda masks, shape, rate: tf.constant(every_second(shape)))
    monkeypatch.setattr(
        keras.src.backend.random, "dropout", lambda x, rate, *args, **options: x * every_second(x.shape)
    )
    assert_step_equals_keras(config, random_batch(config, 5, seed=6))


@pytest.mark.parametrize("options", [{"attention": "after-lstm"}, {"attention": "pairwise"}])
def test_compiled_steps_of_adam_equal_those_of_keras(options):
    config = NetworkConfig(**TINY, **options, dropout=0.0)
    weights, batch = random_weights(config, seed=7), random_batch(config, 5, seed=7)
    network = build_network(config)
    network.set_weights(weights)
    network.model.compile(keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    step = make_step(config, weights, threads=2)
    expected = []
    for _ in range(4):
        network.model.reset_metrics()  # the first versions of Keras 3 give the mean of all batches so far
        loss = network.model.train_on_batch(keras_inputs(config, batch), batch.labels, sample_weight=batch.weights)
        expected.append(float(loss))
        assert float(step.run(batch)) == pytest.approx(expected[-1], rel=1e-5)
    assert expected[-1] < 0.9 * expected[0]  # it learned something
    for name, values in network.get_weights().items():
        np.testing.assert_allclose(step.weights()[name], values, rtol=0, atol=2e-4, err_msg=name)


# -log of the mean of two sigmoids, or of the larger one, from the logits of both strands, by hand:
# σ(0) = 1/2; σ(ln 3) = 3/4; the mean of 3/4 and 1/4 is 1/2; far from 0, -log(1 - σ(x)) is x, and halving adds log 2.
LN2, LN3 = np.log(2), np.log(3)
LOSSES = [
    ("mean", 0.0, 0.0, 1, LN2),
    ("mean", LN3, -LN3, 0, LN2),
    ("mean", LN3, LN3, 1, np.log(4 / 3)),
    ("mean", -200.0, -200.0, 1, 200.0),
    ("mean", 200.0, 0.0, 0, 2 * LN2),
    ("mean", -200.0, 200.0, 1, LN2),
    ("mean", 200.0, 200.0, 1, 0.0),
    ("max", LN3, -LN3, 0, np.log(4)),
    ("max", LN3, 0.0, 1, np.log(4 / 3)),
    ("max", 150.0, -3.0, 0, 150.0),
]


@pytest.mark.parametrize(("merge", "forward", "reverse", "label", "expected"), LOSSES)
def test_loss_by_hand(merge, forward, reverse, label, expected):
    values = [tf.constant([value], tf.float32) for value in (forward, reverse, label)]
    loss = binary_cross_entropy(*values, merge)
    np.testing.assert_allclose(loss, [expected], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("logit", "label"), [(0.0, 1), (2.0, 0), (-120.0, 1), (120.0, 0)])
def test_equal_strands_share_the_gradient(logit, label):
    """d/dx of -log σ(x) is σ(x) - 1, of -log(1 - σ(x)) is σ(x), and each strand of the mean has half of it."""
    strands = [tf.constant([logit])] * 2
    strands = [tf.identity(strand) for strand in strands]
    with tf.GradientTape() as tape:
        tape.watch(strands)
        loss = binary_cross_entropy(*strands, tf.constant([float(label)]), "mean")
    expected = (1 / (1 + np.exp(-logit)) - label) / 2
    np.testing.assert_allclose(tape.gradient(loss, strands), [[expected]] * 2, rtol=1e-6)


def test_the_architectures_cover_every_pair():
    found = {(c.attention, c.merge_attention, c.position_encoding, c.num_conv) for c in CONFIGS}
    assert len(found) == len(CONFIGS) == 3 * len(ATTENTIONS)
    for name in ("num_lstm", "merge", "gate_activation"):
        assert len({(c.attention, getattr(c, name)) for c in CONFIGS}) == 2 * len({c.attention for c in CONFIGS}), name
