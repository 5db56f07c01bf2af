"""Contributions against derivatives taken by hand: tiny steps of the float64 network's inputs."""

import itertools

import numpy as np
import pytest
from engine_toys import cut_window, random_chromosome, random_meta, random_model
from reference_network import reference, sigmoid

from deepgrn_tool.attention.gradient import contribution, merge_strands, strand_gradients

SIZES = {"filters": 6, "lstm_units": 4, "dense_units": 8, "flank": 75, "kernel_size": 15}
STEP = 1e-5


def example(**options):
    """A network, three windows (one over the chromosome's start) and their meta inputs."""
    model = random_model(**SIZES, **options)
    chromosome = random_chromosome(700)
    windows = np.stack([cut_window(chromosome, start, 350) for start in (-60, 100, 333)])
    return model, windows, random_meta(model.config, 3)


def slopes_by_hand(model, windows, meta, places):
    """Derivatives of both strands' and the merged probability at some (window, base, channel).

    Returns:
        Slopes to the right and to the left, (3, places) each; at a kink, where a ReLU or a maximum changes over, they
        differ.
    """
    moved = np.repeat(windows[places[0]].astype(np.float64)[np.newaxis], 3, axis=0)
    for step in (0, 2):
        moved[step, np.arange(len(places[0])), places[1], places[2]] += (step - 1) * STEP
    moved = moved.reshape(-1, *windows.shape[1:])
    outcome = reference(model.config, model.weights, moved, np.tile(meta[places[0]], (3, 1)))
    found = np.concatenate([sigmoid(outcome.logits[:, 0]), outcome.probability[:, 0]]).reshape(3, 3, -1)
    left, middle, right = found.transpose(1, 0, 2)
    return (right - middle) / STEP, (middle - left) / STEP


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "after-lstm", "merge": "mean"},
        {"attention": "none", "merge": "max", "meta": (), "num_lstm": 2, "gate_activation": "hard-sigmoid"},
    ],
)
def test_derivatives(options):
    model, windows, meta = example(**options)
    draw = np.random.default_rng(2)
    places = tuple(draw.integers(0, size, 150) for size in windows.shape)
    gradients = strand_gradients(model)
    probability, slopes = gradients(windows, meta)
    merged, score = merge_strands(probability, slopes, model.config)
    outcome = reference(model.config, model.weights, windows, meta)
    np.testing.assert_allclose(probability.ravel(), sigmoid(outcome.logits[:, 0]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(score, outcome.probability[:, 0], rtol=0, atol=1e-5)

    right, left = slopes_by_hand(model, windows, meta, places)
    scale = np.abs(right).max()
    assert scale > 1e-4
    smooth = np.abs(right - left).max(axis=0) < 1e-3 * scale
    assert smooth.mean() > 0.8
    wanted = (right + left)[:, smooth] / 2
    assert (np.abs(wanted) > scale / 100).mean() > 0.3  # many of the places count
    found = np.stack([values[places][smooth] for values in (*slopes, merged)])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-3 * scale)

    # Windows of a batch do not meet.
    for begin, end in itertools.pairwise([0, 1, 3]):
        part = gradients(windows[begin:end], meta[begin:end])
        np.testing.assert_allclose(part[0], probability[:, begin:end], rtol=0, atol=1e-6)
        np.testing.assert_allclose(part[1], slopes[:, begin:end], rtol=0, atol=1e-6)


def test_both_strands_win_somewhere():
    """So that the test of `max` says something: one strand decides a window, the other strand another."""
    model, windows, meta = example(attention="none", merge="max", meta=(), num_lstm=2, gate_activation="hard-sigmoid")
    logits = reference(model.config, model.weights, windows, meta).logits.reshape(2, 3)
    assert len({bool(one) for one in logits[0] > logits[1]}) == 2


def test_contribution_by_hand():
    """Two bases, channels A C G T and a signal: |0.5·1| + |-2·3| = 6.5, and an N with |1·(-4)| = 4."""
    windows = np.array([[[1, 0, 0, 0, 3], [0, 0, 0, 0, -4]]], np.float32)
    slopes = np.array([[[0.5, 9, 9, 9, -2], [7, 7, 7, 7, 1]]], np.float32)
    assert contribution(slopes, windows).tolist() == [[6.5, 4.0]]
