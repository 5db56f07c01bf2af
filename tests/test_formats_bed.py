import gzip
import os
import threading

import pysam
import pytest
from work import calls

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bed import parse_bed, read_bed

LENGTHS = {"chr1": 100, "chrM": 50}
LENIENT = "browser position chr1:1-10\n#comment\ntrack name=x\r\n\n"
LENIENT += "chr1\t5\t9\tname\t0\t+\r\nchr1 1 6\nchrM\t0\t50\nchrUn\t1\t9\n"


def plain(lengths, path):
    return {
        name: list(zip(starts.tolist(), ends.tolist(), strict=True))
        for name, (starts, ends) in read_bed(path, lengths).items()
    }


@pytest.mark.parametrize("pack", [bytes, gzip.compress, "bgzip"])
def test_lenient_reading(tmp_path, pack):
    path = tmp_path / "a.bed"
    path.write_bytes(LENIENT.encode() if pack == "bgzip" else pack(LENIENT.encode()))
    if pack == "bgzip":
        pysam.tabix_compress(str(path), str(tmp_path / "a.bed.gz"))
        path = tmp_path / "a.bed.gz"
    assert plain(LENGTHS, path) == {"chr1": [(5, 9), (1, 6)], "chrM": [(0, 50)]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t5\n", "line 1: has fewer than three columns"),
        ("chr1\t1\t2\nchr1\tfive\t9\n", "line 2: 'five' is not a whole number"),
        ("chr1\t1\t2.5\n", "line 1: '2.5' is not a whole number"),
        ("chr1\t1\t1_000\n", "line 1: '1_000' is not a whole number"),
        ("chr1\t9\t9\n", r"line 1: end \(9\) is not after start \(9\)"),
        ("chr1\t-1\t9\n", r"start \(-1\) is negative"),
        ("chr1\t1\t2\n\nchr1\t5\t101\n", r"line 3: end \(101\) is past the end of chr1 \(100\)"),
        ("1\t5\t9\nchr1\t1\t2\n", "chromosome '1' is not in the genome; did you mean 'chr1'"),
        ("MT\t5\t9\nchr1\t1\t2\n", "chromosome 'MT' is not in the genome; did you mean 'chrM'"),
        ("scaffold\t5\t9\n", "no line is on a chromosome of the genome: 'scaffold'"),
        ("#nothing\n", "holds no interval"),
        ("chr1\t1\t2\0\n", "line 1: holds a NUL byte"),
        ("chr1\t1\t2\nchr\xe9\t1\t2\n", "line 2: is not UTF-8"),
    ],
)
def test_refused(tmp_path, text, message):
    (tmp_path / "a.bed").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=message):
        read_bed(tmp_path / "a.bed", LENGTHS)


def test_clipping(tmp_path):
    (tmp_path / "a.bed").write_text("chr1\t90\t110\nchr1\t100\t110\nchr1\t1\t2\n")
    assert {
        name: [pair.tolist() for pair in pairs] for name, pairs in read_bed(tmp_path / "a.bed", LENGTHS, True).items()
    } == {"chr1": [[90, 1], [100, 2]]}


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damaged_gzip(tmp_path, damage):
    data = bytearray(gzip.compress(b"".join(b"chr1\t%d\t%d\n" % (n % 90, n % 90 + 3) for n in range(9000)), mtime=0))
    if damage == "cut":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.bed.gz").write_bytes(data)
    with pytest.raises(InputError, match=r"truncated|damaged|whole number|columns|not after|UTF-8|NUL|past the end"):
        read_bed(tmp_path / "a.bed.gz", LENGTHS)


def test_a_line_takes_few_calls(tmp_path):
    (tmp_path / "a.bed").write_text("".join(f"chr1\t{n}\t{n + 50}\tname\t0\t+\n" for n in range(20_000)))
    found = []
    assert calls(lambda: found.extend(parse_bed(tmp_path / "a.bed"))) < 15 * 20_000
    assert len(found) == 20_000


def test_reads_from_a_pipe_plain_or_compressed(tmp_path):
    # Shells give `<(command)` as a pipe, which cannot be read twice.
    text = b"chr1\t5\t9\n"
    for content in (text, gzip.compress(text)):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(content,))
        writer.start()
        assert list(parse_bed(pipe)) == [(1, "chr1", 5, 9)]
        writer.join()
        pipe.unlink()
