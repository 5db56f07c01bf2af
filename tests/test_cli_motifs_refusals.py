"""Mistakes of users of deepgrn-motifs: one line that names the file and the remedy, the exit code, no output."""

import gzip
import shutil

import pytest
from attention_toys import AttentionToy
from programs import exit_code

from deepgrn_tool.cli.motifs import main

PROGRAM = "deepgrn-motifs: error: "
HEADER = "chr\tstart\tstop\tliver\n"
MOTIF = "MEME version 4\nMOTIF a\nletter-probability matrix:\n0.7 0.1 0.1 0.1\n0 0 1 0\n"


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    toy = AttentionToy(tmp_path_factory.mktemp("toy"), attention="after-lstm")
    toy.save(toy.folder / "none.h5", attention="none")
    toy.write_features(toy.folder / "bare.h5", skip=("uniqueness",))
    return toy


class Case:
    """One run in a folder of its own: inputs under `in`, outputs to `out`."""

    def __init__(self, toy, folder, capfd):
        self.toy, self._capfd = toy, capfd
        self.inputs, self.out = folder / "in", folder / "out"
        self.inputs.mkdir()
        self.out.mkdir()
        self.features, self.model, self.cell = toy.features, toy.model, "liver"
        self.fasta = self.out / "sites.fa"

    def file(self, name, content):
        path = self.inputs / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *options, output=True, bins=True):
        argv = [self.features, self.model, "--cell", self.cell, *options, *(["-o", self.fasta] if output else [])]
        code = exit_code(main, *argv, *(["--above", "0.5"] if bins else []))
        captured = self._capfd.readouterr()
        assert captured.out == ""
        assert list(self.out.iterdir()) == []
        return code, captured.err

    def refuses(self, message, *options, **more):
        """Bad data: exit code 1 and one line."""
        assert self.run("--quiet", *options, **more) == (1, f"{PROGRAM}{message}\n")

    def refuses_options(self, message, *options, **more):
        """Bad options: exit code 2, the usage, and one line."""
        code, said = self.run(*options, **more)
        assert (code, said.splitlines()[-1]) == (2, f"{PROGRAM}{message}")


@pytest.fixture
def case(toy, tmp_path, capfd):
    return Case(toy, tmp_path, capfd)


def test_no_bins(case):
    case.refuses_options("choose bins with --labels, --peaks, --bins, --scores or --above", bins=False)


def test_two_kinds_of_bins(case):
    text = "give only one of --labels, --peaks, --bins and --scores"
    case.refuses_options(text, "--labels", "l.tsv", "--peaks", "p.bed", bins=False)


def test_threshold_of_labels(case):
    case.refuses_options("--above goes alone or with --scores", "--labels", "l.tsv")


def test_chromosomes_of_listed_bins(case):
    text = "--chromosomes does not go with --bins, which lists all bins"
    case.refuses_options(text, "--bins", "b.bed", "--chromosomes", "chr2", bins=False)


def test_nothing_to_write(case):
    case.refuses_options("nothing to write: give --output or another output", output=False)


def test_known_motifs_without_an_output(case):
    case.refuses_options("--known needs --enrichment or --logos to write to", "--known", "m.meme")


@pytest.mark.parametrize("option", ["--enrichment", "--logos"])
def test_comparison_without_known_motifs(case, option):
    text = "--enrichment and --logos compare with motifs; give them with --known"
    case.refuses_options(text, option, case.out / "x.png")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--width", 3], "--width 3 is not between 4 and 200 bp"),
        (["--width", 201], "--width 201 is not between 4 and 200 bp"),
        (["--order", -1], "--order -1 is not between 0 and 5"),
        (["--order", 6], "--order 6 is not between 0 and 5"),
        (["--match", 0], "--match 0 is not a probability between 0 and 1"),
        (["--match", "nan"], "--match nan is not a probability between 0 and 1"),
        (["--seed", -1], "--top must be at least 1 and --seed at least 0"),
        (["--above", 1.5], "argument --above: 1.5 is not between 0 and 1"),
        (["--above", "nan"], "argument --above: nan is not between 0 and 1"),
        (["--top", 0], "argument --top: 0 is not at least 1"),
        (["--dimensions", 2], "argument --dimensions: '2' is not all, top, or a number above 0 and at most 1"),
    ],
)
def test_values_out_of_range(case, options, message):
    case.refuses_options(message, *options, bins="--above" not in options)


@pytest.mark.parametrize(
    ("option", "outputs"),
    [
        (["--order", 3], ["--background"]),
        (["--match", 0.5], ["--enrichment", "--logos"]),
        (["--top", 3], ["--logos"]),
        (
            ["--seed", 3],
            ["--control", "--accessibility", "--accessibility-plot", "--enrichment", "--logos", "--summary"],
        ),
    ],
    ids=["order", "match", "top", "seed"],
)
def test_options_are_taken_with_each_output_that_depends_on_them(case, option, outputs):
    """The run gets as far as its files."""
    case.features, known = "absent.h5", case.file("m.meme", MOTIF)
    for output in outputs:
        with_known = ["--known", known] if output in ("--enrichment", "--logos") else []
        case.refuses("absent.h5: No such file or directory", *option, output, case.out / "x.png", *with_known)


