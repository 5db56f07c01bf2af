"""deepgrn-merge: what is joined is what one run over everything would have written."""

import gzip
import itertools
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from evaluation_toys import write_rows
from features_inputs import write_bigwig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from predict_toys import LENGTHS as TOY_LENGTHS
from predict_toys import Toy

from deepgrn_tool.cli.merge import main
from deepgrn_tool.merge.merge import merge
from deepgrn_tool.predict import predict
from deepgrn_tool.tracks.outputs import ScoreOutputs, track_writer_for

DATA = Path(__file__).parent.parent / "test-data"

# chr2   0    75   125  175       400  450       chr10  0   50  100
#        |    | .5 | .25|         | .75 |               | 1 |    |
#        first: chr2:75-175, chr10            second: chr2:400-450 (and, in between, chr2:200-210 = 0.125)
LENGTHS = {"chr10": 400, "chr2": 800, "chrU": 500}
FIRST = {"chr10": [(0, 50, 1.0)], "chr2": [(75, 125, 0.5), (125, 175, 0.25), (500, 600, 2.0)]}
SECOND = {"chr2": [(200, 210, 0.125), (400, 450, 0.75), (700, 800, -1.0)]}
JOINED = "chr10\t0\t50\t1.0\nchr2\t75\t125\t0.5\nchr2\t125\t175\t0.25\nchr2\t200\t210\t0.125\nchr2\t400\t450\t0.75\n"
JOINED += "chr2\t500\t600\t2.0\nchr2\t700\t800\t-1.0\n"


def rows_of(track):
    return [(chrom, *row) for chrom, rows in track.items() for row in rows]


def written(folder, name, track, lengths=LENGTHS):
    """Write a track by another program, or as text."""
    path = folder / name
    if name.endswith(".bw"):
        return write_bigwig(path, lengths, track)
    write_rows(path, rows_of(track))
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    return path


def intervals(path):
    with pyBigWig.open(str(path)) as track:
        return {chrom: track.intervals(chrom) for chrom in track.chroms()}, track.chroms()


def run(*argv):
    assert main([str(item) for item in argv]) == 0


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1))))
@pytest.mark.parametrize("names", [("a.bw", "b.bw"), ("a.bedGraph", "b.bg.gz"), ("a.bw", "b.bedGraph")])
def test_two_tracks_by_hand(tmp_path, names, order):
    parts = [written(tmp_path, name, track) for name, track in zip(names, (FIRST, SECOND), strict=True)]
    run(*(parts[number] for number in order), "-o", tmp_path / "all.bedGraph")
    assert (tmp_path / "all.bedGraph").read_text() == JOINED


def test_all_outputs_at_once_and_what_is_said(tmp_path, capsys):
    parts = [written(tmp_path, "a.bw", FIRST), written(tmp_path, "b.bw", SECOND)]
    outputs = [tmp_path / name for name in ("all.bw", "all.bedGraph", "all.bg.gz")]
    run(*parts, *(part for path in outputs for part in ("-o", path)))
    assert intervals(outputs[0]) == (
        {
            "chr10": ((0, 50, 1.0),),
            "chr2": tuple(sorted(FIRST["chr2"] + SECOND["chr2"])),
            "chrU": None,
        },
        LENGTHS,
    )
    assert outputs[1].read_text() == gzip.decompress(outputs[2].read_bytes()).decode() == JOINED
    assert (tmp_path / "all.bg.gz.tbi").exists()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Joined 2 files: 7 intervals on 2 chromosomes\n")


def test_text_to_bigwig_takes_lengths_from_sizes(tmp_path):
    parts = [written(tmp_path, "a.bedGraph", FIRST), written(tmp_path, "b.bedGraph", SECOND)]
    sizes = write_rows(tmp_path / "toy.sizes", LENGTHS.items())
    run(*parts, "-o", tmp_path / "all.bw", "--sizes", sizes)
    found, lengths = intervals(tmp_path / "all.bw")
    assert lengths == LENGTHS
    assert found["chr2"][-1] == (700, 800, -1.0)


def test_chromosomes_that_only_one_bigwig_lists(tmp_path):
    """Programs that split tracks often keep only the chromosome in question."""
    one = written(tmp_path, "one.bw", {"chr2": FIRST["chr2"]}, {"chr2": 800})
    other = written(tmp_path, "other.bw", {"chr10": FIRST["chr10"]}, {"chr10": 400, "chrU": 500})
    run(one, other, "-o", tmp_path / "all.bw")
    found, lengths = intervals(tmp_path / "all.bw")
    assert lengths == LENGTHS
    assert found == {"chr10": ((0, 50, 1.0),), "chr2": tuple(FIRST["chr2"]), "chrU": None}


