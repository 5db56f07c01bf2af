"""All outputs of a run, drawn by hand; they appear together or not at all."""

import gzip
import subprocess
import sys

import numpy as np
import pyBigWig
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.tracks.outputs import ScoreOutputs, check_suffixes, companions, track_writer_for

# chr1 (500 bp)    0   50  100  150  200  250  300  350  400  450  500
#   0.25           |----====----------|          =: central 50 bp
#   0.75                |----====----------|
#   1.0                                    |----====----------|
# chr10 (150 bp): shorter than a bin;  chr2 (300 bp): one bin at 100
CHROMOSOMES = {"chr1": 500, "chr2": 300, "chr10": 150}
BINS = [("chr1", [0, 50, 250], [0.25, 0.75, 1.0]), ("chr2", [100], [0.5])]
CENTERS = "chr1\t75\t125\t0.25\nchr1\t125\t175\t0.75\nchr1\t325\t375\t1.0\nchr2\t175\t225\t0.5\n"
MEANS = "chr1\t0\t50\t0.25\nchr1\t50\t200\t0.5\nchr1\t200\t250\t0.75\nchr1\t250\t450\t1.0\nchr2\t100\t300\t0.5\n"
MAXIMA = MEANS.replace("\t0.5\n", "\t0.75\n", 1)
TAB = "chr1\t0\t200\t0.25\nchr1\t50\t250\t0.75\nchr1\t250\t450\t1.0\nchr2\t100\t300\t0.5\n"


def arrays(starts, scores):
    return np.array(starts, np.int64), np.array(scores, np.float32)


def run(paths, bins=BINS, piece=None, chromosomes=CHROMOSOMES, **options):
    with ScoreOutputs(paths, chromosomes, **options) as outputs:
        for chrom, starts, scores in bins:
            for begin in range(0, len(starts), piece or max(len(starts), 1)):
                part = slice(begin, begin + (piece or len(starts)))
                outputs.add_bins(chrom, *arrays(starts[part], scores[part]))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("piece", [None, 1, 2])
@pytest.mark.parametrize(("summarize", "expected"), [("center", CENTERS), ("mean", MEANS), ("max", MAXIMA)])
@pytest.mark.parametrize("name", ["t.bedGraph", "t.bedgraph", "t.bg", "t.bedGraph.gz", "t.bg.gz"])
def test_bedgraph_text(tmp_path, name, summarize, expected, piece):
    run([tmp_path / name], piece=piece, summarize=summarize)
    data = (tmp_path / name).read_bytes()
    assert (gzip.decompress(data) if name.endswith(".gz") else data).decode() == expected
    assert names_in(tmp_path) == ([name, f"{name}.tbi"] if name.endswith(".gz") else [name])


def test_tabix_index_finds_rows(tmp_path):
    run([tmp_path / "t.bedGraph.gz"])
    with pysam.TabixFile(str(tmp_path / "t.bedGraph.gz")) as track:
        assert track.contigs == ["chr1", "chr2"]
        assert list(track.fetch("chr1", 124, 126)) == CENTERS.splitlines()[:2]
        assert list(track.fetch("chr2")) == CENTERS.splitlines()[3:]


def test_long_chromosomes_get_the_index_that_can_hold_them(tmp_path):
    path = tmp_path / "wheat.bedGraph.gz"
    lengths = {"1A": 600_000_000}
    run([path], [("1A", [599_000_000], [0.5])], chromosomes=lengths)
    assert names_in(tmp_path) == ["wheat.bedGraph.gz", "wheat.bedGraph.gz.csi"]
    assert companions([path, "x.bw"], lengths) == [tmp_path / "wheat.bedGraph.gz.csi"]
    with pysam.TabixFile(str(path), index=f"{path}.csi") as track:
        assert list(track.fetch("1A", 599_000_000, 599_000_200)) == ["1A\t599000075\t599000125\t0.5"]


@pytest.mark.parametrize("name", ["t.bw", "t.bigWig", "t.bigwig"])
def test_bigwig_holds_what_the_bedgraph_says(tmp_path, name):
    run([tmp_path / name])
    with pyBigWig.open(str(tmp_path / name)) as track:
        rows = [f"{c}\t{a}\t{b}\t{v}\n" for c in track.chroms() for a, b, v in track.intervals(c) or ()]
        assert list(track.chroms()) == ["chr1", "chr10", "chr2"]
    assert "".join(rows) == CENTERS


def test_tab_keeps_any_bins_in_their_order(tmp_path):
    path = tmp_path / "t.tab.gz"
    bins = [("chr2", [100], [0.5]), ("chr1", [250, 0, 0, 13], [1, 0.25, 0.25, 0.1]), ("chr2", [3], [0])]
    run([path], bins)
    assert gzip.decompress(path.read_bytes()).decode() == (
        "chr2\t100\t300\t0.5\nchr1\t250\t450\t1.0\nchr1\t0\t200\t0.25\nchr1\t0\t200\t0.25\nchr1\t13\t213\t0.1\n"
        "chr2\t3\t203\t0.0\n"
    )


