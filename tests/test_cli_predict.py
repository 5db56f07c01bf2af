"""deepgrn-predict as a user runs it: every option, and outputs that agree with each other."""

import gzip
import os
import subprocess
import sys
import threading

import numpy as np
import pybigtools
import pysam
import pytest
from predict_toys import LENGTHS, ORDER, Toy, is_banned

from deepgrn_tool.cli.predict import main
from deepgrn_tool.network.files import Model, save_model


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def run(toy, tmp_path, capsys):
    """Run on the toy's liver; give what is on stderr, after checking that nothing is on stdout."""

    def call(*options, features=toy.features, model=toy.model, cell="liver"):
        argv = [str(features), str(model), *map(str, options)]
        code = main([*argv, *(["--cell", cell] if cell else [])])
        captured = capsys.readouterr()
        assert (code, captured.out) == (0, ""), captured.err
        return captured.err

    return call


def text_of(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix.lower() == ".gz" else data).decode()


def rows_of(path):
    """Rows of a bedGraph or .tab.gz: (chromosome, start, end, value)."""
    rows = [line.split("\t") for line in text_of(path).splitlines()]
    return [(chrom, int(start), int(end), float(value)) for chrom, start, end, value in rows]


def bigwig_rows(path):
    """The same rows of a bigWig, by an independent reader."""
    with pybigtools.open(str(path)) as track:
        return [(chrom, *row) for chrom in track.chroms() for row in track.records(chrom)]


def expected_rows(toy, chroms=ORDER, cell="liver"):
    """Bins of the grid in C-locale order, by the float64 network."""
    return [
        (chrom, start, start + 200, score)
        for chrom in chroms
        for start, score in zip(toy.grid(chrom), toy.with_blacklist(cell, chrom, toy.grid(chrom)), strict=True)
    ]


def assert_rows(found, wanted):
    assert [row[:3] for row in found] == [row[:3] for row in wanted]
    np.testing.assert_allclose([row[3] for row in found], [row[3] for row in wanted], rtol=0, atol=1e-5)


def centers(rows):
    return [(chrom, start + 75, start + 125, score) for chrom, start, _, score in rows]


def painted(rows):
    """Values by base: {chromosome: array with NaN where nothing is shown}."""
    tables = {chrom: np.full(length, np.nan) for chrom, length in LENGTHS.items()}
    for chrom, start, end, value in rows:
        assert np.isnan(tables[chrom][start:end]).all(), "intervals overlap"
        tables[chrom][start:end] = value
    return tables


def painted_by_bins(rows, combine):
    """For each base, what the bins that cover it amount to; base by base."""
    tables = {chrom: np.full(length, np.nan) for chrom, length in LENGTHS.items()}
    for chrom, table in tables.items():
        for base in range(len(table)):
            covering = [score for name, start, end, score in rows if name == chrom and start <= base < end]
            if covering:
                table[base] = combine(covering)
    return tables


def test_all_formats_of_one_run_agree(toy, run, tmp_path):
    names = ["t.bw", "t.bigWig", "t.bedGraph", "t.bg", "t.bedGraph.gz", "t.tab.gz", "t.bed"]
    run(*(part for name in names for part in ("-o", tmp_path / name)), "--summary", tmp_path / "t.tsv")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "t.bedGraph.gz.tbi", "t.tsv"])

    bins = rows_of(tmp_path / "t.tab.gz")
    assert_rows(bins, expected_rows(toy))
    tracks = rows_of(tmp_path / "t.bedGraph")
    assert tracks == centers(bins)
    assert text_of(tmp_path / "t.bg") == text_of(tmp_path / "t.bedGraph") == text_of(tmp_path / "t.bedGraph.gz")
    with pysam.TabixFile(str(tmp_path / "t.bedGraph.gz")) as indexed:
        assert list(indexed.fetch("chr2")) == [
            line for line in text_of(tmp_path / "t.bg").splitlines() if "chr2" in line
        ]
    for name in ("t.bw", "t.bigWig"):
        assert_rows(bigwig_rows(tmp_path / name), tracks)
        with pybigtools.open(str(tmp_path / name)) as track:
            assert list(track.chroms().items()) == sorted(LENGTHS.items())

    # Called regions: bins of at least 0.5, joined where they overlap or touch; walked over one by one.
    regions = []
    for chrom, start, end, score in bins:
        if score < 0.5:
            continue
        if regions and regions[-1][0] == chrom and start <= regions[-1][2]:
            regions[-1][2:] = [end, max(regions[-1][3], score), regions[-1][4] + 1]
        else:
            regions.append([chrom, start, end, score, 1])
    assert len(regions) == 3
    called = [line.split("\t") for line in (tmp_path / "t.bed").read_text().splitlines()]
    assert [(r[0], int(r[1]), int(r[2]), float(r[6]), int(r[8])) for r in called] == [tuple(r) for r in regions]

    table = [line.split("\t") for line in (tmp_path / "t.tsv").read_text().splitlines()]
    assert table[0] == ["chrom", "bins", "blacklisted", "mean", "max", "bins_ge_0.5", "bins_ge_0.9"]
    for name, row in zip([*ORDER, "total"], table[1:], strict=True):
        scores = [score for chrom, _, _, score in bins if name in (chrom, "total")]
        banned = sum(is_banned(chrom, start) for chrom, start, _, _ in bins if name in (chrom, "total"))
        assert row[:3] == [name, str(len(scores)), str(banned)]
        assert [float(value) for value in row[3:5]] == pytest.approx([np.mean(scores), max(scores)], abs=1e-5)
        assert row[5:] == [str(sum(score >= bound for score in scores)) for bound in (0.5, 0.9)]


