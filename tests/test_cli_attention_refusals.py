"""Mistakes of users of deepgrn-attention: one line that names the file and the remedy, the exit code, no output."""

import gzip
import shutil

import pytest
from attention_toys import AttentionToy
from features_inputs import write_bigwig
from predict_toys import LENGTHS

from deepgrn_tool.cli.attention import main

PROGRAM = "deepgrn-attention: error: "
HEADER = "chr\tstart\tstop\tliver\n"


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
        self.track = self.out / "t.bw"

    def file(self, name, content):
        path = self.inputs / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *options, output=True):
        argv = [self.features, self.model, "--cell", self.cell, *options, *(["-o", self.track] if output else [])]
        try:
            code = main(list(map(str, argv)))
        except SystemExit as left:
            code = left.code
        captured = self._capfd.readouterr()
        assert captured.out == ""
        assert list(self.out.iterdir()) == []
        return code, captured.err

    def refuses(self, message, *options, output=True):
        """Bad data: exit code 1 and one line."""
        assert self.run("--quiet", *options, output=output) == (1, f"{PROGRAM}{message}\n")

    def refuses_options(self, message, *options, output=True):
        """Bad options: exit code 2, the usage, and one line."""
        code, said = self.run(*options, output=output)
        assert (code, said.splitlines()[-1]) == (2, f"{PROGRAM}{message}")


@pytest.fixture
def case(toy, tmp_path, capfd):
    return Case(toy, tmp_path, capfd)


def test_network_without_attention(case):
    case.model = case.toy.folder / "none.h5"
    case.refuses(f"{case.model}: is of a network without attention; --method gradient works with every network")


def test_features_without_a_track_of_the_model(case):
    case.features = case.toy.folder / "bare.h5"
    text = "has no track 'uniqueness', which the model needs; make the file with --uniqueness FILE"
    case.refuses(f"{case.features}: {text}")


def test_unknown_cell(case):
    case.cell = "Liver"
    case.refuses(f"{case.features}: has no cell 'Liver'; did you mean 'liver'?")


def test_nothing_to_write(case):
    text = "nothing to write: give --output, --forward, --reverse, --matrix or --heatmap"
    case.refuses_options(text, output=False)


@pytest.mark.parametrize("value", ["0", "1.5", "best", "nan", "-0.1"])
def test_dimensions(case, value):
    text = f"argument --dimensions: '{value}' is not all, top, or a number above 0 and at most 1"
    case.refuses_options(text, f"--dimensions={value}")


def test_matrix_of_gradients(case):
    text = "--matrix holds attention weights; leave it out with --method gradient"
    case.refuses_options(text, "--method", "gradient", "--matrix", case.out / "m.h5")


@pytest.mark.parametrize("options", [["--rows", "5"], ["--fold-change", "fc.bw"]])
def test_options_of_a_heat_map_without_one(case, options):
    case.refuses_options("--fold-change and --rows belong to --heatmap; give that, too", *options)


def test_threshold_without_scores(case):
    case.refuses_options("--threshold belongs to --scores; give that, too", "--threshold", "0.3")


@pytest.mark.parametrize("rows", [5001, 10**9])
def test_too_many_rows(case, rows):
    text = f"--rows {rows} is not between 1 and 5,000"
    case.refuses_options(text, "--heatmap", case.out / "h.png", "--rows", rows)


def test_format_of_the_heat_map(case):
    path = case.out / "h.jpeg"
    case.refuses_options(f"figure {path}: the suffix must tell the format: .png, .pdf or .svg", "--heatmap", path)


@pytest.mark.parametrize("option", ["--output", "--forward", "--reverse"])
@pytest.mark.parametrize("name", ["t.tab.gz", "t.bed"])
def test_tables_are_no_tracks(case, option, name):
    path = case.out / name
    text = f"output {path}: a track is written as .bw, .bigWig, .bedGraph, .bg, .bedGraph.gz or .bg.gz"
    case.refuses_options(text, option, path)


def test_one_file_for_two_tracks(case):
    case.refuses_options(f"output {case.track} is named twice", "--forward", case.track)


def test_output_over_an_input(case):
    bed = case.file("b.bedGraph", "chr2\t100\t300\n")
    case.refuses_options(f"output {bed} is also the input {bed}; choose another name", "--bins", bed, "--forward", bed)


def test_chromosomes_and_regions(case):
    text = "--chromosomes goes alone or with --labels or --scores"
    case.refuses_options(text, "--chromosomes", "chr2", "--regions", case.file("r.bed", "chr2\t0\t10\n"))


