"""The IGV session: well-formed, and whole after its folder was moved."""

import shutil
from xml.etree import ElementTree

import pytest
from hub_toys import HubToy


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The session of a hub that was made in one place, copied to another, and removed from the first."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        hub = HubToy(folder).make()
    target = tmp_path_factory.mktemp("elsewhere") / "renamed"
    shutil.copytree(hub, target, symlinks=True)
    shutil.rmtree(folder)
    return target


@pytest.fixture
def session(moved):
    return ElementTree.parse(moved / "igv_session.xml").getroot()


def test_head(session):
    assert session.tag == "Session"
    assert session.get("version") == "8"
    assert session.get("genome") == "toy1"
    assert session.get("locus") == "chrA:4501-6500"  # counted from 1, as IGV does in loci


def test_every_path_resolves_after_the_move(moved, session):
    paths = [resource.get("path") for resource in session.iter("Resource")]
    assert len(paths) == 6
    assert all(not path.startswith("/") and ".." not in path and (moved / path).is_file() for path in paths)
    assert not any(path.is_symlink() for path in moved.rglob("*"))
    assert [track.get("id") for track in session.iter("Track")] == paths


def test_tracks_come_cell_by_cell(session):
    assert [(track.get("name"), track.get("color")) for track in session.iter("Track")] == [
        ("K562 CTCF scores", "0,114,178"),
        ("K562 CTCF called", "0,114,178"),
        ("K562 CTCF attention", "0,114,178"),
        ("K562 accessibility", "0,114,178"),
        ("liver CTCF scores", "213,94,0"),
        ("liver accessibility", "213,94,0"),
    ]


def test_scores_have_a_fixed_range_and_signals_one_scale(session):
    tracks = {track.get("name"): track for track in session.iter("Track")}
    for cell in ("K562", "liver"):
        (span,) = tracks[f"{cell} CTCF scores"]
        assert (float(span.get("minimum")), float(span.get("maximum"))) == (0, 1)
        assert tracks[f"{cell} CTCF scores"].get("autoScale") == "false"
        assert tracks[f"{cell} CTCF scores"].get("windowFunction") == "max"
    scales = [tracks[f"{cell} accessibility"].get("autoscaleGroup") for cell in ("K562", "liver")]
    assert scales[0] == scales[1] != tracks["K562 CTCF attention"].get("autoscaleGroup")


def test_regions_are_marked(session):
    (region,) = session.iter("Region")
    assert region.attrib == {"chromosome": "chrA", "start": "4500", "end": "6500", "description": "my gene"}
