"""deepgrn-hub from its command line: what it says, and what options change."""

from pathlib import Path

import pyBigWig
import pytest
from features_inputs import write_bigwig
from hub_toys import EMAIL, LENGTHS, TRACKS, HubToy

from deepgrn_tool.cli.hub import main


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return HubToy(tmp_path)


def test_everything_and_what_is_said(toy, capsys):
    assert main([*toy.options(), "-o", "hub"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "scores_CTCF_K562.bw: K562 CTCF scores from K562.CTCF.bw",
        "called_CTCF_K562.bed: K562 CTCF called from K562.CTCF.bed",
        "attention_CTCF_K562.bw: K562 CTCF attention from K562.CTCF.attention.bw",
        "signal_accessibility_K562.bw: K562 accessibility from K562.bw",
        "scores_CTCF_liver.bw: liver CTCF scores from liver.CTCF.bw",
        "signal_accessibility_liver.bw: liver accessibility from liver.bw",
        "Wrote hub: 6 tracks, 1 regions in the page",
    ]
    found = sorted(str(path.relative_to("hub")) for path in Path("hub").rglob("*.*"))
    assert found == [
        "genomes.txt",
        "hub.txt",
        "igv_session.xml",
        "index.html",
        "toy1/attention_CTCF_K562.bw",
        "toy1/called_CTCF_K562.bb",
        "toy1/called_CTCF_K562.bed",
        "toy1/factor_CTCF.html",
        "toy1/scores_CTCF_K562.bw",
        "toy1/scores_CTCF_liver.bw",
        "toy1/signal_accessibility.html",
        "toy1/signal_accessibility_K562.bw",
        "toy1/signal_accessibility_liver.bw",
        "toy1/trackDb.txt",
    ]


def test_accessibility_from_a_features_file_is_the_users_signal(toy, capsys):
    features = toy.write_features()
    argv = ["--scores", "K562.CTCF.bw", "--scores", "liver.CTCF.bw", "--features", features, *EMAIL]
    assert main([*argv, "--accessibility", "liver=liver.bw", "-o", "hub"]) == 0
    assert f"signal_accessibility_K562.bw: K562 accessibility from {features}" in capsys.readouterr().err
    with pyBigWig.open("hub/toy1/signal_accessibility_K562.bw") as track:
        assert track.chroms() == LENGTHS
        assert track.intervals("chrA") == tuple(TRACKS["K562.bw"]["chrA"])
        assert track.intervals("chrB") is None
    assert (toy.folder / "hub/toy1/signal_accessibility_liver.bw").read_bytes() == (
        toy.folder / "liver.bw"
    ).read_bytes()


def test_a_cell_that_the_features_file_lacks(toy, capsys):
    features = toy.write_features(cells=("K562",))
    argv = ["--scores", "k562:CTCF=K562.CTCF.bw", "--features", features, *EMAIL, "-o", "hub", "--quiet"]
    assert main(argv) == 0
    said = "warning: features.h5: the accessibility of 'k562' is not shown, because there is no such cell"
    assert capsys.readouterr().err == f"{said}; did you mean 'K562'?\n"
    assert [path.name for path in (toy.folder / "hub/toy1").glob("*.bw")] == ["scores_CTCF_k562.bw"]


def test_without_sequence(toy, capsys):
    assert main(["--scores", "K562.CTCF.bw", "--assembly", "toy1", *EMAIL, "-o", "hub"]) == 0
    said = "The page shows no sequence: neither --genome nor --features is given"
    assert capsys.readouterr().err.splitlines()[0] == said


def test_colors_and_title(toy):
    hub = toy.make("--color", "liver=#102030", "--title", "Ours")
    assert "color 16,32,48\n" in (hub / "toy1" / "trackDb.txt").read_text()
    assert "<h1>Ours</h1>" in (hub / "index.html").read_text()
    assert (hub / "hub.txt").read_text().splitlines()[1] == "shortLabel Ours"


def test_other_signals_and_chromosomes_that_a_track_lacks(toy):
    write_bigwig(toy.folder / "mark.bw", {"chrB": 12_000}, {"chrB": [(0, 500, 7.0)]})
    hub = toy.make("--track", "liver:H3K27ac=mark.bw")
    settings = (hub / "toy1" / "trackDb.txt").read_text()
    assert "track signal_H3K27ac\n" in settings
    assert "bigDataUrl signal_H3K27ac_liver.bw\n" in settings
    assert '"name":"liver H3K27ac"' in (hub / "index.html").read_text()


def test_a_colon_in_the_name_of_a_cell(toy, capsys):
    """The last colon is the one between cell and factor, or cell and track, in all programs."""
    argv = ["--scores", "K562:rep1:CTCF=K562.CTCF.bw", "--track", "K562:rep1:H3K27ac=K562.bw"]
    assert main([*argv, "--assembly", "toy1", *EMAIL, "-o", "hub"]) == 0
    said = capsys.readouterr().err
    assert ": K562:rep1 CTCF scores from K562.CTCF.bw\n" in said
    assert ": K562:rep1 H3K27ac from K562.bw\n" in said


def test_many_factors_have_a_short_title(toy):
    scores = [part for factor in "ABCD" for part in ("--scores", f"K562:{factor}=K562.CTCF.bw")]
    assert main([*scores, "--assembly", "toy1", *EMAIL, "-o", "hub", "--quiet"]) == 0
    assert "<h1>DeepGRN, 4 factors</h1>" in (toy.folder / "hub" / "index.html").read_text()
