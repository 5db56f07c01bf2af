"""deepgrn-attention as a user runs it, against what the float64 network attends to, base by base."""

import gzip

import h5py
import numpy as np
import pybigtools
import pytest
from attention_toys import PLACES, STEP, AttentionToy, means_per_base, paint, varying_most
from features_inputs import write_bigwig
from predict_toys import BLACKLIST, LENGTHS, ORDER, is_banned

from deepgrn_tool.cli.attention import main
from deepgrn_tool.cli.predict import main as predict_main
from deepgrn_tool.engine import choose_backend


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return AttentionToy(tmp_path_factory.mktemp("toy"), attention="after-lstm")


@pytest.fixture
def run(toy, tmp_path, capsys):
    """Run on the toy's liver; give what is on stderr, after checking that nothing is on stdout."""

    def call(*options, model=toy.model):
        code = main([str(toy.features), str(model), "--cell", "liver", *map(str, options)])
        captured = capsys.readouterr()
        assert (code, captured.out) == (0, ""), captured.err
        return captured.err

    return call


def bedgraph(path):
    """Values by base of every chromosome in a bedGraph file, NaN where there is none."""
    rows = {}
    for line in path.read_text().splitlines():
        chrom, start, end, value = line.split("\t")
        rows.setdefault(chrom, []).append((int(start), int(end), float(value)))
    assert list(rows) == sorted(rows)
    return {chrom: paint(found, LENGTHS[chrom]) for chrom, found in rows.items()}


def grid(toy, chrom):
    return [start for start in toy.grid(chrom) if not is_banned(chrom, start)]


def expected(toy, chrom, starts, strands=(0, 1), kept=1, network=None):
    """Relative attention per base; 8 dimensions, of which the one that varies most is the tenth."""
    weights = toy.attention("liver", chrom, starts, network)
    values = 64 * varying_most(weights, kept)
    return means_per_base(chrom, starts, [(PLACES[strand], values[strand]) for strand in strands])


def assert_track(found, wanted):
    assert list(found) == list(wanted)
    for chrom, values in wanted.items():
        np.testing.assert_allclose(found[chrom], values, rtol=0, atol=1e-4)


def test_whole_genome_on_both_strands_and_each(toy, run, tmp_path):
    run("-o", tmp_path / "b.bg", "--forward", tmp_path / "f.bg", "--reverse", tmp_path / "r.bg")
    for name, strands in (("b", (0, 1)), ("f", (0,)), ("r", (1,))):
        wanted = {chrom: expected(toy, chrom, grid(toy, chrom), strands) for chrom in ORDER if grid(toy, chrom)}
        assert list(wanted) == ["chr10", "chr2"]  # chrU is on the blacklist
        assert_track(bedgraph(tmp_path / f"{name}.bg"), wanted)


def test_compiled_runs_and_threads_give_the_same(toy, run, tmp_path, monkeypatch):
    run("-o", tmp_path / "short.bg")
    monkeypatch.setattr(choose_backend, "SHORT_RUN", 0)
    run("-o", tmp_path / "long.bg", "--threads", 2)
    assert_track(bedgraph(tmp_path / "long.bg"), bedgraph(tmp_path / "short.bg"))


@pytest.mark.parametrize(("dimensions", "kept"), [("all", 8), ("top", 1), ("0.5", 4), ("0.25", 2)])
def test_dimensions(toy, run, tmp_path, dimensions, kept):
    bins = toy.bins("some.bed", [("chr2", 350), ("chr2", 400), ("chr2", 1300)])
    run("--bins", bins, "--dimensions", dimensions, "-o", tmp_path / "t.bg")
    assert_track(bedgraph(tmp_path / "t.bg"), {"chr2": expected(toy, "chr2", [350, 400, 1300], kept=kept)})


def test_pairwise_attention_is_what_positions_receive(toy, run, tmp_path):
    network = toy.save(tmp_path / "pair.h5", attention="pairwise")
    bins = toy.bins("some.bed", [("chr10", 0), ("chr10", 433)])
    run("--bins", bins, "-o", tmp_path / "t.bg", model=tmp_path / "pair.h5")
    values = 64 * toy.attention("liver", "chr10", [0, 433], network).mean(axis=2)
    wanted = means_per_base("chr10", [0, 433], [(PLACES[strand], values[strand]) for strand in (0, 1)])
    assert_track(bedgraph(tmp_path / "t.bg"), {"chr10": wanted})


