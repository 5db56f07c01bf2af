"""Small batches, and the same training step by Keras' own means: what tests of the training step share."""

import keras
import numpy as np
import tensorflow as tf
from test_network_reference import named_variables

from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.weights import weight_shapes
from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.step import TrainingStep


def random_batch(config, count, seed, unknown=True):
    """Windows with and without N, labels of both kinds, weights that differ."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 4, (count, config.window_size)).astype(np.uint8)
    if unknown:
        codes[0, :5] = codes[-1, 11] = 4
    return Batch(
        codes,
        draw.random((count, config.window_size, len(config.tracks)), np.float32),
        draw.standard_normal((count, config.meta_size)).astype(np.float32),
        (np.arange(count) % 2).astype(np.float32),
        draw.uniform(0.5, 2.0, count).astype(np.float32),
    )


def keras_inputs(config, batch):
    bases = np.vstack([np.eye(4), np.zeros(4)]).astype(np.float32)[batch.codes]
    windows = np.concatenate([bases, batch.signals], axis=2)
    return [windows, batch.meta] if config.meta else [windows]


def keras_loss_and_gradients(config, weights, batch):
    """Loss and gradients, by name of the weight, by automatic differentiation of the Keras network in training."""
    network = build_network(config)
    network.set_weights(weights)
    variables = named_variables(network)
    with tf.GradientTape() as tape:
        probability = network.model(keras_inputs(config, batch), training=True)
        loss = keras.losses.binary_crossentropy(batch.labels[:, None], probability)
        loss = tf.reduce_mean(loss * batch.weights)
    values = tape.gradient(loss, [variable.value for variable in variables.values()])
    return float(loss), {name: np.asarray(value) for name, value in zip(variables, values, strict=True)}


def make_step(config, weights, **options):
    options = {"batch_size": 5, "learning_rate": 0.01, "seed": 1, "threads": 1} | options
    return TrainingStep(config, weights, **options)


def by_name(config, vector):
    """Cut the vector of all weights, which holds them in the order of `weight_shapes`."""
    shapes = weight_shapes(config)
    pieces = np.split(vector, np.cumsum([int(np.prod(shape)) for shape in shapes.values()])[:-1])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}


def loss_and_gradients(config, weights, batch, **options):
    """Loss and gradients of a first step, after which Adam's mean is a tenth of the gradient."""
    step = make_step(config, weights, **options)
    loss = float(step.run(batch))
    return loss, {name: values * 10 for name, values in by_name(config, step.state()["mean"]).items()}


def assert_same_gradients(found, expected):
    """Each array to 2e-5 of its largest value, but for what float32 loses where large gradients cancel each other."""
    assert found.keys() == expected.keys()
    floor = 1e-7 * max(np.abs(values).max() for values in expected.values())
    for name, values in expected.items():
        scale = np.abs(values).max()
        assert scale > 1e-7, f"no gradient reaches {name}"
        np.testing.assert_allclose(found[name], values, rtol=0, atol=2e-5 * scale + floor, err_msg=name)
