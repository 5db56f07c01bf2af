"""deepgrn-labels as users run it: what it writes and says."""

import gzip
import subprocess
import sys

import pytest
from features_inputs import Inputs

from deepgrn_tool.cli.features import main as features_main
from deepgrn_tool.cli.labels import main
from deepgrn_tool.labels import make

CONSERVATIVE = "chr1\t700\t780\npeak\t5\t9\nchr1\t1200\t1500\tname\t0\t.\t1\t2\t3\t150\n"
RELAXED = "chr1\t690\t790\nchr1\t2300\t2301\nchr1\t1560\t1600\nchr1\t1190\t1510\n"
GOLDEN = "BBBAUUUUAABBBBBBAAAAUUUUUUUUUUUAAAAUUUUU"  # bins 600 to 2550, from the challenge's rules
ALONE = "BBBAUUUUUABBBBBBBAUUUUUUUUUUUUUUUUUUUUUU"  # the conservative peaks without relaxed ones, by hand


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Give a folder with inputs, in which the program runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sizes").write_text("chr2\t100\nchr10\t420\n# short\nchr1\t3200\t12\t60\t61\n")
    (tmp_path / "a.narrowPeak").write_text(CONSERVATIVE)
    (tmp_path / "b.bed.gz").write_bytes(gzip.compress(RELAXED.encode()))
    (tmp_path / "black.bed").write_text("chr1\t0\t601\nchr10\t199\t250\n")
    return tmp_path


def run(*options, quiet=True):
    assert main([*options, *(["--quiet"] if quiet else [])]) == 0


def table(path):
    """Bins and letters of a label file: `{(chromosome, start): letters}`, and the header."""
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt") as text:
        header, *rows = (line.rstrip("\n").split("\t") for line in text)
    assert all(int(stop) - int(start) == 200 for _, start, stop, *_ in rows)
    return header, {(chrom, int(start)): "".join(letters) for chrom, start, _, *letters in rows}


BOTH = ("--sizes", "sizes", "--peaks", "K562=a.narrowPeak,b.bed.gz")


def test_golden_case_of_the_challenge(files):
    run(*BOTH, "--peaks", "liver=a.narrowPeak", "--grid", "official", "-o", "labels.tsv.gz")
    header, bins = table(files / "labels.tsv.gz")
    assert header == ["chr", "start", "stop", "K562", "liver"]
    assert list(bins) == [("chr1", start) for start in range(600, 2551, 50)]
    assert ["".join(letters) for letters in zip(*bins.values(), strict=True)] == [GOLDEN, ALONE]


def test_whole_grid_in_c_locale_order(files):
    run(*BOTH, "-o", "labels.tsv")
    _, bins = table(files / "labels.tsv")
    expected = [("chr1", start) for start in range(0, 3001, 50)] + [("chr10", start) for start in range(0, 201, 50)]
    assert list(bins) == expected  # chr2 is shorter than a bin
    assert "".join(bins[("chr1", start)] for start in range(600, 2551, 50)) == GOLDEN


def test_bins_that_touch_the_blacklist_are_left_out(files):
    run(*BOTH, "--blacklist", "black.bed", "-o", "labels.tsv")
    _, bins = table(files / "labels.tsv")
    # chr10 has bins 0 to 200; all of them share base 199 or bases 200 to 250.
    assert list(bins) == [("chr1", start) for start in range(650, 3001, 50)]


@pytest.mark.parametrize("names", [["chr10"], ["chr10,chr10"], ["chr2", "--chromosomes", "chr10"]])
def test_chosen_chromosomes(files, names):
    run(*BOTH, "--chromosomes", *names, "-o", "labels.tsv")
    assert list(table(files / "labels.tsv")[1]) == [("chr10", start) for start in (0, 50, 100, 150, 200)]


def test_clipped_intervals(files):
    (files / "late.bed").write_text("chr10\t300\t900\nchr10\t500\t600\n")
    run(
        "--sizes", "sizes", "--peaks", "K562=late.bed", "--clip-intervals", "--chromosomes", "chr10", "-o", "labels.tsv"
    )
    # The peak ends at 420: 120 bp, of which bins 150 and 200 share 50 and 100.
    assert "".join(table(files / "labels.tsv")[1].values()) == "UUUAB"


def test_features_file_gives_chromosomes_and_blacklist(files):
    inputs = Inputs(files)
    assert features_main([*inputs.minimal(), "--blacklist", str(inputs.blacklist), "--quiet"]) == 0
    (files / "p.bed").write_text("chrB\t400\t600\n")
    (files / "more.bed").write_text("chrA\t0\t2900\nchrB\t1100\t1101\n")
    options = ["--features", str(inputs.output), "--peaks", "liver=p.bed", "-o", "labels.tsv"]
    run(*options)
    _, bins = table(files / "labels.tsv")
    # chrA has 3,000 bp, chrB 1,200 with [100, 200) on the blacklist.
    assert list(bins) == [("chrA", n) for n in range(0, 2801, 50)] + [("chrB", n) for n in range(200, 1001, 50)]
    assert [start for (_, start), letter in bins.items() if letter == "B"] == [300, 350, 400, 450, 500]
    run(*options, "--blacklist", "more.bed")  # both lists count
    assert list(table(files / "labels.tsv")[1]) == [("chrB", n) for n in range(200, 901, 50)]


