"""Which windows a heat map shows, and in which order."""

import numpy as np
import pytest
from predict_toys import Toy

from deepgrn_tool.attention.heatmap import cluster_order
from deepgrn_tool.attention.rows import RowCollector
from deepgrn_tool.data.features_file import FeaturesFile


def bump(place):
    """A window of 300 bases, 16 of them without a value, with a peak."""
    row = np.exp(-(((np.arange(300) - place) / 20) ** 2))
    row[:10] = row[-6:] = np.nan
    return row


def test_rows_that_are_alike_stand_together_from_left_to_right():
    places = np.array([250, 60, 155, 61, 249, 150, 59, 152, 251])
    values = np.array([bump(place) for place in places], np.float32)
    order = cluster_order(values)
    assert sorted(order.tolist()) == list(range(9))
    assert [sorted(group) for group in places[order].reshape(3, 3).tolist()] == [
        [59, 60, 61],
        [150, 152, 155],
        [249, 250, 251],
    ]


@pytest.mark.parametrize("places", [[100], [200, 100]])
def test_one_and_two_rows(places):
    order = cluster_order(np.array([bump(place) for place in places], np.float32))
    assert [places[row] for row in order] == sorted(places)


def test_rows_without_any_difference():
    assert sorted(cluster_order(np.ones((5, 300), np.float32)).tolist()) == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.mark.parametrize("piece", [1, 4, 100])
def test_rows_are_evenly_spaced_however_windows_come(toy, piece):
    """4 of 10 windows: 0, 3, 6 and 9."""
    with FeaturesFile(toy.features) as features:
        rows = RowCollector(features, toy.network.config, "liver", 10, 4, None)
        for begin in range(0, 10, piece):
            starts = np.arange(begin, min(begin + piece, 10)) * 50
            chosen = rows.chosen_of(len(starts))
            if len(chosen):
                rows.add("chr2", starts[chosen], np.repeat(starts[chosen, np.newaxis], 1002, axis=1).astype(np.float32))
        found = rows.finish()
    assert found.names == [f"chr2:{start}-{start + 200}" for start in (0, 150, 300, 450)]
    assert found.values[:, 0].tolist() == [0, 150, 300, 450]
    assert list(found.signals) == ["uniqueness", "accessibility"]
    wanted = [toy.painted["liver", "chr2"][start : start + 1002, 5] for start in (0, 150, 300, 450)]
    np.testing.assert_array_equal(found.signals["accessibility"], wanted)
