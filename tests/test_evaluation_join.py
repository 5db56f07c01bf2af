"""Scores beside labels, where there are very many chromosomes."""

import numpy as np
import pytest
from evaluation_toys import write_rows

from deepgrn_tool.errors import InputError
from deepgrn_tool.evaluation.join import LabelledBins, Prediction, join

COUNT = (1 << 16) + 3  # more than 16 bits count


@pytest.fixture(scope="module")
def bins():
    """One bin on each scaffold, every third one bound."""
    names = [f"s{number}" for number in range(COUNT)]
    return {name: LabelledBins(np.array([50]), np.array([number % 3 == 0])) for number, name in enumerate(names)}


def joined(path, bins):
    return join([Prediction(path, "p", "K562")], {"K562": bins}, all_chromosomes=True, drop_missing=False)[0]


def test_each_bin_keeps_its_chromosome(tmp_path, bins):
    rows = [(name, 50, 250, number / COUNT) for number, name in enumerate(bins)]
    scored = joined(write_rows(tmp_path / "p.tab", rows), bins)
    assert scored.chromosomes == tuple(bins)
    assert scored.chromosome.tolist() == [*range(COUNT)]
    assert scored.bound.tolist() == [number % 3 == 0 for number in range(COUNT)]
    np.testing.assert_array_equal(scored.scores, np.arange(COUNT) / COUNT)
    assert scored.chromosome.nbytes + scored.bound.nbytes + scored.scores.nbytes == 13 * COUNT


def test_the_bin_without_a_score_is_named(tmp_path, bins):
    rows = [(name, 50, 250, 0.5) for name in list(bins)[:-1]]
    with pytest.raises(InputError, match=rf"the first of them s{COUNT - 1}:50-250;"):
        joined(write_rows(tmp_path / "p.tab", rows), bins)
