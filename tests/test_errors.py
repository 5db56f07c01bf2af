"""What is suggested for a name that is not there."""

import pytest

from deepgrn_tool.errors import did_you_mean, printable

YEAST = ["chrI", "chrV", "chrX", "chrM"]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("8", ["chr8", "chr18"], "; did you mean 'chr8'?"),
        ("chr8", ["18", "8"], "; did you mean '8'?"),
        ("Chr8", ["chr18", "chr8"], "; did you mean 'chr8'?"),
        ("chrMT", ["chr1", "chrM"], "; did you mean 'chrM'?"),
        ("chr8", YEAST, " (it has chrI, chrV, chrX, chrM)"),
        ("chrY", ["chr1", "chrX"], " (it has chr1, chrX)"),
        ("chr2", ["chr1", "chr20", "chr21"], " (it has chr1, chr20, chr21)"),
        ("chrM", ["chrU"], " (it has chrU)"),
        ("chr2L", ["chr2R"], " (it has chr2R)"),
        ("ch21", ["chr20", "chr21"], "; did you mean 'chr21'?"),
        ("k562", ["GM12878", "K562"], "; did you mean 'K562'?"),
        ("GM1287", ["GM12878", "K562"], "; did you mean 'GM12878'?"),
        ("liver", [], ""),
        ("liver", ["a", "b", "c", "d", "e", "f"], " (it has a, b, c, d, e, …)"),
    ],
)
def test_suggestions(name, known, hint):
    assert did_you_mean(name, known) == hint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("peaks.bed, line 3: 'ä …' is no number", "peaks.bed, line 3: 'ä …' is no number"),
        ("a\nb\r\tc\0", r"a\nb\r\tc\x00"),
        ("\x1b]0;title\x07\x9b1m", r"\x1b]0;title\x07\x9b1m"),
        ("right\u202eleft\u2028next", r"right\u202eleft\u2028next"),
        ("name\udcff.bed", r"name\udcff.bed"),
        ("x" * 1300 + "y" * 5000 + "z" * 700, "x" * 1300 + " … " + "z" * 700),
    ],
)
def test_messages_are_one_printable_line(text, shown):
    assert printable(text) == shown
