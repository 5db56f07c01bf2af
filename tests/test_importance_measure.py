"""What a network loses by an exchange: by hand, by the float64 network, and exactly nothing where it does not look."""

import numpy as np
import pytest
from engine_toys import random_model
from network_toys import random_weights
from reference_network import reference
from training_toys import Toy, grid, is_banned, letter, toy_settings

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine import choose_backend
from deepgrn_tool.importance.bins import MeasuredBins, _sample, choose_measured_bins
from deepgrn_tool.importance.measure import measure
from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.metrics.ranking import auprc
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.training.build import network_config
from deepgrn_tool.training.examples import ChromosomeExamples, Examples
from deepgrn_tool.training.sampling import EpochPlan
from deepgrn_tool.training.windows import Windows

# --- by hand: a network that looks at nothing but whether the bin touches a CpG island

ISLAND = NetworkConfig(
    tracks=("accessibility",),
    filters=3,
    kernel_size=64,
    attention="none",
    lstm_units=2,
    dense_units=4,
    dense_after_meta=(),
    meta=("annotation",),
    flank=60,
)


def island_model():
    weights = {name: np.zeros_like(values) for name, values in random_weights(ISLAND, 1).items()}
    weights["logit/kernel"][4] = 3.0  # after the four units of the strand
    return Model(ISLAND, weights)


def island_bins(weights):
    """Four bins: bound ones, which touch an island, and unbound ones, which do not."""
    draw = np.random.default_rng(1)
    labels = np.array([1, 1, 0, 0], np.uint8)
    meta = np.zeros((4, 6), np.float32)
    meta[:2, 0] = 1
    signals = draw.random((4, ISLAND.window_size, 1)).astype(np.float32)
    windows = Windows(draw.integers(0, 4, (4, ISLAND.window_size)).astype(np.uint8), signals, meta, labels)
    plan = EpochPlan(np.zeros(4, np.int32), np.zeros(4, np.int16), np.arange(4, dtype=np.int32), labels)
    return MeasuredBins(("cell",), ("chrom",), plan, np.array(weights, float)), windows


@pytest.mark.parametrize(
    ("donors", "weights", "exchanged"),
    [
        # Bound and unbound change places: precision 0 at first, then 1/3 and 2/4 after the bound ones.
        ([2, 3, 0, 1], [1, 1, 1, 1], ((0 + 1 / 3) / 2 + (1 / 3 + 1 / 2) / 2) / 2),
        # One of each with an island: precision 1/2 everywhere.
        ([0, 2, 1, 3], [1, 1, 1, 1], 1 / 2),
        # Unbound ones stand for three: 1/4 everywhere.
        ([0, 2, 1, 3], [1, 1, 3, 3], 1 / 4),
        ([1, 0, 3, 2], [1, 1, 3, 3], 1.0),
    ],
)
def test_by_hand(monkeypatch, donors, weights, exchanged):
    monkeypatch.setattr("deepgrn_tool.importance.measure.draw_donors", lambda weights, random: np.array(donors))
    bins, windows = island_bins(weights)
    counted = []
    found = measure("n", island_model(), bins, windows, repeats=2, seed=1, threads=1, on_progress=counted.append)
    assert (found.auprc, bins.base_rate) == (1.0, 2 / sum(weights))
    assert found.decreases["annotation"] == pytest.approx([1 - exchanged] * 2)
    assert found.decreases["sequence"].tolist() == found.decreases["accessibility"].tolist() == [0.0, 0.0]
    assert sum(counted) == 4 * (1 + 2 * 3)


# --- on a features file


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def features(toy):
    with FeaturesFile(toy.features) as file:
        yield file


CHROM = "chr9"  # the only one where all inputs vary
CONFIG = network_config(toy_settings(flank=60))
KEYS = [(cell, start) for start in grid(CHROM) for cell in ("liver", "K562")]
KEYS = [(cell, start) for cell, start in KEYS if letter(cell, CHROM, start) != "A" and not is_banned(CHROM, start)]


def toy_model(seed=1):
    return random_model(seed, **vars(CONFIG))


def measured(features, toy, model, donors=None, monkeypatch=None, repeats=1):
    bins = choose_measured_bins(features, model, "m", toy.labels, cells=None, chromosomes=[CHROM], negatives=5, seed=1)
    if donors is not None:
        monkeypatch.setattr("deepgrn_tool.importance.measure.draw_donors", lambda weights, random: donors)
    windows = bins.windows(features, model)
    options = {"repeats": repeats, "seed": 1, "threads": 1, "on_progress": lambda count: None}
    return bins, measure("n", model, bins, windows, **options)


