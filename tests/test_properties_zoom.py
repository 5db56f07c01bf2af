"""Zoom levels of any track, against sums base by base."""

import itertools

import numpy as np
import pybigtools
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgrn_tool.tracks.bigwig import BigWigWriter

LENGTHS = {"a": 9000, "b": 5000}
FIRST = 400  # bp, of the finest level


@st.composite
def tracks(draw):
    """By chromosome: intervals of any sizes, ascending."""
    found = {}
    for chrom, length in LENGTHS.items():
        rows, at = [], 0
        for _ in range(draw(st.integers(0, 60))):
            start = at + draw(st.sampled_from([0, 0, 1, 30, 399, 400, 401]))
            end = start + draw(st.sampled_from([1, 50, 400, 1000]))
            if end > length:
                break
            rows.append((start, end, draw(st.floats(0, 8, width=32))))
            at = end
        found[chrom] = rows
    return found


def summarized(rows, size):
    """By window of `size` bp: first and last base, bases, lowest, highest, sum and sum of squares."""
    values = {base: value for start, end, value in rows for base in range(start, end)}
    windows = {}
    for base in sorted(values):
        windows.setdefault(base // size, []).append(base)
    result = []
    for bases in windows.values():
        held = np.array([values[base] for base in bases])
        result.append((bases[0], bases[-1] + 1, len(bases), held.min(), held.max(), held.sum(), (held**2).sum()))
    return result


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(track=tracks(), cut=st.integers(1, 50))
def test_any_track(tmp_path, track, cut):
    path = tmp_path / "a.bw"
    if not any(track.values()):
        return
    with BigWigWriter(path, LENGTHS) as writer:
        for chrom, rows in track.items():
            for first in range(0, len(rows), cut):
                starts, ends, values = zip(*rows[first : first + cut], strict=True)
                writer.add(chrom, np.array(starts), np.array(ends), np.array(values, np.float32))
    file = pybigtools.open(str(path))
    counts = []
    for size in file.zooms():
        assert size % FIRST == 0
        records = 0
        for chrom, rows in track.items():
            expected = summarized(rows, size)
            found = list(file.zoom_records(size, chrom)) if rows else []
            assert [(start, end) for start, end, _ in found] == [row[:2] for row in expected]
            for (_, _, summary), (_, _, bases, low, high, total, squares) in zip(found, expected, strict=True):
                assert (summary["bases_covered"], summary["min_val"], summary["max_val"]) == (bases, low, high)
                assert summary["sum"] == pytest.approx(total, rel=1e-5, abs=1e-6)
                assert summary["sum_squares"] == pytest.approx(squares, rel=1e-5, abs=1e-6)
            records += len(expected)
        counts.append(records)
    assert all(2 * after <= before for before, after in itertools.pairwise(counts))
