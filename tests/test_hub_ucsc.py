"""The track hub as UCSC would read it: parsed by another reader, checked against UCSC's table of settings.

The reader is written from UCSC's description alone: stanzas are separated by blank lines, a line is a word and its
value, and indentation means nothing; `parent` tells what holds a track.
"""

import re
import shutil

import pybigtools
import pyBigWig
import pytest
import trackhub.constants
from hub_toys import EMAIL, TRACKS, HubToy

from deepgrn_tool.cli.hub import main

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
# For each kind of track, the types in UCSC's table whose settings it takes: a container has those of its tracks, too.
TYPES = {
    "compositeTrack": {"compositeTrack", "bigBed"},
    "superTrack": {"superTrack"},
    "multiWig": {"multiWig", "bigWig"},
    "bigWig": {"bigWig"},
    "bigBed": {"bigBed"},
}


def stanzas(path):
    """Read a file of settings; a setting that is there twice in a stanza is an error."""
    text = path.read_text()
    assert text.endswith("\n")
    result = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        pairs = [line.strip().split(" ", 1) for line in block.splitlines()]
        assert all(len(pair) == 2 and pair[1] == pair[1].strip() != "" for pair in pairs), block
        assert len(dict(pairs)) == len(pairs), block
        result.append(dict(pairs))
    return result


class Hub:
    """A hub as found by following its files from hub.txt on."""

    def __init__(self, folder):
        (self.hub,) = stanzas(folder / "hub.txt")
        assert list(self.hub) == ["hub", "shortLabel", "longLabel", "genomesFile", "email"]
        (self.genome,) = stanzas(folder / self.hub["genomesFile"])
        self.settings = folder / self.genome["trackDb"]
        self.folder = self.settings.parent
        self.tracks = {stanza["track"]: stanza for stanza in stanzas(self.settings)}
        assert len(self.tracks) == len(stanzas(self.settings))

    def leaves(self):
        return {name: track for name, track in self.tracks.items() if "bigDataUrl" in track}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = HubToy(folder)
        made.make()
    return made


@pytest.fixture(scope="module")
def hub(toy):
    return Hub(toy.folder / "hub")


def kind_of(track):
    for kind in ("superTrack", "compositeTrack"):
        if kind in track:
            return kind
    return track.get("container") or track["type"].split()[0]


def test_first_file(hub):
    assert hub.hub == {
        "hub": "deepgrn_toy1_CTCF",
        "shortLabel": "DeepGRN CTCF",
        "longLabel": "DeepGRN CTCF",
        "genomesFile": "genomes.txt",
        "email": "me@lab.org",
    }
    assert hub.genome == {"genome": "toy1", "trackDb": "toy1/trackDb.txt"}


def test_names_are_valid_and_every_parent_comes_before_its_children(hub):
    seen = set()
    for name, track in hub.tracks.items():
        assert NAME.match(name)
        assert 0 < len(track["shortLabel"]) <= 17
        assert 0 < len(track["longLabel"]) <= 76
        assert track.get("parent", name).removesuffix(" on") in {*seen, name}
        seen.add(name)


def test_every_setting_is_one_that_ucsc_knows_for_the_type(hub):
    known = trackhub.constants.param_dict
    assert [kind_of(track) for track in hub.tracks.values()].count("multiWig") == 3
    for name, track in hub.tracks.items():
        types = {*TYPES[kind_of(track)], "all"}
        wrong = [(name, setting) for setting in track if not types & set(known[setting].types)]
        assert wrong == []
        assert [(name, setting) for setting, value in track.items() if not known[setting].validate(value)] == []


