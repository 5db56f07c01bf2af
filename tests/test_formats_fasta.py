import gzip
import os

import pysam
import pytest
from features_inputs import sequences, write_fasta

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.fasta import Fasta

# Worked out by hand: A C G T = 0 1 2 3 in either case, every other letter 4.
TEXT = "ACGTacgtNnRYx"
CODES = [0, 1, 2, 3, 0, 1, 2, 3, 4, 4, 4, 4, 4]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_codes_of_any_piece_and_nothing_is_written_beside_the_file(tmp_path, compressed, indexed):
    path = write_fasta(tmp_path / "g.fa", {"one": TEXT, "two": "GGT"}, width=5)
    if compressed:
        pysam.tabix_compress(str(path), str(tmp_path / "g.fa.gz"))
        path = tmp_path / "g.fa.gz"
    if indexed:
        pysam.faidx(str(path))
    before = sorted(os.listdir(tmp_path))
    with Fasta(path) as fasta:
        assert fasta.lengths == {"one": 13, "two": 3}
        for start, end in [(0, 13), (3, 6), (4, 5), (7, 7), (12, 13)]:
            assert fasta.codes("one", start, end).tolist() == CODES[start:end]
        assert fasta.codes("two", 0, 3).tolist() == [2, 2, 3]
        with pytest.raises(InputError, match="no chromosome 'oen'; did you mean 'one'"):
            fasta.codes("oen", 0, 1)
    assert sorted(os.listdir(tmp_path)) == before


def test_index_older_than_the_file_is_not_trusted(tmp_path):
    path = write_fasta(tmp_path / "g.fa", {"one": "ACGT"})
    pysam.faidx(str(path))
    write_fasta(path, {"new": "TTT"})
    os.utime(tmp_path / "g.fa.fai", (1, 1))
    with Fasta(path) as fasta:
        assert fasta.lengths == {"new": 3}


def test_windows_line_ends(tmp_path):
    (tmp_path / "g.fa").write_bytes(b">a x\r\nACG\r\nT\r\n>b\r\nGG\r\n")
    with Fasta(tmp_path / "g.fa") as fasta:
        assert fasta.lengths == {"a": 4, "b": 2}
        assert fasta.codes("a", 0, 4).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"ACGT\n", "does not begin with '>'"),
        (b">a\nACG\nACGTN\nAC\n", "equally long"),
        (b">a\nAC\n>b\nGG\n>a\nTT\n", "two sequences named 'a'"),
        (b">a\nAC\n>b\n", "cannot be indexed|is empty"),
        (b">a\n\n>b\nAC\n", "has a sequence without bases"),
        (gzip.compress(b">a\nACGT\n"), "recompress it: gunzip -c g.fa | bgzip"),
    ],
)
def test_refused(tmp_path, capfd, content, message):
    (tmp_path / "g.fa").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Fasta(tmp_path / "g.fa")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("letter", "shown"), [("1", "'1'"), ("-", "'-'"), ("*", r"'\*'")])
def test_what_is_no_letter_is_refused_with_its_place(tmp_path, letter, shown):
    write_fasta(tmp_path / "g.fa", {"a": "ACGTA" + letter + "CG"})
    with Fasta(tmp_path / "g.fa") as fasta, pytest.raises(InputError, match=f"a, base 6: {shown} is not a letter"):
        fasta.codes("a", 2, 8)


def test_truncated_bgzip(tmp_path):
    write_fasta(tmp_path / "g.fa", sequences(lengths={"a": 300_000}))
    pysam.tabix_compress(str(tmp_path / "g.fa"), str(tmp_path / "g.fa.gz"))
    data = (tmp_path / "g.fa.gz").read_bytes()
    (tmp_path / "g.fa.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"damaged or truncated|cannot be indexed"):
        Fasta(tmp_path / "g.fa.gz")
