"""bigBed and twoBit, read back by other programs: pybigtools and pyBigWig, py2bit."""

import gzip

import numpy as np
import py2bit
import pybigtools
import pyBigWig
import pytest
from hub_toys import EMAIL, HubToy
from hypothesis import given, settings
from hypothesis import strategies as st

from deepgrn_tool.cli.hub import main
from deepgrn_tool.hub import bigbed
from deepgrn_tool.hub.bigbed import read_called, write_bigbed
from deepgrn_tool.hub.twobit import encode_sequence, write_twobit

# chr10         0   100                     overlapping and nested regions
#               |---|
# chr2     10        500
#          |----------|          800  900
#            20 30               |-----|
#            |--|
LENGTHS = {"chr2": 1000, "chr10": 400, "chrU": 50}
ROWS = ["chr2\t800\t900", "chr2\t10\t500", "chrX\t5\t6", "chr10\t0\t100", "chr2\t20\t30"]
SORTED = {"chr10": [(0, 100)], "chr2": [(10, 500), (20, 30), (800, 900)], "chrU": []}


def entries(path, chrom):
    with pyBigWig.open(str(path)) as track:
        return track.entries(chrom, 0, LENGTHS[chrom]) or []


def read_with_pybigtools(path):
    with path.open("rb") as stream, pybigtools.open(stream) as track:
        assert track.is_bigbed
        return track.chroms(), {chrom: list(track.records(chrom)) for chrom in track.chroms()}


def written(folder, text):
    (folder / "r.bed").write_text(text)
    called = read_called(folder / "r.bed", LENGTHS)
    write_bigbed(folder / "r.bb", LENGTHS, called)
    return called


def test_plain_regions(tmp_path):
    called = written(tmp_path, "\n".join(ROWS) + "\n")
    assert called.track_type == "bigBed 3"
    lengths, found = read_with_pybigtools(tmp_path / "r.bb")
    assert lengths == LENGTHS
    assert {chrom: [tuple(record[:2]) for record in records] for chrom, records in found.items()} == SORTED
    for chrom, rows in SORTED.items():
        assert [entry[:2] for entry in entries(tmp_path / "r.bb", chrom)] == rows


def test_summary_counts_depth(tmp_path):
    written(tmp_path, "\n".join(ROWS) + "\n")
    with pyBigWig.open(str(tmp_path / "r.bb")) as track:
        header = track.header()
    # Covered: 100 + 490 + 100 bases, of which 10 twice.
    assert (header["nBasesCovered"], header["sumData"], header["sumSquared"]) == (690, 700, 680 + 4 * 10)
    assert (header["minVal"], header["maxVal"]) == (1, 2)


CALLED = ["region_1\t998\t.\t0.9981\t150\t7", "region_2\t1000\t.\t1\t400\t1"]


@pytest.mark.parametrize("packed", [False, True])
def test_regions_of_deepgrn_predict_keep_their_columns(tmp_path, packed):
    text = f"chr2\t100\t200\t{CALLED[0]}\nchr2\t300\t500\t{CALLED[1]}\n".encode()
    (tmp_path / "r.bed").write_bytes(gzip.compress(text) if packed else text)
    called = read_called(tmp_path / "r.bed", LENGTHS)
    write_bigbed(tmp_path / "r.bb", LENGTHS, called)
    assert called.track_type == "bigBed 6 +"
    assert entries(tmp_path / "r.bb", "chr2") == [(100, 200, CALLED[0]), (300, 500, CALLED[1])]
    with (tmp_path / "r.bb").open("rb") as stream, pybigtools.open(stream) as track:
        columns = track.sql(parse=True)["fields"]
    names = ["chrom", "chromStart", "chromEnd", "name", "score", "strand", "best", "summit", "bins"]
    assert [name for name, *_ in columns] == names


@pytest.mark.parametrize("rest", ["a\tb\tc", "n\t1001\t.\t1\t4\t1", "n\t5\tx\t1\t4\t1", "n\t5\t.\t1\t4", ""])
def test_other_columns_are_left_out(tmp_path, rest):
    called = written(tmp_path, f"chr2\t100\t200\t{CALLED[0]}\nchr2\t300\t500\t{rest}\n")
    assert called.track_type == "bigBed 3"
    assert [entry[:2] for entry in entries(tmp_path / "r.bb", "chr2")] == [(100, 200), (300, 500)]


