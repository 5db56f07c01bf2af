"""Numbers and rows as text, against NumPy's own shortest float32 text and against gzip."""

import gzip

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepgrn_tool.tracks.text import ROWS_AT_ONCE, shortest_decimals, value_rows
from deepgrn_tool.tracks.textfile import BLOCK_SIZE, TextFile

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, max_size=50))
@example([0.0, -0.0, 1.0, 0.1, 1e-45, 3.4028234663852886e38, 1e-10, 9.999999e-11, 99999.99, 100000.0])
@example([9.73667e-07, 0.000985332, 0.000994623])  # seven digits would read back, too, but are not the shortest
def test_decimals_are_the_shortest_that_read_back(numbers):
    values = np.array(numbers, np.float32)
    decimals = shortest_decimals(values)
    assert decimals.dtype == np.float64
    assert [float(str(value)) for value in values] == decimals.tolist()


def test_scores_get_the_texts_of_numpy_floats():
    values = np.random.default_rng(7).random(20_000).astype(np.float32) ** 6
    texts = [row.split(b"\t")[3].decode() for row in rows_of("c", values).splitlines()]
    assert [float(text) for text in texts] == [float(str(value)) for value in values]
    assert max(map(len, texts)) <= len("1.23456789e-05")
    assert np.array_equal(np.array(texts, np.float32), values)


def rows_of(chrom, values):
    starts = np.arange(len(values), dtype=np.int64) * 50
    return b"".join(value_rows(chrom, starts, starts + 50, values))


def test_rows_by_hand():
    assert rows_of("chr1", np.array([0.1, 0, 1, 0.00001], np.float32)) == (
        b"chr1\t0\t50\t0.1\nchr1\t50\t100\t0.0\nchr1\t100\t150\t1.0\nchr1\t150\t200\t1e-05\n"
    )


def test_names_with_a_percent_sign_stay():
    assert rows_of("HLA%d%s", np.array([0.5], np.float32)) == b"HLA%d%s\t0\t50\t0.5\n"


def test_long_pieces_lose_no_row():
    count = 2 * ROWS_AT_ONCE + 1
    rows = rows_of("c", np.zeros(count, np.float32)).splitlines()
    assert len(rows) == count
    assert rows[-1] == b"c\t%d\t%d\t0.0" % ((count - 1) * 50, count * 50)


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE])
@pytest.mark.parametrize("random", [False, True])
def test_blocks_read_back_by_gzip_and_tell_their_sizes(tmp_path, size, random):
    text = np.random.default_rng(1).bytes(size) if random else b"A" * size
    path = tmp_path / "text.gz"
    with TextFile(path, bgzip=True) as out:
        for begin in range(0, size, 40_000):
            out.write(text[begin : begin + 40_000])
        out.finish()
    data = path.read_bytes()
    assert gzip.decompress(data) == text
    # The end mark that the SAM specification prints, and sizes that lead from block to block right up to it.
    end = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    assert data.endswith(end)
    place, blocks = 0, 0
    while place < len(data):
        place += int.from_bytes(data[place + 16 : place + 18], "little") + 1
        blocks += 1
    assert (place, blocks) == (len(data), -(-size // BLOCK_SIZE) + 1)


def test_a_file_cut_behind_our_back_is_noticed(tmp_path):
    path = tmp_path / "rows.txt"
    with TextFile(path, bgzip=False) as out:
        out.write(b"one\n")
        out._out.flush()
        out._out.seek(0)
        with pytest.raises(OSError, match=r"rows\.txt"):
            out.write(b"two\n")
            out.finish()