def test_unknown_chromosome(case):
    case.refuses(f"{case.features}: has no chromosome '2'; did you mean 'chr2'?", "--chromosomes", "2")


def test_bins_out_of_order(case):
    bed = case.file("b.bed", "chr2\t400\t600\nchr2\t100\t300\n")
    text = "its bins are not sorted or some are repeated; sort it: LC_ALL=C sort -u -k1,1 -k2,2n"
    case.refuses(f"{bed}: {text}", "--bins", bed)


def test_only_blacklisted_bins(case):
    bed = case.file("b.bed", "chrU\t0\t200\nchrU\t50\t250\n")
    case.refuses(f"{bed}: all bins that it gives lie on the blacklist of the features file", "--bins", bed)


def test_region_without_a_bin(case):
    bed = case.file("r.bed", "tiny\t0\t100\n")
    case.refuses(f"{bed}: gives no bin of 200 bp on the chromosomes of the features file", "--regions", bed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("chr\tstart\tstop\tK562\nchr2\t0\t200\tB\n", "has no cell 'liver' (it has K562)"),
        (f"{HEADER}chr2\t0\t200\tU\n", "holds no bound bin of cell 'liver' on the chromosomes asked for"),
        (f"{HEADER}2\t0\t200\tB\n", "no chromosome of it is in the features file: '2' is not; did you mean 'chr2'?"),
        (
            f"{HEADER}chr2\t2400\t2600\tB\n",
            "the bin chr2:2400-2600 is past the end of chr2 (2420); is the file of another assembly?",
        ),
    ],
)
def test_labels(case, text, message):
    path = case.file("t.labels.tsv.gz", gzip.compress(text.encode()) if text else b"")
    case.refuses(f"{path}: {message}", "--labels", path)


def test_labels_without_a_chromosome_asked_for(case):
    path = case.file("t.labels.tsv", f"{HEADER}chr2\t0\t200\tB\n")
    message = f"{path}: has no chromosome 'chr10' (it has chr2)"
    case.refuses(message, "--labels", path, "--chromosomes", "chr10")


def test_scores_of_unknown_format(case):
    path = case.file("s.txt", "chr2\t0\t200\t0.7\n")
    code, said = case.run("--scores", path)
    assert code == 2
    assert said.splitlines()[-1].startswith(f"{PROGRAM}prediction {path}: the suffix must tell the format: ")


def test_no_score_is_high_enough(case):
    path = case.file("s.bedGraph", "chr2\t75\t125\t0.4\n")
    case.refuses(f"{path}: holds no bin of the grid that scores 0.5 or more", "--scores", path)


def test_no_score_on_a_chromosome_asked_for(case):
    path = case.file("s.bedGraph", "chr2\t75\t125\t0.9\n")
    message = f"{path}: has no score on chromosome 'chr10'"
    case.refuses(message, "--scores", path, "--chromosomes", "chr2,chr10")


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ({"2": 2420, "10": 1300}, "has no chromosome 'chr10'; did you mean '10'?"),
        ({"chr10": 1301}, "chr10 has 1301 bp, but 1300 in the features file; is it of another assembly?"),
    ],
)
def test_fold_change_of_another_genome(case, lengths, message):
    path = write_bigwig(case.inputs / "fc.bw", lengths, {name: [(0, 50, 1.0)] for name in lengths})
    case.refuses(f"{path}: {message}", "--heatmap", case.out / "h.png", "--fold-change", path)


def test_fold_change_that_is_no_bigwig(case):
    path = case.file("fc.bw", "chr2\t0\t10\t1.5\n")
    text = "is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig"
    case.refuses(f"{path}: {text}", "--heatmap", case.out / "h.png", "--fold-change", path)


def test_fold_change_that_holds_nan(case):
    path = write_bigwig(case.inputs / "fc.bw", LENGTHS, {"chr2": [(0, 50, float("nan"))]})
    message = f"{path}: holds a value at chr2:0-1 that is not a finite number"
    bed = case.file("b.bed", "chr2\t100\t300\n")
    case.refuses(message, "--heatmap", case.out / "h.png", "--fold-change", path, "--bins", bed)


def test_model_that_is_no_model(case):
    case.model = shutil.copy(case.toy.features, case.inputs / "model.h5")
    text = (
        "is not a deepgrn-model file (its format is 'deepgrn-features'); make one with deepgrn-import or deepgrn-train"
    )
    case.refuses(f"{case.model}: {text}")


def test_folder_of_the_matrix_does_not_exist(case):
    path = case.out / "absent" / "m.h5"
    case.refuses(f"{path}: its folder does not exist; create it first", "--matrix", path)
