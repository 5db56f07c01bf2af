"""A small genome in memory, tiny networks, and both ways to score windows: cut out one by one, and by the engine."""

import itertools
import random
from typing import NamedTuple

import numpy as np
from network_toys import ATTENTIONS, random_weights

from deepgrn_tool.engine.engine import SegmentInput
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model

OPTIONS = {
    "attention": ATTENTIONS,
    "num_conv": [0, 1, 2],
    "kernel_size": [15, 30, 34],  # max-pools of 7, 15 and 17 bp: 1, 5 and 1 bp in common with the stride
    "num_lstm": [1, 2],
    "merge": ["mean", "max"],
    "gate_activation": ["sigmoid", "hard-sigmoid"],
    "tracks": [(), ("accessibility",), ("uniqueness", "accessibility")],
    "meta": [(), ("expression",), ("expression", "annotation")],
    "dense_after_meta": [(), (8, 6)],
}
SIZES = {"filters": 6, "lstm_units": 4, "dense_units": 8, "flank": 75}  # windows of 350 bp
LENGTH = 1700  # bp of the chromosome on which windows lie
MAX_WINDOWS = 16  # so that the windows make several segments
GRIDS = {
    # A stretch of the grid, windows on their own, over both ends, and wholly off the chromosome.
    "on-grid": [-425, -375, -75, *range(-25, 700, 50), 1175, 1575, 1725],
    # Neighbours 1 to 9 bp apart, windows that touch, miss and just overlap the one before, over both ends.
    "off-grid": [-350, -349, -340, -3, 4, 5, 11, 61, 96, 446, 797, 930, 1001, 1350, 1401, 1699],
}


class Chromosome(NamedTuple):
    """Bases as codes (A C G T = 0..3, other = 4), signals (length, tracks)."""

    codes: np.ndarray
    signals: np.ndarray


def random_chromosome(length, tracks=2, seed=1):
    """DNA with runs of N; signals with blocks like coverage and with zeros."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 4, length).astype(np.uint8)
    for start in draw.integers(0, length, 1 + length // 400):
        codes[start : start + draw.integers(1, 30)] = 4
    signals = draw.gamma(0.7, 1.0, (length // 20 + 1, tracks)).repeat(20, axis=0)[:length]
    signals[draw.random(length) < 0.2] = 0
    return Chromosome(codes, signals.astype(np.float32))


def random_model(seed=1, **options):
    """A network whose every layer answers to its input."""
    config = NetworkConfig(**options)
    return Model(config, random_weights(config, seed))


def random_meta(config, count, seed=5):
    return np.random.default_rng(seed).standard_normal((count, config.meta_size)).astype(np.float32)


def cut_window(chromosome, start, size):
    """One window, base by base of its own: one-hot bases, then signals; N and 0 off the chromosome."""
    window = np.zeros((size, 4 + chromosome.signals.shape[1]), np.float32)
    for place in range(max(0, -start), min(size, len(chromosome.codes) - start)):
        code = chromosome.codes[start + place]
        if code < 4:
            window[place, code] = 1
        window[place, 4:] = chromosome.signals[start + place]
    return window


def keras_scores(model, windows, meta):
    """Score windows with the ordinary Keras network; logits and attention as (2, n, …)."""
    import keras

    from deepgrn_tool.network.build import build_network

    network = build_network(model.config)
    network.set_weights(model.weights)
    found = network.inspector([windows, meta] if model.config.meta else [windows])
    found = {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in found.items()}
    found["probability"] = found["probability"][:, 0]
    found["logits"] = found["logits"].reshape(2, -1)
    if "attention" in found:
        found["attention"] = found["attention"].reshape(2, len(windows), *found["attention"].shape[1:])
    return found


def segment_inputs(engine, chromosome, starts, meta):
    """Cut sorted windows into segments for an engine, bases off the chromosome being N and 0."""
    size = engine.config.window_size
    margin = 2 * size
    codes = np.pad(chromosome.codes, margin, constant_values=4)
    signals = np.pad(chromosome.signals, ((margin, margin), (0, 0)))
    for segment in cut_into_segments(
        np.asarray(starts, np.int64), size, engine.max_bases, engine.max_windows, engine.spacing
    ):
        start, end, place = segment.pieces[-1]
        segment_codes = np.full(place + end - start, 4, np.uint8)
        segment_signals = np.zeros((len(segment_codes), signals.shape[1]), np.float32)
        for start, end, place in segment.pieces:
            segment_codes[place : place + end - start] = codes[margin + start : margin + end]
            segment_signals[place : place + end - start] = signals[margin + start : margin + end]
        part = slice(segment.first, segment.first + len(segment))
        yield SegmentInput(segment, segment_codes, segment_signals, meta[part])


def collect(results):
    """Join the results of segments in their order: probability (n,), logits (2, n), attention (2, n, …) or none."""
    results = list(results)
    found = {
        "probability": np.concatenate([one.probability for one in results]),
        "logits": np.concatenate([one.logits for one in results], axis=1),
    }
    if results[0].attention is not None:
        found["attention"] = np.concatenate([one.attention for one in results], axis=1)
    return found


def engine_scores(engine, chromosome, starts, meta):
    return collect(engine.score(segment_inputs(engine, chromosome, starts, meta)))


def assert_same(found, expected, tolerance=1e-5):
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=tolerance, err_msg=name)


def covering_set(options):
    """Choose settings in which every value of one option meets every value of every other.

    Of 30 settings drawn at random the one with most pairs that were not seen before is taken, again and again; the
    draw is seeded, so that the set is always the same.

    Returns:
        List of {option: value}.
    """
    draw = random.Random(1)
    names = list(options)

    def pairs(row):
        return set(itertools.combinations([(name, str(value)) for name, value in zip(names, row, strict=True)], 2))

    wanted = set()
    for one, other in itertools.combinations(names, 2):
        wanted |= {((one, str(a)), (other, str(b))) for a in options[one] for b in options[other]}
    rows = []
    while wanted:
        candidates = [[draw.choice(values) for values in options.values()] for _ in range(30)]
        best = max(candidates, key=lambda row: len(pairs(row) & wanted))
        if pairs(best) & wanted:
            rows.append(dict(zip(names, best, strict=True)))
            wanted -= pairs(best)
    return rows


def identity(row):
    """Name a setting in the list of tests."""
    return "-".join(
        "+".join(map(str, v.values() if isinstance(v, dict) else v)) if isinstance(v, (dict, tuple)) else str(v)
        for v in row.values()
    ).replace("--", "-")


def model_and_scores(row):
    """Build a network and score the windows of both grids with Keras.

    Returns:
        The model, its chromosome, meta inputs by grid, and Keras' scores by grid.
    """
    options = {name: value for name, value in row.items() if name in OPTIONS and name != "attention"}
    model = random_model(**SIZES, **row["attention"], **options)
    chromosome = random_chromosome(LENGTH, len(model.config.tracks))
    starts = [start for grid in GRIDS.values() for start in grid]
    meta = random_meta(model.config, len(starts))
    windows = np.stack([cut_window(chromosome, start, model.config.window_size) for start in starts])
    scores = keras_scores(model, windows, meta)
    count = len(GRIDS["on-grid"])
    parts = {"on-grid": slice(0, count), "off-grid": slice(count, None)}
    expected = {
        grid: {name: values[part] if name == "probability" else values[:, part] for name, values in scores.items()}
        for grid, part in parts.items()
    }
    return model, chromosome, {grid: meta[part] for grid, part in parts.items()}, expected
