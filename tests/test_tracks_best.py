"""The highest intervals of a track, against a plain search through all of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.tracks.best import BestIntervals

ROWS = st.lists(
    st.tuples(st.integers(0, 12_000), st.integers(1, 900), st.sampled_from([-1, 0, 0.25, 0.5, 1])), max_size=40
)


def plain(rows, most):
    """Of each chromosome's kilobase the highest, first of equals; then the highest of all."""
    found = []
    for place in {(chrom, start // 1000) for chrom, start, _, _ in rows}:
        here = [row for row in rows if (row[0], row[1] // 1000) == place and row[3] > 0]
        found += sorted(here, key=lambda row: (-row[3], row[1]))[:1]
    return sorted(found, key=lambda row: (-row[3], row[0].encode(), row[1]))[:most]


@given(one=ROWS, two=ROWS, most=st.integers(1, 6), piece=st.integers(1, 9))
def test_equals_a_plain_search(one, two, most, piece):
    """Pieces of any size, of two chromosomes, so that a kilobase is divided between pieces."""
    rows = []
    best = BestIntervals(most)
    for chrom, drawn in (("chr10", one), ("chr9", two)):
        unique = {start: (start, start + size, value) for start, size, value in drawn}
        table = [unique[start] for start in sorted(unique)]
        rows += [(chrom, *row) for row in table]
        for begin in range(0, len(table), piece):
            starts, ends, values = zip(*table[begin : begin + piece], strict=True)
            best.add(chrom, np.array(starts), np.array(ends), np.array(values, np.float32))
    assert [(chrom, start, end, value) for value, chrom, start, end in best.ranked()] == plain(rows, most)
