"""Scores of whole runs against the float64 network, and against what the original program wrote for real networks."""

import gzip
import os
import random
from pathlib import Path

import numpy as np
import pytest
from predict_toys import LENGTHS, ORDER, Toy, is_banned

from deepgrn_tool import scoring
from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.cli.import_model import main as import_model
from deepgrn_tool.cli.predict import main
from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.engine import choose_backend
from deepgrn_tool.errors import UsageError
from deepgrn_tool.predict import predict

SHARED = Path(os.environ.get("DEEPGRN_SHARED", Path(__file__).parents[2] / "shared"))
REAL = ("EGR1_pair", "EGR1_single", "FOXA1_single")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


def read_tab(path):
    """Read chromosome, start, end, score; scores as an array."""
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return [(chrom, int(start), int(end)) for chrom, start, end, _ in rows], np.array([float(row[3]) for row in rows])


def scores_of(toy, folder, cell="liver", **options):
    """Run and read the scores back as {(chromosome, start): score}."""
    path = folder / "scores.tab.gz"
    count = predict(toy.features, toy.model, [path], cell=cell, **options)
    bins, scores = read_tab(path)
    assert len(bins) == count
    assert all(end == start + 200 for _, start, end in bins)
    return dict(zip([bin_[:2] for bin_ in bins], scores.tolist(), strict=True))


