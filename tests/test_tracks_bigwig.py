"""bigWig files read back by two programs that share no code with the writer: pyBigWig (C) and pybigtools (Rust)."""

import numpy as np
import pybigtools
import pyBigWig
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from work import calls

from deepgrn_tool.errors import InputError
from deepgrn_tool.tracks.bigwig import BigWigWriter
from deepgrn_tool.tracks.outputs import track_writer_for


def write(path, chromosomes, pieces):
    with BigWigWriter(path, chromosomes) as track:
        for chrom, starts, ends, values in pieces:
            track.add(chrom, np.array(starts, np.int64), np.array(ends, np.int64), np.array(values, np.float32))


def read_both(path, chromosomes):
    """Intervals by chromosome, which both readers must agree on."""
    with pyBigWig.open(str(path)) as track:
        first = {chrom: list(track.intervals(chrom) or ()) for chrom in chromosomes}
        names = list(track.chroms().items())
    track = pybigtools.open(str(path))
    second = {chrom: list(track.records(chrom)) for chrom in chromosomes}
    assert list(track.chroms().items()) == names
    assert first == second
    return first


def float32(numbers):
    return np.array(numbers, np.float32).tolist()


def test_three_kinds_of_blocks_by_hand(tmp_path):
    # fixed steps:   75|0.5|125|0.25|175      starts only:  10|1|20   40|2|50      starts and ends:  0|3|7 9|4|10
    path = tmp_path / "scores.bw"
    chromosomes = {"c": 200, "b": 60, "a": 10}
    pieces = [
        ("a", [0, 9], [7, 10], [3, 4]),
        ("b", [10, 40], [20, 50], [1, 2]),
        ("c", [75, 125], [125, 175], [0.5, 0.25]),
    ]
    write(path, chromosomes, pieces)
    assert read_both(path, chromosomes) == {
        "a": [(0, 7, 3.0), (9, 10, 4.0)],
        "b": [(10, 20, 1.0), (40, 50, 2.0)],
        "c": [(75, 125, 0.5), (125, 175, 0.25)],
    }
    with pyBigWig.open(str(path)) as track:
        assert track.isBigWig()
        assert track.header()["nBasesCovered"] == 7 + 1 + 20 + 100
        assert track.header()["sumData"] == 21 + 4 + 10 + 20 + 25 + 12  # truncated from 92.5
        assert track.header()["nLevels"] >= 1


def test_header_lists_all_chromosomes_in_bytewise_order(tmp_path):
    path = tmp_path / "scores.bw"
    names = ["chr2", "chr10", "chr1", "chrX", "Chr1", "chr_é", "2", "10"]
    write(path, {name: 1000 + number for number, name in enumerate(names)}, [])
    order = ["10", "2", "Chr1", "chr1", "chr10", "chr2", "chrX", "chr_é"]
    for chroms in (pyBigWig.open(str(path)).chroms(), pybigtools.open(str(path)).chroms()):
        assert list(chroms) == order
        assert chroms == {name: 1000 + number for number, name in enumerate(names)}


def test_empty_track_is_a_valid_file(tmp_path):
    path = tmp_path / "scores.bw"
    write(path, {"a": 100, "b": 20}, [("a", [], [], [])])
    assert read_both(path, ["a", "b"]) == {"a": [], "b": []}
    with pyBigWig.open(str(path)) as track:
        assert track.stats("a", 0, 100) == [None]
        assert track.header()["nBasesCovered"] == 0
    assert pybigtools.open(str(path)).info()["summary"]["basesCovered"] == 0


@st.composite
def tracks(draw):
    """Up to three chromosomes with disjoint intervals, runs of equal ones among them."""
    track = {}
    for chrom in ("a", "b", "c"):
        place, intervals = 0, []
        for gap, span, repeats in draw(
            st.lists(st.tuples(*(st.integers(*b) for b in ((0, 900), (1, 700), (1, 4)))), max_size=8)
        ):
            place += gap
            for _ in range(repeats):
                intervals.append((place, place + span, draw(st.floats(-10, 10, width=32))))
                place += span
        track[chrom] = intervals
    return track


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(track=tracks(), piece=st.integers(1, 9))
def test_any_track_reads_back_and_its_bytes_do_not_depend_on_pieces(tmp_path, track, piece):
    chromosomes = {chrom: (intervals[-1][1] if intervals else 5) for chrom, intervals in track.items()}
    whole, cut = tmp_path / "whole.bw", tmp_path / "cut.bw"
    columns = {chrom: list(zip(*intervals, strict=True)) for chrom, intervals in track.items() if intervals}
    write(whole, chromosomes, [(chrom, *column) for chrom, column in columns.items()])
    write(
        cut,
        chromosomes,
        [
            (chrom, *(part[begin : begin + piece] for part in column))
            for chrom, column in columns.items()
            for begin in range(0, len(column[0]), piece)
        ],
    )
    assert read_both(whole, chromosomes) == track
    assert whole.read_bytes() == cut.read_bytes()