def test_every_file_that_is_named_is_there_and_opens(hub):
    assert set(hub.leaves()) == {
        "scores_CTCF_K562",
        "scores_CTCF_liver",
        "called_CTCF_K562",
        "attention_CTCF_K562",
        "signal_accessibility_K562",
        "signal_accessibility_liver",
    }
    for track in hub.leaves().values():
        with (hub.folder / track["bigDataUrl"]).open("rb") as stream, pybigtools.open(stream) as opened:
            assert opened.is_bigwig or track["type"] == "bigBed 6 +"
            assert opened.chroms() == {"chrA": 30_000, "chrB": 12_000}
    pages = {track["html"] for track in hub.tracks.values() if "html" in track}
    assert pages == {"factor_CTCF", "signal_accessibility"}
    for page in pages:
        text = (hub.folder / f"{page}.html").read_text()
        assert "K562" in text
        assert "liver" in text


def test_values_are_those_of_the_users_files(hub):
    with (hub.folder / "scores_CTCF_liver.bw").open("rb") as stream, pybigtools.open(stream) as opened:
        assert list(opened.records("chrA")) == TRACKS["liver.CTCF.bw"]["chrA"]
        assert list(opened.records("chrB")) == TRACKS["liver.CTCF.bw"]["chrB"]


def test_what_the_issue_asks_of_scores(hub):
    container = hub.tracks["scores_CTCF"]
    assert container["container"] == "multiWig"
    assert container["viewLimits"] == "0:1"
    assert container["windowingFunction"] == "maximum"
    assert "autoScale" not in container
    assert container["parent"] == "factor_CTCF"
    assert hub.tracks["factor_CTCF"]["superTrack"] == "on show"
    assert hub.tracks["signal_accessibility"]["autoScale"] == "on"
    colors = {name: track["color"] for name, track in hub.leaves().items()}
    # Blue and vermillion of Okabe and Ito, by cell.
    assert {color for name, color in colors.items() if name.endswith("K562")} == {"0,114,178"}
    assert {color for name, color in colors.items() if name.endswith("liver")} == {"213,94,0"}


def test_called_regions_are_a_list(hub):
    assert hub.tracks["called_CTCF"]["compositeTrack"] == "on"
    assert hub.tracks["called_CTCF_K562"]["type"] == "bigBed 6 +"
    assert hub.tracks["called_CTCF_K562"]["parent"] == "called_CTCF on"
    with pyBigWig.open(str(hub.folder / "called_CTCF_K562.bb")) as regions:
        assert regions.entries("chrA", 0, 30_000) == [(5000, 5500, "region_1\t1000\t.\t1.0\t5250\t7")]


def test_names_stay_when_other_tracks_join(toy, hub, monkeypatch):
    monkeypatch.chdir(toy.folder)
    shutil.copy("K562.CTCF.bw", "other.bw")
    options = ["--scores", "new:REST=other.bw", "--scores", "K562.CTCF.bw", "--scores", "new:CTCF=other.bw"]
    assert main([*options, "--assembly", "toy1", *EMAIL, "-o", "more", "--quiet"]) == 0
    more = Hub(toy.folder / "more").leaves()
    assert {"scores_CTCF_K562", "scores_REST_new", "scores_CTCF_new"} == set(more)
    assert more["scores_CTCF_K562"]["parent"] == hub.tracks["scores_CTCF_K562"]["parent"]


def test_awkward_names_and_a_long_title(toy, monkeypatch):
    monkeypatch.chdir(toy.folder)
    title = "A hub <with> a title that is much longer than the seventeen and the seventy-six characters that UCSC shows"
    options = ["--scores", "H1-hESC (male):53BP1=K562.CTCF.bw", "--assembly", "toy1", "--title", title]
    assert main([*options, *EMAIL, "-o", "awkward", "--quiet"]) == 0
    hub = Hub(toy.folder / "awkward")
    assert list(hub.tracks) == ["factor_53BP1", "scores_53BP1", "scores_53BP1_H1_hESC__male_"]
    assert all(NAME.match(name) for name in hub.tracks)
    assert hub.hub["shortLabel"] == "A hub <with> a ti"
    assert hub.hub["longLabel"] == "A hub <with> a title that is much longer than the seventeen and the seventy-"
    assert "H1-hESC (male)" in (hub.folder / "factor_53BP1.html").read_text()