def test_no_region_on_any_chromosome(tmp_path):
    written(tmp_path, "chrX\t1\t2\n")
    assert read_with_pybigtools(tmp_path / "r.bb") == (LENGTHS, {chrom: [] for chrom in LENGTHS})


def test_many_regions_and_a_long_one_are_all_found(tmp_path, monkeypatch):
    """More blocks than a node of the index holds (256), and a region over everything that a search must not miss."""
    monkeypatch.setattr(bigbed, "ROWS_PER_BLOCK", 4)
    lengths = {"chr1": 30_000}
    rows = [(0, 29_999)] + [(start, start + 15) for start in range(0, 28_000, 20)]
    (tmp_path / "r.bed").write_text("".join(f"chr1\t{start}\t{end}\n" for start, end in rows))
    write_bigbed(tmp_path / "r.bb", lengths, read_called(tmp_path / "r.bed", lengths))
    with pyBigWig.open(str(tmp_path / "r.bb")) as track:
        assert len(track.entries("chr1", 0, 30_000)) == len(rows) > 256 * 4
        found = [entry[:2] for entry in track.entries("chr1", 27_000, 27_030)]
    assert found == [(0, 29_999), (27_000, 27_015), (27_020, 27_035)]


def test_bytes_of_a_sequence_by_hand():
    # TCAG = 00 01 10 11; the five bases after the two N: A = 10, C = 01, G = 11, T = 00, A = 10, filled up with 00.
    codes = np.array([4, 4, 0, 1, 2, 3, 0], np.uint8)
    numbers = np.array([7, 1, 0, 2, 0, 0], "<u4").tobytes()  # size, one block: at 0, 2 bp; no mask; reserved
    assert encode_sequence(codes) == numbers + bytes([0b00001001, 0b11001000])


def test_a_sequence_longer_than_what_is_packed_at_once(tmp_path):
    codes = np.random.default_rng(1).integers(0, 4, 150_001).astype(np.uint8)
    codes[65_530:65_540] = 4
    write_twobit(tmp_path / "g.2bit", {"c": len(codes)}, lambda name, start, end: codes[start:end])
    with py2bit.open(str(tmp_path / "g.2bit")) as opened:
        assert opened.sequence("c") == "".join("ACGTN"[code] for code in codes)


@settings(max_examples=60)
@given(sequences=st.lists(st.text("ACGTN", min_size=1, max_size=40), min_size=1, max_size=5))
def test_twobit_reads_back(tmp_path_factory, sequences):
    path = tmp_path_factory.mktemp("twobit") / "g.2bit"
    genome = {
        f"chr{number}": np.array(["ACGTN".index(base) for base in text], np.uint8)
        for number, text in enumerate(sequences)
    }
    write_twobit(
        path, {name: len(codes) for name, codes in genome.items()}, lambda name, start, end: genome[name][start:end]
    )
    with py2bit.open(str(path)) as opened:
        assert opened.chroms() == {name: len(codes) for name, codes in genome.items()}
        assert [opened.sequence(name) for name in genome] == sequences


@pytest.mark.parametrize("source", ["features", "genome"])
def test_own_genome_in_the_hub(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    toy = HubToy(tmp_path)
    given = ["--features", toy.write_features()] if source == "features" else ["--genome", "genome.fa"]
    argv = ["--scores", "K562.CTCF.bw", "--assembly", "toy1", *given, "--own-genome", *EMAIL, "-o", "hub", "--quiet"]
    assert main(argv) == 0
    lines = dict(line.split(" ", 1) for line in (tmp_path / "hub" / "genomes.txt").read_text().splitlines())
    assert lines == {
        "genome": "toy1",
        "trackDb": "toy1/trackDb.txt",
        "twoBitPath": "toy1/toy1.2bit",
        "organism": "toy1",
        "description": "DeepGRN CTCF",
        "defaultPos": "chrA:4001-6500",
    }
    with py2bit.open(str(tmp_path / "hub" / lines["twoBitPath"])) as genome:
        for chrom, text in toy.sequences.items():
            assert genome.sequence(chrom) == "".join(base if base in "ACGT" else "N" for base in text.upper())
    assert 'Session genome="toy1/toy1.2bit"' in (tmp_path / "hub" / "igv_session.xml").read_text()
