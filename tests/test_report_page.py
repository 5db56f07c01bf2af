"""The page: everything escaped, nothing from outside, and still useful where a viewer takes styles and images away."""

from html.parser import HTMLParser

import pytest

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.report.content import Figure, Section, Table
from deepgrn_tool.report.page import page
from deepgrn_tool.report.tables import MOST_ROWS, check_image_names, read_image, read_table

HOSTILE = '<script>alert("x")</script> & \'"'
LINKS = ("href", "src", "action", "data", "srcset", "poster", "formaction", "background")
SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text of the page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def reader():
    table = Table((HOSTILE, "value"), [(HOSTILE, "1,234"), ("b", "NA")], HOSTILE)
    figure = Figure(SVG, "image/svg+xml", HOSTILE, HOSTILE)
    return Reader(page(HOSTILE, HOSTILE, [Section(HOSTILE, [HOSTILE], [figure], [table])]))


def test_texts_are_escaped(reader):
    assert reader.open == []
    assert {"script", "style", "iframe", "object"} & {tag for tag, _ in reader.elements} == set()
    # Title, heading, line below, link, section, paragraph, caption of figure and table, header, cell.
    assert reader.text.count(HOSTILE) == 10
    (image,) = [attributes for tag, attributes in reader.elements if tag == "img"]
    assert image["alt"] == HOSTILE


def test_nothing_comes_from_outside(reader):
    addresses = [value for _, attributes in reader.elements for name, value in attributes.items() if name in LINKS]
    assert len(addresses) == 3
    assert all(
        address.startswith(("#part1", "data:text/css;base64,", "data:image/svg+xml;base64,")) for address in addresses
    )
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)


def test_numbers_stand_to_the_right(reader):
    classes = [attributes.get("class") for tag, attributes in reader.elements if tag in ("th", "td")]
    assert classes == [None, "number"] * 3


def test_long_tables_are_cut(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("name\tvalue\n" + "".join(f"row{number}\t{number}\n" for number in range(MOST_ROWS + 5)))
    table, count = read_table(path)
    assert (len(table.rows), count) == (MOST_ROWS, MOST_ROWS + 5)
    assert table.rows[-1] == (f"row{MOST_ROWS - 1}", f"{MOST_ROWS - 1}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\n1\t2\n1\n", "t.tsv, line 3: has 1 columns where the header has 2"),
        ("just words\n", "t.tsv: is no table: a header with tabs between the names of columns is expected"),
        ("", "t.tsv: is no table: a header with tabs between the names of columns is expected"),
    ],
)
def test_what_is_no_table(tmp_path, text, message):
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("content", [SVG, b"<svg>", b"\xef\xbb\xbf<!DOCTYPE svg>\n<svg width='1'/>"])
def test_images(tmp_path, content):
    path = tmp_path / "a.svg"
    path.write_bytes(content)
    assert read_image(path, "c") == Figure(content, "image/svg+xml", "c", "c")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", SVG, "is not a PNG image"),
        ("a.svg", b"\x89PNG\r\n\x1a\n", "is not an SVG image"),
        ("a.svg", b"<html><svg></svg></html>", "is not an SVG image"),
        ("a.PNG", b"", "is not a PNG image"),
    ],
)
def test_what_is_no_image(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_image(path, "c")


def test_names_of_images():
    check_image_names(["a.png", "b.SVG"])
    with pytest.raises(UsageError, match=r"figure c\.pdf: only \.png and \.svg can be shown; draw it as one of these"):
        check_image_names(["a.png", "c.pdf"])
