"""Motif files in MEME format: what is read, against Biopython, and what is refused, by line."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from Bio import motifs as bio

from deepgrn_tool.errors import InputError
from deepgrn_tool.motifs.meme import read_meme

CTCF = Path(__file__).parent.parent / "test-data" / "motifs.meme"
ROW = "0.25 0.25 0.25 0.25\n"
HEAD = "MEME version 4\n\nALPHABET= ACGT\n\n"
TWO = f"""{HEAD}strands: + -

Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF first FIRST
log-odds matrix: alength= 4 w= 2 E= 0
 12 -300 20 -100
 -5 100 200 -50
letter-probability matrix: alength= 4 w= 2 nsites= 50 E= 1e-3
 0.1\t0.2  0.3 0.4
1 0 0 0
URL http://example.org

MOTIF second
letter-probability matrix:
  0.5 0.5 0 0
  0 0 0.5 0.5
  0.25 0.25 0.25 0.25
"""


@pytest.fixture
def write(tmp_path):
    def make(text):
        path = tmp_path / "motifs.meme"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def test_two_motifs(write):
    first, second = read_meme(write(TWO))
    assert (first.name, first.other_name, first.title, first.sites) == ("first", "FIRST", "first FIRST", 50)
    np.testing.assert_array_equal(first.probabilities, [[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]])
    assert (second.name, second.other_name, second.title, second.sites) == ("second", "", "second", 20)
    np.testing.assert_array_equal(second.probabilities, [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], [0.25] * 4])
    assert (first.consensus(), second.consensus()) == ("TA", "AGA")


@pytest.mark.parametrize("change", [gzip.compress, lambda text: text.replace(b"\n", b"\r\n"), bytes.strip])
def test_compressed_windows_text_and_no_last_line_feed(write, change):
    wanted = read_meme(write(TWO))
    found = read_meme(write(change(TWO.encode())))
    assert [motif.title for motif in found] == [motif.title for motif in wanted]
    assert all((a.probabilities == b.probabilities).all() for a, b in zip(found, wanted, strict=True))


def test_bundled_motif_as_biopython_reads_it():
    (found,) = read_meme(CTCF)
    with CTCF.open() as file:
        (wanted,) = bio.parse(file, "minimal")
    assert (found.name, found.sites) == (wanted.name, wanted.num_occurrences)
    frequencies = wanted.counts.normalize()
    np.testing.assert_allclose(found.probabilities.T, [frequencies[base] for base in "ACGT"], rtol=0, atol=1e-3)


def test_what_meme_itself_writes(write):
    """Its text has a head, other sections, and numbers after the names."""
    text = """********************
MEME - Motif discovery tool
********************
MEME version 5.5.7 (Release date: Wed Jun 19 2024)
Primary sequences= sites.fa
ALPHABET= ACGT
MOTIF CCACCAG MEME-1\twidth =  2  sites =   9  llr = 10  E-value = 1.0e-001
Simplified        A  ::
pos.-specific     C  aa
\tMotif CCACCAG MEME-1 position-specific probability matrix
--------
letter-probability matrix: alength= 4 w= 2 nsites= 9 E= 1.0e-001
 0.000000  1.000000  0.000000  0.000000
 0.000000  1.000000  0.000000  0.000000