@pytest.mark.parametrize("option", ["--accessibility-plot", "--logos"])
def test_formats_of_figures(case, option):
    path = case.out / "x.jpeg"
    known = case.file("m.meme", MOTIF)
    text = f"figure {path}: the suffix must tell the format: .png, .pdf or .svg"
    case.refuses_options(text, "--known", known, "--enrichment", case.out / "e.tsv", option, path)


def test_one_file_for_two_outputs(case):
    case.refuses_options(f"output {case.fasta} is named twice", "--control", case.fasta)


def test_output_over_an_input(case):
    known = case.file("m.meme", MOTIF)
    text = f"output {known} is also the input {known}; choose another name"
    case.refuses_options(text, "--known", known, "--enrichment", known)


def test_folder_of_an_output_does_not_exist(case):
    path = case.out / "absent" / "s.bed"
    case.refuses(f"{path}: its folder does not exist; create it first", "--bed", path)


def test_network_without_attention(case):
    case.model = case.toy.folder / "none.h5"
    case.refuses(f"{case.model}: is of a network without attention; --method gradient works with every network")


def test_model_that_is_no_model(case):
    case.model = shutil.copy(case.toy.features, case.inputs / "model.h5")
    text = "is not a deepgrn-model file (its format is 'deepgrn-features')"
    case.refuses(f"{case.model}: {text}; make one with deepgrn-import or deepgrn-train")


def test_features_without_a_track_of_the_model(case):
    case.features = case.toy.folder / "bare.h5"
    text = "has no track 'uniqueness', which the model needs; make the file with --uniqueness FILE"
    case.refuses(f"{case.features}: {text}")


def test_unknown_cell(case):
    case.cell = "Liver"
    case.refuses(f"{case.features}: has no cell 'Liver'; did you mean 'liver'?")


@pytest.mark.parametrize("more", [[], ["--peaks", "p.bed"]])
def test_unknown_chromosome(case, more):
    text = f"{case.features}: has no chromosome '2'; did you mean 'chr2'?"
    case.refuses(text, "--chromosomes", "2", *more, bins=not more)


def test_no_score_is_high_enough(case):
    text = f"{case.features}: the network gives no bin of cell 'liver' a score of 1 or more"
    case.refuses(text, "--above", 1, bins=False)


def test_no_score_of_a_file_is_high_enough(case):
    path = case.file("s.bedGraph", "chr2\t75\t125\t0.4\n")
    case.refuses(f"{path}: holds no bin of the grid that scores 0.5 or more", "--scores", path)


def test_scores_of_unknown_format(case):
    code, said = case.run("--scores", "scores.txt")
    assert code == 2
    assert said.splitlines()[-1].startswith(f"{PROGRAM}prediction scores.txt: the suffix must tell the format: ")


def test_labels_without_a_bound_bin(case):
    path = case.file("t.labels.tsv.gz", gzip.compress(f"{HEADER}chr2\t0\t200\tU\n".encode()))
    text = f"{path}: holds no bound bin of cell 'liver' on the chromosomes asked for"
    case.refuses(text, "--labels", path, bins=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": holds no interval"),
        ("chr2\t100\n", ", line 1: has fewer than three columns (chromosome, start, end)"),
        ("chr2\t300\t200\n", ", line 1: end (200) is not after start (300)"),
        (
            "chr2\t2400\t2500\n",
            ", line 1: end (2500) is past the end of chr2 (2420); is the file from another assembly?",
        ),
        ("2\t100\t300\n", ": chromosome '2' is not in the genome; did you mean 'chr2'?"),
        ("tiny\t0\t100\n", ": gives no bin of 200 bp outside the blacklist on the chromosomes asked for"),
        ("chrU\t300\t500\n", ": gives no bin of 200 bp outside the blacklist on the chromosomes asked for"),
    ],
)
def test_peaks(case, text, message):
    path = case.file("p.bed", text)
    case.refuses(f"{path}{message}", "--peaks", path, bins=False)


def test_peaks_on_other_chromosomes_than_asked_for(case):
    path = case.file("p.bed", "chr2\t1500\t1600\n")
    text = f"{path}: gives no bin of 200 bp outside the blacklist on the chromosomes asked for"
    case.refuses(text, "--peaks", path, "--chromosomes", "chr10", bins=False)


def test_motifs_that_are_none(case):
    """`test_motifs_meme.py` has all that can be wrong."""
    path = case.file("m.meme", MOTIF.replace("0.7", "0.8"))
    text = f"{path}, line 4: the probabilities sum to 1.1, not to 1"
    case.refuses(text, "--known", path, "--enrichment", case.out / "e.tsv")


def test_no_window_has_the_wanted_peaks(case):
    """The only peak of the liver on the first bases of chr2 lies at 300-420."""
    path = case.file("b.bed", "chr2\t50\t250\n")
    text = "0 sites, 0 merged into better ones, 0 with unknown bases, 1 in windows with other accessibility peaks"
    message = f"{case.features}: no window of cell 'liver' is left with a site: {text}"
    case.refuses(message, "--bins", path, "--accessibility-peaks", "none", bins=False)
