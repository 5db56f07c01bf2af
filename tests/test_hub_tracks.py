"""Names and colours of tracks."""

from pathlib import Path

import pytest

from deepgrn_tool.errors import UsageError
from deepgrn_tool.hub.tracks import Track, cell_colors, check_tracks, names_from_file

OKABE_ITO = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]


def scores(cell, factor="CTCF", path="a.bw"):
    return Track("scores", cell, Path(path), factor)


@pytest.mark.parametrize(
    ("track", "name", "group", "title", "file"),
    [
        (scores("K562"), "scores_CTCF_K562", "scores_CTCF", "K562 CTCF scores", "scores_CTCF_K562.bw"),
        (
            Track("called", "T cell", Path("a.BED.GZ"), "NF-kB"),
            "called_NF_kB_T_cell",
            "called_NF_kB",
            "T cell NF-kB called",
            "called_NF_kB_T_cell.bed.gz",
        ),
        (
            Track("H3K27ac", "K562", Path("a.bigWig")),
            "signal_H3K27ac_K562",
            "signal_H3K27ac",
            "K562 H3K27ac",
            "signal_H3K27ac_K562.bw",
        ),
    ],
)
def test_names(track, name, group, title, file):
    assert (track.name, track.group, track.title, track.file_name) == (name, group, title, file)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("K562.CTCF.bw", ("K562", "CTCF")),
        ("runs/K562.CTCF.attention.bigWig", ("K562", "CTCF")),
        ("K562.CTCF.scores.bw", ("K562", "CTCF")),
        ("K562.CTCF.called.bed.gz", ("K562", "CTCF")),
        ("scores.bw", None),
        ("K562.bw", None),
        ("a.b.c.bw", None),
        (".CTCF.bw", None),
    ],
)
def test_names_from_files(path, names):
    assert names_from_file(path) == names


def test_colors_by_order_of_cells_and_again_darker():
    cells = ["c1", "c2", "c1", *(f"c{number}" for number in range(3, 10))]
    colors = cell_colors(cells, {})
    assert list(colors.values())[:7] == OKABE_ITO
    assert colors["c8"] == "#00476E"  # 0.62 × (0, 114, 178), rounded
    assert len(set(colors.values())) == 9
    assert cell_colors(cells[:2], {}).items() <= colors.items()


def test_chosen_colors():
    assert cell_colors(["a", "b"], {"a": "#12ab3F"}) == {"a": "#12ab3F", "b": "#D55E00"}


@pytest.mark.parametrize(
    "tracks",
    [
        [scores("a"), scores("b")],
        [scores("a"), Track("attention", "a", Path("b.bw"), "CTCF"), Track("accessibility", "a", Path("c.bw"))],
        [scores("a"), scores("a", "REST")],
    ],
)
def test_tracks_that_go_together(tracks):
    check_tracks(tracks)


@pytest.mark.parametrize(
    ("tracks", "name"),
    [
        ([scores("H1-ES"), scores("H1_ES")], "scores_CTCF_H1_ES"),
        ([scores("k562"), scores("K562")], "scores_CTCF_K562"),
        ([scores("a", "A-B"), scores("b", "A.B")], "scores_A_B"),
        ([scores("c", "A_B"), scores("B", "A")], "scores_A_B"),  # a track of one and what holds the tracks of another
    ],
)
def test_tracks_that_ucsc_could_not_tell_apart(tracks, name):
    with pytest.raises(UsageError, match=f"would both be {name} at UCSC; let their names differ in letters or digits"):
        check_tracks(tracks)
