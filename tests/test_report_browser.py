"""The report as a person sees it: opened in Chromium without network, on a wide and a narrow screen, and printed.

The page is made of the bundled files. What its pictures must show is read from these by other means: scores by
pyBigWig, labels as text. Contrast is that of WCAG 2.1, whose lowest grade for text (AA) asks for 4.5.
"""

import re

import numpy as np
import pyBigWig
import pytest
from browser_pages import Opened, needs_chromium, pixels
from playwright.sync_api import expect
from programs import exit_code
from test_documents import ROOT

from deepgrn_tool.cli.report import main

pytestmark = needs_chromium
DATA = ROOT / "test-data"
WIDTHS = (1280, 400)
PRINTED = 688  # pixels: A4 without the margins that page.css asks for
BLUE, VERMILLION, GREEN = (0, 114, 178), (213, 94, 0), (0, 158, 115)
CAPTION = re.compile(r"(chr\d+):([\d,]+)-([\d,]+), best score (0\.\d{3}|1\.000); (not )?bound by the labels\.")
# The widest table of the programs, that of known motifs.
MOTIFS = """rank motif name consensus width sites matching_sites percent_of_sites controls matching_controls \
percent_of_controls fold_enrichment p_value adjusted_p_value
1 MA0363.3 REB1 ATTACCCGG 9 120 104 86.67 120 0 0.00 209 2.88e-51 5.12e-49
13 MA0290.1 DAL81 AAAAGCCGCGGGCGGGATT 19 120 4 3.33 120 1 0.83 3 1.85e-01 1.00e+00
""".replace(" ", "\t")
# Texts with the colours that they have: their own, and that of the next element around that is not transparent.
COLORS_OF_TEXTS = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (!walker.currentNode.data.trim()) continue;
        const element = walker.currentNode.parentElement;
        let around = element;
        while (around && /, 0\\)$/.test(getComputedStyle(around).backgroundColor)) around = around.parentElement;
        found.push([walker.currentNode.data.trim(), getComputedStyle(element).color,
            around ? getComputedStyle(around).backgroundColor : "rgb(255, 255, 255)"]);
    }
    return found;
}"""
# Elements that end outside of the page, or whose content does not fit into them.
CUT_OFF = """() => [...document.querySelectorAll("body, body *")].filter(element => {
    const place = element.getBoundingClientRect();
    if (!place.width && !place.height) return false;
    const outside = place.left < -0.5 || place.right > document.documentElement.clientWidth + 0.5;
    return outside || element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
}).map(element => element.outerHTML.slice(0, 120))"""

# Of each table the number of columns, and the sizes of the cells of each row.
TABLES = """() => [...document.querySelectorAll("table")].map(table => [
    table.querySelectorAll("th").length,
    [...table.querySelectorAll("tbody tr")].map(row => [...row.querySelectorAll("td")].map(cell => {
        const place = cell.getBoundingClientRect();
        return [place.width, place.height];
    })),
])"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page with everything that a page can hold."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    galaxy = DATA / "galaxy"
    scores = ["--scores", f"gamma:CTCF={galaxy / 'scores.bw'}", "--labels", galaxy / "CTCF.labels.tsv.gz"]
    more = ["--features", galaxy / "features.h5", "--attention", galaxy / "part1.bw", "--places", "3"]
    network = ["--model", DATA / "model.h5", "--history", galaxy / "history.tsv"]
    table = path.with_name("known.tsv")
    table.write_text(MOTIFS)
    added = ["--figure", f"Added={galaxy / 'figure.svg'}", "--table", f"Added={table}"]
    assert exit_code(main, *scores, *more, *network, *added, "--chromosomes", "chr11", "-o", path, "--quiet") == 0
    return path


@pytest.fixture(scope="module", params=WIDTHS)
def seen(request, chromium, report):
    return Opened(chromium, report, width=request.param)


@pytest.fixture(scope="module")
def wide(chromium, report):
    return Opened(chromium, report)


def test_nothing_goes_wrong_and_nothing_leaves_the_page(seen, report):
    assert seen.said == []
    assert seen.requests == [report.as_uri()]


def test_sections_and_main_numbers(wide):
    expect(wide.page.locator("h1")).to_have_text("CTCF in gamma")
    titles = ["Quality", "Scores", "Best places", "Added", "Training", "Network", "Data", "How this page was made"]
    expect(wide.page.locator("h2")).to_have_text(titles)
    table = wide.page.locator("table").first
    header, numbers = table.locator("th").all_inner_texts(), table.locator("tr").nth(1).locator("td").all_inner_texts()
    shown = dict(zip(header, numbers, strict=True))
    labels = [line.split("\t") for line in (DATA / "galaxy" / "CTCF.labels.tsv").read_text().splitlines()]
    letters = [row[labels[0].index("gamma")] for row in labels if row[0] == "chr11"]
    assert int(shown["bound"].replace(",", "")) == letters.count("B")
    assert int(shown["bins"].replace(",", "")) == letters.count("B") + letters.count("U")
    facts = wide.page.locator(".facts strong").all_inner_texts()
    assert [float(fact) for fact in facts[:2]] == pytest.approx(
        [float(shown[name]) for name in ("auPRC", "auROC")], abs=1e-3
    )


