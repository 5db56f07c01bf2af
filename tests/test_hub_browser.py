"""The page as a person sees it: opened from its folder in Chromium, without network, and looked at pixel by pixel.

Where the colours of the tracks are expected follows from the drawing in hub_toys: 2,000 bp from chrA:4500 on.
"""

import numpy as np
import pytest
from browser_pages import Opened, needs_chromium, pixels
from hub_toys import EMAIL, HubToy
from playwright.sync_api import expect

from deepgrn_tool.cli.hub import main

pytestmark = needs_chromium
BLUE, VERMILLION = (0, 114, 178), (213, 94, 0)
# Name of the track: its colour, first and last column and height of what is drawn, as shares of the track's box.
DRAWN = {
    "K562 CTCF scores": (BLUE, 0.25, 0.5, 1),
    "K562 CTCF called": (BLUE, 0.25, 0.5, None),
    "K562 CTCF attention": (BLUE, 0, 1, 1),
    "K562 accessibility": (BLUE, 0.25, 0.75, 0.5),
    "liver CTCF scores": (VERMILLION, 0.5, 0.75, 0.5),
    "liver accessibility": (VERMILLION, 0.5, 0.55, 1),
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = HubToy(folder)
        made.make()
        scores = [
            "--scores",
            "K562.CTCF.bw",
            "--scores",
            "liver.CTCF.bw",
            "--title",
            "</script><script>alert(1)</script>",
        ]
        assert main([*scores, "--assembly", "toy1", "--flank", "400", *EMAIL, "-o", "best", "--quiet"]) == 0
    return made


class Seen(Opened):
    """A page after it has drawn itself, and everything that happened meanwhile."""

    def __init__(self, chromium, path):
        super().__init__(chromium, path)
        self.wait()

    def wait(self):
        """Wait until the region is there and two pictures in a row are the same."""
        expect(self.page.locator("body[data-shown]")).to_have_count(1, timeout=60_000)
        now = self.page.screenshot()
        for _ in range(100):
            self.page.wait_for_timeout(300)
            before, now = now, self.page.screenshot()
            if now == before:
                break
        self.picture = pixels(now)

    def tracks(self):
        """Cut out what each track draws, by its name."""
        boxes = self.page.locator(".igv-column > .igv-viewport").filter(has=self.page.locator(".igv-track-label"))
        return {box.locator(".igv-track-label").inner_text(): self.cut(box) for box in boxes.all()}

    def cut(self, box):
        place = box.bounding_box()
        left, top = round(place["x"]), round(place["y"])
        return self.picture[top : top + round(place["height"]), left : left + round(place["width"])]


@pytest.fixture(scope="module")
def seen(chromium, toy):
    return Seen(chromium, toy.folder / "hub" / "index.html")


def extent(picture, color):
    """Shares of the box at which a colour begins and ends from left to right, and how high it is at most."""
    columns = (np.abs(picture - color) <= 2).all(axis=2).sum(axis=0)
    present = np.flatnonzero(columns)
    return present[0] / len(columns), (present[-1] + 1) / len(columns), columns.max() / len(picture)


def test_all_tracks_are_there_in_order(seen):
    assert list(seen.tracks()) == list(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_tracks_are_drawn_where_the_signal_is(seen, name):
    color, first, last, height = DRAWN[name]
    found = extent(seen.tracks()[name], color)
    assert found[:2] == pytest.approx((first, last), abs=0.005)
    assert height is None or found[2] == pytest.approx(height, abs=0.03)


def test_sequence_is_drawn_in_the_colours_of_bases(seen):
    bands = seen.page.locator(".igv-column > .igv-viewport").all()
    sequence = seen.cut(bands[2])  # below the overview of the chromosome and the ruler
    colored = (np.ptp(sequence, axis=2) > 30).any(axis=0)
    assert colored.mean() > 0.95


def test_texts(seen):
    expect(seen.page.locator("h1")).to_have_text("DeepGRN CTCF")
    expect(seen.page.locator("#regions button")).to_have_text(["chrA:4,501-6,500my gene"])
    assert seen.page.locator("input.igv-search-input").input_value() == "chrA:4,501-6,500"


def test_nothing_goes_wrong_and_nothing_leaves_the_page(seen, toy):
    assert seen.said == []
    assert seen.requests == [(toy.folder / "hub" / "index.html").as_uri()]


def test_going_to_another_region_of_another_chromosome(chromium, toy):
    seen = Seen(chromium, toy.folder / "best" / "index.html")
    buttons = seen.page.locator("#regions button")
    expect(buttons).to_have_text(
        ["chrA:4,601-5,900K562 CTCF 1", "chrB:1-550liver CTCF 0.75", "chrA:19,601-20,450K562 CTCF 0.25"]
    )
    expect(buttons.nth(0)).to_have_attribute("aria-current", "true")
    buttons.nth(1).click()
    seen.wait()
    expect(buttons.nth(1)).to_have_attribute("aria-current", "true")
    first, last, height = extent(seen.tracks()["liver CTCF scores"], VERMILLION)
    assert (first, last) == pytest.approx((100 / 550, 150 / 550), abs=0.005)
    assert height == pytest.approx(0.75, abs=0.03)
    expect(seen.page.locator("h1")).to_have_text("</script><script>alert(1)</script>")
    assert seen.said == []