def test_equal_runs_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        run([tmp_path / f"{name}{suffix}" for suffix in (".tab.gz", ".bedGraph.gz", ".bw")])
    for suffix in (".tab.gz", ".bedGraph.gz", ".bedGraph.gz.tbi", ".bw"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("piece", [None, 1, 2])
def test_called_regions_by_hand(tmp_path, piece):
    # called at 0.5:  50|0.75|250|1.0|450 touch and join;  in chr2 100|0.5|300 and, equal, 100|0.5|300
    bins = [("chr1", [0, 50, 250], [0.25, 0.75, 1.0]), ("chr2", [50, 100, 100], [0.5, 0.5, 0.499])]
    run([tmp_path / "t.bed"], bins, piece, threshold=0.5)
    assert (tmp_path / "t.bed").read_text() == (
        "chr1\t50\t450\tregion_1\t1000\t.\t1.0\t350\t2\nchr2\t50\t300\tregion_2\t500\t.\t0.5\t150\t2\n"
    )


def test_threshold_equal_to_a_score_calls_it(tmp_path):
    run([tmp_path / "t.bed"], [("chr1", [0], [0.1])], threshold=0.1)
    assert (tmp_path / "t.bed").read_text() == "chr1\t0\t200\tregion_1\t100\t.\t0.1\t100\t1\n"


def regions_by_force(bins, threshold):
    """Walk over the bins one by one."""
    regions = []
    for start, score in bins:
        if score < threshold:
            continue
        if regions and start <= regions[-1]["end"]:
            region = regions[-1]
            region.update(end=start + 200, bins=region["bins"] + 1)
            if score > region["best"]:
                region.update(best=score, summit=start + 100)
        else:
            regions.append({"start": start, "end": start + 200, "best": score, "summit": start + 100, "bins": 1})
    return [tuple(region[key] for key in ("start", "end", "best", "summit", "bins")) for region in regions]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bins=st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([0.0, 0.25, 0.5, 0.625, 0.75])), max_size=30),
    piece=st.integers(1, 30),
)
def test_called_regions_equal_brute_force(tmp_path, bins, piece):
    bins = sorted(bins, key=lambda one: one[0])
    starts, scores = [start for start, _ in bins], [score for _, score in bins]
    run([tmp_path / "t.bed"], [("c", starts, scores)], piece, {"c": 3200}, threshold=0.5)
    rows = [line.split("\t") for line in (tmp_path / "t.bed").read_text().splitlines()]
    got = [(int(r[1]), int(r[2]), float(r[6]), int(r[7]), int(r[8])) for r in rows]
    assert got == regions_by_force(bins, 0.5)
    assert [r[3] for r in rows] == [f"region_{number + 1}" for number in range(len(rows))]
    assert all(int(r[4]) == round(1000 * float(r[6])) and r[5] == "." for r in rows)


def test_table_by_hand(tmp_path):
    with ScoreOutputs([], CHROMOSOMES, table=tmp_path / "counts.tsv") as outputs:
        outputs.add_bins("chr1", *arrays([0, 50], [0.25, 0.5]), np.array([False, False]))
        outputs.add_bins("chr1", *arrays([100, 150], [0, 1]), np.array([True, False]))
        outputs.add_bins("chr2", *arrays([0], [0.9]))
    assert (tmp_path / "counts.tsv").read_text() == (
        "chrom\tbins\tblacklisted\tmean\tmax\tbins_ge_0.5\tbins_ge_0.9\n"
        "chr1\t4\t1\t0.4375\t1\t2\t1\nchr2\t1\t0\t0.9\t0.9\t1\t1\ntotal\t5\t1\t0.53\t1\t3\t2\n"
    )


def test_no_bins_give_empty_but_valid_files(tmp_path):
    names = ["t.bedGraph", "t.bedGraph.gz", "t.bw", "t.tab.gz", "t.bed"]
    run([tmp_path / name for name in names], [], table=tmp_path / "t.tsv")
    assert names_in(tmp_path) == sorted([*names, "t.bedGraph.gz.tbi", "t.tsv"])
    assert (tmp_path / "t.bedGraph").read_bytes() == (tmp_path / "t.bed").read_bytes() == b""
    assert gzip.decompress((tmp_path / "t.tab.gz").read_bytes()) == b""
    assert (tmp_path / "t.tsv").read_text().splitlines()[1:] == ["total\t0\t0\tNA\tNA\t0\t0"]
    with pysam.TabixFile(str(tmp_path / "t.bedGraph.gz")) as track:
        assert track.contigs == []


