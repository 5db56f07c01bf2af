import gzip
import os
import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest
from features_inputs import (
    ANNOTATION_LINES,
    LENGTHS,
    LIVER,
    Inputs,
    as_array,
    sequences,
    write_bam,
    write_bigwig,
    write_fasta,
)
from programs import exit_code

from deepgrn_tool.cli.features import main
from deepgrn_tool.data.features_file import FeaturesFile

PROGRAM = "import sys; from deepgrn_tool.cli.features import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path)


def test_log_of_a_whole_run(inputs, capsys):
    assert main(inputs.everything()) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert f"annotation cds: 1 merged intervals from {inputs.folder}/cds.bed" in lines
    assert "sequence: 99.88 % of 4,200 bases have a value" in lines  # 4 N and 1 R
    assert "accessibility of liver: 29.07 % of 4,200 bases have a value" in lines
    assert lines[-1].startswith(f"{inputs.output}: 2 chromosomes, 4,200 bases, 2 genome tracks, 2 cells, ")
    assert os.listdir(inputs.output.parent) == ["toy.h5"]


def test_quiet(inputs, capsys):
    assert main([*inputs.minimal(), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_provenance_has_base_names_and_no_path_or_date(inputs):
    assert main(inputs.everything()) == 0
    text = inputs.output.read_bytes()
    assert str(inputs.folder).encode() not in text
    with h5py.File(inputs.output) as file:
        attributes = dict(file["cells/liver/tracks/accessibility"].attrs)
    assert attributes["source_file"] == "liver.bw"
    assert attributes["source_size"] == inputs.liver.stat().st_size
    expected = subprocess.run(["sha256sum", str(inputs.liver)], check=True, capture_output=True, text=True).stdout
    assert attributes["source_sha256"] == expected.split()[0]


@pytest.mark.parametrize("threads", ["2", "4"])
def test_threads_do_not_change_a_byte(inputs, threads):
    reads = [("chrA", place, "50M", 0) for place in range(0, 2950, 3)]
    bam = write_bam(inputs.folder / "a.bam", LENGTHS, reads)
    argv = [*inputs.everything(), "--accessibility", f"other={bam}", "--effective-genome-size", "4000"]
    assert main(argv) == 0
    once = inputs.output.read_bytes()
    assert main([*argv, "--threads", threads]) == 0
    assert inputs.output.read_bytes() == once


@pytest.mark.parametrize("options", [["--chromosomes", "chrB"], ["--chromosomes", "chrB,chrB"]])
def test_one_chromosome(inputs, options):
    write_bigwig(inputs.liver, {"chrB": 1200}, {"chrB": LIVER["chrB"]})  # chrA is not needed then
    assert main([*inputs.everything()[:4], "-o", str(inputs.output), *inputs.annotation(), *options]) == 0
    with FeaturesFile(inputs.output) as file:
        assert file.chromosomes == {"chrB": 1200}
        assert (file.signal("accessibility", "chrB", 0, 1200, "liver") == 2).all()
        assert [pair[0].tolist() for pair in file.annotation("chrB")] == [[], [], [0], [5], [], []]


def test_chromosomes_repeated_keep_the_order_of_the_genome(inputs):
    assert main([*inputs.minimal(), "--chromosomes", "chrB", "--chromosomes", "chrA"]) == 0
    with FeaturesFile(inputs.output) as file:
        assert list(file.chromosomes) == ["chrA", "chrB"]
        assert not file.has_annotation
        assert [pair[0].size for pair in file.annotation("chrA")] == [0] * 6


def test_gtf(inputs):
    gtf = inputs.folder / "genes.gtf.gz"
    row = 'chrA\tx\t{}\t{}\t{}\t.\t-\t.\ttranscript_id "t";\n'
    gtf.write_bytes(gzip.compress((row.format("exon", 1001, 1500) + row.format("CDS", 1101, 1200)).encode()))
    options = ["--gtf", str(gtf), "--cpg-islands", str(inputs.folder / "cpg-islands.bed")]
    for style, promoter in [("standard", (1400, 2001)), ("published", (899, 1500))]:
        assert main([*inputs.minimal(), *options, "--gtf-style", style]) == 0
        with FeaturesFile(inputs.output) as file:
            found = [list(zip(*(side.tolist() for side in pair), strict=True)) for pair in file.annotation("chrA")]
        assert found == [[(0, 50)], [(1100, 1200)], [], [promoter], [(1200, 1500)], [(1000, 1100)]]


def test_clipping(inputs, capsys):
    (inputs.folder / "cds.bed").write_text("chrA\t2990\t3010\n")
    argv = [*inputs.minimal(), *inputs.annotation()]
    assert main(argv) == 1
    assert "cds.bed, line 1: end (3010) is past the end of chrA (3000)" in capsys.readouterr().err
    assert main([*argv, "--clip-intervals"]) == 0
    with FeaturesFile(inputs.output) as file:
        assert [side.tolist() for side in file.annotation("chrA")[1]] == [[2990], [3000]]


def test_clipping_of_a_blacklist_alone(inputs):
    black = inputs.folder / "late.bed"
    black.write_text("chrA\t2990\t3010\n")
    assert main([*inputs.minimal(), "--blacklist", str(black), "--clip-intervals"]) == 0
    with FeaturesFile(inputs.output) as file:
        assert [side.tolist() for side in file.blacklist("chrA")] == [[2990], [3000]]


def test_tpm_table(inputs):
    table = inputs.folder / "tpm.tsv"
    table.write_text("gene\tliver\tK562\n" + "".join(f"g{row}\t{row}\t{row * row % 7}\n" for row in range(20)))
    assert main([*inputs.minimal(), "--expression", str(table)]) == 0
    with FeaturesFile(inputs.output) as file:
        scores = file.expression("liver")
    # Two columns: two unit loadings, the other six 0.
    assert float((scores[:2] ** 2).sum()) == pytest.approx(1, abs=1e-6)
    assert not scores[2:].any()


def test_alignments_are_scaled_and_recorded(inputs):
    bam = write_bam(inputs.folder / "a.bam", LENGTHS, [("chrA", 100, "50M", 0), ("chrA", 200, "50M", 16)] * 2)
    argv = ["--genome", str(inputs.genome), "--accessibility", f"x={bam}", "-o", str(inputs.output)]
    assert main([*argv, "--effective-genome-size", "4000"]) == 0
    with FeaturesFile(inputs.output) as file:
        signal = file.signal("accessibility", "chrA", 0, 3000, "x")
    # 4 reads of 50 bp: factor 4000 / 200 = 20; two reads at each place.
    assert {int(place): float(signal[place]) for place in np.flatnonzero(signal)} == {100: 40.0, 249: 40.0}
    with h5py.File(inputs.output) as file:
        attributes = dict(file["cells/x/tracks/accessibility"].attrs)
    assert (attributes["scale_factor"], attributes["effective_genome_size"]) == (20.0, 4000)


def test_a_hundred_thousand_contigs_are_no_trouble(tmp_path):
    """Two thousand here, for the time's sake: per-contig datasets or full scans would show."""
    lengths = {f"contig{number}": 50 for number in range(2000)}
    genome = write_fasta(tmp_path / "g.fa", sequences(lengths=lengths))
    signal = write_bigwig(tmp_path / "a.bw", lengths, {"contig7": [(0, 5, 2.0)]})
    output = tmp_path / "o.h5"
    assert main(["--genome", str(genome), "--accessibility", f"x={signal}", "-o", str(output), "--quiet"]) == 0
    with FeaturesFile(output) as file:
        assert file.signal("accessibility", "contig7", -1, 6, "x").tolist() == [0, 2, 2, 2, 2, 2, 0]
        assert not file.signal("accessibility", "contig8", 0, 50, "x").any()


def write(path, content):
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    return path


def cut(path, share=0.5):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def signal(inputs, rows, lengths=LENGTHS):
    write_bigwig(inputs.liver, lengths, rows)


# Name: what is done to the inputs (returns options to add), exit code, part of the line on stderr.
BAD_INPUTS = {
    "digit in genome": (
        lambda i: write_fasta(i.genome, {**i.sequences, "chrB": "AC1" + i.sequences["chrB"][3:]}) and None,
        1,
        "chrB, base 3: '1' is not a letter",
    ),
    "unknown chromosome": (lambda i: ["--chromosomes", "A"], 1, "has no chromosome 'A'; did you mean 'chrA'?"),
    "empty chromosome": (lambda i: ["--chromosomes", ","], 2, "argument --chromosomes: ',' holds an empty name; give"),
    "signal without chr": (
        lambda i: signal(i, {"A": [(0, 1, 1)]}, {"A": 3000, "B": 1200}),
        1,
        "liver.bw: lacks chromosome 'chrA' of the genome; did you mean 'A'?",
    ),
    "other length": (
        lambda i: signal(i, {"chrA": [(0, 1, 1)]}, {"chrA": 3001, "chrB": 1200}),
        1,
        "says that chrA has 3001 bp, but it has 3000 in the genome",
    ),
    "negative signal": (
        lambda i: signal(i, {"chrA": [(0, 9, 1), (9, 12, -0.25)], "chrB": []}),
        1,
        "liver.bw: chrA, position 9 (counted from 0): value -0.25 is below 0",
    ),
    "NaN signal": (
        lambda i: signal(i, {"chrA": [(5, 9, float("nan"))], "chrB": []}),
        1,
        "chrA, position 5 (counted from 0): value nan is not a finite number",
    ),
    "uniqueness above 1": (
        lambda i: (
            write_bigwig(i.uniqueness, LENGTHS, {"chrA": [(3, 4, 1.5)], "chrB": []})
            and ["--uniqueness", str(i.uniqueness)]
        ),
        1,
        "unique.bw: chrA, position 3 (counted from 0): value 1.5 is outside 0 to 1",
    ),
    "BAM without genome size": (
        lambda i: ["--accessibility", f"x={write_bam(i.folder / 'x.bam', LENGTHS, [('chrA', 1, '9M', 0)])}"],
        2,
        "--effective-genome-size is required",
    ),
    "BAM without index": (
        lambda i: [
            "--accessibility",
            f"x={write_bam(i.folder / 'x.bam', LENGTHS, [('chrA', 1, '9M', 0)], index=False)}",
            *("--effective-genome-size", "9"),
        ],
        1,
        "x.bam: has no index that fits; run: samtools index x.bam",
    ),
    "unsorted BAM": (
        lambda i: [
            "--accessibility",
            f"x={write_bam(i.folder / 'x.bam', LENGTHS, [('chrA', 1, '9M', 0)], order='unsorted', index=False)}",
            *("--effective-genome-size", "9"),
        ],
        1,
        "is not sorted by coordinate; run: samtools sort",
    ),
    "BAM of another genome": (
        lambda i: [
            "--accessibility",
            f"x={write_bam(i.folder / 'x.bam', {'chrA': 3000, 'chrB': 9}, [('chrA', 1, '9M', 0)])}",
            *("--effective-genome-size", "9"),
        ],
        1,
        "x.bam: says that chrB has 9 bp",
    ),
    "BAM as cell track": (
        lambda i: ["--cell-track", f"liver:x={write_bam(i.folder / 'x.bam', LENGTHS, [])}"],
        1,
        "x.bam: is gzip or BAM, not a bigWig",
    ),
    "five classes": (
        lambda i: i.annotation()[2:],
        2,
        "annotation needs all six classes or none: --cpg-islands missing",
    ),
    "GTF and BED": (
        lambda i: [*i.annotation(), "--gtf", "x.gtf"],
        2,
        "--gtf already gives what --cds, --introns, --promoters, --utr5, --utr3 gives",
    ),
    "cell not in scores": (
        lambda i: ["--expression-scores", str(i.scores), "--accessibility", f"K-562={i.k562}"],
        1,
        "scores.csv: has no column for cell 'K-562'; did you mean 'K562'?",
    ),
    "seven rows of scores": (
        lambda i: write(i.scores, "liver\n" + "1\n" * 7) and ["--expression-scores", str(i.scores)],
        1,
        "has 7 rows of scores where 8 are expected",
    ),
    "both expressions": (
        lambda i: ["--expression-scores", str(i.scores), "--expression", str(i.scores)],
        2,
        "--expression and --expression-scores exclude each other",
    ),
    "cell twice": (lambda i: ["--accessibility", f"liver={i.k562}"], 2, "accessibility of liver is given twice"),
    "cell with slash": (lambda i: ["--accessibility", f"a/b={i.k562}"], 2, "cell name 'a/b' cannot be used"),
    "reserved track": (lambda i: ["--genome-track", f"uniqueness={i.k562}"], 2, "is reserved; use --uniqueness FILE"),
    "track of no cell": (lambda i: ["--cell-track", f"x:y={i.k562}"], 2, "needs --accessibility x=FILE too"),
    "malformed track": (lambda i: ["--cell-track", f"liver={i.k562}"], 2, "is not of the form CELL:NAME=FILE"),
    "output is an input": (lambda i: ["-o", str(i.liver)], 2, "is also the input"),
    "two outputs": (lambda i: ["--add-to", str(i.output)], 2, "give one of -o/--output and --add-to"),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_one_line_and_leaves_nothing(inputs, capfd, name):
    spoil, code, message = BAD_INPUTS[name]
    made = spoil(inputs)
    liver = inputs.liver.read_bytes()
    options = made if isinstance(made, list) else []
    assert exit_code(main, *inputs.minimal(), *options, "--quiet") == code
    err = capfd.readouterr().err
    assert message in err
    if code == 1:
        assert err.startswith("deepgrn-features: error: ")
        assert err.count("\n") == 1
    assert os.listdir(inputs.output.parent) == []
    assert inputs.liver.read_bytes() == liver
    assert not [file for file in os.listdir(inputs.folder) if "partial" in file]


def test_failed_run_keeps_the_old_output(inputs):
    inputs.output.write_text("precious")
    cut(inputs.liver)
    assert main(inputs.minimal()) == 1
    assert inputs.output.read_text() == "precious"
    assert os.listdir(inputs.output.parent) == ["toy.h5"]


@pytest.mark.parametrize("kind", ["new", "add"])
def test_disk_full(inputs, kind):
    """The kernel refuses files beyond a limit, as a full disk does."""
    length = 600_000
    draw = np.random.default_rng(0)
    bases = np.frombuffer(b"ACGT", np.uint8)[draw.integers(0, 4, length)].tobytes().decode()
    write_fasta(inputs.genome, {"c": bases})
    rows = [(start, start + 1, float(value)) for start, value in enumerate(draw.random(100_000))]
    write_bigwig(inputs.liver, {"c": length}, {"c": rows})
    argv, left = inputs.minimal(), []
    if kind == "add":
        assert main(argv) == 0
        argv, left = ["--add-to", str(inputs.output), "--accessibility", f"new={inputs.liver}"], ["toy.h5"]
        before = inputs.output.read_bytes()
    limit = 200_000 if kind == "new" else len(before) + 100_000

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *argv, "--quiet"], preexec_fn=lower, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr == f"deepgrn-features: error: {inputs.output}: File too large\n"
    assert os.listdir(inputs.output.parent) == left
    if kind == "add":
        assert inputs.output.read_bytes() == before


def test_help_states_definitions(capsys):
    assert exit_code(main, "--help") == 0
    text = capsys.readouterr().out
    for part in ("bamCoverage --Offset 1 --binSize 1 --normalizeUsing RPGC", "501 bp before", "log2(TPM + 1)"):
        assert part in text
    assert all(f"--{option}" in text for option in ANNOTATION_LINES)


def test_toy_signal_is_what_was_written(inputs):
    assert main(inputs.minimal()) == 0
    with FeaturesFile(inputs.output) as file:
        np.testing.assert_array_equal(
            file.signal("accessibility", "chrA", 0, 3000, "liver"), as_array(LIVER["chrA"], 3000)
        )