@pytest.fixture(scope="module")
def long_track(tmp_path_factory):
    """600,000 values on two chromosomes: more than 256 blocks, so that the index has two layers."""
    path = tmp_path_factory.mktemp("long") / "long.bw"
    values = np.random.default_rng(5).random(600_000).astype(np.float32)
    starts = 75 + 50 * np.arange(300_000, dtype=np.int64)
    with BigWigWriter(path, {"chr1": 15_000_200, "chr2": 15_000_200}) as track:
        for chrom, part in (("chr1", values[:300_000]), ("chr2", values[300_000:])):
            for begin in range(0, 300_000, 70_001):
                piece = slice(begin, begin + 70_001)
                track.add(chrom, starts[piece], starts[piece] + 50, part[piece])
    return path, values


def test_index_of_several_layers_finds_everything(long_track):
    path, values = long_track
    intervals = read_both(path, ["chr1", "chr2"])
    assert [value for chrom in intervals.values() for _, _, value in chrom] == values.tolist()
    assert max(end for _, end, _ in intervals["chr2"]) <= 15_000_200
    with pyBigWig.open(str(path)) as track:
        for cell in np.random.default_rng(6).integers(0, 300_000, 300).tolist():
            assert track.values("chr2", 75 + 50 * cell, 76 + 50 * cell) == [float(values[300_000 + cell])]


