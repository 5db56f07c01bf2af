"""A score depends on its window alone: not on what is computed beside it, how, or in which order."""

import numpy as np
import pytest
from engine_toys import (
    Chromosome,
    assert_same,
    collect,
    cut_window,
    engine_scores,
    keras_scores,
    random_chromosome,
    random_meta,
    random_model,
    segment_inputs,
)

from deepgrn_tool.engine import shared
from deepgrn_tool.engine.computation import compiled_computation
from deepgrn_tool.engine.engine import Engine

COMPILED, NUMPY = {}, {"bins": 1}
GRID = np.arange(-75, 3000, 50)


@pytest.fixture(scope="module")
def model():
    return random_model(
        filters=6, kernel_size=30, lstm_units=4, dense_units=8, dense_after_meta=(8,), flank=75, attention="after-lstm"
    )


@pytest.fixture(scope="module")
def chromosome():
    return random_chromosome(3100)


@pytest.fixture(scope="module")
def meta(model):
    return random_meta(model.config, len(GRID))


@pytest.fixture(scope="module")
def expected(model, chromosome, meta):
    """Scores of the grid's windows by the ordinary network."""
    windows = np.stack([cut_window(chromosome, start, model.config.window_size) for start in GRID])
    return keras_scores(model, windows, meta)


@pytest.fixture(scope="module")
def engines(model):
    """Makes each engine once."""
    made = {}

    def engine(**options):
        key = tuple(sorted(options.items()))
        if key not in made:
            made[key] = Engine(model, attention=True, **options)
        return made[key]

    return engine


@pytest.fixture
def forgotten():
    """Forget what was compiled, since a changed module constant is part of the compiled code."""
    compiled_computation.cache_clear()
    yield
    compiled_computation.cache_clear()


def part_of(scores, chosen):
    return {name: values[chosen] if name == "probability" else values[:, chosen] for name, values in scores.items()}


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("max_windows", [1, 3, 16, 1024])
def test_segment_size_and_threads_with_numpy(engines, chromosome, meta, expected, max_windows, threads):
    engine = engines(max_windows=max_windows, threads=threads, **NUMPY)
    assert_same(engine_scores(engine, chromosome, GRID, meta), expected)


# Each size and each number of threads once: an engine is compiled anew for every size.
@pytest.mark.parametrize(("max_windows", "threads"), [(1, 1), (3, 2), (16, 3), (1024, 2)])
def test_segment_size_and_threads_compiled(engines, chromosome, meta, expected, max_windows, threads):
    engine = engines(max_windows=max_windows, threads=threads, **COMPILED)
    assert_same(engine_scores(engine, chromosome, GRID, meta), expected)


# Chunks shorter than a window, not a multiple of the kept positions' spacing (5), up to longer than the segment.
@pytest.mark.parametrize("chunk", [97, 1000, 100_000])
@pytest.mark.parametrize("options", [COMPILED, NUMPY], ids=["compiled", "numpy"])
def test_chunks_of_shared_positions(forgotten, monkeypatch, model, chromosome, meta, expected, options, chunk):
    monkeypatch.setattr(shared, "CHUNK", chunk)
    engine = Engine(model, attention=True, max_windows=64, **options)
    assert_same(engine_scores(engine, chromosome, GRID, meta), expected)


@pytest.mark.parametrize("options", [{"threads": 3, **COMPILED}, {"threads": 2, **NUMPY}], ids=["compiled", "numpy"])
@pytest.mark.parametrize("seed", [1, 2])
def test_which_other_windows_are_asked_for(engines, chromosome, meta, expected, options, seed):
    draw = np.random.default_rng(seed)
    chosen = np.flatnonzero(draw.random(len(GRID)) < 0.4)
    found = engine_scores(engines(max_windows=16, **options), chromosome, GRID[chosen], meta[chosen])
    assert_same(found, part_of(expected, chosen))


@pytest.mark.parametrize("options", [{"threads": 3, **COMPILED}, {"threads": 2, **NUMPY}], ids=["compiled", "numpy"])
def test_one_window_at_a_time(engines, chromosome, meta, expected, options):
    """Every window a segment of its own, a few of which share one computation."""
    engine = engines(max_windows=16, **options)
    inputs = (
        one for number in range(20) for one in segment_inputs(engine, chromosome, GRID[number:][:1], meta[number:][:1])
    )
    assert_same(collect(engine.score(inputs)), part_of(expected, slice(0, 20)))


def test_numpy_and_compiled_off_the_grid(model, chromosome):
    """The same windows on the grid's engine where their phase agrees, and on the engine for any start."""
    starts = np.arange(13, 1500, 50)
    meta = random_meta(model.config, len(starts))
    windows = np.stack([cut_window(chromosome, start, model.config.window_size) for start in starts])
    wanted = keras_scores(model, windows, meta)
    for options in ({"on_grid": True, **NUMPY}, {"on_grid": False, **NUMPY}, {"on_grid": False, **COMPILED}):
        engine = Engine(model, attention=True, max_windows=16, **options)
        assert_same(engine_scores(engine, chromosome, starts, meta), wanted)