--------
Time 0.1 secs.
"""
    (motif,) = read_meme(write(text))
    assert (motif.title, motif.sites, motif.consensus()) == ("CCACCAG MEME-1", 9, "CC")


def test_rows_are_made_to_sum_to_one(write):
    """JASPAR's and HOCOMOCO's rows are rounded."""
    (motif,) = read_meme(write(f"{HEAD}MOTIF a\nletter-probability matrix: w= 1\n0.333 0.333 0.333 0\n"))
    np.testing.assert_allclose(motif.probabilities, [[1 / 3, 1 / 3, 1 / 3, 0]])


@pytest.mark.parametrize(("text", "sites"), [("0", 20), ("12.5", 12.5), ("1e300", 1e6)])
def test_numbers_of_sites(write, text, sites):
    """None at all stands for an unknown number; no number makes scores without bound."""
    (motif,) = read_meme(write(f"{HEAD}MOTIF a\nletter-probability matrix: nsites= {text}\n1 0 0 0\n"))
    assert motif.sites == sites


M = f"{HEAD}MOTIF a b\n"
P = "letter-probability matrix:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": has no line 'MEME version 4' before its motifs; is it in MEME format?"),
        (">MA0139.1\nA [1 2]\n", ": has no line 'MEME version 4' before its motifs; is it in MEME format?"),
        (f"MOTIF a\n{P}\n{ROW}", ": has no line 'MEME version 4' before its motifs; is it in MEME format?"),
        (HEAD, ": holds no motif"),
        (HEAD.replace("ACGT", "ACDEF"), ", line 3: the alphabet is not that of DNA (ALPHABET= ACGT)"),
        (HEAD.replace("= ACGT", ' "RNA" RNA-LIKE'), ", line 3: the alphabet is not that of DNA (ALPHABET= ACGT)"),
        (f"{HEAD}MOTIF\n{P}\n{ROW}", ", line 5: MOTIF is not followed by a name"),
        (M, ", line 5: motif 'a' has no letter-probability matrix"),
        (f"{M}MOTIF c\n{P}\n{ROW}", ", line 5: motif 'a' has no letter-probability matrix"),
        (
            f"{M}{P}\n{ROW}MOTIF a\n{P}\n{ROW}",
            ", line 8: motif 'a' stands in line 5 already; give each a name of its own",
        ),
        (f"{M}{P} alength= 20 w= 1\n{ROW}", ", line 6: the matrix of 'a' is of 20 letters; DNA has 4"),
        (f"{M}{P} w= x\n{ROW}", ", line 6: 'x' after w= is not a number"),
        (f"{M}{P} w= 0\n{ROW}", ", line 6: '0' after w= is not a whole number from 1 to 200"),
        (f"{M}{P} w= 1.5\n{ROW}", ", line 6: '1.5' after w= is not a whole number from 1 to 200"),
        (f"{M}{P} w= 1 nsites= nan\n{ROW}", ", line 6: 'nan' after nsites= is not a number of at least 0"),
        (f"{M}{P}\nURL\n", ", line 6: the matrix of 'a' has no row"),
        (
            f"{M}{P} w= 3\n{ROW}\nURL x\n",
            ", line 9: the matrix of 'a' ends after 1 rows of 3: 'URL x' is no row of numbers",
        ),
        (f"{M}{P} w= 3\n{ROW}{ROW}", ": the file ends after 2 of 3 rows of 'a'"),
        (f"{M}{P} w= 1\n{ROW}{ROW}", ", line 8: the matrix of 'a' has more than 1 rows"),
        (f"{M}{P}\n{ROW * 201}", ", line 207: the matrix of 'a' has more than 200 rows"),
        (f"{M}{P}\n0.5 0.5 0\n", ", line 7: has 3 numbers; a row has 4, for A, C, G and T"),
        (f"{M}{P}\n1.5 -0.5 0 0\n", ", line 7: 1.5 is not a probability (0 to 1)"),
        (f"{M}{P}\nnan 0.5 0.25 0.25\n", ", line 7: nan is not a probability (0 to 1)"),
        (f"{M}{P}\n0.5 0.25 0 0.2\n", ", line 7: the probabilities sum to 0.95, not to 1"),
        (
            f"{M}{P} w= 1\n0_1 0 0 0\n",
            ", line 7: the matrix of 'a' ends after 0 rows of 1: '0_1 0 0 0' is no row of numbers",
        ),
        ("MEME version 4\nMOTIF \0", ", line 2: holds a NUL byte; is this a binary file?"),
    ],
)
def test_wrong_files(write, text, message):
    path = write(text)
    with pytest.raises(InputError) as error:
        read_meme(path)
    assert str(error.value) == f"{path}{message}"
