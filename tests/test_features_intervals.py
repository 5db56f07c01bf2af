import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.data.intervals import merge, overlaps

INTERVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair))), max_size=12
)


def columns(pairs):
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def painted(pairs):
    return {base for start, end in pairs for base in range(start, end)}


@given(INTERVALS)
def test_merged_intervals_cover_the_same_bases_with_gaps_between(pairs):
    starts, ends = merge(*columns(pairs))
    assert painted(zip(starts.tolist(), ends.tolist(), strict=True)) == painted(pairs)
    assert (starts[1:] > ends[:-1]).all()


@given(INTERVALS, INTERVALS)
def test_overlaps_as_counted_base_by_base(queries, pairs):
    found = overlaps(*columns(queries), *merge(*columns(pairs)))
    bases = painted(pairs)
    assert found.tolist() == [bool(painted([query]) & bases) for query in queries]