def test_formats_agree(toy, run, tmp_path):
    names = ("t.bw", "t.bg", "t.bedGraph.gz")
    run("--chromosomes", "chr10", *(part for name in names for part in ("-o", tmp_path / name)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "t.bedGraph.gz.tbi"])
    text = (tmp_path / "t.bg").read_text()
    assert gzip.decompress((tmp_path / "t.bedGraph.gz").read_bytes()).decode() == text
    with pybigtools.open(str(tmp_path / "t.bw")) as track:
        rows = [(start, end, np.float32(value)) for start, end, value in track.records("chr10")]
    written = [line.split("\t") for line in text.splitlines()]
    assert rows == [(int(start), int(end), np.float32(value)) for _, start, end, value in written]


def test_regions_give_what_the_whole_chromosome_gives_inside(toy, run, tmp_path):
    """Bins are tiled where their centres lie in the region: here all of the chromosome."""
    run("--chromosomes", "chr10", "-o", tmp_path / "whole.bg")
    run("--regions", toy.bed("r.bed", [("chr10", 20, 1290)]), "-o", tmp_path / "part.bg")
    whole, part = (bedgraph(tmp_path / name)["chr10"] for name in ("whole.bg", "part.bg"))
    np.testing.assert_allclose(part, whole, rtol=0, atol=1e-5)


LABELS = "chr\tstart\tstop\tK562\tliver\n" + "".join(
    f"{chrom}\t{start}\t{start + 200}\t{'B' if start == 100 else 'U'}\t{letter}\n"
    for chrom, start, letter in [
        ("chr10", 100, "U"),
        ("chr10", 150, "B"),
        ("chr2", 900, "B"),  # touches the blacklist at 1000
        ("chr2", 1300, "A"),
        ("chr2", 1450, "B"),
        ("chr21", 0, "B"),  # not in the features file
    ]
)


def test_bound_bins_of_a_label_file(toy, run, tmp_path):
    labels = tmp_path / "t.labels.tsv.gz"
    labels.write_bytes(gzip.compress(LABELS.encode()))
    said = run("--labels", labels, "-o", tmp_path / "t.bg")
    assert said.splitlines()[:3] == [
        f"{labels}: chromosomes left out that the features file lacks: 1",
        "Bins left out for the blacklist: 1",
        "Looking at 2 bins of cell liver",
    ]
    wanted = {chrom: expected(toy, chrom, [start]) for chrom, start in (("chr10", 150), ("chr2", 1450))}
    assert_track(bedgraph(tmp_path / "t.bg"), wanted)
    run("--labels", labels, "--chromosomes", "chr2", "-o", tmp_path / "t.bg")
    assert_track(bedgraph(tmp_path / "t.bg"), {"chr2": wanted["chr2"]})


@pytest.mark.parametrize("suffix", ["bw", "bedGraph", "tab.gz"])
def test_bins_above_a_score(toy, run, tmp_path, suffix):
    scores = tmp_path / f"scores.{suffix}"
    options = ["--cell", "liver", "--quiet", "-o", str(scores), "--chromosomes", "chr10"]
    assert predict_main([str(toy.features), str(toy.model), *options]) == 0
    toy.network = toy.attended
    probability = toy.expected("liver", "chr10", toy.grid("chr10"))
    threshold = round(float(np.sort(probability)[-6:-4].mean()), 6)  # five bins are above
    chosen = [start for start, one in zip(toy.grid("chr10"), probability, strict=True) if one > threshold]
    assert len(chosen) == 5
    run("--scores", scores, "--threshold", threshold, "-o", tmp_path / "t.bg")
    assert_track(bedgraph(tmp_path / "t.bg"), {"chr10": expected(toy, "chr10", chosen)})


@pytest.mark.parametrize("suffix", ["bw", "bedGraph", "tab"])
def test_a_score_that_is_the_threshold_counts(toy, run, tmp_path, suffix):
    """0.7 is 0.699999988 in a bigWig; the centres of the bins at 100, 150 and 300 are 175-225, 225-275, 375-425."""
    scores = tmp_path / f"scores.{suffix}"
    if suffix == "bw":
        write_bigwig(scores, LENGTHS, {"chr10": [(175, 275, 0.7), (375, 425, 0.699)]})
    elif suffix == "bedGraph":
        scores.write_text("chr10\t175\t275\t0.7\nchr10\t375\t425\t0.699\n")
    else:
        rows = [(100, 0.7), (150, 0.7), (300, 0.699)]
        scores.write_text("".join(f"chr10\t{start}\t{start + 200}\t{score}\n" for start, score in rows))
    said = run("--scores", scores, "--threshold", 0.7, "-o", tmp_path / "t.bg")
    assert "Looking at 2 bins of cell liver\n" in said
    assert_track(bedgraph(tmp_path / "t.bg"), {"chr10": expected(toy, "chr10", [100, 150])})


