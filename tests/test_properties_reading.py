"""What readers say of any file that can be drawn, against slow readers that are obviously right."""

import gzip

import numpy as np
import pyBigWig
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgrn_tool.errors import escaped
from deepgrn_tool.formats import score_text, textfile
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.textfile import read_lines

LENGTH = 3000  # bp of a chromosome
SAME_FOLDER = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def rows_of_tracks(draw):
    """Intervals that do not overlap, ascending: (start, end, value); gaps of 0 are frequent."""
    rows, at = [], draw(st.integers(0, 50))
    for _ in range(draw(st.integers(1, 40))):
        start = at + draw(st.sampled_from([0, 0, 1, 7, 200]))
        end = start + draw(st.sampled_from([1, 1, 2, 25, 150]))
        if end > LENGTH:
            break
        rows.append((start, end, draw(st.floats(-100, 100, width=32))))
        at = end
    return rows or [(0, 1, 0.5)]


def write(path, kinds, rows, span, step):
    """Write one chromosome for each kind of block; "fixed" and "variable" have rows of their own."""
    fixed = [(start, start + span, value) for start, (_, _, value) in zip(range(5, LENGTH, step), rows, strict=False)]
    fixed = [row for row in fixed if row[1] <= LENGTH]
    variable = [(start, start + 1, value) for start, _, value in rows]
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([(kind, LENGTH) for kind in kinds])
        for kind in kinds:
            held = {"fixed": fixed, "variable": variable, "free": rows}[kind]
            starts, ends, values = (list(column) for column in zip(*held, strict=True))
            if kind == "fixed":
                file.addEntries(kind, starts[0], values=values, span=span, step=step)
            elif kind == "variable":
                file.addEntries(kind, starts, values=values, span=1)
            else:
                file.addEntries([kind] * len(starts), starts, ends=ends, values=values)
    return {"fixed": fixed, "variable": variable, "free": rows}


def painted(rows, start, end):
    return [
        next((np.float32(value) for first, last, value in rows if first <= base < last), np.float32(0))
        for base in range(start, end)
    ]


@SAME_FOLDER
@given(
    kinds=st.lists(st.sampled_from(["fixed", "variable", "free"]), unique=True, min_size=1).map(sorted),
    rows=rows_of_tracks(),
    span=st.integers(1, 5),
    wider=st.integers(0, 60),
    places=st.lists(st.integers(0, LENGTH), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_any_bigwig(tmp_path, kinds, rows, span, wider, places):
    held = write(tmp_path / "a.bw", kinds, rows, span, span + wider)
    with BigWig(tmp_path / "a.bw") as file:
        assert file.lengths == dict.fromkeys(kinds, LENGTH)
        for kind in kinds:
            assert file.values(kind, *places).tolist() == painted(held[kind], *places)
            found = [
                row for piece in file.intervals(kind) for row in zip(*(one.tolist() for one in piece), strict=True)
            ]
            assert found == held[kind]


NUMBERS = st.one_of(
    st.integers(0, 5000).map(str),
    st.sampled_from(["5e2", "1_0", "-0", "+7", "007", "1.0", "٣", "nan", "", "-3", "9" * 30, "0x1"]),
)
SCORES = st.one_of(
    st.floats(0, 1).map(repr), st.sampled_from(["1e-05", "nan", "inf", "1_0", "x", "-1", ".5", "1.", "1e400", "٣"])
)
ROWS = st.lists(st.tuples(st.sampled_from(["chr1", "chr1", "chr1", "chr2"]), NUMBERS, NUMBERS, SCORES), min_size=1)


def read_slowly(text):
    """Read rows one by one: those before the first wrong line, and whether there is one."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 4 or "_" in line or not line.isascii():
            return found, True
        chrom, start, end, score = fields
        try:
            value = float(score)
        except ValueError:
            return found, True
        digits = [text.removeprefix("-") if text.startswith("-") else text.removeprefix("+") for text in (start, end)]
        if not all(one.isdigit() for one in digits):
            return found, True
        first, last = int(start), int(end)
        if not 0 <= first < last < 1 << 40 or not np.isfinite(value):
            return found, True
        found.append((chrom, first, last, value))
    return found, False


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, block=st.sampled_from([1 << 20, 40]))
def test_rows_of_scores_are_those_of_a_loop(tmp_path, rows, block):
    """The quick way, for blocks of one chromosome, and the slow one agree: what is refused, and what is read."""
    path = tmp_path / "a.tab"
    text = "".join("\t".join(row) + "\n" for row in rows)
    path.write_text(text)
    expected, wrong = read_slowly(text)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "BLOCK_SIZE", block)
        try:
            for piece in score_text.read_score_rows(path):
                columns = (piece.lines.tolist(), piece.starts.tolist(), piece.ends.tolist(), piece.values.tolist())
                found += [(line, (piece.chrom, *rest)) for line, *rest in zip(*columns, strict=True)]
        except score_text.InputError:
            assert wrong
        else:
            assert not wrong
            assert [row for _, row in sorted(found)] == expected
    assert {row for _, row in found} <= set(expected)


@SAME_FOLDER
@given(
    lines=st.lists(st.text(st.characters(blacklist_characters="\n\r\0", codec="utf-8"), max_size=12)),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    packed=st.booleans(),
    block=st.sampled_from([1 << 20, 64]),
)
def test_lines_are_those_that_were_written(tmp_path, lines, end, last, packed, block):
    text = "".join(line + end for line in lines)
    expected = [line.removeprefix("\ufeff") if number == 0 else line for number, line in enumerate(lines)]
    if not last and lines:
        text = text.removesuffix(end)
        expected = expected if lines[-1] else expected[:-1]  # nothing stands behind the last line end
    data = text.encode()
    path = tmp_path / "t"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "BLOCK_SIZE", block)
        assert [line for _, line in read_lines(path)] == expected


@given(st.text())
def test_escaped_text_is_printable_and_means_the_same(text):
    shown = escaped(text)
    assert shown.isprintable() or not shown
    if "\\" not in text:
        assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == text
