"""Every kind of bad input for every program: one printable line that tells file, place and remedy, and no output."""

import re
from collections import Counter

import bad_alignments
import bad_hdf5
import bad_models
import bad_options
import bad_tables
import bad_text
import bad_tracks
import pytest
from bad_cases import DATA, LONGEST_END, LONGEST_LINE, run

PARTS = (bad_text, bad_tables, bad_tracks, bad_alignments, bad_hdf5, bad_models, bad_options)
ROW = re.compile(r"^\| (`deepgrn-[a-z]+`|all) \| ([0-9,]+) \|$", re.MULTILINE)
CASES = [case for part in PARTS for case in part.CASES]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused(case, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    code, lines, prefix = run(case, tmp_path, capfd)
    expected = prefix + case.line.replace("{bad}", case.name).replace("{data}", str(DATA))
    if len(expected) > LONGEST_LINE:
        expected = f"{expected[: LONGEST_LINE - LONGEST_END]} … {expected[-LONGEST_END:]}"
    assert (code, lines[-1]) == (case.code, expected)
    assert lines[-1].isprintable()
    assert len(lines) == 1 if case.code == 1 else lines[0].startswith("usage: ")


def test_cases_are_distinct():
    names = [(case.program, case.what) for case in CASES]
    assert sorted(set(names)) == sorted(names)


def test_the_page_tells_how_many():
    page = (DATA.parent / "docs" / "robustness.md").read_text()
    told = {program: int(count.replace(",", "")) for program, count in ROW.findall(page)}
    counted = Counter(f"`deepgrn-{case.program}`" for case in CASES)
    assert told == {**counted, "all": len(CASES)}
