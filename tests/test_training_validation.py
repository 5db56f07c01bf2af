"""Validation: which bins, how much each counts, and the scores, against scikit-learn and the float64 network."""

import numpy as np
import pytest
from engine_toys import random_model
from reference_network import reference
from sklearn.metrics import roc_auc_score
from training_toys import Toy, grid, is_banned, letter, toy_settings

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.metrics.ranking import auprc
from deepgrn_tool.training.build import network_config
from deepgrn_tool.training.examples import ChromosomeExamples, Examples, make_examples
from deepgrn_tool.training.sample import LONGEST_RUN, drawn_numbers
from deepgrn_tool.training.validation import Validator

CELLS = ("liver", "K562")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def features(toy):
    with FeaturesFile(toy.features) as file:
        yield file


CONFIG = network_config(toy_settings(flank=60))


@pytest.fixture
def validator_of(toy, features):
    def make(negatives=None, merges=("mean",), seed=1, examples=None, memory=10**9):
        examples = examples or make_examples(read_labels(toy.labels), features, ["chrV"])
        return Validator(
            examples, features, CONFIG, negatives=negatives, seed=seed, threads=1, merges=merges, memory=memory
        )

    return make


def labelled(cell):
    """Bins of the validation chromosome that count, and whether they are bound."""
    return [
        (s, letter(cell, "chrV", s) == "B")
        for s in grid("chrV")
        if letter(cell, "chrV", s) != "A" and not is_banned("chrV", s)
    ]


def weights(seed=1):
    made = random_model(seed, **{name: value for name, value in vars(CONFIG).items()})
    return made.weights


def reference_scores(toy, network_weights):
    """Labels and both strands' probabilities of all bins, cell after cell."""
    labels, strands = [], []
    for cell in CELLS:
        windows, meta = [], []
        for start, bound in labelled(cell):
            bases, signals = toy.window(cell, "chrV", start, 60)
            one_hot = np.array([[base == letter for letter in "ACGT"] for base in bases], float)
            windows.append(np.hstack([one_hot, signals]))
            meta.append(toy.meta(cell, "chrV", start))
            labels.append(bound)
        found = reference(CONFIG, network_weights, np.array(windows), np.array(meta))
        strands.append(1 / (1 + np.exp(-found.logits.reshape(2, -1))))
    return np.array(labels), np.concatenate(strands, axis=1)


def test_all_bins_by_the_reference_network(toy, validator_of):
    validator = validator_of()
    assert validator.bins == len(labelled("liver")) + len(labelled("K562"))
    counted = []
    quality = validator.assess(weights(), counted.append)
    labels, strands = reference_scores(toy, weights())
    assert sum(counted) == validator.bins == len(labels)
    assert validator.base_rate == pytest.approx(labels.mean())
    assert quality.auroc == pytest.approx(roc_auc_score(labels, strands.mean(axis=0)), abs=1e-6)
    assert quality.auprc == pytest.approx(auprc(labels, strands.mean(axis=0)), abs=1e-6)
    assert quality.merge == "mean"


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_better_way_of_joining_strands(toy, validator_of, seed):
    labels, strands = reference_scores(toy, weights(seed))
    by_merge = {"mean": auprc(labels, strands.mean(axis=0)), "max": auprc(labels, strands.max(axis=0))}
    found = validator_of(merges=("mean", "max")).assess(weights(seed), lambda bins: None)
    assert found.merge == max(by_merge, key=by_merge.get)
    assert found.auprc == pytest.approx(max(by_merge.values()), abs=1e-6)
    alone = validator_of(merges=("max",)).assess(weights(seed), lambda bins: None)
    assert (alone.merge, alone.auprc) == ("max", pytest.approx(by_merge["max"], abs=1e-6))


@pytest.fixture
def small_samples(monkeypatch):
    monkeypatch.setattr("deepgrn_tool.training.sample.FEWEST_NEGATIVES", 5)


