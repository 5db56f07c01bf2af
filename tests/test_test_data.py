"""The bundled data set: its script makes it again, and what README.md says of it is true."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pysam
import pytest

from deepgrn_tool.cli.features import main as features_main
from deepgrn_tool.network.files import load_model
from deepgrn_tool.predict import predict

DATA = Path(__file__).resolve().parent.parent / "test-data"
CELLS = ("alpha", "beta", "gamma")
TRAIN = ("chr2", "chr3", "chr5")
LENGTHS = {"chr1": 259_983, "chr2": 280_017, "chr3": 219_990, "chr5": 177_973, "chr11": 150_037}
CTCF = "TGGCCACCAGGGGGCGCTA"  # the most frequent letters of MA0139.1, as the RSAT suite prints them
READ_LENGTH = 36
VALUE_PER_READ = 1.875  # 1,080,000 known bases / (16,000 reads x 36 bp)


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, "-B", str(DATA / "make_test_data.py"), "--output", str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def genome() -> dict[str, str]:
    with pysam.FastaFile(str(DATA / "genome.fa.gz")) as stream:
        return {name: stream.fetch(name) for name in stream.references}


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / name).read_text().splitlines()]


def intervals(name: str, chromosome: str) -> list[tuple[int, int]]:
    return [(int(row[1]), int(row[2])) for row in rows(name) if row[0] == chromosome]


def values(path: Path, chromosome: str) -> np.ndarray:
    with pyBigWig.open(str(path)) as stream:
        return np.nan_to_num(stream.values(chromosome, 0, LENGTHS[chromosome], numpy=True))


def matrix() -> np.ndarray:
    lines = (DATA / "motifs.meme").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("letter-probability")) + 1
    return np.array([[float(field) for field in line.split()] for line in lines[first : first + 19]])


def site_bits(sequence: str) -> float:
    letters = np.array(["ACGT".index(letter) for letter in sequence.upper()])
    share = (matrix() + 0.001)[np.arange(19), letters] / 1.004
    return float(np.log2(share / np.array([0.295, 0.205, 0.205, 0.295])[letters]).sum())


def turned(sequence: str) -> str:
    return sequence.translate(str.maketrans("ACGTacgtNn", "TGCAtgcaNn"))[::-1]


def overlap(starts: np.ndarray, start: int, end: int) -> np.ndarray:
    return np.maximum(np.minimum(starts + 200, end) - np.maximum(starts, start), 0)


def labels(cell: str, chromosome: str) -> tuple[np.ndarray, np.ndarray]:
    """Bin starts and labels (1 bound, 0 unbound, -1 ambiguous) by the rule of the ENCODE-DREAM challenge."""
    starts = np.arange(0, LENGTHS[chromosome] - 199, 50)
    strong, any_peak, banned = np.zeros((3, len(starts)), int)
    for start, end in intervals(f"{cell}.conservative.narrowPeak", chromosome):
        shared = overlap(starts, start, end)
        strong += (shared >= 100) | (2 * shared >= end - start)
    for start, end in intervals(f"{cell}.relaxed.narrowPeak", chromosome):
        any_peak += overlap(starts, start, end) > 0
    for start, end in intervals("blacklist.bed", chromosome):
        banned += overlap(starts, start, end) > 0
    truth = np.where((strong == 1) & (any_peak == 1), 1, np.where((strong == 0) & (any_peak == 0), 0, -1))
    return starts[banned == 0], truth[banned == 0]


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    truth, scores = truth[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found = np.cumsum(truth)[last]
    return float((np.diff(np.append(0, found)) * found / (last + 1)).sum() / truth.sum())


def motif_track(sequence: str) -> np.ndarray:
    """Bits of the better strand for each position where 19 bases fit."""
    codes = np.array([{"A": 0, "C": 1, "G": 2, "T": 3}.get(letter, 4) for letter in sequence.upper()])
    weights = np.log2((matrix() + 0.001) / 1.004 / np.array([0.295, 0.205, 0.205, 0.295]))
    forward = np.hstack([weights, np.full((19, 1), -50.0)])
    backward = np.hstack([weights[::-1, ::-1], np.full((19, 1), -50.0)])
    places = range(19)
    count = len(codes) - 18
    strands = [sum(table[k, codes[k : k + count]] for k in places) for table in (forward, backward)]
    return np.maximum(*strands)


def best(track: np.ndarray, starts: np.ndarray, before: int, after: int) -> np.ndarray:
    ends = np.minimum(starts + after, len(track))
    return np.array([track[max(start - before, 0) : end].max() for start, end in zip(starts, ends, strict=True)])


def test_script_makes_the_same_files(remade):
    others = {"README.md", "make_test_data.py", "make_galaxy_data.py", "train_model.py", "model.h5"}
    bundled = {path.name for path in DATA.iterdir() if path.is_file()} - others
    assert {path.name for path in remade.iterdir()} == bundled
    binary = (".bw", ".bam", ".bai", ".gz", ".gzi")
    texts = sorted(name for name in bundled if not name.endswith((*binary, ".csv")))
    assert [name for name in texts if (remade / name).read_bytes() != (DATA / name).read_bytes()] == []
    assert len(texts) == 19


def test_script_makes_the_same_values(remade):
    # Compressors differ between machines, and so does the last digit of an eigenvector: compare what the files say.
    assert gzip.decompress((remade / "genome.fa.gz").read_bytes()) == gzip.decompress(
        (DATA / "genome.fa.gz").read_bytes()
    )
    for name in ("uniqueness.bw", *(f"{cell}.accessibility.bw" for cell in CELLS)):
        for chromosome in LENGTHS:
            np.testing.assert_array_equal(values(remade / name, chromosome), values(DATA / name, chromosome))
    scores = [np.loadtxt(folder / "expression_scores.csv", delimiter=",", skiprows=1) for folder in (remade, DATA)]
    np.testing.assert_allclose(*scores, atol=2e-6)
    assert [str(read) for read in reads(remade)] == [str(read) for read in reads(DATA)]


def reads(folder: Path) -> Iterator[pysam.AlignedSegment]:
    with pysam.AlignmentFile(str(folder / "alpha.bam")) as stream:
        yield from stream.fetch()


def test_bundle_is_small():
    assert sum(path.stat().st_size for path in DATA.iterdir() if path.is_file()) < 850_000
    assert (DATA / "model.h5").stat().st_size < 150_000


def test_matrix_is_ctcf():
    shares = matrix()
    assert shares.shape == (19, 4)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=2e-6)
    assert "".join("ACGT"[column] for column in shares.argmax(axis=1)) == CTCF
    np.testing.assert_allclose(shares[4], [8 / 913, 903 / 913, 0, 2 / 913], atol=1e-6)  # counts of MA0139.1


def test_genome_is_like_the_design_says(genome):
    assert {name: len(sequence) for name, sequence in genome.items()} == LENGTHS
    assert {letter for sequence in genome.values() for letter in set(sequence)} == set("ACGTNacgt")
    whole = "".join(genome.values()).upper()
    assert whole.count("N") == 8_000
    assert genome["chr1"][:3_000] == "N" * 3_000
    assert genome["chr2"][140_000:145_000] == "N" * 5_000
    assert len(whole) - 8_000 == 1_080_000
    gc = (whole.count("G") + whole.count("C")) / 1_080_000
    assert 0.40 < gc < 0.43
    assert whole.count("CG") / 1_080_000 < 0.5 * (gc / 2) ** 2  # depleted
    assert sum(letter.islower() for sequence in genome.values() for letter in sequence) == sum(
        int(row[2]) - int(row[1]) for row in rows("repeats.bed")
    )


def test_planted_motifs_fit_the_matrix_and_come_in_threes(genome):
    sites = rows("planted_sites.bed")
    assert len(sites) % 3 == 0
    for chromosome, start, end, _, score, strand in sites:
        letters = genome[chromosome][int(start) : int(end)]
        bits = site_bits(letters if strand == "+" else turned(letters))
        assert bits >= 15.9
        assert bits == pytest.approx(int(score) / 10, abs=0.3)
    assert {site[5] for site in sites} == {"+", "-"}


def test_no_motif_lies_elsewhere(genome):
    for chromosome, sequence in genome.items():
        hits = {int(place) for place in np.flatnonzero(motif_track(sequence) >= 13)}
        planted = {start for start, _ in intervals("planted_sites.bed", chromosome)}
        assert planted <= hits
        close = {start + shift for start in planted for shift in range(-18, 19)}
        assert hits - close == set()


@pytest.mark.parametrize("cell", CELLS)
def test_bound_sites_are_the_conservative_peaks(cell):
    sites = rows("planted_sites.bed")
    held = 0
    for chromosome, start, end, cells, *_ in sites:
        peaks = intervals(f"{cell}.conservative.narrowPeak", chromosome)
        inside = any(first <= int(start) and int(end) <= last for first, last in peaks)
        assert inside == (cell in cells.split(","))
        held += inside
    assert held == 3 * len(rows(f"{cell}.conservative.narrowPeak"))
    assert 0.24 < held / len(sites) < 0.26


@pytest.mark.parametrize("cell", CELLS)
def test_relaxed_peaks_hold_the_conservative_ones_and_more(cell):
    strong, weak = rows(f"{cell}.conservative.narrowPeak"), rows(f"{cell}.relaxed.narrowPeak")
    assert len(weak) > len(strong) + 20
    for row in strong:
        assert 170 <= int(row[2]) - int(row[1]) <= 320
        assert any(
            int(first) <= int(row[1]) and int(row[2]) <= int(last)
            for first, last in intervals(f"{cell}.relaxed.narrowPeak", row[0])
        )
    for row in strong + weak:
        assert len(row) == 10
        assert 0 <= int(row[1]) <= int(row[1]) + int(row[9]) < int(row[2]) <= LENGTHS[row[0]]


@pytest.mark.parametrize("cell", CELLS)
def test_there_are_enough_bound_bins(cell):
    truth = {chromosome: labels(cell, chromosome)[1] for chromosome in LENGTHS}
    assert sum(int((truth[chromosome] == 1).sum()) for chromosome in TRAIN) >= 300
    assert (truth["chr1"] == 1).sum() >= 80
    for here in truth.values():
        assert 0.02 < (here == 1).sum() / (here >= 0).sum() < 0.03


def test_average_precision_by_hand():
    # Positives at 0.9 (precision 1/1), twice at 0.8 (3/4) and at 0.6 (4/8).
    truth = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 0])
    scores = np.array([0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.1, 0])
    assert average_precision(truth, scores) == pytest.approx((1 + 2 * 3 / 4 + 4 / 8) / 4)


@pytest.mark.parametrize("cell", CELLS)
def test_neither_accessibility_nor_motif_suffices_but_both_do(cell, genome):
    starts, truth = labels(cell, "chr1")
    starts, truth = starts[truth >= 0], truth[truth >= 0]
    reached = np.append(0, np.cumsum(values(DATA / f"{cell}.accessibility.bw", "chr1")))
    track = motif_track(genome["chr1"])
    opened = reached[starts + 200] - reached[starts]
    around = reached[np.minimum(starts + 360, len(reached) - 1)] - reached[np.maximum(starts - 160, 0)]
    near = best(track, starts, before=60, after=260 - 18)
    assert average_precision(truth, opened) < 0.3
    assert average_precision(truth, best(track, starts, before=0, after=182)) < 0.3
    assert average_precision(truth, around * (near > 13)) > 0.95


def test_uniqueness_counts_occurrences_on_both_strands(genome):
    whole = "N".join(genome.values()).upper()
    both = whole + "N" + turned(whole)
    generator = np.random.default_rng(1)
    for chromosome, sequence in genome.items():
        track = values(DATA / "uniqueness.bw", chromosome)
        assert set(np.unique(track)) <= {np.float32(1 / times) for times in (1, 2, 3, 4)} | {0}
        repeat = [start for start, _ in intervals("repeats.bed", chromosome)]
        places = [*generator.integers(0, len(sequence) - 35, 12), *repeat, *(start + 100 for start in repeat)]
        for place in places:
            letters = sequence[place : place + 35].upper()
            times = both.count(letters)
            expected = 0 if "N" in letters or times > 4 else 1 / times
            assert track[place] == pytest.approx(expected)
        assert track[-34:].max() == 0


def test_some_of_each_repeat_is_repeated_and_the_rest_is_unique():
    repeats, outside = [], []
    for chromosome in LENGTHS:
        track = values(DATA / "uniqueness.bw", chromosome)
        inside = np.zeros(len(track), bool)
        for start, end in intervals("repeats.bed", chromosome):
            repeats.append(track[start : end - 34])
            inside[max(start - 35, 0) : end] = True
        inside[-34:] = True
        outside.append(track[~inside])
    assert max(piece.max() for piece in repeats) == 0.5
    assert {float(piece[0]) for piece in repeats} == {0.5, float(np.float32(1 / 3)), 0.25, 0.0}
    others = np.concatenate(outside)
    assert (others == 1).sum() == len(others) - 8_000 - 34  # N, and the 34 bp before the gap of chr2


def test_reads_give_the_accessibility_of_alpha():
    cuts = {chromosome: np.zeros(length) for chromosome, length in LENGTHS.items()}
    for read in reads(DATA):
        assert read.reference_length == READ_LENGTH
        cuts[read.reference_name][read.reference_end - 1 if read.is_reverse else read.reference_start] += 1
    assert sum(here.sum() for here in cuts.values()) == 16_000
    for chromosome, here in cuts.items():
        np.testing.assert_array_equal(values(DATA / "alpha.accessibility.bw", chromosome), here * VALUE_PER_READ)


@pytest.mark.parametrize("name", ["uniqueness.bw", *(f"{cell}.accessibility.bw" for cell in CELLS)])
def test_bigwigs_open_in_an_independent_reader(name):
    with pybigtools.open(str(DATA / name)) as stream:
        assert stream.chroms() == dict(sorted(LENGTHS.items()))
        for chromosome in LENGTHS:
            read = stream.values(chromosome, 0, LENGTHS[chromosome], fillna=0)
            np.testing.assert_array_equal(read, values(DATA / name, chromosome))


def test_annotation_follows_from_the_genes():
    masks = {name: {c: np.zeros(n, bool) for c, n in LENGTHS.items()} for name in ("cds", "utr5", "utr3", "promoter")}
    introns = {chromosome: np.zeros(length, bool) for chromosome, length in LENGTHS.items()}
    exons: dict[tuple[str, str], list[tuple[int, int]]] = {}
    names = {"CDS": "cds", "five_prime_utr": "utr5", "three_prime_utr": "utr3"}
    for chromosome, _, kind, first, last, _, strand, _, notes in rows("genes.gtf"):
        start, end = int(first) - 1, int(last)
        if kind in names:
            masks[names[kind]][chromosome][start:end] = True
        elif kind == "exon":
            exons.setdefault((chromosome, notes.split('transcript_id "')[1].split('"')[0]), []).append((start, end))
        elif kind == "transcript":  # 501 bp upstream, 100 bp from the first base on
            promoter = (start - 501, start + 100) if strand == "+" else (end - 100, end + 501)
            masks["promoter"][chromosome][slice(*promoter)] = True
    for (chromosome, _), pieces in exons.items():
        pieces.sort()
        for (_, left), (right, _) in pairwise(pieces):
            introns[chromosome][left:right] = True
    for name, expected in {**masks, "intron": introns}.items():
        for chromosome, mask in expected.items():
            found = np.zeros(len(mask), bool)
            for start, end in intervals(f"{name}.bed", chromosome):
                found[start:end] = True
            np.testing.assert_array_equal(found, mask, err_msg=f"{name} {chromosome}")
    assert len(exons) > 40


def test_expression_scores_are_the_components_of_the_table():
    header, *body = rows("expression.tsv")
    table = np.array([[float(field) for field in row[1:]] for row in body])
    assert header == ["gene_id", *CELLS, "delta", "epsilon", "zeta", "eta", "theta", "iota"]
    np.testing.assert_allclose(table.sum(axis=0), 1e6, rtol=1e-6)
    logged = np.log2(table + 1)
    _, strengths, loadings = np.linalg.svd(logged - logged.mean(axis=0), full_matrices=False)
    scores = np.loadtxt(DATA / "expression_scores.csv", delimiter=",", skiprows=1)
    assert scores.shape == (8, 9)
    assert (np.diff(strengths) < -0.1).all()  # no two components of the same strength, which could be swapped
    np.testing.assert_allclose(np.abs((scores * loadings[:8]).sum(axis=1)), 1, atol=1e-5)
    assert (scores[0] < 0).all()


@pytest.fixture(scope="module")
def model_scores(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray]:
    """Starts and scores of the bins of chr1 in gamma, by the bundled model from the bundled inputs."""
    folder = tmp_path_factory.mktemp("scored")
    features, scores = folder / "features.h5", folder / "gamma.tab.gz"
    beds = {"cpg-islands": "cpg_islands", "cds": "cds", "introns": "intron", "promoters": "promoter"}
    beds |= {"utr5": "utr5", "utr3": "utr3", "blacklist": "blacklist"}
    options = [text for option, name in beds.items() for text in (f"--{option}", str(DATA / f"{name}.bed"))]
    options += ["--genome", str(DATA / "genome.fa.gz"), "--assembly", "demo", "--chromosomes", "chr1"]
    options += ["--accessibility", f"gamma={DATA / 'gamma.accessibility.bw'}"]
    options += ["--uniqueness", str(DATA / "uniqueness.bw"), "--expression", str(DATA / "expression.tsv")]
    assert features_main([*options, "-o", str(features)]) == 0
    predict(features, DATA / "model.h5", [scores], cell="gamma", chromosomes=["chr1"])
    with gzip.open(scores, "rt") as stream:
        table = np.array([line.split("\t")[1:] for line in stream], float)
    return table[:, 0].astype(int), table[:, 2]


def test_model_says_what_it_was_trained_on():
    model = load_model(DATA / "model.h5")
    assert (model.factor, model.assembly) == ("CTCF", "demo")
    assert model.record["cells"] == ["alpha", "beta"]
    assert model.record["training_chromosomes"] == list(TRAIN)
    assert model.record["validation_chromosomes"] == ["chr11"]


def test_model_finds_the_sites_of_an_unseen_cell_and_chromosome(model_scores):
    starts, truth = labels("gamma", "chr1")
    starts, truth = starts[truth >= 0], truth[truth >= 0]
    scored, scores = model_scores
    np.testing.assert_array_equal(scored, np.arange(0, LENGTHS["chr1"] - 199, 50))
    assert average_precision(truth, scores[starts // 50]) > 0.8
    reached = np.append(0, np.cumsum(values(DATA / "gamma.accessibility.bw", "chr1")))
    assert average_precision(truth, reached[starts + 200] - reached[starts]) < 0.4
