"""Which regions the page shows: places worked out by hand from the drawing in hub_toys."""

import itertools
from contextlib import ExitStack
from pathlib import Path

import pytest
from features_inputs import write_bigwig
from hub_toys import LENGTHS, HubToy

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.hub.inputs import open_inputs
from deepgrn_tool.hub.regions import best_regions, check_count, read_regions
from deepgrn_tool.hub.tracks import Track


def best(count, flank, *tracks):
    with ExitStack() as opened:
        regions = best_regions(open_inputs(tracks, None, None, opened), count, flank)
    return [(region.chrom, region.start, region.end, region.name) for region in regions]


def scores(path, cell="a"):
    return Track("scores", cell, Path(path), "F")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return HubToy(tmp_path)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Give a function that writes a track of chrA and describes it."""
    monkeypatch.chdir(tmp_path)

    def write(rows, name="a.bw", lengths=LENGTHS):
        write_bigwig(tmp_path / name, lengths, {"chrA": rows})
        return scores(name)

    return write


def test_tracks_take_turns(toy):
    assert best(9, 400, scores("K562.CTCF.bw", "K562"), scores("liver.CTCF.bw", "liver")) == [
        ("chrA", 4600, 5900, "K562 F 1"),
        ("chrB", 0, 550, "liver F 0.75"),  # cut at the begin of the chromosome
        ("chrA", 19_600, 20_450, "K562 F 0.25"),
        # liver's other interval, [5500, 6000), has its middle in the first region
    ]


def test_no_more_than_asked_for(toy):
    assert len(best(2, 400, scores("K562.CTCF.bw"), scores("liver.CTCF.bw", "b"))) == 2


def test_neighbours_give_one_region_at_their_highest(written):
    rows = [(50 * step, 50 * step + 50, height) for step, height in enumerate([0.25, 0.5, 0.875, 0.5], start=100)]
    assert best(5, 300, written(rows)) == [("chrA", 4800, 5450, "a F 0.875")]


def test_a_peak_across_the_edge_of_two_stretches_is_one_region(written):
    # Stretches of 1,000 bp are searched; the peak is highest before 6000 and goes on behind it.
    assert best(5, 300, written([(5950, 6000, 0.75), (6000, 6050, 0.5)])) == [("chrA", 5650, 6300, "a F 0.75")]


def test_far_apart_in_one_stretch_only_the_higher_is_found(written):
    assert best(5, 10, written([(100, 150, 0.25), (900, 950, 0.5)])) == [("chrA", 890, 960, "a F 0.5")]


def test_equal_heights_come_in_the_order_of_the_genome(written):
    rows = [(start, start + 50, 0.5) for start in range(1000, 9000, 2000)]
    assert [start for _, start, _, _ in best(3, 0, written(rows))] == [1000, 3000, 5000]


def test_without_flank_neighbouring_stretches_are_regions_of_their_own(written):
    rows = [(start, start + 1000, start / 10_000) for start in range(1000, 5000, 1000)]
    found = best(9, 0, written(rows))
    assert [(start, end) for _, start, end, _ in found] == [(4000, 5000), (3000, 4000), (2000, 3000), (1000, 2000)]


def test_attention_decides_where_there_are_no_scores(toy):
    attention = Track("attention", "K562", Path("K562.CTCF.attention.bw"), "CTCF")
    assert best(5, 100, attention) == [("chrA", 4400, 6600, "K562 CTCF 3")]


def test_many_regions_per_track_survive_the_preselection(written):
    rows = [(start, start + 50, 1 - start / 100_000) for start in range(0, 30_000, 50)]
    found = best(10, 1000, written(rows))
    # A region of [0, 1050), then the first interval whose middle lies behind it, and so on.
    starts = [start for _, start, _, _ in found]
    assert starts[0] == 0
    assert all(later - earlier >= 1000 for earlier, later in itertools.pairwise(starts))
    assert len(found) == 10


def test_nothing_above_zero(written):
    with pytest.raises(InputError, match=r"^none of the tracks of scores holds a value above 0; name places with"):
        best(3, 10, written([(100, 150, 0.0)]))


def regions(tmp_path, text, flank=100):
    (tmp_path / "r.bed").write_text(text)
    return read_regions(tmp_path / "r.bed", LENGTHS, flank)


def test_regions_of_a_file_keep_order_and_names(tmp_path):
    found = regions(tmp_path, "# places\nchrB\t50\t100\tthe begin \t0\nchrA 29950 30000\nchrA\t500\t600\n")
    assert [(region.chrom, region.start, region.end, region.name) for region in found] == [
        ("chrB", 0, 200, "the begin"),
        ("chrA", 29_850, 30_000, ""),
        ("chrA", 400, 700, ""),
    ]
    assert [str(region) for region in found] == ["chrB:1-200", "chrA:29,851-30,000", "chrA:401-700"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chrC\t1\t2\n", "r.bed, line 1: chromosome 'chrC' is in none of the tracks"),
        (
            "chrB\t1\t2\nchrB\t11990\t12001\n",
            "r.bed, line 2: end (12001) is past the end of chrB (12000); is the file from another assembly?",
        ),
        ("# nothing\n", "r.bed: holds no region"),
        (
            "chrA\t1\t2\n" * 501,
            "r.bed: holds 501 regions, 51,102 bases with flanks; a page holds 500 regions and 2,000,000 bases at most, "
            "keep the most interesting",
        ),
        (
            "chrA\t0\t30000\n" * 70,
            "r.bed: holds 70 regions, 2,100,000 bases with flanks; a page holds 500 regions and 2,000,000 bases at "
            "most, keep the most interesting",
        ),
    ],
)
def test_wrong_regions(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.bed").write_text(text)
    with pytest.raises(InputError) as refused:
        read_regions(Path("r.bed"), LENGTHS, 100)
    assert str(refused.value) == message


@pytest.mark.parametrize(("count", "flank", "fine"), [(500, 2000, True), (501, 0, False), (10, 100_001, False)])
def test_how_many_a_page_holds(count, flank, fine):
    if fine:
        check_count(count, flank)
    else:
        with pytest.raises(UsageError, match="is too much for a page"):
            check_count(count, flank)