def test_blacklisted_bins_show_0_and_bins_not_asked_for_nothing(toy, run, tmp_path):
    run("-o", tmp_path / "t.bedGraph", "--chromosomes", "chrU")
    assert_rows(rows_of(tmp_path / "t.bedGraph"), [("chrU", s + 75, s + 125, 0.0) for s in toy.grid("chrU")])


@pytest.mark.parametrize(("how", "combine"), [("mean", np.mean), ("max", np.max)])
def test_summarize(toy, run, tmp_path, how, combine):
    run("-o", tmp_path / "t.bedGraph", "-o", tmp_path / "t.bw", "--summarize", how)
    wanted = painted_by_bins(expected_rows(toy), combine)
    for rows in (rows_of(tmp_path / "t.bedGraph"), bigwig_rows(tmp_path / "t.bw")):
        found = painted(rows)
        for chrom in LENGTHS:
            np.testing.assert_allclose(found[chrom], wanted[chrom], rtol=0, atol=1e-5)


def test_center_is_the_default(run, tmp_path):
    run("-o", tmp_path / "a.bedGraph")
    run("-o", tmp_path / "b.bedGraph", "--summarize", "center")
    assert text_of(tmp_path / "a.bedGraph") == text_of(tmp_path / "b.bedGraph")


@pytest.mark.parametrize(
    ("options", "chroms"),
    [
        (["--chromosomes", "chr2"], ["chr2"]),
        (["--chromosomes", "chr2,chr10"], ["chr10", "chr2"]),
        (["--chromosomes", "chr2", "--chromosomes", "chr10"], ["chr10", "chr2"]),
        (["--chromosomes", "tiny, chr10"], ["chr10"]),
    ],
)
def test_chromosomes(toy, run, tmp_path, options, chroms):
    run("-o", tmp_path / "t.tab.gz", *options)
    assert_rows(rows_of(tmp_path / "t.tab.gz"), expected_rows(toy, chroms))


def test_regions_are_covered_by_the_track(toy, run, tmp_path):
    regions = [("chr2", 130, 131), ("chr2", 700, 1290), ("chr10", 75, 1225)]  # chr10: the last centre ends at 1225
    run("-o", tmp_path / "t.bw", "--regions", toy.bed("r.bed", regions))
    rows = bigwig_rows(tmp_path / "t.bw")
    shown = painted(rows)
    for chrom, start, end in regions:
        assert not np.isnan(shown[chrom][start:end]).any()
    # Whole central 50 bp are shown, so up to 49 bp beyond a region at each end, and nothing else.
    for chrom, start, end, _ in rows:
        assert any(name == chrom and a < end and start < b for name, a, b in regions)
    whole = {row[:3]: row[3] for row in centers(expected_rows(toy))}
    assert_rows(rows, [(*row[:3], whole[row[:3]]) for row in rows])