def assert_expected(toy, found, cell="liver"):
    for chrom in {chrom for chrom, _ in found}:
        starts = [start for name, start in found if name == chrom]
        wanted = toy.with_blacklist(cell, chrom, starts)
        np.testing.assert_allclose([found[chrom, start] for start in starts], wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", ["liver", "K562"])
def test_every_bin_of_the_genome(toy, tmp_path, cell):
    found = scores_of(toy, tmp_path, cell)
    # The C-locale order; `tiny` has 150 bp and no bin.
    assert list(found) == [(chrom, start) for chrom in ORDER for start in toy.grid(chrom)]
    assert_expected(toy, found, cell)
    assert {key for key, score in found.items() if score == 0} == {key for key in found if is_banned(*key)}
    assert sum(is_banned(*key) for key in found) == 15 + 1 + 4  # chrU; chr2: 0; 850, 900, 950, 1000


def test_compiled_runs_score_the_same(toy, tmp_path, monkeypatch):
    """Long runs are compiled; here every run counts as long."""
    monkeypatch.setattr(choose_backend, "SHORT_RUN", 0)
    assert_expected(toy, scores_of(toy, tmp_path))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads(toy, tmp_path, threads):
    assert_expected(toy, scores_of(toy, tmp_path, threads=threads))


@pytest.mark.parametrize("names", [["chr2"], ["chrU", "chr10"], ["tiny", "chr10"], ["chr2", "chr2"]])
def test_chromosomes(toy, tmp_path, names):
    found = scores_of(toy, tmp_path, chromosomes=names)
    assert list(found) == [(chrom, start) for chrom in ORDER if chrom in names for start in toy.grid(chrom)]
    assert_expected(toy, found)


def test_regions_are_scored_as_on_the_whole_chromosome(toy, tmp_path):
    regions = [("chr2", 500, 501), ("chr2", 1700, 2420), ("chr10", 0, 80), ("chr2", 480, 600)]
    found = scores_of(toy, tmp_path, regions=toy.bed("regions.bed", regions))
    wanted = [
        (chrom, start)
        for chrom in ("chr10", "chr2")
        for start in toy.grid(chrom)
        if any(name == chrom and a < start + 125 and start + 75 < b for name, a, b in regions)
    ]
    assert list(found) == wanted
    assert_expected(toy, found)


BINS = [(chrom, start) for chrom in ORDER for start in range(0, LENGTHS[chrom] - 199, 50)]


@pytest.mark.parametrize("order", ["sorted", "shuffled", "backwards", "chromosomes in turn"])
def test_listed_bins_in_any_order(toy, tmp_path, order):
    bins = list(BINS)
    if order == "shuffled":
        random.Random(1).shuffle(bins)
    elif order == "backwards":
        bins.reverse()
    elif order == "chromosomes in turn":
        bins.sort(key=lambda one: one[1])
    found = scores_of(toy, tmp_path, bins=toy.bins("bins.bed", bins))
    assert list(found) == bins
    assert_expected(toy, found)


def test_groups_are_gathered_by_hand():
    groups = [("a", [0, 50]), ("b", [0]), ("a", [50, 7]), ("c", [0, 50, 100, 150]), ("a", [0])]
    groups = [BinGroup(name, np.array(starts)) for name, starts in groups]
    found = [[(each.chrom, each.starts.tolist()) for each in one] for one in scoring.gathered(groups, 5)]
    assert found == [
        [("a", [0, 50]), ("b", [0]), ("a", [50, 7])],
        [("c", [0, 50, 100, 150]), ("a", [0])],
    ]
    together = [(each.chrom, each.starts.tolist()) for each in scoring.by_chromosome(groups)]
    assert together == [("a", [0, 50, 50, 7, 0]), ("b", [0]), ("c", [0, 50, 100, 150])]
    assert [starts.tolist() for starts in scoring.starts_together(groups)] == [[0, 7, 50], [0], [0, 50, 100, 150]]
    assert [len(one) for one in scoring.gathered(groups[:3], 5)] == [3]
    assert list(scoring.gathered([], 5)) == []


@pytest.mark.parametrize("gathered", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("order", ["shuffled", "chromosomes in turn"])
def test_bins_in_any_order_are_written_as_listed(toy, tmp_path, monkeypatch, gathered, order):
    """However many of them are sorted together, some of them are repeated, and some batches blacklisted as a whole."""
    monkeypatch.setattr(scoring, "GATHERED", gathered)
    bins = [("chrU", start) for start in toy.grid("chrU")[:4]]
    bins += BINS + BINS[::3]
    if order == "shuffled":
        random.Random(5).shuffle(bins)
    else:
        bins.sort(key=lambda one: one[1])
    path = tmp_path / "scores.tab.gz"
    predict(toy.features, toy.model, [path], cell="liver", bins=toy.bins("bins.bed", bins))
    found, scores = read_tab(path)
    assert [each[:2] for each in found] == bins
    for chrom in ORDER:
        starts = [start for name, start in bins if name == chrom]
        wanted = toy.with_blacklist("liver", chrom, starts)
        np.testing.assert_allclose(
            [score for (name, *_), score in zip(found, scores, strict=True) if name == chrom],
            wanted,
            rtol=0,
            atol=1e-5,
        )


def test_bins_of_chromosomes_in_turn_are_scored_chromosome_by_chromosome(toy, tmp_path, monkeypatch):
    """A line of its own for each chromosome must not mean a segment of its own for each bin."""
    segments = []
    score = scoring.score_bins

    def counted(engine, reader, groups):
        for item in score(engine, reader, groups):
            segments.append(item[0])
            yield item

    monkeypatch.setattr(scoring, "score_bins", counted)
    bins = sorted(BINS, key=lambda one: one[1])
    assert_expected(toy, scores_of(toy, tmp_path, bins=toy.bins("bins.bed", bins)))
    of_turns = len(segments)
    segments.clear()
    assert_expected(toy, scores_of(toy, tmp_path, bins=toy.bins("bins.bed", BINS)))
    assert of_turns == len(segments)


@pytest.mark.parametrize("size", [1, 7, 40])
def test_many_lists_of_bins_for_one(toy, tmp_path, size):
    found = {}
    for begin in range(0, len(BINS), size * 3):
        found |= scores_of(toy, tmp_path, bins=toy.bins("bins.bed", BINS[begin : begin + size]))
    assert_expected(toy, found)


def test_bins_off_the_grid_up_to_the_last_base(toy, tmp_path):
    draw = random.Random(2)
    bins = [(chrom, draw.randrange(LENGTHS[chrom] - 199)) for chrom in draw.choices(ORDER, weights=(2, 5, 1), k=60)]
    bins += [(chrom, LENGTHS[chrom] - 200) for chrom in ORDER] + [("chr2", start) for start in (20, 21, 800, 801, 1040)]
    found = scores_of(toy, tmp_path, bins=toy.bins("bins.bed", bins))
    assert list(found) == list(dict.fromkeys(bins))
    assert_expected(toy, found)
    # The blacklist has chr2:0-20 and chr2:1000-1040: a bin that only touches it keeps its score.
    assert [found["chr2", start] == 0 for start in (20, 21, 800, 801, 1040)] == [False, False, False, True, False]


def test_repeated_bins_are_written_as_often(toy, tmp_path):
    bins = [("chr2", 100), ("chr2", 100), ("chr2", 50), ("chrU", 0), ("chr2", 100)]
    path = tmp_path / "scores.tab.gz"
    predict(toy.features, toy.model, [path], cell="liver", bins=toy.bins("bins.bed", bins))
    found, scores = read_tab(path)
    assert [one[:2] for one in found] == bins
    first, second = toy.expected("liver", "chr2", [100, 50])
    np.testing.assert_allclose(scores, [first, first, second, 0, first], rtol=0, atol=1e-5)


def test_only_blacklisted_bins(toy, tmp_path):
    assert set(scores_of(toy, tmp_path, chromosomes=["chrU"]).values()) == {0.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chromosomes": ["chr2"], "bins": "b.bed"}, "give only one of --chromosomes, --regions and --bins"),
        ({"regions": "r.bed", "bins": "b.bed"}, "give only one of --chromosomes, --regions and --bins"),
        ({"chromosomes": []}, "--chromosomes names no chromosome; leave it out to score all of them"),
        ({"summarize": "median"}, "summary 'median' is unknown"),
        ({"threshold": 1.5}, "threshold 1.5 is not between 0 and 1"),
    ],
)
def test_options_that_contradict_each_other(toy, tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        predict(toy.features, toy.model, [tmp_path / "a.bw"], cell="liver", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def real_features(tmp_path_factory):
    """features.h5 of the made-up genome for which the original program's output is known."""
    tiny = SHARED / "published" / "tiny"
    if not tiny.exists():
        pytest.skip(f"{tiny} is not there: the published networks are not part of the project")
    path = tmp_path_factory.mktemp("tiny") / "features.h5"
    names = ("cpgisland", "cds", "intron", "promoter", "utr5", "utr3")
    options = ("cpg-islands", "cds", "introns", "promoters", "utr5", "utr3")
    argv = ["--genome", tiny / "genome.fa", "-o", path, "--uniqueness", tiny / "uniqueness.bw"]
    argv += ["--blacklist", tiny / "blacklist.bed", "--expression-scores", tiny / "expression_scores.csv"]
    for option, name in zip(options, names, strict=True):
        argv += [f"--{option}", tiny / "annotation" / f"{name}.bed"]
    for cell in ("liver", "K562", "HepG2"):
        argv += ["--accessibility", f"{cell}={tiny / 'DNase' / f'{cell}.1x.bw'}"]
    assert make_features([*map(str, argv), "--quiet"]) == 0
    return path


@pytest.mark.parametrize("name", REAL)
def test_real_networks_through_the_real_commands(real_features, tmp_path, name):
    """From FASTA, bigWigs, BEDs and a published network to the file that the original program wrote."""
    published = SHARED / "published"
    model, output = tmp_path / "model.h5", tmp_path / "scores.tab.gz"
    assert import_model([str(published / f"{name}.h5"), "-o", str(model), "--quiet"]) == 0
    bins = published / "tiny" / "predict_region.bed"
    options = ["--cell", "liver", "--bins", str(bins), "-o", str(output), "--quiet"]
    assert main([str(real_features), str(model), *options]) == 0
    found, scores = read_tab(output)
    expected, wanted = read_tab(published / "tiny" / "expected" / f"{name}.liver.tab.gz")
    assert found == expected
    np.testing.assert_allclose(scores, wanted, rtol=0, atol=1e-5)
    assert len(wanted) > 2000 and 0 < (wanted == 0).sum() < 200
