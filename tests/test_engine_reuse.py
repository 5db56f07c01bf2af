"""An engine for other weights of the same shape of network uses the code that was compiled for the first one."""

import itertools

import numpy as np
import pytest
from engine_toys import (
    assert_same,
    cut_window,
    engine_scores,
    keras_scores,
    random_chromosome,
    random_meta,
    random_model,
)

from deepgrn_tool.engine import computation
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.network.files import Model

STARTS = np.arange(-75, 1200, 50)
OPTIONS = {"filters": 3, "kernel_size": 30, "lstm_units": 2, "dense_units": 4, "flank": 75, "attention": "after-lstm"}


@pytest.fixture
def traces(monkeypatch):
    """Starts with nothing compiled; grows by one entry whenever the computation is traced to be compiled."""
    computation.compiled_computation.cache_clear()
    traced = []
    original = computation.pooled_positions
    monkeypatch.setattr(computation, "pooled_positions", lambda *arguments: (traced.append(1), original(*arguments))[1])
    yield traced
    computation.compiled_computation.cache_clear()


def engine_for(model, **options):
    return Engine(model, attention=True, **({"max_windows": 16} | options))


def run(engine):
    chromosome = random_chromosome(1300, len(engine.config.tracks))
    return engine_scores(engine, chromosome, STARTS, random_meta(engine.config, len(STARTS)))


def checked_logits(model, tolerance=1e-5, **options):
    """Score with a new engine and compare with the ordinary network."""
    found = run(engine_for(model, **options))
    chromosome = random_chromosome(1300, len(model.config.tracks))
    windows = np.stack([cut_window(chromosome, start, model.config.window_size) for start in STARTS])
    assert_same(found, keras_scores(model, windows, random_meta(model.config, len(STARTS))), tolerance)
    return found["logits"]


@pytest.mark.parametrize("threads", [1, 2])
def test_new_weights_need_no_compilation(traces, threads):
    """As validation after each epoch of training does; each engine still scores with its own weights."""
    logits = [checked_logits(random_model(seed=seed, **OPTIONS), threads=threads) for seed in range(1, 4)]
    assert len(traces) == 1
    for one, other in itertools.pairwise(logits):
        assert np.abs(one - other).min() > 1e-4


def test_another_shape_needs_its_own(traces):
    """The segment's size, the network's and what is returned are parts of the compiled code."""
    for number, (network, engine) in enumerate(
        [({}, {}), ({}, {"max_windows": 8}), ({}, {"on_grid": False}), ({"merge": "max"}, {}), ({"lstm_units": 3}, {})]
    ):
        run(engine_for(random_model(**OPTIONS | network), **engine))
        assert len(traces) == number + 1


def test_weights_whose_softmax_may_overflow_get_code_that_does_not(traces):
    """With a kernel of 40 for every pair of 18 steps, exponents come near 700, and exp(89) overflows.

    Numbers of this size are known to 6e-5 only, and so is the attention.
    """
    model = random_model(**OPTIONS)
    run(engine_for(model))
    large = dict(model.weights)
    large["attention/kernel"] = np.sign(large["attention/kernel"]) * np.float32(40)
    checked_logits(Model(model.config, large), tolerance=1e-4)
    assert len(traces) == 2
    run(engine_for(model))
    assert len(traces) == 2


def test_few_compiled_computations_are_kept(traces):
    """A program that scores with one network after another does not keep them all."""
    for units in range(1, 7):
        engine_for(random_model(**OPTIONS | {"lstm_units": units}))
    assert computation.compiled_computation.cache_info().currsize == 4