def test_bins_off_the_grid_as_a_track(toy, run, tmp_path):
    bins = [("chr10", 7), ("chr10", 57), ("chr10", 333), ("chr2", 1), ("chr2", 2220)]
    run("-o", tmp_path / "t.bedGraph", "-o", tmp_path / "t.tab.gz", "--bins", toy.bins("b.bed", bins))
    scores = [float(toy.with_blacklist("liver", chrom, [start])[0]) for chrom, start in bins]
    wanted = [(chrom, start, start + 200, score) for (chrom, start), score in zip(bins, scores, strict=True)]
    assert_rows(rows_of(tmp_path / "t.tab.gz"), wanted)
    assert rows_of(tmp_path / "t.bedGraph") == centers(rows_of(tmp_path / "t.tab.gz"))


@pytest.mark.parametrize("how", ["mean", "max"])
def test_bins_closer_than_50_bp_have_a_mean_and_a_maximum(toy, run, tmp_path, how):
    bins = [("chr2", 300), ("chr2", 310)]
    run("-o", tmp_path / "t.bedGraph", "--bins", toy.bins("b.bed", bins), "--summarize", how)
    one, other = toy.expected("liver", "chr2", [300, 310])
    middle = (one + other) / 2 if how == "mean" else max(one, other)
    wanted = [("chr2", 300, 310, one), ("chr2", 310, 500, middle), ("chr2", 500, 510, other)]
    assert_rows(rows_of(tmp_path / "t.bedGraph"), wanted)


def test_unsorted_bins_may_be_written_as_a_table_with_a_summary(toy, run, tmp_path):
    bins = [("chr2", 300), ("chr10", 10), ("chr2", 5), ("chr2", 300)]
    run("-o", tmp_path / "t.TAB.GZ", "--summary", tmp_path / "s.tsv", "--bins", toy.bins("b.bed", bins))
    assert [row[:2] for row in rows_of(tmp_path / "t.TAB.GZ")] == bins
    table = [line.split("\t")[:3] for line in (tmp_path / "s.tsv").read_text().splitlines()]
    assert table[1:] == [["chr2", "3", "1"], ["chr10", "1", "0"], ["total", "4", "1"]]


@pytest.mark.parametrize("threshold", ["0", "0.55", "1"])
def test_threshold(toy, run, tmp_path, threshold):
    run("-o", tmp_path / "t.bed", "--threshold", threshold, "--chromosomes", "chr2")
    lines = (tmp_path / "t.bed").read_text().splitlines()
    called = sum(row[3] >= float(threshold) for row in expected_rows(toy, ["chr2"]))
    assert sum(int(line.split("\t")[8]) for line in lines) == called
    assert (threshold == "1") == (called == 0)


def test_summary_alone(run, tmp_path):
    run("--summary", tmp_path / "s.txt", "--chromosomes", "chr10")
    assert [line.split("\t")[:2] for line in (tmp_path / "s.txt").read_text().splitlines()] == [
        ["chrom", "bins"],
        ["chr10", "23"],
        ["total", "23"],
    ]


@pytest.mark.parametrize("threads", ["2", "5"])
def test_threads_do_not_change_a_byte(run, tmp_path, threads):
    run("-o", tmp_path / "a.tab.gz")
    run("-o", tmp_path / "b.tab.gz", "--threads", threads)
    assert (tmp_path / "a.tab.gz").read_bytes() == (tmp_path / "b.tab.gz").read_bytes()


def test_equal_runs_give_equal_bytes_wherever_they_run(run, tmp_path):
    suffixes = (".bw", ".bedGraph", ".bedGraph.gz", ".bedGraph.gz.tbi", ".tab.gz", ".bed", ".tsv")
    for folder in ("here", "elsewhere"):
        (tmp_path / folder).mkdir()
        outputs = [part for suffix in suffixes if suffix[-4:] not in (".tbi", ".tsv") for part in ("-o", f"t{suffix}")]
        options = [tmp_path / folder / part if part != "-o" else part for part in outputs]
        run(*options, "--summary", tmp_path / folder / "t.tsv")
    for suffix in suffixes:
        assert (tmp_path / "here" / f"t{suffix}").read_bytes() == (tmp_path / "elsewhere" / f"t{suffix}").read_bytes()


