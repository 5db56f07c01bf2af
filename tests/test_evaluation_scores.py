"""Scores of bins out of tracks and tables.

A bin of 200 bp and its central 50 bp; neighbours start 50 bp later:

    bin    0 |--------------------| 200            centre [75, 125)
    bin   50      |--------------------| 250       centre [125, 175)
"""

import gzip

import numpy as np
import pyBigWig
import pytest
from evaluation_toys import BINS, LENGTHS, SCORES, write_rows, write_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.evaluation.scores import check_score_names, read_scores
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.score_text import read_score_rows

FORMATS = ("p.bw", "p.bedGraph", "p.bg.gz", "p.tab.gz")
WANTED = {chrom: np.array(starts) for chrom, starts in BINS.items()}
NAN = float("nan")


def as_lists(scores):
    return {chrom: np.where(np.isnan(values), -9, values).tolist() for chrom, values in scores.items()}


def read(path, *starts, chrom="chr2"):
    return read_scores(path, {chrom: np.array(starts)})[chrom].tolist()


def bigwig(path, rows, lengths=LENGTHS):
    """Write a bigWig with pyBigWig; rows of chrom, start, end, value."""
    file = pyBigWig.open(str(path), "w")
    file.addHeader(sorted(lengths.items()))
    if rows:
        chroms, starts, ends, values = (list(column) for column in zip(*rows, strict=True))
        file.addEntries(chroms, starts, ends=ends, values=[float(value) for value in values])
    file.close()
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_reads_back(tmp_path, name):
    found = read_scores(write_scores(tmp_path / name), WANTED)
    assert list(found) == list(WANTED)
    for chrom, values in SCORES.items():
        assert found[chrom].astype(np.float32).tolist() == np.array(values, np.float32).tolist()


@pytest.mark.parametrize("name", FORMATS)
def test_bins_without_scores_are_nan_and_scores_of_0_are_not(tmp_path, name):
    path = write_scores(tmp_path / name, scores={"chr2": SCORES["chr2"]})
    found = read_scores(path, {"chr10": np.array([0]), "chr2": np.array([450, 500, 550, 600])})
    assert as_lists(found) == {"chr2": [0, 1, -9, -9]}  # the file holds nothing on chr10


def test_tables_hold_bins_off_the_grid(tmp_path):
    path = write_rows(tmp_path / "p.tab", [("chr2", 25, 225, 0.5), ("chr2", 26, 226, 0.25)])
    assert read(path, 26, 25) == [0.25, 0.5]


def test_a_centre_between_two_others_has_two_values(tmp_path):
    path = write_scores(tmp_path / "p.bw")
    with pytest.raises(InputError, match="chr2:100-150, the central 50 bp of a bin, have more than one value or"):
        read(path, 25)


@pytest.mark.parametrize("name", FORMATS[:3])
@pytest.mark.parametrize(("summarize", "place"), [("mean", "125-175"), ("max", "175-225")])
def test_other_summaries_are_refused(tmp_path, name, summarize, place):
    # chr10 from base 0, by 50 bp: means 0.75 0.5 0.5 0.40625 …, maxima 0.75 0.75 0.75 0.75 0.5 …
    path = write_scores(tmp_path / name, summarize=summarize)
    with pytest.raises(InputError) as caught:
        read_scores(path, WANTED)
    assert str(caught.value) == (
        f"{path}: chr10:{place}, the central 50 bp of a bin, have more than one value or only some have one; only "
        "tracks written with --summarize center hold the scores of bins, or write .tab.gz"
    )


CUTS = [  # the same two scores, bins 0 and 50, cut otherwise
    [("chr2", 75, 125, 0.5), ("chr2", 125, 175, 0.5)],
    [("chr2", 75, 175, 0.5)],
    [("chr2", 75, 80, 0.5), ("chr2", 80, 81, 0.5), ("chr2", 81, 175, 0.5)],
    [("chr2", 0, 50, 0.25), ("chr2", 50, 300, 0.5)],
    [("chr10", 10, 20, 1), ("chr2", 60, 100, 0.5), ("chr2", 100, 175, 0.5), ("chr2", 300, 301, 0.75)],
]


@pytest.mark.parametrize("cut", CUTS)
def test_how_intervals_are_cut_does_not_matter(tmp_path, cut):
    assert read(bigwig(tmp_path / "p.bw", cut), 0, 50) == [0.5, 0.5]
    assert read(write_rows(tmp_path / "p.bedGraph", cut), 0, 50) == [0.5, 0.5]
    assert read(write_rows(tmp_path / "p.bg", cut[::-1]), 0, 50) == [0.5, 0.5]


@pytest.mark.parametrize(
    "rows",
    [
        [("chr2", 75, 124, 0.5)],  # the last base lacks
        [("chr2", 76, 125, 0.5)],  # the first base lacks
        [("chr2", 75, 100, 0.5), ("chr2", 101, 125, 0.5)],  # one in the middle
        [("chr2", 75, 100, 0.5), ("chr2", 100, 125, 0.25)],
        [("chr2", 124, 125, 0.5)],
        [("chr2", 0, 76, 0.5)],
    ],
)
def test_a_centre_that_is_not_of_one_value(tmp_path, rows):
    for path in (bigwig(tmp_path / "p.bw", rows), write_rows(tmp_path / "p.bg", rows)):
        with pytest.raises(InputError, match="chr2:75-125, the central 50 bp of a bin"):
            read(path, 0)


def test_touching_intervals_outside_the_centre_do_not_count(tmp_path):
    rows = [("chr2", 0, 75, 0.25), ("chr2", 75, 125, 0.5), ("chr2", 125, 700, 0.75)]
    assert read(bigwig(tmp_path / "p.bw", rows), 0) == [0.5]


