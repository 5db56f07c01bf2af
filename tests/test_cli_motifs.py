"""deepgrn-motifs as a user runs it, against what the float64 network attends to."""

import gzip

import numpy as np
import pytest
from attention_toys import FLANK, AttentionToy, varying_most
from motif_files import bed, fasta
from predict_toys import LENGTHS, is_banned

from deepgrn_tool.cli.attention import main as attention_main
from deepgrn_tool.cli.motifs import main
from deepgrn_tool.cli.predict import main as predict_main
from deepgrn_tool.engine import engine
from deepgrn_tool.engine.segments import cut_into_segments

TURNED = str.maketrans("ACGT", "TGCA")
STEP, READ = 15, 44  # bp of a step, and bp that one step reads: 15 + 30 - 1


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return AttentionToy(tmp_path_factory.mktemp("toy"), attention="after-lstm")


@pytest.fixture
def run(toy, tmp_path, capsys):
    """Run on the toy's liver; give what is on stderr, after checking that nothing is on stdout."""

    def call(*options):
        code = main([str(toy.features), str(toy.model), "--cell", "liver", *map(str, options)])
        captured = capsys.readouterr()
        assert (code, captured.out) == (0, ""), captured.err
        return captured.err

    return call


def sequence(text, start, end, strand):
    piece = text[start:end].upper()
    return piece if strand == "+" else piece.translate(TURNED)[::-1]


def candidates(toy, chrom, starts, width=20, kept=1):
    """Sites of bins by the float64 network: (chromosome, start, strand, share, bin) of the most attended step."""
    values = varying_most(toy.attention("liver", chrom, starts), kept)  # one of 8 dimensions is the tenth
    found = []
    for number, own in enumerate(starts):
        strand, step = np.unravel_index(values[:, number].argmax(), values[:, number].shape)
        place = step * STEP + (READ - width) // 2
        if strand:
            place = 1002 - width - place
        found.append((chrom, own - FLANK + place, "+-"[strand], values[strand, number, step], own))
    return found


def best_of(found, width=20):
    """Keep the best of sites that overlap, one after the other."""
    kept = []
    for one in sorted(found, key=lambda row: -row[3]):
        if all(one[0] != other[0] or abs(one[1] - other[1]) >= width for other in kept):
            kept.append(one)
    return sorted(kept)


def known(toy, row, width=20):
    """Whether a site lies on its chromosome and holds no N."""
    text = toy.sequences[row[0]].upper()
    return 0 <= row[1] and row[1] + width <= len(text) and set(text[row[1] : row[1] + width]) <= set("ACGT")


@pytest.mark.parametrize(
    ("options", "width", "kept"),
    [([], 20, 1), (["--width", 70], 70, 1), (["--dimensions", "all"], 20, 8)],
)
def test_sites_of_a_chromosome(toy, run, tmp_path, options, width, kept):
    starts = [start for start in toy.grid("chr2") if not is_banned("chr2", start)]
    listed = toy.bins("all.bed", [("chr2", start) for start in starts])
    files = ("-o", tmp_path / "s.fa", "--bed", tmp_path / "s.bed", "--summary", tmp_path / "s.tsv")
    said = run("--bins", listed, *files, *options)
    every = candidates(toy, "chr2", starts, width, kept)
    usable = [row for row in every if known(toy, row, width)]
    wanted = best_of(usable, width)
    assert 3 <= len(wanted) <= len(usable) < len(every)  # bases without a letter
    assert len(wanted) < len(usable) or width < 50  # bins are 50 bp apart, and so are their most attended steps here
    found = bed(tmp_path / "s.bed")
    assert [(row[0], row[1], row[5], row[8]) for row in found] == [(c, s, strand, b) for c, s, strand, _, b in wanted]
    assert all(end - start == width for _, start, end, *_ in found)
    assert [row[3] for row in found] == [f"site_{number}" for number in range(1, len(found) + 1)]
    np.testing.assert_allclose([row[6] for row in found], [row[3] for row in wanted], rtol=1e-4)
    assert [row[4] for row in found] == [round(1000 * row[6]) for row in found]
    toy.network = toy.attended
    np.testing.assert_allclose(
        [row[7] for row in found], toy.expected("liver", "chr2", [r[8] for r in found]), atol=1e-5
    )

    text = toy.sequences["chr2"]
    names = {f"{c}:{s}-{s + width}({strand})": sequence(text, s, s + width, strand) for c, s, strand, *_ in wanted}
    assert list(fasta(tmp_path / "s.fa").items()) == list(names.items())
    lost, merged = len(every) - len(usable), len(usable) - len(wanted)
    account = f"{len(wanted)} sites, {merged} merged into better ones, {lost} with unknown bases, 0 in windows with"
    assert f"Searched {len(starts)} windows in " in said
    assert f": {account} other accessibility peaks" in said
    table = dict(line.split("\t") for line in (tmp_path / "s.tsv").read_text().splitlines())
    assert table == {
        "what": "value",
        "bins_on_blacklist": "0",
        "windows": str(len(starts)),
        "left_out_for_accessibility_peaks": "0",
        "left_out_for_unknown_bases": str(lost),
        "merged_into_better_sites": str(merged),
        "sites": str(len(wanted)),
        "sites_on_reverse_strand": str(sum(row[2] == "-" for row in wanted)),
        "width": str(width),
        "controls": table["controls"],
    }