def test_unknown_suffix_lists_the_known_ones(tmp_path):
    message = r"scores\.wig: the suffix must tell the format: \.bw .*\.bedGraph .*\.bedGraph\.gz .*\.tab\.gz .*\.bed "
    with pytest.raises(UsageError, match=message):
        ScoreOutputs([tmp_path / "scores.wig"], CHROMOSOMES)
    with pytest.raises(UsageError, match=message):
        check_suffixes(["a.bw", "scores.wig"])
    check_suffixes(["a.bw", "b.tab.gz", "c.BED", "d.bedGraph.gz"])


@pytest.mark.parametrize("name", ["x.bed", "x.tab.gz"])
def test_track_needs_a_track_format(name):
    with pytest.raises(UsageError, match="a track is written as"):
        track_writer_for(name, CHROMOSOMES)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_threshold_out_of_range(threshold):
    with pytest.raises(UsageError, match="not between 0 and 1"):
        ScoreOutputs(["x.bed"], CHROMOSOMES, threshold=threshold)


def test_unknown_summary():
    with pytest.raises(UsageError, match="'median' is unknown; use one of center, mean, max"):
        ScoreOutputs(["x.bw"], CHROMOSOMES, summarize="median")


ALL = ["t.bw", "t.bedGraph", "t.bedGraph.gz", "t.tab.gz", "t.bed"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_no_numbers_are_refused(tmp_path, name, value):
    with pytest.raises(InputError, match=r"value at chr1:50-250 is -?(nan|inf)"):
        run([tmp_path / name], [("chr1", [0, 50], [0.5, value])])
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("start", [-50, 301])
def test_bins_over_an_end_are_refused(tmp_path, name, start):
    with pytest.raises(ValueError, match="not within the chromosome's 500 bp"):
        run([tmp_path / name], [("chr1", [start], [0.5])])
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", [name for name in ALL if name != "t.tab.gz"])
def test_chromosomes_out_of_order_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="'chr1' comes after 'chr2'"):
        run([tmp_path / name], BINS[::-1])
    assert names_in(tmp_path) == []


def test_bins_too_close_for_center_are_found_before_scoring(tmp_path):
    with ScoreOutputs([tmp_path / "t.bw"], CHROMOSOMES) as outputs:
        with pytest.raises(InputError, match=r"chr1:0 and chr1:20 start 20 bp apart.*use --summarize mean or max"):
            outputs.check_bins("chr1", np.array([0, 20]))
        outputs.check_bins("chr1", np.array([0, 50]))
    with ScoreOutputs([tmp_path / "t.tab.gz"], CHROMOSOMES) as outputs:
        outputs.check_bins("chr1", np.array([20, 0, 0]))
    with ScoreOutputs([tmp_path / "t.bg"], CHROMOSOMES, summarize="mean") as outputs:
        outputs.check_bins("chr1", np.array([0, 0, 20]))


def test_files_appear_together_at_the_end(tmp_path):
    with ScoreOutputs([tmp_path / name for name in ALL], CHROMOSOMES, table=tmp_path / "t.tsv") as outputs:
        outputs.add_bins("chr1", *arrays([0], [0.5]))
        assert all(".partial" in name for name in names_in(tmp_path))
    assert names_in(tmp_path) == sorted([*ALL, "t.bedGraph.gz.tbi", "t.tsv"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, InputError])
def test_nothing_appears_when_the_run_fails(tmp_path, error):
    with (
        pytest.raises(error),
        ScoreOutputs([tmp_path / name for name in ALL], CHROMOSOMES, table=tmp_path / "t.tsv") as outputs,
    ):
        outputs.add_bins("chr1", *arrays([0], [0.5]))
        raise error("stop")
    assert names_in(tmp_path) == []


def test_nothing_appears_when_one_file_fails_its_verification(tmp_path, monkeypatch):
    from deepgrn_tool.tracks.bigwig import BigWigWriter

    def fail(self):
        raise OSError(5, "damaged", str(self.target))

    monkeypatch.setattr(BigWigWriter, "_verify", fail)
    with pytest.raises(OSError, match="damaged"):
        run([tmp_path / name for name in ALL])
    assert names_in(tmp_path) == []


def test_nothing_appears_when_one_file_cannot_be_opened(tmp_path):
    missing = tmp_path / "nowhere" / "t.bedGraph"
    with pytest.raises(OSError, match=r"nowhere/t\.bedGraph") as caught:
        run([tmp_path / "t.bw", missing])
    assert caught.value.filename == str(missing)
    assert names_in(tmp_path) == []


def test_importing_the_outputs_loads_no_heavy_library():
    program = "import sys, deepgrn_tool.tracks.outputs; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)
    assert {"tensorflow", "keras", "pysam", "pyBigWig", "h5py"}.isdisjoint(done.stdout.split())
