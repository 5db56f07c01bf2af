"""bigWig files that claim what is not so: refused with a reason, without harm; and files that hold no value."""

import resource
import struct
import zlib

import numpy as np
import pyBigWig
import pytest
from features_inputs import write_bigwig

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bigwig import BigWig

LENGTHS = {"a": 60_000, "b": 500}
ROWS = [(start, start + 3, 1.0 + start % 7) for start in range(0, 60_000, 4)]
NO_END = "is truncated or was not written to its end; copy or make the file again"
CIRCLE = "is damaged: its index runs in a circle; make the file again"
UNREADABLE = "a cannot be read; the file is damaged, make it again"


class Bytes:
    """A good file with two chromosomes and several blocks of data, to be spoilt."""

    def __init__(self, folder):
        self.path = write_bigwig(folder / "a.bw", LENGTHS, {"a": ROWS, "b": [(0, 5, 2.0)]})
        self.data = bytearray(self.path.read_bytes())
        self.tree, _, self.index = struct.unpack_from("<QQQ", self.data, 8)
        self.nodes = self.tree + 32
        self.root = self.index + 48
        self.leaf = self.root + 4  # the first entry, if the root is a leaf
        assert self.data[self.root] == 1
        assert struct.unpack_from("<H", self.data, self.root + 2)[0] >= 3

    def put(self, kind, place, *values):
        struct.pack_into(f"<{kind}", self.data, place, *values)

    def append_block(self, content):
        """Let the first entry of the index name other bytes; they are put before the mark at the end."""
        mark, at = self.data[-4:], len(self.data) - 4
        self.data[-4:] = content + mark
        self.put("QQ", self.leaf + 16, at, len(content))

    def refuses(self, message, read=False):
        self.path.write_bytes(self.data)
        with pytest.raises(InputError) as caught, BigWig(self.path) as file:
            assert read
            file.values("a", 0, 60_000)
        assert str(caught.value) == f"{self.path}: {message}"


@pytest.fixture
def good(tmp_path):
    return Bytes(tmp_path)


def block(kind=1, count=1, items=b"\0" * 4 + b"\5\0\0\0" + b"\0\0\x80?", chrom=0, step=0, span=0):
    return zlib.compress(struct.pack("<IIIIIBBH", chrom, 0, 5, step, span, kind, 0, count) + items)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda b: b.put("H", 6, 65_535), "is truncated within its header; copy the file again"),
        (lambda b: b.put("Q", 72, 1 << 60), NO_END),  # the first zoom level
        (lambda b: b.put("Q", 8, 1 << 60), NO_END),
        (lambda b: b.put("Q", 24, 17), NO_END),
        (lambda b: b.put("Q", 24, 0), NO_END),  # no index, although there are data
        (lambda b: b.put("I", b.tree, 7), "is damaged: an index is not where the header says; make the file again"),
        (lambda b: b.put("I", b.index, 7), "is damaged: an index is not where the header says; make the file again"),
        (lambda b: b.put("I", b.tree + 8, 1 << 31), NO_END),  # bytes of a name
        (
            lambda b: b.put("Q", b.tree + 16, 3),
            "is damaged: its list of chromosomes is not complete, or names one twice; make the file again",
        ),
        (
            lambda b: b.put("I", b.nodes + 4 + 9 + 1, 0),
            "is damaged: its list of chromosomes is not complete, or names one twice; make the file again",
        ),
        (lambda b: b.put("I", b.nodes + 4 + 9 + 1, 1 << 31), "is damaged: a chromosome has the number 2147483648"),
        (lambda b: b.put("B", b.nodes + 4, 255), "is damaged: the name of a chromosome is not UTF-8 text"),
        (lambda b: b.put("B", b.nodes + 4, 27), "is damaged: '\x1b' cannot be the name of a chromosome"),
        (lambda b: b.put("B", b.nodes + 4, 0), "is damaged: '' cannot be the name of a chromosome"),
        (lambda b: b.put("H", b.nodes + 2, 65_535), NO_END),
        (lambda b: b.put("BBHBQ", b.nodes, 0, 0, 1, 97, b.nodes), CIRCLE),
        (lambda b: b.put("BBHIIIIQ", b.root, 0, 0, 1, 0, 0, 0, 9, b.root), CIRCLE),
        (lambda b: b.put("BBHIIIIQ", b.root, 0, 0, 1, 0, 0, 0, 9, 1 << 62), NO_END),
        (lambda b: b.put("H", b.root + 2, 65_535), NO_END),
        (lambda b: b.put("Q", b.leaf + 16, (1 << 64) - 1), NO_END),
        (lambda b: b.put("Q", b.leaf + 24, (1 << 64) - 1), NO_END),
        (lambda b: b.put("I", b.leaf + 4, 50_000), "is damaged: its index is not in the order of the genome"),
        (lambda b: b.put("I", b.leaf, 1 << 31), "is damaged: its index names chromosomes that are not there"),
    ],
)
def test_lies_about_structure(good, spoil, message):
    spoil(good)
    good.refuses(message if ";" in message else f"{message}; make the file again")