def test_every_figure_is_drawn(seen):
    images = seen.page.locator("figure img").all()
    assert len(images) == 7  # curves, scores, three places, one that was added, training
    for image in images:
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        picture = pixels(image.screenshot())
        assert ((picture < 245).any(axis=2)).mean() > 0.02, image.get_attribute("alt")


def test_places_show_scores_and_bound_bins_where_they_are(wide):
    with pyBigWig.open(str(DATA / "galaxy" / "scores.bw")) as track:
        for figure in wide.page.locator("figure", has_text="best score").all():
            chrom, start, end = where = place_of(figure)
            values = np.nan_to_num(track.values(chrom, start, end, numpy=True))
            picture = pixels(figure.locator("img").screenshot())
            high = np.flatnonzero(values > values.max() / 2)
            assert extent(picture, BLUE) == pytest.approx((high[0] / 2000, (high[-1] + 1) / 2000), abs=0.006), where
            bound = bound_bases(chrom, start, end)
            assert extent(picture, VERMILLION) == pytest.approx((bound.min() / 2000, bound.max() / 2000), abs=0.006), (
                where
            )
            assert (np.abs(picture - GREEN) <= 8).all(axis=2).any()


def place_of(figure):
    """Read a place from the caption of its figure; 0-based."""
    chrom, start, end, _, _ = CAPTION.fullmatch(figure.locator(".caption").inner_text()).groups()
    return chrom, int(start.replace(",", "")) - 1, int(end.replace(",", ""))


def bound_bases(chrom, start, end):
    """List starts and ends of gamma's bound bins within a stretch, from its start, cut at its ends."""
    lines = [line.split("\t") for line in (DATA / "galaxy" / "CTCF.labels.tsv").read_text().splitlines()]
    column = lines[0].index("gamma")
    bins = [(int(row[1]), int(row[2])) for row in lines if row[0] == chrom and row[column] == "B"]
    edges = [edge for first, last in bins if first < end and last > start for edge in (first, last)]
    return np.clip(np.array(edges), start, end) - start


def extent(picture, color):
    """Tell where a colour begins and ends at half its height, as shares of the axis, which is the longest dark line."""
    dark = (picture < 100).all(axis=2)
    row = np.flatnonzero(dark[dark.sum(axis=1).argmax()])  # with the number beside the axis
    axis = max(np.split(row, np.flatnonzero(np.diff(row) > 1) + 1), key=len)
    colored = (np.abs(picture - color) <= 8).all(axis=2)
    rows = np.flatnonzero(colored.any(axis=1))
    columns = np.flatnonzero(colored[(rows[0] + rows[-1]) // 2])
    length = axis[-1] + 1 - axis[0]
    return (columns[0] - axis[0]) / length, (columns[-1] + 1 - axis[0]) / length


def test_tables_have_rows_that_can_be_read(seen):
    tables = seen.page.evaluate(TABLES)
    assert len(tables) == 8  # metrics, places, one that was added, network, data, inputs, options, versions
    for columns, rows in tables:
        assert rows
        for row in rows:
            assert len(row) == columns
            assert all(width > 5 and height > 5 for width, height in row)


def test_nothing_is_cut_off(seen):
    assert seen.page.evaluate(CUT_OFF) == []


def test_what_is_cut_off_would_be_noticed(chromium, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p style='width: 50px; overflow: hidden'>unbreakable_word</p><pre>" + "a" * 1000 + "</pre>")
    assert [html[:2] for html in Opened(chromium, page).page.evaluate(CUT_OFF)] == ["<b", "<p", "<p"]


def test_texts_stand_out(wide):
    texts = wide.page.evaluate(COLORS_OF_TEXTS)
    assert len(texts) > 100
    assert {(text, contrast(*colors)) for text, *colors in texts if contrast(*colors) < 4.5} == set()


def contrast(*colors):
    """Give the contrast of two opaque colours as browsers write them, from 1 to 21."""
    luminances = []
    for color in colors:
        assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", color), color
        shares = [int(number) / 255 for number in re.findall(r"\d+", color)]
        linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        luminances.append(sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_contrast_of_known_colours():
    white = "rgb(255, 255, 255)"
    assert contrast("rgb(0, 0, 0)", white) == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", white) == pytest.approx(4.48, abs=0.005)  # the known example of too little


def test_links_lead_to_their_sections(chromium, report):
    opened = Opened(chromium, report)
    for link in opened.page.locator("nav a").all():
        link.click()
        heading = opened.page.locator("h2", has_text=link.inner_text())
        expect(heading).to_be_in_viewport(ratio=0.99)  # its edge lies between two pixels
        bar, place = opened.page.locator("nav").bounding_box(), heading.bounding_box()
        assert place["y"] >= bar["y"] + bar["height"]


def test_printed(chromium, report, tmp_path):
    opened = Opened(chromium, report, width=PRINTED)
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(CUT_OFF) == []
    expect(opened.page.locator("nav")).to_be_hidden()
    content = opened.page.pdf(format="A4", prefer_css_page_size=True)
    assert content.startswith(b"%PDF-")
    sheets = len(re.findall(rb"/Type */Page\b", content))
    height = opened.page.evaluate("document.documentElement.scrollHeight")
    assert height / 1000 <= sheets <= 2 * height / 1000  # 1,000 pixels on a sheet, more where a figure begins a new one