def test_one_file_and_files_without_any_value(tmp_path, capsys):
    empty = tmp_path / "empty.bw"  # pyBigWig writes such files so that not every reader takes them
    with track_writer_for(empty, LENGTHS):
        pass
    (tmp_path / "nothing.bedGraph").write_text("")
    run(written(tmp_path, "a.bw", FIRST), empty, tmp_path / "nothing.bedGraph", "-o", tmp_path / "all.bw", "--quiet")
    assert intervals(tmp_path / "all.bw") == intervals(tmp_path / "a.bw")
    run(empty, "-o", tmp_path / "none.bw", "--quiet")
    assert intervals(tmp_path / "none.bw") == (dict.fromkeys(LENGTHS), LENGTHS)
    said = "warning: none of the files holds any of the intervals to be joined; the output is empty\n"
    assert capsys.readouterr().err == said


BINS = {"chr10": [0, 50, 100, 200], "chr2": [0, 50, 100, 150, 300, 600], "chrU": [100, 150]}
ALL_BINS = [(chrom, start) for chrom, starts in BINS.items() for start in starts]


# chr2   0    75   125  175            chr2    125  175        400  450        The interval 125-175 is in both, 0.25;
#        |    | .5 | .25|                      | .25 |        | .75 |         chrU:10-20 is in all three.
NEXT = {"chr2": [(125, 175, 0.25), (400, 450, 0.75)], "chrU": [(10, 20, 0.5)]}
BEFORE = {"chr2": [(75, 125, 0.5), (125, 175, 0.25)], "chrU": [(10, 20, 0.5)]}
THIRD = {"chrU": [(10, 20, 0.5)]}
ONCE = "chr2\t75\t125\t0.5\nchr2\t125\t175\t0.25\nchr2\t400\t450\t0.75\nchrU\t10\t20\t0.5\n"


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_what_files_hold_alike_is_kept_once(tmp_path, capsys, order):
    named = {"a.bw": BEFORE, "b.bedGraph": NEXT, "c.bw": THIRD}
    parts = [written(tmp_path, name, track) for name, track in named.items()]
    run(*(parts[number] for number in order), "-o", tmp_path / "all.bedGraph")
    assert (tmp_path / "all.bedGraph").read_text() == ONCE
    said = "Joined 3 files: 4 intervals on 2 chromosomes\nKept once what several files hold alike: 3 intervals less\n"
    assert capsys.readouterr().err == said