@pytest.mark.parametrize(
    "content",
    [
        block(count=2),
        block(kind=2, count=65_535),
        block(kind=0),
        block(kind=9),
        block(items=b"\5\0\0\0" * 3),  # an interval without a base
        block(kind=3, count=2, items=bytes(8)),
        b"",
        b"no zlib",
        zlib.compress(b"short"),
        block(items=struct.pack("<IIf", 60_000, 60_001, 1)),
        block(count=2, items=struct.pack("<IIfIIf", 9, 10, 1, 3, 4, 1)),
    ],
)
def test_lies_about_a_block(good, content):
    good.append_block(content)
    good.refuses(UNREADABLE, read=True)


def test_a_block_of_another_chromosome_gives_nothing(good):
    good.append_block(block(chrom=1))
    good.path.write_bytes(good.data)
    with BigWig(good.path) as file:
        assert not file.values("a", 0, 100).any()
        assert file.values("b", 0, 5).tolist() == [2.0] * 5


def test_a_small_block_that_unpacks_to_a_gigabyte(good):
    bomb = zlib.compressobj()
    content = b"".join([bomb.compress(bytes(1 << 24)) for _ in range(64)] + [bomb.flush()])
    good.append_block(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    good.refuses(UNREADABLE, read=True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_claims_that_do_not_matter(good):
    """Bytes of an unpacked block, checksums of sums: nothing is allocated by them."""
    good.put("I", 52, (1 << 32) - 1)
    good.put("Qdddd", struct.unpack_from("<Q", good.data, 44)[0], 1 << 63, np.nan, np.nan, np.nan, np.nan)
    good.path.write_bytes(good.data)
    expected = np.zeros(60_000, np.float32)
    for start, end, value in ROWS:
        expected[start:end] = value
    with BigWig(good.path) as file:
        np.testing.assert_array_equal(file.values("a", 0, 60_000), expected)


@pytest.mark.parametrize("zooms", [0, 10])
def test_a_file_without_any_value_is_no_signal(tmp_path, zooms):
    with pyBigWig.open(str(tmp_path / "a.bw"), "w") as writer:
        writer.addHeader(list(LENGTHS.items()), maxZooms=zooms)
    with BigWig(tmp_path / "a.bw") as file:
        assert file.lengths == LENGTHS
        assert not file.values("a", 0, 60_000).any()
        assert list(file.intervals("b")) == []


def test_the_stream_is_closed_again(good, monkeypatch):
    """A refused file leaves no descriptor open."""
    opened = []
    real = open

    def remember(*args, **keywords):
        opened.append(real(*args, **keywords))
        return opened[-1]

    monkeypatch.setattr("deepgrn_tool.formats.bigwig.open", remember, raising=False)
    good.put("I", good.tree, 7)
    good.refuses("is damaged: an index is not where the header says; make the file again")
    assert [stream.closed for stream in opened] == [True]