def test_bins_are_those_of_the_labels(features, toy):
    bins, _ = measured(features, toy, toy_model())
    cells = [bins.cells[cell] for cell in bins.plan.cells]
    assert list(zip(cells, bins.plan.starts.tolist(), strict=True)) == KEYS
    assert bins.bound.tolist() == [letter(cell, CHROM, start) == "B" for cell, start in KEYS]
    assert (bins.chromosomes, bins.weights.tolist()) == ((CHROM,), [1.0] * len(KEYS))


def test_bins_of_more_scaffolds_than_16_bits_count():
    codes = np.array([[BOUND]], np.uint8)
    scaffolds = tuple(ChromosomeExamples(f"s{number}", np.array([7], np.int32), codes) for number in range(33_000))
    chosen = _sample(Examples(("c",), scaffolds), 1, 1)
    assert chosen.plan.chromosomes.tolist() == [*range(33_000)]
    assert (chosen.chromosomes[32_999], chosen.plan.starts[32_999]) == ("s32999", 7)
    assert sum(column.nbytes for column in (*vars(chosen.plan).values(), chosen.weights)) == 19 * 33_000


def test_against_the_reference_network(features, toy, monkeypatch):
    """Every input from the bin 37 places further on, windows put together by hand, scored in float64."""
    model = toy_model()
    donors = (np.arange(len(KEYS)) + 37) % len(KEYS)
    _, found = measured(features, toy, model, donors, monkeypatch)
    parts = {"sequence": [], "signals": [], "meta": []}
    for cell, start in KEYS:
        bases, signals = toy.window(cell, CHROM, start, 60)
        parts["sequence"].append([[base == letter for letter in "ACGT"] for base in bases])
        parts["signals"].append(signals)
        parts["meta"].append(toy.meta(cell, CHROM, start))
    bases, signals, meta = (np.array(part, float) for part in parts.values())
    labels = [letter(cell, CHROM, start) == "B" for cell, start in KEYS]

    def area(bases=bases, signals=signals, meta=meta):
        outcome = reference(CONFIG, model.weights, np.concatenate([bases, signals], axis=2), meta)
        return auprc(labels, outcome.probability[:, 0])

    def mixed(table, columns):
        changed = table.copy()
        changed[..., columns] = table[donors][..., columns]
        return changed

    assert found.auprc == pytest.approx(area(), abs=1e-6)
    expected = {
        "sequence": area(bases=bases[donors]),
        "uniqueness": area(signals=mixed(signals, [0])),
        "accessibility": area(signals=mixed(signals, [1])),
        "expression": area(meta=mixed(meta, slice(8))),
        "annotation": area(meta=mixed(meta, slice(8, 14))),
    }
    assert list(found.decreases) == list(expected)
    for name, value in expected.items():
        assert found.auprc - found.decreases[name][0] == pytest.approx(value, abs=1e-6), name
        assert abs(found.decreases[name][0]) > 1e-4, name


@pytest.fixture
def compiled(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(choose_backend, "SHORT_RUN", 0)


@pytest.mark.parametrize("compiled", [False, True], indirect=True)
def test_what_the_network_ignores_has_exactly_no_importance(features, toy, compiled):
    model = toy_model()
    model.weights["conv_1/kernel"][:, 5] = 0  # after A, C, G, T and uniqueness
    first = next(name for name in model.weights if name in ("dense_1/kernel", "logit/kernel"))
    model.weights[first][CONFIG.dense_units : CONFIG.dense_units + 8] = 0
    _, found = measured(features, toy, model, repeats=3)
    assert found.decreases["accessibility"].tolist() == found.decreases["expression"].tolist() == [0.0] * 3
    for name in ("sequence", "uniqueness", "annotation"):
        assert (found.decreases[name] != 0).all(), name


def test_seed_and_repeats(features, toy):
    model = toy_model()
    _, found = measured(features, toy, model, repeats=3)
    _, again = measured(features, toy, model, repeats=2)
    for name, decreases in found.decreases.items():
        assert decreases[:2].tolist() == again.decreases[name].tolist()
    assert len(set(found.decreases["sequence"].tolist())) == 3