def test_zoom_levels_agree_with_the_data(long_track):
    path, values = long_track
    track = pybigtools.open(str(path))
    bases = np.zeros(15_000_200)
    bases[75 : 75 + 15_000_000] = np.repeat(values[300_000:], 50)
    levels = track.zooms()
    assert levels == [400 * 4**power for power in range(9)]  # a tenth, of 105 Mbp, would repeat the ninth
    for size in levels[:6]:
        records = list(track.zoom_records(size, "chr2"))
        assert [start for start, _, _ in records] == sorted({start for start, _, _ in records})
        assert sum(summary["bases_covered"] for _, _, summary in records) == 15_000_000
        for start, end, summary in records[:: max(len(records) // 50, 1)]:
            part = bases[start:end]
            assert start // size == (end - 1) // size
            assert summary["bases_covered"] == end - start
            assert summary["sum"] == pytest.approx(part.sum(), rel=1e-5)
            assert summary["sum_squares"] == pytest.approx((part**2).sum(), rel=1e-5)
            assert (summary["min_val"], summary["max_val"]) == (part.min(), part.max())


def test_both_readers_use_the_zoom_levels_alike(long_track):
    path, values = long_track
    expected = values[:300_000].reshape(5, -1).mean(axis=1)
    with pyBigWig.open(str(path)) as track:
        assert track.stats("chr1", 75, 15_000_075, nBins=5) == pytest.approx(expected, rel=1e-3)
    track = pybigtools.open(str(path))
    assert track.values("chr1", 75, 15_000_075, bins=5, fillna=None) == pytest.approx(expected, rel=1e-3)


def test_zoom_blocks_that_span_chromosomes(tmp_path):
    path = tmp_path / "many.bw"
    names = [f"c{number:04d}" for number in range(2000)]
    write(path, dict.fromkeys(names, 300), [(name, [75, 130], [125, 180], [n, n + 1]) for n, name in enumerate(names)])
    track = pybigtools.open(str(path))
    for number in (0, 1, 511, 512, 1023, 1999):
        ((start, end, summary),) = track.zoom_records(400, names[number])
        assert (start, end, summary["bases_covered"]) == (75, 180, 100)
        assert summary["sum"] == 50 * number + 50 * (number + 1)


def test_work_grows_no_faster_than_the_number_of_contigs(tmp_path):
    done = []
    for count in (2_000, 8_000):
        names = [f"contig{number:06d}" for number in range(count)]
        lengths, pieces = dict.fromkeys(names, 500), [(name, [75], [125], [1]) for name in names]
        done.append(calls(lambda lengths=lengths, pieces=pieces: write(tmp_path / "contigs.bw", lengths, pieces)))
    assert done[1] < 4.2 * done[0]


def test_hundred_thousand_contigs_in_the_header(tmp_path):
    path = tmp_path / "contigs.bw"
    lengths = {f"contig{number:06d}": 100 + number for number in range(100_000)}
    write(path, lengths, [("contig000777", [0], [50], [2]), ("contig099999", [0], [50], [3])])
    track = pybigtools.open(str(path))
    assert track.chroms() == lengths
    assert list(track.records("contig099999")) == [(0, 50, 3.0)]
    with pyBigWig.open(str(path)) as track:
        assert track.intervals("contig000777") == ((0, 50, 2.0),)


BAD_PIECES = {
    "nan": ([0, 50], [50, 100], [0.5, np.nan], InputError, r"value at a:50-100 is nan"),
    "inf": ([0], [50], [np.inf], InputError, r"value at a:0-50 is inf"),
    "past the end": ([980], [1001], [1], ValueError, r"a:980-1001 is not within the chromosome's 1000 bp"),
    "negative": ([-1], [10], [1], ValueError, r"a:-1-10 is not within"),
    "empty interval": ([5], [5], [1], ValueError, r"a:5-5 is not within"),
    "overlap": ([0, 49], [50, 60], [1, 2], ValueError, r"a:49-60 overlaps or precedes"),
    "unsorted": ([100, 0], [150, 50], [1, 2], ValueError, r"a:0-50 overlaps or precedes"),
    "lengths": ([0, 50], [50, 100], [1], ValueError, r"2 starts, 2 ends and 1 values"),
}


@pytest.mark.parametrize("suffix", [".bw", ".bedGraph", ".bedGraph.gz"])
@pytest.mark.parametrize("name", BAD_PIECES)
def test_bad_pieces_are_refused_and_leave_no_file(tmp_path, suffix, name):
    starts, ends, values, kind, message = BAD_PIECES[name]
    columns = np.array(starts, np.int64), np.array(ends, np.int64), np.array(values, np.float32)
    with pytest.raises(kind, match=message), track_writer_for(tmp_path / f"x{suffix}", {"a": 1000}) as track:
        track.add("a", *columns)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("second", "start", "message"),
    [
        ("b", 40, "b:40-50 overlaps or precedes"),
        ("a", 100, "chromosome 'a' comes after 'b'"),
        ("z", 0, "chromosome 'z' is not one of the track's"),
    ],
)
def test_order_is_checked_across_pieces(tmp_path, second, start, message):
    with pytest.raises(ValueError, match=message), BigWigWriter(tmp_path / "x.bw", {"a": 1000, "b": 1000}) as track:
        track.add("b", np.array([0]), np.array([50]), np.ones(1, np.float32))
        track.add(second, np.array([start]), np.array([start + 10]), np.ones(1, np.float32))
    assert list(tmp_path.iterdir()) == []


def test_chromosome_longer_than_the_format_allows(tmp_path):
    with pytest.raises(InputError, match=r"x\.bw: chromosome 'a' .*too long for bigWig; write \.bedGraph\.gz"):
        BigWigWriter(tmp_path / "x.bw", {"a": 2**32})


def test_a_file_damaged_before_it_is_renamed_does_not_appear(tmp_path):
    class Damaging(BigWigWriter):
        def _verify(self):
            with self._temporary.open("r+b") as out:
                out.truncate(200)
            super()._verify()

    with pytest.raises(OSError, match=r"cannot be read back: '.*x\.bw'"), Damaging(tmp_path / "x.bw", {"a": 1000}):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_survives_a_failed_run(tmp_path):
    path = tmp_path / "x.bw"
    path.write_bytes(b"older")
    with pytest.raises(InputError), BigWigWriter(path, {"a": 1000}) as track:
        track.add("a", np.array([0]), np.array([50]), np.array([np.nan], np.float32))
    assert path.read_bytes() == b"older"