def test_matrix(toy, run, tmp_path):
    """More windows than fit a chunk, on two chromosomes, scored in one segment each."""
    run("--matrix", tmp_path / "m.h5")
    starts = {chrom: grid(toy, chrom) for chrom in ("chr10", "chr2")}
    with h5py.File(tmp_path / "m.h5") as file:
        assert dict(file.attrs) == {
            "format": "deepgrn-attention-matrix",
            "format_version": "1.0",
            "factor": "TOY",
            "assembly": "toy1",
            "cell": "liver",
            "attention": "after-lstm",
            "bin_size": 200,
            "flank": 401,
            "step_size": STEP,
        }
        assert file["strands"].asstr()[:].tolist() == ["forward", "reverse"]
        assert file["step_starts"][:].tolist() == [list(places) for places in PLACES]
        assert file["chrom"].asstr()[:].tolist() == [chrom for chrom, own in starts.items() for _ in own]
        assert file["start"][:].tolist() == [start for own in starts.values() for start in own]
        toy.network = toy.attended
        probability = np.concatenate([toy.expected("liver", chrom, own) for chrom, own in starts.items()])
        np.testing.assert_allclose(file["probability"], probability, rtol=0, atol=1e-5)
        wanted = np.concatenate([toy.attention("liver", chrom, own) for chrom, own in starts.items()], axis=1)
        np.testing.assert_allclose(file["attention"], wanted.transpose(1, 0, 2, 3), rtol=0, atol=1e-5)
        assert file["attention"].dtype == np.float32


def test_files_are_the_same_every_time(toy, run, tmp_path):
    names = ("t.bw", "m.h5", "h.png", "h.pdf", "h.svg")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        own = [tmp_path / folder / name for name in names]
        for figure in own[2:]:
            run("--chromosomes", "chr10", "-o", own[0], "--matrix", own[1], "--heatmap", figure)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_gradient(toy, run, tmp_path):
    """|slope · input| summed over the channels, and the mean over two overlapping windows."""
    starts = [300, 350]
    options = ["--bins", toy.bins("some.bed", [("chr2", start) for start in starts]), "--method", "gradient"]
    run(*options, "-o", tmp_path / "b.bg", "--forward", tmp_path / "f.bg", "--reverse", tmp_path / "r.bg")
    found = {name: bedgraph(tmp_path / f"{name}.bg")["chr2"] for name in "bfr"}
    assert np.flatnonzero(~np.isnan(found["b"])).tolist() == list(range(350 + 200 + 401))

    bases = range(40, 900, 73)
    contributions, smooth = zip(*(toy.contributions("liver", "chr2", starts, base) for base in bases), strict=True)
    assert np.mean(smooth) > 0.7
    for number, name in enumerate("frb"):
        wanted = np.array(contributions)[:, number]
        assert wanted.max() > 2e-5
        np.testing.assert_allclose(
            found[name][bases][np.array(smooth)], wanted[np.array(smooth)], rtol=0, atol=2e-3 * wanted.max()
        )


def test_heat_map_of_few_and_of_many_windows(toy, run, tmp_path):
    fold_change = write_bigwig(tmp_path / "fc.bw", LENGTHS, {"chr2": [(5, 60, 3.5)], "chr10": [(0, 700, 2.0)]})
    run("--chromosomes", "chr2", "--heatmap", tmp_path / "many.svg", "--fold-change", fold_change, "--rows", 30)
    many = (tmp_path / "many.svg").read_text()
    count = len(grid(toy, "chr2"))
    for text in ("TOY, liver", "fold change", "accessibility", f"30 windows, evenly spaced among {count}, clustered"):
        assert f"<!-- {text}" in many or text in many, text
    run("--bins", toy.bins("two.bed", [("chr10", 0), ("chr10", 300)]), "--heatmap", tmp_path / "few.svg")
    few = (tmp_path / "few.svg").read_text()
    assert "chr10:300-500" in few
    assert "fold change" not in few


def test_blacklist_is_left_out(toy, run, tmp_path):
    """Bins over chr2:1000-1040 start at 850 … 1000; the neighbours 800 and 1050 stay."""
    assert ("chr2", 1000, 1040) in BLACKLIST
    bins = toy.bins("some.bed", [("chr2", start) for start in range(800, 1051, 50)])
    said = run("--bins", bins, "--matrix", tmp_path / "m.h5")
    assert "Bins left out for the blacklist: 4" in said
    with h5py.File(tmp_path / "m.h5") as file:
        assert file["start"][:].tolist() == [800, 1050]