@given(st.sets(st.integers(0, 12), min_size=1), st.sets(st.integers(0, 12), min_size=1))
@settings(max_examples=40)
def test_any_bins_of_any_track(tmp_path_factory, scored, wanted):
    starts, asked = np.array(sorted(scored)) * 50, np.array(sorted(wanted)) * 50
    path = tmp_path_factory.mktemp("p") / "p.bw"
    bigwig(path, [("chr2", int(start) + 75, int(start) + 125, start / 1024) for start in starts])
    found = read_scores(path, {"chr2": asked})["chr2"]
    assert [None if np.isnan(value) else value * 1024 for value in found] == [
        start if start // 50 in scored else None for start in asked.tolist()
    ]


def test_intervals_over_the_pieces_in_which_a_bigwig_is_read(tmp_path):
    lengths = {"chr2": 4 << 20}
    rows = [("chr2", (1 << 20) - 10, (3 << 20) + 7, 0.5), ("chr2", (3 << 20) + 7, (3 << 20) + 9, 0.25)]
    with BigWig(bigwig(tmp_path / "p.bw", rows, lengths)) as track:
        pieces = list(track.intervals("chr2"))
    assert [tuple(row) for piece in pieces for row in zip(*piece, strict=True)] == [row[1:] for row in rows]


def test_intervals_of_a_chromosome_without_values_or_name(tmp_path):
    with BigWig(bigwig(tmp_path / "p.bw", [("chr2", 0, 1, 1)])) as track:
        assert list(track.intervals("chr10")) == []
        with pytest.raises(InputError, match="has no chromosome '2'; did you mean 'chr2'"):
            list(track.intervals("2"))


def test_tables_in_any_order_with_comments_spaces_and_line_ends(tmp_path):
    path = tmp_path / "p.tab.gz"
    text = "# scores\nchr2 100 300 1e-05\r\nchr10\t0\t200\t.5\n\nchr2\t0\t200\t0.25\nchr9\t0\t200\t1\nchr2\t50\t250\t1"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    found = read_scores(path, {"chr2": np.array([0, 50, 100]), "chr10": np.array([0])})
    assert as_lists(found) == {"chr2": [0.25, 1, 1e-05], "chr10": [0.5]}


@pytest.mark.parametrize("begin", ["#chr2", "track", "browser"])
@pytest.mark.parametrize("size", [16, 1 << 20])  # bytes of a block: a block of its own, or one with a row
def test_rows_that_are_comments_never_count(tmp_path, monkeypatch, begin, size):
    monkeypatch.setattr("deepgrn_tool.formats.textfile.BLOCK_SIZE", size)
    comments = [(begin, start, start + 200, 0.5) for start in (0, 50, 100)]
    path = write_rows(tmp_path / "p.tab", [*comments, ("chr2", 0, 200, 0.25), *comments])
    assert [(rows.chrom, rows.lines.tolist()) for rows in read_score_rows(path)] == [("chr2", [4])]
    write_rows(path, comments)
    assert list(read_score_rows(path)) == []
    with pytest.raises(InputError, match=r"p\.tab: holds no score$"):
        read(path, 0, chrom=begin)


def test_tables_sorted_by_score(tmp_path):
    rows = [
        (chrom, start, start + 200, score)
        for chrom, starts in BINS.items()
        for start, score in zip(starts, SCORES[chrom], strict=True)
    ]
    path = write_rows(tmp_path / "p.tab", sorted(rows, key=lambda row: -row[3]))
    assert as_lists(read_scores(path, WANTED)) == SCORES
    with open(path, "a") as file:
        file.write("chr10\t50\t250\t0\n")
    line = 1 + sorted(SCORES["chr2"] + SCORES["chr10"] + SCORES["chrU"], reverse=True).index(0.25)
    with pytest.raises(InputError, match=rf"p\.tab, line 18: chr10:50-250 has a score already in line {line}$"):
        read_scores(path, WANTED)


def test_a_line_without_end(tmp_path):
    (tmp_path / "p.tab").write_bytes(b"chr2" * 1_000_000)
    with pytest.raises(
        InputError, match=r"p\.tab, line 1: is longer than 1,048,576 characters; is this a binary file\?$"
    ):
        read(tmp_path / "p.tab", 0)


def test_bedgraph_header_lines(tmp_path):
    path = tmp_path / "p.bedGraph"
    path.write_text('track type=bedGraph name="a b"\nbrowser position chr2:1-5 x\nchr2\t75\t125\t0.5\n')
    assert read(path, 0) == [0.5]


def test_blocks_of_text_are_joined(tmp_path, monkeypatch):
    monkeypatch.setattr("deepgrn_tool.formats.textfile.BLOCK_SIZE", 64)
    rows = [(chrom, start, start + 200, start / 7) for chrom in ("chr2", "chr10") for start in range(0, 5000, 50)]
    path = write_rows(tmp_path / "p.tab", rows)
    starts = np.arange(0, 5000, 50)
    found = read_scores(path, {"chr2": starts, "chr10": starts})
    assert found["chr2"].tolist() == found["chr10"].tolist() == (starts / 7).tolist()
    with open(path, "a") as file:
        file.write("chr10\t0\t200\n")
    with pytest.raises(InputError, match=r"p\.tab, line 201: has 3 columns"):
        read_scores(path, {"chr2": starts})


@pytest.mark.parametrize("name", ["p.txt", "p", "p.bed", "p.bw.gz", "p.tab.bz2"])
def test_unknown_suffixes(name):
    with pytest.raises(UsageError, match=f"^prediction {name}: the suffix must tell the format: .bw or .bigWig"):
        check_score_names([name])


def test_known_suffixes():
    check_score_names(["a.bw", "a.BigWig", "a.bedGraph", "a.bg.gz", "a.tab", "b.tab.gz"])