def test_bins_that_tables_hold_alike_are_kept_once(tmp_path):
    """Bins overlap, so that other bins may stand between the two."""
    first = write_rows(tmp_path / "a.tab", [("chr2", 0, 200, 0.5), ("chr2", 50, 250, 0.25)])
    second = write_rows(tmp_path / "b.tab", [("chr2", 25, 225, 1), ("chr2", 50, 250, "0.250"), ("chr2", 100, 300, 0)])
    run(first, second, "-o", tmp_path / "all.tab.gz")
    joined = gzip.decompress((tmp_path / "all.tab.gz").read_bytes()).decode()
    assert joined == "".join(
        f"chr2\t{start}\t{start + 200}\t{score}\n" for start, score in ((0, 0.5), (25, 1.0), (50, 0.25), (100, 0.0))
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(owners=st.lists(st.integers(0, 2), min_size=12, max_size=12), seed=st.integers(0, 99))
@pytest.mark.parametrize("name", ["s.bw", "s.bedGraph", "s.bedGraph.gz", "s.tab.gz"])
def test_any_division_of_bins_gives_the_same_bytes(tmp_path, name, owners, seed):
    """Each bin is written to one of three files at random; files without bins are there, too."""
    scores = np.random.default_rng(seed).random(12).astype(np.float32)
    whole = tmp_path / f"whole.{name}"
    parts = [tmp_path / f"{number}.{name}" for number in range(3)]
    for path, wanted in [(whole, {0, 1, 2}), *((path, {number}) for number, path in enumerate(parts))]:
        with ScoreOutputs([path], LENGTHS) as outputs:
            for place, (chrom, start) in enumerate(ALL_BINS):
                if owners[place] in wanted:
                    outputs.add_bins(chrom, np.array([start]), scores[place : place + 1])
    joined = tmp_path / f"joined.{name}"
    assert merge(parts[::-1], [joined]) == 12
    assert joined.read_bytes() == whole.read_bytes()


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.mark.parametrize("name", ["s.bw", "s.bedGraph.gz", "s.tab.gz"])
def test_a_network_run_per_chromosome(toy, tmp_path, name):
    chromosomes = [chrom for chrom in TOY_LENGTHS if chrom != "tiny"]  # which has no bin
    predict(toy.features, toy.model, [tmp_path / name], cell="liver")
    parts = []
    for chrom in chromosomes:
        parts.append(tmp_path / f"{chrom}.{name}")
        predict(toy.features, toy.model, parts[-1:], cell="liver", chromosomes=[chrom])
    merge(parts, [tmp_path / f"joined.{name}"])
    assert (tmp_path / f"joined.{name}").read_bytes() == (tmp_path / name).read_bytes()


def test_long_tracks_are_read_in_pieces(tmp_path):
    """300,000 values a file, of which every other one is in the other file, on 15 Mbp: pieces never end together."""
    lengths = {"chr1": 30_000_000, "chr2": 10_000}
    starts = np.arange(0, 30_000_000, 50)
    values = np.random.default_rng(1).random(len(starts)).astype(np.float32)
    paths = {"whole.bw": slice(None), "even.bw": slice(0, None, 2), "odd.bedGraph": slice(1, None, 2)}
    for name, part in paths.items():
        with track_writer_for(tmp_path / name, lengths) as track:
            track.add("chr1", starts[part], starts[part] + 50, values[part])
    assert merge([tmp_path / "odd.bedGraph", tmp_path / "even.bw"], [tmp_path / "joined.bw"]) == len(starts)
    assert (tmp_path / "joined.bw").read_bytes() == (tmp_path / "whole.bw").read_bytes()


def test_long_tracks_that_share_much(tmp_path):
    """400,000 values and 450,000, of which 250,000 are the same."""
    starts = np.arange(0, 30_000_000, 50)
    values = np.random.default_rng(2).random(len(starts)).astype(np.float32)
    paths = {"whole.bw": slice(None), "first.bw": slice(400_000), "last.bedGraph": slice(150_000, None)}
    for name, part in paths.items():
        with track_writer_for(tmp_path / name, {"chr1": 30_000_000}) as track:
            track.add("chr1", starts[part], starts[part] + 50, values[part])
    assert merge([tmp_path / "last.bedGraph", tmp_path / "first.bw"], [tmp_path / "joined.bw"]) == len(starts)
    assert (tmp_path / "joined.bw").read_bytes() == (tmp_path / "whole.bw").read_bytes()


REGIONS = ("1000\t11000", "11000\t21000", "21025\t24000")


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory):
    """The bundled network on three regions of chr11, one at a time and in one run: folder, number of bins."""
    folder = tmp_path_factory.mktemp("neighbours")
    counts = []
    for number, rows in enumerate([REGIONS, *((region,) for region in REGIONS)]):
        bed = folder / f"{number}.bed"
        bed.write_text("".join(f"chr11\t{row}\n" for row in rows))
        outputs = [folder / f"{number}.{suffix}" for suffix in ("bw", "bedGraph", "tab.gz")]
        predict(DATA / "galaxy" / "features.h5", DATA / "model.h5", outputs, cell="gamma", regions=bed)
        counts.append((folder / f"{number}.bedGraph").read_text().count("\n"))
    return folder, counts


@pytest.mark.parametrize("suffix", ["bw", "bedGraph", "tab.gz"])
def test_a_network_run_on_neighbouring_regions(neighbours, tmp_path, suffix):
    """A region gets the bins whose central 50 bp touch it: 975 to 10,975, 10,975 to 20,975, 21,025 to 23,975.

    These are 201, 201 and 60 bins. Of them 10,975 is in the first two, and that from 21,025 begins with its region.
    """
    folder, counts = neighbours
    assert counts == [461, 201, 201, 60]
    joined = tmp_path / f"joined.{suffix}"
    assert merge([folder / f"{number}.{suffix}" for number in (3, 1, 2)], [joined]) == 461
    assert joined.read_bytes() == (folder / f"0.{suffix}").read_bytes()