def test_sites_do_not_depend_on_chunks(toy, run, tmp_path, monkeypatch):
    """Segments of few windows and few bases give the same sites."""
    files = ("--bed", "--control", "--background")
    run("--above", "0", *(part for name in files for part in (name, tmp_path / f"one{name}")))

    def small(starts, size, max_bases, max_windows, spacing):
        return cut_into_segments(starts, size, 1400, 7, spacing)

    monkeypatch.setattr(engine, "cut_into_segments", small)
    run("--above", "0", *(part for name in files for part in (name, tmp_path / f"two{name}")))
    one, two = (bed(tmp_path / f"{name}--bed") for name in ("one", "two"))
    assert [row[:4] + row[5:6] + row[8:] for row in two] == [row[:4] + row[5:6] + row[8:] for row in one]
    np.testing.assert_allclose([row[6:8] for row in two], [row[6:8] for row in one], rtol=0, atol=1e-5)
    assert len({row[0] for row in one}) == 2
    for name in ("control", "background"):
        assert (tmp_path / f"one--{name}").read_text() == (tmp_path / f"two--{name}").read_text()


def chosen_bins(path):
    """The bins that gave sites: with windows far from each other these are all bins."""
    return [(row[0], row[8]) for row in bed(path)]


def test_windows_without_room_for_controls(toy, run, tmp_path):
    """Sites of 200 bp all along chr2 leave no stretch of 200 bp that is 100 bp off."""
    (tmp_path / "m.meme").write_text("MEME version 4\nMOTIF a\nletter-probability matrix:\n1 0 0 0\n0 0 1 0\n")
    listed = toy.bins("all.bed", [("chr2", start) for start in toy.grid("chr2") if not is_banned("chr2", start)])
    names = {"--control": "c.fa", "--enrichment": "k.tsv", "--accessibility": "a.tsv", "--summary": "s.tsv"}
    names |= {"--logos": "k.png", "--accessibility-plot": "a.png"}
    files = [part for option, name in names.items() for part in (option, tmp_path / name)]
    said = run("--bins", listed, "--width", 200, "--known", tmp_path / "m.meme", "--match", 0.9, *files)
    table = dict(line.split("\t") for line in (tmp_path / "s.tsv").read_text().splitlines())
    assert table["controls"] == "0"
    assert f"warning: {table['sites']} sites have no control: their windows have no room for one" in said
    assert (tmp_path / "c.fa").read_text() == ""
    assert {line.split("\t")[2] for line in (tmp_path / "a.tsv").read_text().splitlines()[1:]} == {"NA"}
    row = (tmp_path / "k.tsv").read_text().splitlines()[1].split("\t")
    assert row[5:11] == [table["sites"], table["sites"], "100.00", "0", "0", "NA"]
    assert row[12:] == ["1.00e+00", "1.00e+00"]


