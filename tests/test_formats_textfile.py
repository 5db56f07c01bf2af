"""Lines and numbers of text files, as every table is read."""

import gzip
import tracemalloc

import numpy as np
import pytest

from deepgrn_tool.data.genes import read_gtf
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats import textfile
from deepgrn_tool.formats.fasta import Fasta
from deepgrn_tool.formats.score_text import read_score_rows
from deepgrn_tool.formats.sizes import read_sizes
from deepgrn_tool.formats.tables import read_scores
from deepgrn_tool.formats.textfile import read_lines, real_number, whole_number
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.motifs.meme import read_meme
from deepgrn_tool.training.history import read_history


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines(tmp_path, pack):
    content = "\ufeffa\tb\r\n\n#ä\n x \x0b \n\r\nlast".encode()
    lines = ["a\tb", "", "#ä", " x \x0b ", "", "last"]
    assert list(read_lines(write(tmp_path / "t", pack(content)))) == list(enumerate(lines, start=1))
    assert list(read_lines(write(tmp_path / "e", pack(b"")))) == []


def test_lines_that_are_read_in_several_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(textfile, "BLOCK_SIZE", 3)
    path = write(tmp_path / "t", b"\xef\xbb\xbf\nab\r\n\nabcd\n")
    assert list(read_lines(path)) == [(1, ""), (2, "ab"), (3, ""), (4, "abcd")]


@pytest.mark.parametrize("wrong", [b"\0", b"\xff"])
def test_lines_before_a_wrong_one_come_first(tmp_path, wrong):
    lines = read_lines(write(tmp_path / "t", b"one\ntwo\n" + wrong + b"\nfour\n"))
    assert [next(lines), next(lines)] == [(1, "one"), (2, "two")]
    with pytest.raises(InputError, match=r"t, line 3: .*is this a binary file"):
        next(lines)


@pytest.mark.parametrize(
    ("reader", "head"),
    [
        (lambda path: list(read_lines(path)), b""),
        (lambda path: list(read_score_rows(path)), b""),
        (read_labels, b"chr\tstart\tstop\tcell\n"),
    ],
)
def test_a_small_file_that_unpacks_to_one_huge_line(tmp_path, reader, head):
    """Memory stays flat: a gigabyte without a line end, of which no more than a few blocks are unpacked."""
    path = write(tmp_path / "bomb.gz", gzip.compress(head) + gzip.compress(b"x" * (64 << 20)) * 16)
    line = 1 + head.count(b"\n")
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=rf"bomb.gz, line {line}: is longer than 1,048,576 characters"):
            reader(path)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20  # bytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["", "1_0", "٣", "1e3", "1.0", "0x1", "nan", "--1", "1 2", "9" * 401])
def test_no_whole_numbers(text):
    with pytest.raises(ValueError, match="is not a whole number"):
        whole_number(text)


@pytest.mark.parametrize("text", ["1_0", "٣.5", "x", "", "0x1"])
def test_no_numbers(text):
    with pytest.raises(ValueError, match=r"is not a number|could not convert"):
        real_number(text)


def test_numbers():
    assert [whole_number(text) for text in ("-0", "+7", " 12 ", "9" * 30)] == [0, 7, 12, 10**30 - 1]
    assert [real_number(text) for text in ("1e-5", "-0", ".5", "inf")] == [1e-5, 0, 0.5, np.inf]


HISTORY = (
    "epoch\tloss\tvalidation_auprc\tvalidation_auroc\tmerge\tpositives\tnegatives\tlearning_rate\tkept\n"
    "1\t0.5\t0.25\t0.75\tmean\t1_0\t20\t0.001\tyes\n"
)
MEME = "MEME version 4\nMOTIF a\nletter-probability matrix: w= {}\n1 0 0 0\n"
GTF = 'chr1\tx\texon\t{}\t1_00\t.\t+\t.\ttranscript_id "t";\n'


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (lambda path: list(read_score_rows(path)), "c\t5e2\t700\t1\n", "line 1: '5e2' is not a whole number"),
        (lambda path: list(read_score_rows(path)), "c\t0\t2\t1\nc\t500.0\t700\t1\n", "line 2: '500.0' is not a whole"),
        (lambda path: list(read_score_rows(path)), "c\t0\t700\t1_0\n", "line 1: score '1_0' is not a number"),
        (lambda path: read_scores(path, 8), "a,b\n1,٣\n", "line 2: '٣' is not a number"),
        (lambda path: read_scores(path, 8), "a,b\n1\r2,3\n", "line 2: cannot be split into columns: it holds a car"),
        (read_history, HISTORY, "line 2: is no row of a history of training .*1_0.* is not a whole number"),
        (read_meme, MEME.format("1_0"), "line 3: '1_0' after w= is not a number"),
        (lambda path: read_gtf(path, {"chr1": 200}), GTF.format("1"), "line 1: '1' to '1_00' are not whole numbers"),
        (read_sizes, "chr1\t4294967296\n", r"line 1: length 4294967296 is more than any chromosome has \(2\^32 bp\)"),
        (Fasta, "\x1f", "is not FASTA"),
        (Fasta, ">a\x1b[31m\nACGT\n", "the name of sequence '.*' holds control characters; rename it"),
    ],
)
def test_strange_numbers_and_names(tmp_path, reader, text, message):
    path = tmp_path / "given"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        reader(path)


def test_a_cut_gzip_head_for_a_genome(tmp_path):
    with pytest.raises(InputError, match="is gzip, which cannot be read at random"):
        Fasta(write(tmp_path / "a.fa.gz", b"\x1f\x8b\x08"))