def test_existing_outputs_are_replaced(run, tmp_path):
    (tmp_path / "t.bedGraph").write_text("old")
    run("-o", tmp_path / "t.bedGraph", "--chromosomes", "chrU")
    assert text_of(tmp_path / "t.bedGraph").startswith("chrU\t75\t125\t0.0\n")


def test_cell(toy, run, tmp_path):
    run("-o", tmp_path / "t.tab.gz", cell="K562")
    assert_rows(rows_of(tmp_path / "t.tab.gz"), expected_rows(toy, cell="K562"))


def test_the_only_cell_needs_no_name(toy, run, tmp_path):
    features = toy.write_features(tmp_path / "one.h5", cells=["K562"])
    run("-o", tmp_path / "t.tab.gz", features=features, cell=None)
    assert_rows(rows_of(tmp_path / "t.tab.gz"), expected_rows(toy, cell="K562"))


def test_without_a_blacklist_all_bins_are_scored(toy, run, tmp_path):
    features = toy.write_features(tmp_path / "f.h5", cells=["liver"], skip=["blacklist"])
    run("-o", tmp_path / "t.tab.gz", "--chromosomes", "chrU", features=features)
    scores = [row[3] for row in rows_of(tmp_path / "t.tab.gz")]
    np.testing.assert_allclose(scores, toy.expected("liver", "chrU", toy.grid("chrU")), rtol=0, atol=1e-5)
    assert min(scores) > 0


@pytest.mark.parametrize("skip", ["assembly", "nothing"])
def test_no_warning_where_an_assembly_agrees_or_is_unknown(toy, run, tmp_path, skip):
    features = toy.write_features(tmp_path / "f.h5", cells=["liver"], skip=[skip])
    assert run("-o", tmp_path / "t.tab.gz", "--quiet", features=features) == ""


def test_another_assembly_is_warned_of(toy, run, tmp_path):
    save_model(Model(toy.network.config, toy.network.weights, "TOY", "hg38"), tmp_path / "m.h5")
    said = run("-o", tmp_path / "t.tab.gz", "--quiet", model=tmp_path / "m.h5")
    assert said == "warning: the model was trained on hg38, the features are of toy1\n"


def test_messages(run, tmp_path):
    """A line for each stage, no progress display where stderr is no terminal."""
    lines = run("-o", tmp_path / "t.tab.gz").splitlines()
    assert lines[0] == "Scoring 83 bins of cell liver"
    assert lines[-1].startswith("Scored 83 bins in ")
    assert len(lines) == 2


def test_as_a_program_through_pipes(toy, tmp_path):
    program = "import sys; from deepgrn_tool.cli.predict import main; sys.exit(main(sys.argv[1:]))"
    argv = [str(toy.features), str(toy.model), "--cell", "liver", "-o", str(tmp_path / "t.bedGraph")]
    done = subprocess.run([sys.executable, "-c", program, *argv], capture_output=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"\r" not in done.stderr and b"\033" not in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert_rows(rows_of(tmp_path / "t.bedGraph"), centers(expected_rows(toy)))


def test_links_are_followed(run, toy, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "t.tab.gz").symlink_to(tmp_path / "real" / "scores.tab.gz")
    (tmp_path / "f.h5").symlink_to(toy.features)
    run("-o", tmp_path / "t.tab.gz", features=tmp_path / "f.h5", cell="liver")
    assert (tmp_path / "t.tab.gz").is_symlink()
    assert_rows(rows_of(tmp_path / "real" / "scores.tab.gz"), expected_rows(toy))


@pytest.mark.parametrize("how", ["--help", "--version"])
def test_help_and_version(capsys, how):
    with pytest.raises(SystemExit) as left:
        main([how])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--cell", "--regions", "--bins", "--summarize", "--threshold", "--summary", "--threads", ".tab.gz"):
        assert (option in shown) == (how == "--help")


@pytest.mark.parametrize("option", ["--bins", "--regions"])
def test_lists_may_come_through_a_pipe(toy, run, tmp_path, option):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("chr10\t300\t500\n",))
    writer.start()
    run(option, pipe, "-o", tmp_path / "t.tab.gz")
    writer.join()
    starts = [300] if option == "--bins" else [200, 250, 300, 350, 400]
    wanted = zip(starts, toy.expected("liver", "chr10", starts), strict=True)
    assert_rows(rows_of(tmp_path / "t.tab.gz"), [("chr10", start, start + 200, score) for start, score in wanted])
