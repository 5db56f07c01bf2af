"""The labelling rule against the challenge's golden case, drawings, and a double loop over bins and peaks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.labels.rule import label_bins
from deepgrn_tool.labels.table import AMBIGUOUS, BOUND, LETTERS, UNBOUND

GRID = range(0, 2001, 50)
PEAKS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(1, 450)).map(lambda pair: (pair[0], sum(pair))), max_size=8
)
STARTS = st.one_of(st.just(list(GRID)), st.sets(st.integers(0, 2000), max_size=30).map(sorted))


def columns(pairs):
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def letters(starts, conservative, relaxed=None):
    codes = label_bins(np.array(starts, np.int64), columns(conservative), None if relaxed is None else columns(relaxed))
    assert codes.dtype == np.uint8
    return "".join(LETTERS[code] for code in codes)


def runs_of_bases(pairs):
    """Merge by painting bases: book-ended intervals run on."""
    bases = sorted({base for start, end in pairs for base in range(start, end)})
    runs = []
    for base in bases:
        if runs and runs[-1][1] == base:
            runs[-1][1] = base + 1
        else:
            runs.append([base, base + 1])
    return runs


def letters_by_loops(starts, conservative, relaxed):
    result = ""
    for start in starts:
        belonging = touching = overlapping = 0
        for begin, end in runs_of_bases(conservative):
            shared = max(min(start + 200, end) - max(start, begin), 0)
            belonging += shared > 0 and (2 * shared >= 200 or 2 * shared >= end - begin)
            touching += shared > 0
        for begin, end in runs_of_bases(relaxed or []):
            overlapping += min(start + 200, end) > max(start, begin)
        if relaxed is None:
            result += "B" if belonging else "A" if touching else "U"
        elif (belonging, overlapping) == (1, 1):
            result += "B"
        else:
            result += "U" if (belonging, overlapping) == (0, 0) else "A"
    return result


def test_codes():
    assert (UNBOUND, BOUND, AMBIGUOUS, LETTERS) == (0, 1, 2, "UBA")


def test_golden_case_of_the_challenge():
    conservative = [(700, 780), (1200, 1500)]
    relaxed = [(690, 790), (1190, 1510), (1560, 1600), (2300, 2301)]
    expected = "BBBAUUUUAABBBBBBAAAAUUUUUUUUUUUAAAAUUUUU"
    assert letters(range(600, 2551, 50), conservative, relaxed) == expected


@pytest.mark.parametrize(
    ("conservative", "relaxed", "expected"),
    [
        # Bins start at 0, 50, 100, 150, 200, 250, 300, 350, 400 and have 200 bp.
        # 150 bp: bin 100 shares 50 (a third of the peak, a quarter of the bin), bin 150 shares 100, bin 350 shares 50.
        ([(250, 400)], [(250, 400)], "UUABBBBAU"),
        ([(250, 400)], None, "UUABBBBAU"),
        # 101 bp: bin 100 shares 50, less than half; bin 350 shares 1.
        ([(250, 351)], None, "UUABBBBAU"),
        # 100 bp: bin 100 shares 50, exactly half.
        ([(250, 350)], None, "UUBBBBBUU"),
        # 1 bp, the first one after bin 0: the whole peak or nothing.
        ([(200, 201)], None, "UBBBBUUUU"),
        # Longer than a bin: half of the bin decides, at bin 50 exactly.
        ([(150, 600)], None, "ABBBBBBBB"),
        # Touching peaks are one of 100 bp ...
        ([(250, 300), (300, 350)], [(250, 350)], "UUBBBBBUU"),
        # ... but with one base between, bins 150 to 250 hold both: two.
        ([(250, 300), (301, 350)], [(250, 350)], "UUBAAABUU"),
        ([(250, 300), (301, 350)], None, "UUBBBBBUU"),
        # Bound needs exactly one relaxed peak, too.
        ([(250, 350)], [(250, 350), (400, 401)], "UUBBBAAAA"),
        ([(250, 350)], [(900, 901)], "UUAAAAAUU"),
        # Relaxed alone is never bound.
        ([(900, 901)], [(250, 350)], "UUAAAAAUU"),
    ],
)
def test_cases_worked_out_by_hand(conservative, relaxed, expected):
    assert letters(range(0, 401, 50), conservative, relaxed) == expected


@given(STARTS, PEAKS, st.none() | PEAKS)
def test_equals_a_double_loop(starts, conservative, relaxed):
    assert letters(starts, conservative, relaxed) == letters_by_loops(starts, conservative, relaxed)


@given(STARTS, PEAKS, PEAKS)
def test_relaxed_peaks_that_hold_the_conservative_ones(starts, conservative, further):
    relaxed = conservative + further
    assert letters(starts, conservative, relaxed) == letters_by_loops(starts, conservative, relaxed)


def test_no_bins_or_no_peaks():
    assert letters([], [(1, 5)], [(1, 5)]) == ""
    assert letters([0, 50], [], []) == letters([0, 50], []) == "UU"
