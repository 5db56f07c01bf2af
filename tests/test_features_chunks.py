import zlib

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgrn_tool.data.chunks import TrackWriter, deflate_bases, deflate_signal
from deepgrn_tool.data.schema import CHUNK


@settings(max_examples=60)
@given(st.integers(0, 90_000), st.lists(st.tuples(st.integers(0, 90_000), st.binary(max_size=40)), max_size=6))
def test_zlib_gets_the_same_bytes_back(size, patches):
    raw = np.zeros(size * 8, np.uint8)
    for start, patch in patches:
        piece = np.frombuffer(patch, np.uint8)[: max(0, raw.size - start * 8)]
        raw[start * 8 : start * 8 + piece.size] = piece
    assert zlib.decompress(deflate_signal(raw)) == raw.tobytes()


def test_noise_and_bases_come_back():
    noise = np.random.default_rng(0).integers(0, 256, 300_000).astype(np.uint8)
    assert zlib.decompress(deflate_signal(noise)) == noise.tobytes()
    assert zlib.decompress(deflate_bases(noise % 5)) == (noise % 5).tobytes()


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 7 * CHUNK + 11])
@pytest.mark.parametrize("fill", [np.float32(0), np.uint8(4)])
def test_plain_hdf5_reads_what_was_appended_in_uneven_pieces(tmp_path, size, fill):
    draw = np.random.default_rng(size)
    values = np.full(size, fill)
    busy = np.arange(size) // CHUNK != 3  # the fourth chunk stays empty
    values[busy] = draw.integers(0, 5, int(busy.sum())).astype(fill.dtype)
    values[-1] = 2
    with h5py.File(tmp_path / "a.h5", "w") as file:
        writer = TrackWriter(file, "x", size, fill)
        for start in range(0, size, 40_009):
            writer.append(values[start : start + 40_009])
        writer.finish()
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["x"][:], values)
        stored = [
            file["x"].id.get_chunk_info(number).chunk_offset[0] for number in range(file["x"].id.get_num_chunks())
        ]
        assert 3 * CHUNK not in stored
        assert len(stored) == min(-(-size // CHUNK), 7 if size > 4 * CHUNK else 8)
        assert file["x"].attrs["covered_bases"] == np.count_nonzero(values != fill)
        if fill.dtype != np.uint8:
            assert file["x"].attrs["mean"] == pytest.approx(values.mean(dtype=np.float64))
            assert file["x"].attrs["maximum"] == values.max()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("first", "extremes"), [(3, (2, 3)), (0, (0, 2))])
def test_zero_is_an_extreme_only_where_a_base_has_no_value(tmp_path, sign, first, extremes):
    values = np.full(CHUNK + 5, 2 * sign, np.float32)  # all but the first position have a value
    values[0] = first * sign
    with h5py.File(tmp_path / "a.h5", "w") as file:
        writer = TrackWriter(file, "x", values.size, np.float32(0))
        writer.append(values)
        writer.finish()
        found = (file["x"].attrs["minimum"], file["x"].attrs["maximum"])
    assert found == (extremes if sign == 1 else (-extremes[1], -extremes[0]))
