"""What a training step keeps: weights in the paper's form, everything to go on from, and no state of dropout masks."""

import numpy as np
import pytest
import tensorflow as tf
from network_toys import random_weights
from test_network_reference import TINY
from training_step_toys import by_name, make_step, random_batch

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.masks import Masks
from deepgrn_tool.training.parameters import scaled_start

DROPPING = NetworkConfig(**TINY, dropout=0.3, lstm_dropout=0.2, recurrent_dropout=0.2)
BATCHES = [random_batch(DROPPING, 5, seed) for seed in range(4)]
SCALED = {"after-lstm": {"strand/kernel"}, "before-lstm": {"lstm_1/forward_kernel", "lstm_1/backward_kernel"}}


@pytest.fixture(autouse=True)
def uncompiled():
    """Run operations one by one; the test of compiled steps takes that back."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def trained(batches, state=None, **options):
    step = make_step(DROPPING, random_weights(DROPPING, seed=1), **options)
    if state is not None:
        step.restore(state)
    losses = [float(step.run(batch)) for batch in batches]
    return losses, step


def assert_identical(one, other):
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupted_run_ends_as_the_whole_one(threads):
    losses, whole = trained(BATCHES, threads=threads)
    first_losses, first = trained(BATCHES[:2], threads=threads)
    last_losses, last = trained(BATCHES[2:], first.state(), threads=threads)
    assert first_losses + last_losses == losses
    assert_identical(last.state(), whole.state())
    assert_identical(last.weights(), whole.weights())
    assert int(whole.state()["steps"]) == 4


def test_moving_average_of_the_weights():
    """After n steps the old average keeps the smaller of 0.4 and (1 + n) / (10 + n): 2/11, 3/12, 4/13, then 0.4."""
    steps, weights = make_step(DROPPING, random_weights(DROPPING, seed=1), averaging=0.4), []
    average = steps.state()["weights"].astype(np.float64)
    batches = [BATCHES[number % 4] for number in range(7)]
    for kept, batch in zip([2 / 11, 3 / 12, 4 / 13, 5 / 14, 0.4, 0.4, 0.4], batches, strict=True):
        steps.run(batch)
        weights.append(steps.state()["weights"])
        average = kept * average + (1 - kept) * weights[-1]
    np.testing.assert_allclose(steps.state()["average"], average, rtol=0, atol=1e-6)
    for name, values in by_name(DROPPING, average).items():
        np.testing.assert_allclose(steps.weights()[name], values, rtol=0, atol=1e-6, err_msg=name)
    assert np.abs(weights[-1] - average).max() > 1e-3
    _, plain = trained(batches)
    assert np.array_equal(plain.state()["weights"], weights[-1])


def test_an_interrupted_average_goes_on():
    _, whole = trained(BATCHES, averaging=0.9)
    _, first = trained(BATCHES[:2], averaging=0.9)
    _, last = trained(BATCHES[2:], first.state(), averaging=0.9)
    assert_identical(last.weights(), whole.weights())
    with pytest.raises(InputError, match="the training state does not fit this network: 'average' differs"):
        trained([], first.state())


def test_learning_rate_of_a_step():
    (_, usual), (_, other) = trained([]), trained([], learning_rate=0.5)
    usual.run(BATCHES[0])
    other.run(BATCHES[0], 0.01)
    assert_identical(usual.weights(), other.weights())


def test_compiled_steps_repeat_themselves():
    tf.config.run_functions_eagerly(False)
    _, step = trained(BATCHES[:2], threads=2)
    state = step.state()
    losses = [float(step.run(batch)) for batch in BATCHES[2:]]
    end = step.state()
    step.restore(state)
    assert [float(step.run(batch)) for batch in BATCHES[2:]] == losses
    assert_identical(step.state(), end)
    assert not np.array_equal(end["weights"], state["weights"])


def test_a_state_is_a_copy():
    _, step = trained(BATCHES[:1])
    state = step.state()
    before = {name: values.copy() for name, values in state.items()}
    step.run(BATCHES[1])
    assert_identical(state, before)


@pytest.mark.parametrize("options", [{"seed": 2}, {"seed": 1 + (1 << 32)}, {"learning_rate": 0.02}])
def test_seed_and_rate_matter(options):
    usual, other = (trained(BATCHES[:2], **extra)[1].weights() for extra in ({}, options))
    assert not np.array_equal(usual["strand/kernel"], other["strand/kernel"])


def test_every_step_has_other_masks():
    step = make_step(DROPPING, random_weights(DROPPING, seed=1), learning_rate=0.0)
    assert len({float(step.run(BATCHES[0])) for _ in range(4)}) == 4


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_states_of_other_networks_are_refused(change):
    _, step = trained([])
    state = step.state()
    if change == "missing":
        del state["mean"]
    elif change == "unknown":
        state["extra"] = np.zeros(1)
    else:
        state["mean"] = state["mean"][1:]
    name = "extra" if change == "unknown" else "mean"
    with pytest.raises(InputError, match=f"the training state does not fit this network: '{name}' differs"):
        step.restore(state)


@pytest.mark.parametrize("count", [0, 6])
def test_batches_of_impossible_size_are_refused(count):
    _, step = trained([])
    with pytest.raises(ValueError, match=f"Expected 1 to 5 windows. Received {count}"):
        step.run(Batch(*(array[:count] for array in random_batch(DROPPING, 6, seed=1).arrays())))


@pytest.mark.parametrize("attention", SCALED)
def test_scaled_attention_is_the_same_network(attention):
    """Same weights, same loss; the gradient of a kernel that is kept 1/steps as large is steps times as large."""
    config = NetworkConfig(**TINY, attention=attention, dropout=0.0)
    weights, batch = random_weights(config, seed=3), random_batch(config, 5, seed=3)
    plain, scaled = (make_step(config, weights, scale_attention=scale) for scale in (False, True))
    for name, values in scaled.weights().items():
        np.testing.assert_allclose(values, weights[name], rtol=1e-6, err_msg=name)
    assert float(scaled.run(batch)) == pytest.approx(float(plain.run(batch)), rel=1e-5)
    expected, found = (by_name(config, step.state()["mean"]) for step in (plain, scaled))
    for name, values in expected.items():
        factor = config.steps if name in SCALED[attention] else 1
        np.testing.assert_allclose(found[name], values * factor, rtol=0, atol=1e-4 * np.abs(values).max() * factor)


@pytest.mark.parametrize("attention", SCALED)
def test_fresh_weights_keep_their_scale_in_training(attention):
    config = NetworkConfig(**TINY, attention=attention)
    weights = random_weights(config, seed=4)
    step = make_step(config, scaled_start(weights, config), scale_attention=True)
    for name, values in by_name(config, step.state()["weights"]).items():
        np.testing.assert_allclose(values, weights[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("attention", ["none", "weighted-sum", "pairwise", "pairwise-before-lstm"])
def test_other_kinds_have_no_scale(attention):
    config = NetworkConfig(**TINY, attention=attention)
    with pytest.raises(InputError, match=f"attention '{attention}' cannot be scaled; only after-lstm and before-lstm"):
        make_step(config, random_weights(config, seed=5), scale_attention=True)


def word(value):
    return tf.constant(value, tf.uint32)


def kept(shape=(1000, 200), rate=0.1, seed=(1, 0), step=0, share=0, part=0, draws=1):
    masks = Masks(word(seed), word(step), word(share), part)
    return [np.asarray(masks.factors(shape, rate)) for _ in range(draws)][-1]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_of_dropped_elements(rate):
    """Of 200,000 independent draws the share is within five standard deviations; so are all rows and columns."""
    dropped = kept(rate=rate) == 0
    assert np.unique(kept(rate=rate)) == pytest.approx([0, 1 / (1 - rate)])
    for share, draws in ((dropped.mean(), 200_000), (dropped.mean(axis=0), 1000), (dropped.mean(axis=1), 200)):
        assert np.abs(share - rate).max() < 5 * np.sqrt(rate * (1 - rate) / draws)


@pytest.mark.parametrize(
    "change", [{"seed": (2, 0)}, {"seed": (1, 1)}, {"step": 1}, {"share": 1}, {"part": 1}, {"draws": 2}]
)
def test_masks_are_repeatable_and_independent(change):
    """Correlations of 200,000 independent pairs are below five standard deviations, at every small distance."""
    assert np.array_equal(kept(**change), kept(**change))
    one, other = (np.ravel(mask) == 0 for mask in (kept(), kept(**change)))
    for distance in range(5):
        pair = one[distance:], other[: len(other) - distance]
        assert abs(np.corrcoef(*pair)[0, 1]) < 5 / np.sqrt(200_000)


@pytest.mark.parametrize("distance", [1, 2, 3, 64, 128, 200])
def test_neighbours_are_independent(distance):
    mask = np.ravel(kept()) == 0
    assert abs(np.corrcoef(mask[distance:], mask[:-distance])[0, 1]) < 5 / np.sqrt(200_000)


def test_no_dropout_changes_nothing():
    x = tf.constant([1.0, 2.0])
    assert Masks(word((1, 0)), word(0), word(0)).drop(x, 0.0) is x
