"""What is inside the page: read from the file as text, and compared with the tracks and the genome."""

import base64
import json
import re

import pytest
from hub_toys import HubToy

from deepgrn_tool.cli.hub import main


def content(folder):
    text = (folder / "index.html").read_text()
    return json.loads(re.search(r'<script id="content" type="application/json">(.*?)</script>', text, re.DOTALL)[1])


def slices(inside):
    """The sequence of the page: header without `>`, and bases."""
    kind, _, packed = inside["fasta"].partition(",")
    assert kind == "data:text/plain;base64"
    lines = base64.b64decode(packed).decode().splitlines()
    return dict(zip([line[1:] for line in lines[::2]], lines[1::2], strict=True))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return HubToy(tmp_path)


def test_tracks_hold_the_regions_and_no_more(toy):
    inside = content(toy.make())
    assert {track["name"]: track["data"] for track in inside["tracks"]} == {
        "K562 CTCF scores": {"chrA": [[5000], [5500], [1]]},
        "K562 CTCF called": {"chrA": [[5000], [5500]]},
        "K562 CTCF attention": {"chrA": [[4500], [6500], [3]]},
        "K562 accessibility": {"chrA": [[5000], [6000], [2]]},
        "liver CTCF scores": {"chrA": [[5500], [6000], [0.5]]},
        "liver accessibility": {"chrA": [[5500], [5600], [4]]},
    }
    assert inside["regions"] == [{"locus": "chrA:4501-6500", "text": "chrA:4,501-6,500", "name": "my gene"}]


def test_sequence_is_that_of_the_fasta(toy):
    bases = re.sub("[^ACGT]", "N", toy.sequences["chrA"][4500:6500].upper())
    assert slices(content(toy.make())) == {"chrA:4501-6500 @len=30000": bases}


def test_overlapping_regions_are_in_the_page_once(toy):
    rows = [("chrA", 4900, 5100), ("chrB", 0, 10), ("chrA", 5000, 5300), ("chrA", 20_000, 20_020)]
    (toy.folder / "regions.bed").write_text("".join(f"{chrom}\t{start}\t{end}\n" for chrom, start, end in rows))
    inside = content(toy.make("--flank", "0"))
    assert list(slices(inside)) == ["chrA:4901-5300 @len=30000", "chrA:20001-20020 @len=30000", "chrB:1-10 @len=12000"]
    assert len(inside["regions"]) == 4
    scores = next(track for track in inside["tracks"] if track["name"] == "K562 CTCF scores")
    assert scores["data"]["chrA"] == [[5000, 20_000], [5300, 20_020], [1, 0.25]]
    assert scores["data"]["chrB"] == [[], [], []]


def test_accessibility_and_sequence_from_a_features_file(toy):
    features = toy.write_features()
    hub = toy.folder / "from_features"
    argv = ["--scores", "liver.CTCF.bw", "--features", features, "--flank", "100", "--count", "1", "--email", "a@b.c"]
    assert main([*argv, "-o", str(hub), "--quiet"]) == 0
    inside = content(hub)
    assert inside["assembly"] == "toy1"
    (bases,) = slices(inside).values()
    assert bases == toy.sequences["chrB"][:250].upper()
    names = [track["name"] for track in inside["tracks"]]
    assert names == ["liver CTCF scores", "liver accessibility"]


def test_without_sequence_the_page_does_without(toy):
    argv = ["--scores", "liver.CTCF.bw", "--assembly", "toy1", "--email", "a@b.c", "-o", "hub", "--count", "1"]
    assert main([*argv, "--flank", "5", "--quiet"]) == 0
    inside = content(toy.folder / "hub")
    assert inside["hasSequence"] is False
    assert slices(inside) == {"chrB:96-155 @len=12000": "N" * 60}


def test_nothing_is_loaded_from_elsewhere_and_the_licence_is_there(toy):
    text = (toy.make() / "index.html").read_text()
    assert "default-src 'none'" in text
    assert "Permission is hereby granted, free of charge" in text
    outside_scripts = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert re.search(r"\b(src|href)=|url\(|@import", outside_scripts) is None
    assert re.search(r"<script[^>]*\bsrc", text) is None