def test_a_sample_stands_for_all_bins(validator_of, small_samples):
    """All bound bins and 2 negatives for each, which weigh what is left out."""
    validator = validator_of(negatives=2)
    bound = [sum(label for _, label in labelled(cell)) for cell in CELLS]
    others = [sum(not label for _, label in labelled(cell)) for cell in CELLS]
    assert validator.bins == sum(bound) + sum(2 * count for count in bound)
    assert validator.base_rate == pytest.approx(sum(bound) / (sum(bound) + sum(others)))


def test_the_sample_is_fixed_by_the_seed(validator_of, small_samples):
    one, again, other = (
        validator_of(negatives=2, seed=seed).assess(weights(), lambda bins: None) for seed in (1, 1, 2)
    )
    assert one == again != other


def test_samples_are_right_on_average(toy, validator_of, small_samples):
    labels, strands = reference_scores(toy, weights())
    whole = roc_auc_score(labels, strands.mean(axis=0))
    sampled = [validator_of(negatives=2, seed=s).assess(weights(), lambda bins: None).auroc for s in range(30)]
    # Unbiased: the mean of 30 lies within three standard errors.
    assert abs(np.mean(sampled) - whole) < 3 * np.std(sampled) / np.sqrt(30)


@pytest.mark.parametrize(("size", "count"), [(10, 10), (10, 3), (40_000, 9_000), (40_007, 20_003), (90_001, 17)])
def test_what_is_drawn(size, count):
    """Ascending numbers, each once, as many as asked for, but for the one run at the end that may be cut."""
    drawn = drawn_numbers(size, count, np.random.default_rng(1))
    assert (np.diff(drawn) > 0).all()
    assert drawn[0] >= 0 and drawn[-1] < size
    assert count - LONGEST_RUN < len(drawn) <= count
    runs = 1 + int((np.diff(drawn) > 1).sum())
    if count == 9_000:  # 562.5 runs of 16 out of 2,500: some touch, and 8 numbers are taken out
        assert 300 < runs < 600
    if count == 17:  # too few for runs
        assert runs == 17


def test_every_number_is_drawn_as_often():
    """4,000 draws of 1,500 of 3,010 numbers in runs of 3: each comes 1,993 times, within five standard deviations."""
    times = np.zeros(3_010)
    for seed in range(4_000):
        times[drawn_numbers(3_010, 1_500, np.random.default_rng(seed))] += 1
    expected = times.mean()
    assert expected == pytest.approx(4_000 * 1_500 / 3_010, rel=1e-3)
    assert np.abs(times - expected).max() < 5 * np.sqrt(4_000 * 0.5 * 0.5)


def test_the_same_sample_again_after_it_was_read(validator_of, small_samples):
    validator = validator_of(negatives=2)
    first = validator.assess(weights(), lambda bins: None)
    assert validator.assess(weights(), lambda bins: None) == first
    assert validator.assess(weights(2), lambda bins: None) != first


def test_a_sample_too_large_for_memory_is_read_again(validator_of, small_samples):
    small = validator_of(negatives=2, memory=0)
    for seed in (1, 2, 1):
        expected = validator_of(negatives=2).assess(weights(seed), lambda bins: None)
        assert small.assess(weights(seed), lambda bins: None) == expected


def test_an_assessment_that_was_stopped_can_be_done_again(validator_of, small_samples):
    validator = validator_of(negatives=2)

    def stop(bins):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validator.assess(weights(), stop)
    assert validator.assess(weights(), lambda bins: None) == validator_of(negatives=2).assess(
        weights(), lambda bins: None
    )


@pytest.mark.parametrize(("code", "kind"), [(0, "bound"), (1, "unbound")])
def test_one_class_is_refused(validator_of, code, kind):
    examples = Examples(
        CELLS, (ChromosomeExamples("chrV", np.array([0, 50], np.int32), np.full((2, 2), code, np.uint8)),)
    )
    with pytest.raises(InputError, match=f"of chrV no bin is {kind}"):
        validator_of(examples=examples)


def test_scores_that_are_not_numbers(validator_of):
    broken = weights() | {"logit/bias": np.array([np.nan], np.float32)}
    with pytest.raises(InputError, match="the network has become useless; lower --learning-rate"):
        validator_of().assess(broken, lambda bins: None)