def test_bound_bins(toy, run, tmp_path):
    rows = [("chr10", 150, "B"), ("chr10", 600, "U"), ("chr2", 900, "B"), ("chr2", 1300, "A"), ("chr2", 1450, "B")]
    text = "chr\tstart\tstop\tliver\n" + "".join(f"{c}\t{s}\t{s + 200}\t{letter}\n" for c, s, letter in rows)
    (tmp_path / "t.labels.tsv.gz").write_bytes(gzip.compress(text.encode()))
    said = run("--labels", tmp_path / "t.labels.tsv.gz", "--summary", tmp_path / "s.tsv", "--bed", tmp_path / "s.bed")
    assert "Bins left out for the blacklist: 1" in said
    assert "Searching the windows of 2 bins of cell liver" in said
    assert set(chosen_bins(tmp_path / "s.bed")) <= {("chr10", 150), ("chr2", 1450)}
    assert "bins_on_blacklist\t1" in (tmp_path / "s.tsv").read_text()


def test_bins_under_peaks(toy, run, tmp_path):
    """Peak [1420, 1480) lies whole in the bins 1300, 1350 and 1400, half of it in 1250 (to 1450) and 1450."""
    peaks = tmp_path / "p.narrowPeak"
    peaks.write_text("chr2\t1420\t1480\tp\t0\t.\t1\t1\t1\t30\nchr10\t700\t704\n")
    said = run("--peaks", peaks, "--chromosomes", "chr2", "--bed", tmp_path / "s.bed")
    assert "Searching the windows of 5 bins of cell liver" in said
    usable = [row for row in candidates(toy, "chr2", [1250, 1300, 1350, 1400, 1450]) if known(toy, row)]
    assert [(row[1], row[8]) for row in bed(tmp_path / "s.bed")] == [(row[1], row[4]) for row in best_of(usable)]


def test_bins_above_a_score_of_a_file_and_of_the_network(toy, run, tmp_path):
    toy.network = toy.attended
    starts = toy.grid("chr10")
    probability = toy.expected("liver", "chr10", starts)
    threshold = round(float(np.sort(probability)[-6:-4].mean()), 6)  # five bins are above
    scores = tmp_path / "scores.bw"
    options = ["--cell", "liver", "--quiet", "-o", str(scores), "--chromosomes", "chr10"]
    assert predict_main([str(toy.features), str(toy.model), *options]) == 0
    found = []
    for more in (["--scores", scores], []):
        said = run("--above", threshold, "--chromosomes", "chr10", "--bed", tmp_path / "s.bed", *more)
        assert "Searching the windows of 5 bins of cell liver" in said
        found.append((tmp_path / "s.bed").read_text())
    assert found[0] == found[1]


def test_gradient(toy, run, tmp_path):
    """The stretch with the highest contributions to the score of a strand, which deepgrn-attention shows by base."""
    one = toy.bins("one.bed", [("chr2", 1450)])
    run("--bins", one, "--method", "gradient", "--bed", tmp_path / "s.bed")
    strands = {"+": tmp_path / "f.bg", "-": tmp_path / "r.bg"}
    options = [
        "--method",
        "gradient",
        "--bins",
        str(one),
        "--forward",
        str(strands["+"]),
        "--reverse",
        str(strands["-"]),
    ]
    assert attention_main([str(toy.features), str(toy.model), "--cell", "liver", "--quiet", *options]) == 0
    sums, totals = {}, {}
    for strand, path in strands.items():
        values = np.zeros(LENGTHS["chr2"])
        for line in path.read_text().splitlines():
            _, start, end, value = line.split("\t")
            values[int(start) : int(end)] = float(value)
        totals[strand] = values.sum()
        sums |= {(strand, at): values[at : at + 20].sum() for at in range(1450 - FLANK, 1450 + 601 - 20)}
    strand, start = max(sums, key=sums.__getitem__)
    ((chrom, *place, _, _, own, share, _, _),) = bed(tmp_path / "s.bed")
    assert (chrom, place, own) == ("chr2", [start, start + 20], strand)
    assert share == pytest.approx(sums[strand, start] / totals[strand], rel=1e-4)
