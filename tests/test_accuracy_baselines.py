"""The baselines of benchmarks/accuracy see the right bases, and its table says what was found."""

import gzip
import math

import numpy as np
import pyBigWig
import pysam
import pytest

from benchmarks.accuracy.combine import mean_scores
from benchmarks.accuracy.cut import cut_bed, cut_bigwig, cut_fasta, pieces
from benchmarks.accuracy.results import Result, append_result, markdown, read_results

CHROMOSOME = "ACGTACGTTTGGCCAANNAC"  # cut behind its seventh base
PARTS = pieces({"one": 20, "two": 4}, {"one": 7})


def test_pieces_of_the_genome_hold_its_bases(tmp_path):
    (tmp_path / "genome.fa").write_text(f">one\n{CHROMOSOME}\n>two\nGGCC\n")
    cut_fasta(tmp_path / "genome.fa", PARTS, tmp_path / "cut.fa")
    with pysam.FastaFile(str(tmp_path / "cut.fa")) as found:
        assert {name: found.fetch(name) for name in found.references} == {
            "one.start": "ACGTACG",
            "one.end": "TTTGGCCAANNAC",
            "two": "GGCC",
        }


def test_signal_across_a_cut_goes_to_both_pieces(tmp_path):
    #      base   0         1
    #             01234567890123456789
    # one         ....aaaaaa....b.....    cut between 6 and 7
    with pyBigWig.open(str(tmp_path / "whole.bw"), "w") as track:
        track.addHeader([("one", 20), ("two", 4)])
        track.addEntries(["one", "one"], [4, 14], ends=[10, 15], values=[2.0, 5.0])
    cut_bigwig(tmp_path / "whole.bw", PARTS, tmp_path / "cut.bw")
    with pyBigWig.open(str(tmp_path / "cut.bw")) as track:
        assert track.chroms() == {"one.start": 7, "one.end": 13, "two": 4}
        assert track.intervals("one.start") == ((4, 7, 2.0),)
        assert track.intervals("one.end") == ((0, 3, 2.0), (7, 8, 5.0))
        assert track.intervals("two") is None


def test_intervals_keep_their_columns_and_lose_what_is_off_the_genome(tmp_path):
    (tmp_path / "peaks.bed").write_text("one\t5\t9\tpeak\t7\none\t18\t25\tend\t8\nthree\t0\t9\tforeign\t9\n")
    cut_bed(tmp_path / "peaks.bed", PARTS, tmp_path / "cut.bed")
    assert (tmp_path / "cut.bed").read_text() == (
        "one.start\t5\t7\tpeak\t7\none.end\t0\t2\tpeak\t7\none.end\t11\t13\tend\t8\n"
    )


@pytest.fixture(scope="module")
def motifs():
    pytest.importorskip("pyjaspar", reason="the baselines take their matrices from pyjaspar")
    from benchmarks.accuracy import motifs

    return motifs


def test_matches_are_scored_on_the_better_strand(motifs):
    from Bio.motifs.jaspar import Motif

    # First base mostly A, second always G; log2 odds against 1/4 each, without pseudocounts.
    matrix = Motif("M1", "toy", counts={"A": [3, 0], "C": [1, 0], "G": [0, 4], "T": [0, 0]})
    codes = np.array([0, 2, 4, 1, 3, 1, 2], np.uint8)  # AGNCTCG
    found = motifs.match_scores(codes, matrix)
    best, poor, never = math.log2(3) + 2, 2.0, -math.inf
    # AG forward; GN and NC unknown; CT is AG on the other strand; TC is GA: no; CG reads CG on both: 1/4 · 4, 1 · 4.
    assert found == pytest.approx([best, never, never, best, never, poor], abs=1e-6)


@pytest.mark.parametrize(
    ("place", "width", "reach", "seen"),
    [
        (100, 10, 0, [True, False]),  # first match inside the first bin
        (99, 10, 0, [False, False]),
        (290, 10, 0, [True, True]),  # ends with the first bin
        (291, 10, 0, [False, True]),
        (291, 10, 1, [True, True]),
        (340, 11, 0, [False, False]),  # one base beyond the second bin
        (340, 11, 1, [False, True]),
        (349, 1, 0, [False, True]),
        (0, 10, 100, [True, False]),
    ],
)
def test_a_bin_sees_the_matches_that_lie_wholly_within_reach(motifs, place, width, reach, seen):
    scores = np.zeros(600, np.float32)
    scores[place] = 7
    found = motifs.best_in_bins(scores, width, np.array([100, 150]), reach)
    assert (found == 7).tolist() == seen


def test_windows_over_the_end_of_a_chromosome_see_less(motifs):
    from benchmarks.accuracy.examples import window_means

    signal = np.zeros(300, np.float32)
    signal[[0, 99, 299]] = 4, 8, 20
    assert window_means(signal, np.array([0, 100]), 0) == pytest.approx([12 / 200, 20 / 200])
    assert window_means(signal, np.array([0, 100]), 50) == pytest.approx([12 / 300, 28 / 300])


def test_table_gives_mean_and_range_over_seeds(tmp_path):
    path = tmp_path / "results.tsv"
    rows = [
        Result("CTCF", "accessibility", 0, 0.125, 0.75),
        Result("CTCF", "none", 1, 0.5, 0.9375, 0.625, 8),
        Result("TAF1", "none", 1, 0.25, 0.5, 0.5, 3),
        Result("CTCF", "none", 2, 0.25, 0.8125, 0.375, 6),
    ]
    for row in rows:
        append_result(path, row)
    read = read_results(path)
    assert read[1:] == rows[1:]
    assert markdown(read, "CTCF").splitlines()[2:] == [
        "| accessibility |  | 0.125 | 0.750 |  |  |",
        "| none | 2 | 0.375 (0.250–0.500) | 0.875 (0.812–0.938) | 0.500 (0.375–0.625) | 8, 6 |",
    ]


def test_mean_of_score_tables(tmp_path):
    tables = {"one": "chr20\t600\t800\t0.25\nchr20\t650\t850\t1\n", "two": "chr20\t600\t800\t0.5\nchr20\t650\t850\t0\n"}
    for name, text in tables.items():
        with gzip.open(tmp_path / name, "wt") as stream:
            stream.write(text)
    mean_scores([tmp_path / name for name in tables], tmp_path / "mean")
    assert gzip.open(tmp_path / "mean", "rt").read() == "chr20\t600\t800\t0.375\nchr20\t650\t850\t0.5\n"
    with gzip.open(tmp_path / "two", "wt") as stream:
        stream.write("chr20\t600\t800\t0.5\nchr20\t700\t900\t0\n")
    with pytest.raises(ValueError, match="other bins"):
        mean_scores([tmp_path / name for name in tables], tmp_path / "mean")
