"""Scores seen in one pass: counts, best places, and values around them, worked out by hand."""

import gzip

import numpy as np
import pytest
from evaluation_toys import write_rows, write_scores
from features_inputs import write_bigwig

from deepgrn_tool.errors import InputError
from deepgrn_tool.report.track import CLASSES, Place, read_places, survey, values_at

FORMATS = ("p.bw", "p.bedGraph", "p.tab.gz")
FAR = {"chr1": 20_000, "chr2": 9_000}
PEAKS = {
    "chr1": [
        (1_000, 1_050, 0.5),
        (2_400, 2_450, 0.9),
        (4_300, 4_350, 0.7),
        (4_400, 4_450, 0.8),
        (15_000, 15_050, 0.25),
    ],
    "chr2": [(75, 125, 0.95), (5_000, 5_050, 0.9)],
}


@pytest.mark.parametrize("name", FORMATS)
def test_counts(tmp_path, name):
    """The scores of `evaluation_toys` in classes of 0.02: 0.9 falls into class 45 and 1 into the last one."""
    found = survey(write_scores(tmp_path / name), 3)
    scores = [0.75, 0.25, 0.5, 0.125, 0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.1, 0.0, 1.0, 0.0, 0.05]
    float32 = np.array(scores, np.float32).astype(np.float64)
    expected = np.zeros(CLASSES, int)
    for score in float32:
        expected[min(int(score * 50), 49)] += 1
    # Text holds the shortest number that is the same float32, such as 0.9, which can lie on the other side of an edge.
    assert found.counts.sum() == 17
    assert np.abs(np.cumsum(found.counts) - np.cumsum(expected)).max() <= 3
    assert (found.counts[-1], found.counts[:2].sum()) == (1, 2)
    assert [(place.chrom, place.middle, round(place.score, 6)) for place in found.best] == [
        ("chr2", 600, 1.0),
        ("chr10", 100, 0.75),
        ("chrU", 300, 0.05),
    ]


def test_best_places_are_apart(tmp_path):
    """0.9 at 2,425 stands before 0.8 at 4,425, which is 2,000 bp off; 0.7 at 4,325 and 0.5 at 1,025 are nearer."""
    track = write_bigwig(tmp_path / "p.bw", FAR, PEAKS)
    found = survey(track, 10)
    assert [(place.chrom, place.middle) for place in found.best] == [
        ("chr2", 100),
        ("chr1", 2425),
        ("chr2", 5025),
        ("chr1", 4425),
        ("chr1", 15025),
    ]
    assert [(place.chrom, place.middle) for place in survey(track, 2).best] == [("chr2", 100), ("chr1", 2425)]
    assert [place.middle for place in survey(track, 2, ["chr1"]).best] == [2425, 4425]


def test_values_at_places(tmp_path):
    text = tmp_path / "p.bedGraph.gz"
    with gzip.open(text, "wt") as stream:
        for chrom, rows in PEAKS.items():
            stream.writelines(f"{chrom}\t{start}\t{end}\t{value}\n" for start, end, value in rows)
    places = [Place("chr1", 2425), Place("chr2", 100)]
    expected = [np.zeros(2000, np.float32), np.zeros(2000, np.float32)]
    expected[0][975:1025] = 0.9  # the place begins at 1,425
    expected[1][975:1025] = 0.95  # the place begins at -900
    for path in (text, write_bigwig(tmp_path / "p.bw", FAR, PEAKS)):
        for found, values in zip(values_at(path, places), expected, strict=True):
            assert np.array_equal(found, values)


def test_intervals_that_reach_into_a_place(tmp_path):
    path = write_rows(tmp_path / "a.bedGraph", [("chr1", 0, 10, 3), ("chr1", 1990, 5000, 2), ("chr1", 5000, 5001, 4)])
    (values,) = values_at(path, [Place("chr1", 1005)])  # 5 to 2,005
    assert values[:5].tolist() == [3] * 5
    assert values[5:1985].max() == 0
    assert values[1985:].tolist() == [2] * 15


def test_tables_of_other_bins_are_refused(tmp_path):
    path = write_rows(tmp_path / "a.tab", [("chr1", 0, 200, 0.5), ("chr1", 50, 150, 0.5)])
    with pytest.raises(InputError, match=r"a\.tab, line 2: the bin chr1:50-150 has 100 bp; bins have 200"):
        survey(path, 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_refused(tmp_path, value):
    path = write_bigwig(tmp_path / "a.bw", FAR, {"chr2": [(0, 50, 0.5), (100, 150, value)]})
    with pytest.raises(InputError, match=rf"a\.bw: chr2:100-150 holds {value}, which is not a finite number"):
        survey(path, 1)


def test_nothing_on_the_chromosomes(tmp_path):
    with pytest.raises(InputError, match=r"has no score on chromosome 'chr7' \(it has chr10, chr2, chrU\)"):
        survey(write_scores(tmp_path / "p.bw"), 1, ["chr7", "chr8"])


@pytest.mark.parametrize("name", FORMATS)
def test_a_chromosome_that_is_misspelt(tmp_path, name):
    path = write_scores(tmp_path / name)
    with pytest.raises(InputError, match=r"has no score on chromosome '2'; did you mean 'chr2'\?"):
        survey(path, 1, ["chr10", "2"])


def test_places_in_the_order_of_the_file(tmp_path):
    rows = [("chr2", 100, 301), ("chr1", 0, 10), ("chr2", 40, 60), ("chrX", 0, 10), ("chr1", 30, 40)]
    path = write_rows(tmp_path / "a.bed", rows)
    expected = [Place("chr2", 200), Place("chr1", 5), Place("chr2", 50), Place("chr1", 35)]
    assert read_places(path, FAR, 9) == (expected, 4)
    assert read_places(path, FAR, 3) == (expected[:3], 4)
