import struct

import numpy as np
import pybigtools
import pytest
from features_inputs import as_array, write_bigwig

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bigwig import BigWig, check_values, is_bigwig


def dense_then_sparse(length, seed):
    """One value per base in the first third, then one interval in about 5,000 bp."""
    draw = np.random.default_rng(seed)
    rows = [(start, start + 1, float(np.float32(draw.uniform(0.1, 9)))) for start in range(0, length // 3)]
    starts = np.sort(draw.choice(np.arange(length // 3, length - 60), length // 5000, replace=False))
    previous = 0
    for start in starts.tolist():
        if start >= previous:
            previous = start + int(draw.integers(1, 50))
            rows.append((start, previous, float(np.float32(draw.uniform(0.1, 9)))))
    return rows


@pytest.mark.parametrize("writer", ["pyBigWig", "pybigtools"])
@pytest.mark.parametrize("piece", [700_000, 99_991])
def test_values_of_dense_and_sparse_signal(tmp_path, writer, piece):
    length = 700_000
    rows = dense_then_sparse(length, seed=3)
    path = tmp_path / "a.bw"
    if writer == "pyBigWig":
        write_bigwig(path, {"c": length}, {"c": rows})
    else:
        pybigtools.open(str(path), "w").write({"c": length}, (("c", *row) for row in rows))
    expected = as_array(rows, length)
    with BigWig(path) as file:
        assert file.lengths == {"c": length}
        found = np.concatenate([file.values("c", at, min(at + piece, length)) for at in range(0, length, piece)])
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(file.values("c", 5, 233_400), expected[5:233_400])


def test_chromosome_without_any_value_is_zero(tmp_path):
    write_bigwig(tmp_path / "a.bw", {"a": 100, "b": 50}, {"a": [(0, 5, 1.0)]})
    with BigWig(tmp_path / "a.bw") as file:
        assert not file.values("b", 0, 50).any()
        with pytest.raises(InputError, match="no chromosome 'c'"):
            file.values("c", 0, 1)


def test_stored_nan_is_found_in_dense_signal_although_gaps_are_nan_too(tmp_path):
    rows = [(start, start + 1, 1.0) for start in range(0, 40_000, 2)]
    rows[15_000] = (30_000, 30_001, float("nan"))
    write_bigwig(tmp_path / "a.bw", {"c": 50_000}, {"c": rows})
    with BigWig(tmp_path / "a.bw") as file:
        values = file.values("c", 0, 50_000)
    assert np.flatnonzero(np.isnan(values)).tolist() == [30_000]
    with pytest.raises(InputError, match=r"c, position 30000 \(counted from 0\): value nan is not a finite number"):
        check_values(values, "a.bw", "c", 0, 0.0, np.inf)


@pytest.mark.parametrize("share", [0.0, 0.002, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_truncated_file_is_refused(tmp_path, capfd, share):
    rows = [(start, start + 1, 1.0 + start % 7) for start in range(0, 40_000, 2)]
    data = write_bigwig(tmp_path / "a.bw", {"c": 50_000}, {"c": rows}).read_bytes()
    (tmp_path / "b.bw").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"truncated|is empty|not a bigWig"):
        BigWig(tmp_path / "b.bw")
    assert capfd.readouterr().err == ""


def test_wrong_kinds_are_named(tmp_path):
    for content, message in [
        (b"chr1\t0\t5\t1\n", "bedGraphToBigWig"),
        (b"\xeb\xf2\x89\x87" + bytes(60), "is a bigBed"),
        (b"\x1f\x8b\x08\x04" + bytes(60), "gzip or BAM"),
        (b"\x88\x8f\xfc\x26" + bytes(60), "big-endian"),
    ]:
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(InputError, match=message):
            BigWig(tmp_path / "x")
    assert not is_bigwig(tmp_path / "x") or content[:1] == b"\x88"


def test_index_that_is_elsewhere_is_refused(tmp_path):
    data = bytearray(write_bigwig(tmp_path / "a.bw", {"c": 500}, {"c": [(0, 5, 1.0)]}).read_bytes())
    index = struct.unpack("<Q", data[24:32])[0]
    data[index : index + 4] = b"\0\0\0\0"
    (tmp_path / "a.bw").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        BigWig(tmp_path / "a.bw")


@pytest.mark.parametrize(
    ("value", "low", "high", "message"),
    [
        (-0.5, 0, np.inf, "position 12 .*value -0.5 is below 0"),
        (1.25, 0, 1, "value 1.25 is outside 0 to 1"),
        (np.inf, 0, np.inf, "not a finite"),
        (-np.inf, -np.inf, np.inf, "not a finite"),
    ],
)
def test_bounds(value, low, high, message):
    values = np.array([0.0, 0.5, value, value], np.float32)
    check_values(values[:2], "f", "c", 10, low, high)
    with pytest.raises(InputError, match=message):
        check_values(values, "f", "c", 10, low, high)