@pytest.mark.parametrize("options", [{"threads": 3, **COMPILED}, {"threads": 2, **NUMPY}], ids=["compiled", "numpy"])
def test_many_tiny_chromosomes(engines, model, options):
    """One to three windows each; their segments are computed together, and come back in order with their own scores."""
    engine = engines(max_windows=16, **options)
    names, inputs, windows, metas = [], [], [], []
    for number in range(40):
        tiny = random_chromosome(120 + 7 * number, seed=100 + number)
        starts = np.array([-75, -25, 25][: 1 + number % 3])
        meta = random_meta(model.config, len(starts), seed=number)
        inputs += segment_inputs(engine, tiny, starts, meta)
        windows += [cut_window(tiny, start, model.config.window_size) for start in starts]
        metas.append(meta)
        names += [number] * len(starts)
    results = list(engine.score(iter(inputs)))
    assert all(result.segment is one.segment for result, one in zip(results, inputs, strict=True))
    wanted = keras_scores(model, np.stack(windows), np.concatenate(metas))
    assert_same(collect(results), wanted)


@pytest.mark.parametrize("options", [{"threads": 3, **COMPILED}, {"threads": 2, **NUMPY}], ids=["compiled", "numpy"])
@pytest.mark.parametrize("differing_meta", [True, False])
def test_gaps_of_the_assembly(engines, model, options, differing_meta):
    """Windows of N without signal, which differ in their meta inputs at most, between others."""
    solid = random_chromosome(6000)
    codes, signals = solid.codes.copy(), solid.signals.copy()
    codes[1000:5000], signals[1000:5000] = 4, 0
    gapped = Chromosome(codes, signals)
    starts = np.arange(-75, 5700, 50)
    meta = random_meta(model.config, len(starts))
    if differing_meta:
        meta[30:90] = meta[30:32].repeat(30, axis=0)
    else:
        meta[:] = meta[0]
    windows = np.stack([cut_window(gapped, start, model.config.window_size) for start in starts])
    found = engine_scores(engines(max_windows=16, **options), gapped, starts, meta)
    assert_same(found, keras_scores(model, windows, meta))


def test_signal_in_a_gap_counts(engines, model):
    """Tracks may have values where the bases are N."""
    signals = np.zeros((2000, 2), np.float32)
    signals[1000:1100, 1] = 2
    gap = Chromosome(np.full(2000, 4, np.uint8), signals)
    starts = np.arange(-75, 1700, 50)
    meta = random_meta(model.config, 1).repeat(len(starts), axis=0)
    windows = np.stack([cut_window(gap, start, model.config.window_size) for start in starts])
    found = engine_scores(engines(max_windows=16, threads=2, **NUMPY), gap, starts, meta)
    assert np.unique(found["probability"].round(4)).size > 5
    assert_same(found, keras_scores(model, windows, meta))


def test_gap_without_meta_inputs():
    bare = random_model(filters=6, kernel_size=15, lstm_units=4, dense_units=8, meta=(), flank=75, attention="none")
    gap = Chromosome(np.full(2000, 4, np.uint8), np.zeros((2000, 2), np.float32))
    starts = np.arange(-75, 1500, 50)
    engine = Engine(bare, max_windows=16, **NUMPY)
    meta = random_meta(bare.config, len(starts))
    window = cut_window(gap, 100, bare.config.window_size)[np.newaxis]
    (probability,) = keras_scores(bare, window, meta[:1])["probability"]
    found = engine_scores(engine, gap, starts, meta)["probability"]
    assert found.shape == starts.shape
    np.testing.assert_allclose(found, probability, rtol=0, atol=1e-5)


def test_real_size_of_windows():
    """Windows of 1,002 bp, as published networks read them."""
    model = random_model(filters=6, kernel_size=34, lstm_units=4, dense_units=8, attention="weighted-sum", merge="max")
    chromosome = random_chromosome(2500)
    starts = np.array([-401, -351, 99, 149, 1899, 1949])
    meta = random_meta(model.config, len(starts))
    windows = np.stack([cut_window(chromosome, start, 1002) for start in starts])
    found = engine_scores(Engine(model, attention=True, max_windows=4, **NUMPY), chromosome, starts, meta)
    assert found["attention"].shape == (2, 6, 57, 8)
    assert_same(found, keras_scores(model, windows, meta))


def test_attention_only_when_asked_for(model, chromosome, meta):
    engine = Engine(model, max_windows=16, **NUMPY)
    assert all(one.attention is None for one in engine.score(segment_inputs(engine, chromosome, GRID[:20], meta[:20])))


def test_inputs_are_read_a_few_segments_ahead_at_most(engines, chromosome, meta):
    """What is read waits in memory, so that a genome must not be read at once."""
    engine = engines(max_windows=3, threads=2, **NUMPY)
    read = []

    def inputs():
        for one in segment_inputs(engine, chromosome, GRID, meta):
            read.append(one.segment.first)
            yield one

    for number, _ in enumerate(engine.score(inputs()), start=1):
        assert len(read) <= number + 5
    assert number == len(read) == -(-len(GRID) // 3)


def test_an_error_while_reading_reaches_the_caller(engines, chromosome, meta):
    engine = engines(max_windows=3, threads=2, **NUMPY)

    def inputs():
        yield from list(segment_inputs(engine, chromosome, GRID, meta))[:2]
        raise KeyError("damaged")

    with pytest.raises(KeyError, match="damaged"):
        list(engine.score(inputs()))


def test_nothing_in_nothing_out(engines):
    assert list(engines(max_windows=3, threads=2, **NUMPY).score(iter([]))) == []
