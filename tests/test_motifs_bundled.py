"""deepgrn-motifs on the bundled genome, where it is known where motifs are, with the bundled network."""

from pathlib import Path

import numpy as np
import pytest
from motif_files import bed, fasta

from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.cli.motifs import main

DATA = Path(__file__).parent.parent / "test-data"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """The bundled genome with the cell gamma, on chr1; and motifs in a file."""
    folder = tmp_path_factory.mktemp("bundled")
    options = {
        "genome": "genome.fa.gz",
        "uniqueness": "uniqueness.bw",
        "gtf": "genes.gtf",
        "cpg-islands": "cpg_islands.bed",
        "expression": "expression.tsv",
    }
    argv = [part for name, file in options.items() for part in (f"--{name}", str(DATA / file))]
    argv += ["--accessibility", f"gamma={DATA / 'gamma.accessibility.bw'}", "--assembly", "demo", "--quiet"]
    assert make_features([*argv, "--chromosomes", "chr1", "-o", str(folder / "features.h5")]) == 0
    # Another motif, of no meaning here, and the planted one second.
    other = "MOTIF none\nletter-probability matrix: w= 10\n" + "0.05 0.05 0.85 0.05\n0.85 0.05 0.05 0.05\n" * 5
    head, _, planted = (DATA / "motifs.meme").read_text().partition("MOTIF")
    (folder / "known.meme").write_text(f"{head}{other}MOTIF{planted}")
    return folder


@pytest.fixture
def run(bundled, capsys):
    """Run on the cell gamma; nothing may be on stdout."""

    def call(*options):
        argv = [bundled / "features.h5", DATA / "model.h5", "--cell", "gamma", *options]
        code = main([str(item) for item in argv])
        captured = capsys.readouterr()
        assert (code, captured.out) == (0, ""), captured.err

    return call


def motifs_near(chrom, cell, rows, reach):
    """Tell for each site whether a base of a planted, bound motif lies within `reach` bp of the site's middle."""
    planted = [line.split("\t") for line in (DATA / "planted_sites.bed").read_text().splitlines()]
    bounds = np.array([(int(row[1]), int(row[2])) for row in planted if row[0] == chrom and cell in row[3]])
    middles = np.array([(row[1] + row[2]) / 2 for row in rows])[:, np.newaxis]
    gaps = np.maximum(bounds[:, 0] - middles, middles - bounds[:, 1])
    return (gaps <= reach).any(axis=1)


@pytest.mark.parametrize("method", ["attention", "gradient"])
def test_sites_of_the_bundled_network_lie_on_the_planted_motifs(bundled, run, tmp_path, method):
    """In a cell and on a chromosome that it never saw; at random, 12 % of the places in the windows do."""
    names = {"-o": "s.fa", "--bed": "s.bed", "--control": "c.fa", "--accessibility": "a.tsv", "--enrichment": "k.tsv"}
    names |= {"--accessibility-plot": "a.png", "--logos": "k.svg"}
    run(
        *("--peaks", DATA / "gamma.conservative.narrowPeak", "--chromosomes", "chr1", "--method", method),
        *("--known", bundled / "known.meme", "--seed", 3),
        *(part for option, name in names.items() for part in (option, tmp_path / name)),
    )
    rows = bed(tmp_path / "s.bed")
    assert len(rows) > 25
    assert motifs_near("chr1", "gamma", rows, 20).mean() > 0.8

    sites, controls = fasta(tmp_path / "s.fa"), fasta(tmp_path / "c.fa")
    assert len(controls) == len(sites) == len(rows)
    assert not set(controls) & set(sites)
    assert {len(text) for text in [*sites.values(), *controls.values()]} == {20}

    lines = [line.split("\t") for line in (tmp_path / "k.tsv").read_text().splitlines()]
    header, best, last = lines
    assert header == (
        "rank motif name consensus width sites matching_sites percent_of_sites controls matching_controls "
        "percent_of_controls fold_enrichment p_value adjusted_p_value".split()
    )
    assert best[:6] == ["1", "MA0139.1", "CTCF", "TGGCCACCAGGGGGCGCTA", "19", str(len(rows))]
    assert int(best[6]) > 0.8 * len(rows) > 5 * int(best[9])
    assert float(best[12]) < 1e-10 < 0.01 < float(last[12])
    assert last[1:4] == ["none", ".", "GA" * 5]

    table = [line.split("\t") for line in (tmp_path / "a.tsv").read_text().splitlines()[1:]]
    around = {int(distance): (float(site), float(control)) for distance, site, control in table}
    near, far = (np.mean([around[at] for at in places], axis=0) for places in (range(-50, 50), range(-450, -250)))
    assert near[0] > 5 * far[0]  # the sites lie in the middle of accessible stretches, controls 100 bp and more off
    assert near[0] > 3 * near[1]
    figure = (tmp_path / "k.svg").read_text()
    assert "MA0139.1 CTCF" in figure
    assert figure.count("<!-- 1. ") == 1
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_windows_by_their_accessibility_peaks(bundled, run, tmp_path):
    """Most bound sites have a peak of their own; some windows hold a further one, some of all windows hold none."""
    (tmp_path / "every.bed").write_text("".join(f"chr1\t{at}\t{at + 200}\n" for at in range(5000, 200_000, 450)))
    bound = ["--peaks", DATA / "gamma.conservative.narrowPeak"]
    counts = {}
    for wanted, source in (("any", bound), ("one", bound), ("none", ["--bins", tmp_path / "every.bed"])):
        files = ("--summary", tmp_path / f"{wanted}.tsv", "--bed", tmp_path / f"{wanted}.bed")
        options = [*source, "--accessibility-peaks", wanted, *files]
        run(*options)
        table = dict(line.split("\t") for line in (tmp_path / f"{wanted}.tsv").read_text().splitlines())
        counts[wanted] = int(table["windows"]) - int(table["left_out_for_accessibility_peaks"])
    assert 0.3 * counts["any"] < counts["one"] < counts["any"]
    assert motifs_near("chr1", "gamma", bed(tmp_path / "one.bed"), 20).mean() > 0.8
    # Where nothing is open, nothing is bound.
    assert counts["none"] > 50
    assert motifs_near("chr1", "gamma", bed(tmp_path / "none.bed"), 20).mean() < 0.1


def test_files_are_the_same_every_time_and_controls_follow_the_seed(bundled, run, tmp_path):
    names = {"-o": "s.fa", "--bed": "s.bed", "--control": "c.fa", "--background": "b.txt", "--accessibility": "a.tsv"}
    names |= {"--accessibility-plot": "a.pdf", "--enrichment": "k.tsv", "--logos": "k.png", "--summary": "s.tsv"}
    for folder, seed in (("one", 1), ("two", 1), ("three", 2)):
        (tmp_path / folder).mkdir()
        files = [part for option, name in names.items() for part in (option, tmp_path / folder / name)]
        peaks = ["--peaks", DATA / "gamma.conservative.narrowPeak", "--known", bundled / "known.meme", "--seed", seed]
        run(*peaks, *files)
    for name in names.values():
        one, two, three = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two", "three"))
        assert one == two, name
        if name in ("s.fa", "s.bed", "b.txt", "s.tsv"):
            assert one == three, name
        if name == "c.fa":
            assert one != three
    blocks = (tmp_path / "one" / "b.txt").read_text().split("# order ")
    assert [len(block.splitlines()) - 1 for block in blocks[1:]] == [4, 16, 64]