def test_summary(files):
    run(*BOTH, "--peaks", "liver=a.narrowPeak", "--blacklist", "black.bed", "--summary", "s.tsv", "-o", "labels.tsv.gz")
    letters = {"K562": GOLDEN[1:], "liver": ALONE[1:]}  # bin 600 is on the blacklist, and nine bins follow
    rows = ["cell\tchrom\tbins\tbound\tambiguous\tunbound"]
    for cell, text in letters.items():
        counts = f"48\t{text.count('B')}\t{text.count('A')}\t{text.count('U') + 9}"
        rows += [f"{cell}\tchr1\t{counts}", f"{cell}\ttotal\t{counts}"]
    assert (files / "s.tsv").read_text().splitlines() == rows


def test_summary_adds_up_chromosomes(files):
    run(*BOTH, "--summary", "s.tsv", "-o", "labels.tsv")
    rows = [line.split("\t") for line in (files / "s.tsv").read_text().splitlines()[1:]]
    assert [row[:3] for row in rows] == [["K562", "chr1", "61"], ["K562", "chr10", "5"], ["K562", "total", "66"]]
    bound = GOLDEN.count("B") + 1  # bin 550 has 50 of the 80 bp from 700 on
    assert [int(row[3]) for row in rows] == [bound, 0, bound]


def test_log(files, capsys):
    run(*BOTH, "--peaks", "liver=a.narrowPeak", "--grid", "official", "-o", "labels.tsv", quiet=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "a.narrowPeak: left out 1 lines on 1 chromosomes that the genome lacks",
        "K562: 2 conservative and 4 relaxed peaks after merging",
        "a.narrowPeak: left out 1 lines on 1 chromosomes that the genome lacks",
        "liver: 2 peaks and no relaxed ones: bins that peaks only touch (less than half of either) are ambiguous",
        "Labelling 40 bins of 1 chromosomes in 2 cells",
        f"K562: {GOLDEN.count('B')} bins bound, {GOLDEN.count('A')} ambiguous, {GOLDEN.count('U')} unbound",
        f"liver: {ALONE.count('B')} bins bound, {ALONE.count('A')} ambiguous, {ALONE.count('U')} unbound",
    ]


def test_sets_that_changed_places_are_warned_of(files, capsys):
    run("--sizes", "sizes", "--peaks", "K562=b.bed.gz,a.narrowPeak", "-o", "labels.tsv")
    assert capsys.readouterr().err == ""  # 2 of 4 could still be
    (files / "c.bed").write_text("chr1\t710\t720\n")
    run("--sizes", "sizes", "--peaks", "K562=b.bed.gz,c.bed", "-o", "labels.tsv")
    assert capsys.readouterr().err == (
        "warning: K562: 3 of 4 conservative peaks overlap no relaxed peak; "
        "is the order of the files CELL=CONSERVATIVE,RELAXED?\n"
    )


def test_same_bytes_again_and_readable_by_gzip(files):
    run(*BOTH, "-o", "labels.tsv")
    for name in ("one.tsv.gz", "two.tsv.gz"):
        run(*BOTH, "-o", name)
    assert (files / "one.tsv.gz").read_bytes() == (files / "two.tsv.gz").read_bytes()
    unpacked = subprocess.run(["gzip", "-cd", "one.tsv.gz"], check=True, capture_output=True).stdout
    assert unpacked == (files / "labels.tsv").read_bytes()
    assert (files / "one.tsv.gz").read_bytes()[3:8] == bytes(5)  # no name, no time


@pytest.mark.parametrize(("name", "limit"), [("t.tsv", 100), ("t.tsv", 50_000), ("t.tsv.gz", 100), ("t.tsv.gz", 9_000)])
def test_disk_full(files, name, limit):
    # A limit on the size of files stands in for a full disk; it needs a process of its own.
    (files / "sizes").write_text("chr1\t2000000\n")
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "limit = int(sys.argv.pop()); resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)); "
        "from deepgrn_tool.cli.labels import main; sys.exit(main(sys.argv[1:]))"
    )
    before = sorted(files.iterdir())
    options = ["--sizes", "sizes", "--peaks", "K562=a.narrowPeak", "--quiet", "-o", name, "--summary", "s.tsv"]
    done = subprocess.run([sys.executable, "-c", program, *options, str(limit)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"deepgrn-labels: error: {name}: File too large\n")
    assert sorted(files.iterdir()) == before


def test_parts_of_chromosomes(files, monkeypatch):
    """Large chromosomes are labelled in parts, here of 16,384 bins; peaks across the seams make no difference."""
    (files / "long.sizes").write_text("chr2\t2000000\nchr10\t900000\n")
    seam = 16_384 * 50
    rows = [("chr2", seam - 150, seam + 30), ("chr2", 2 * seam, 2 * seam + 400), ("chr10", seam - 500, seam + 700)]
    (files / "long.bed").write_text("".join(f"{chrom}\t{start}\t{end}\n" for chrom, start, end in rows))
    options = ["--sizes", "long.sizes", "--peaks", "a=long.bed", "--peaks", "b=long.bed,long.bed"]
    run(*options, "-o", "whole.tsv", "--summary", "whole.counts")
    monkeypatch.setattr(make, "MOST_LABELS", 2 * 16_384)  # of two cells
    run(*options, "-o", "parts.tsv", "--summary", "parts.counts")
    assert (files / "parts.tsv").read_bytes() == (files / "whole.tsv").read_bytes()
    assert (files / "parts.counts").read_text() == (files / "whole.counts").read_text()
    _, found = table("parts.tsv")
    assert len(found) == 39_997 + 17_997
    # Half of chr2's first peak of 180 bp, 90 bp, lies in bins that start from seam - 260 to seam - 60.
    bound = [start for (chrom, start), letters in found.items() if letters == "BB" and chrom == "chr2"]
    assert bound[:4] == [seam - 250, seam - 200, seam - 150, seam - 100]
    assert bound[4] > seam + 1000
