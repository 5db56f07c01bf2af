"""Mistakes of users of deepgrn-train: one line that names the file and the remedy, the right exit code, no output."""

import gzip
import shutil

import h5py
import numpy as np
import pytest
from training_toys import CHOICE, LENGTHS, PlainStep, Toy, label_rows, network_options, run, write_labels

PROGRAM = "deepgrn-train: error: "
ANNOTATION = ("cpg-islands", "cds", "introns", "promoters", "utr5", "utr3")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


class Case:
    """One run in a folder of its own: good files under `in`, outputs to `out`."""

    def __init__(self, toy, folder, capfd):
        self.toy = toy
        self.inputs = folder / "in"
        self.output = folder / "out" / "model.h5"
        self.inputs.mkdir()
        self.output.parent.mkdir()
        self.features = shutil.copy(toy.features, self.inputs / "features.h5")
        self.labels = shutil.copy(toy.labels, self.inputs / "TOY.labels.tsv.gz")
        self._capfd = capfd

    def write_labels(self, rows):
        write_labels(self.labels, rows)

    def run(self, *options, choice=CHOICE):
        argv = [self.features, self.labels, "-o", self.output, *network_options(), "--epochs", "2", *choice, *options]
        code = run(*argv)
        captured = self._capfd.readouterr()
        assert captured.out == ""
        assert list(self.output.parent.iterdir()) == []
        return code, captured.err

    def refuses(self, message, *options, **more):
        """Bad data: exit code 1 and one line."""
        assert self.run(*options, "--quiet", **more) == (1, f"{PROGRAM}{message}\n")

    def refuses_options(self, message, *options, **more):
        """Bad options: exit code 2, the usage, and one line."""
        code, said = self.run(*options, **more)
        assert code == 2
        assert said.startswith("usage: deepgrn-train ")
        assert said.splitlines()[-1] == f"{PROGRAM}{message}"


@pytest.fixture
def case(toy, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("deepgrn_tool.training.train.make_step", PlainStep)
    monkeypatch.setattr(PlainStep, "on_batch", None)
    return Case(toy, tmp_path, capfd)


def with_letters(letters, chromosomes):
    """Rows with other letters on some chromosomes: a function of the cell's letter."""
    return [
        row if row[0] not in chromosomes else [*row[:3], *(letters.get(one, one) for one in row[3:])]
        for row in label_rows()
    ]


# --- the files that are given


def test_features_and_labels_change_places(case):
    case.features, case.labels = case.labels, case.features
    case.refuses(f"{case.features}: is not HDF5; make it with deepgrn-features")


def test_output_is_an_input(case):
    case.output = case.inputs / "features.h5"
    code = run(case.features, case.labels, "-o", case.output)
    assert code == 2
    said = case._capfd.readouterr().err.splitlines()[-1]
    assert said == f"{PROGRAM}output {case.output} is also the input {case.features}; choose another name"


def test_history_and_model_are_one_file(case):
    case.refuses_options(f"output {case.output} is named twice", "--history", case.output)


def test_figure_without_a_format(case):
    name = case.output.parent / "curves.jpeg"
    case.refuses_options(f"figure {name}: the suffix must tell the format: .png, .pdf or .svg", "--curves", name)


# --- labels


def test_unknown_letters(case):
    case.write_labels(with_letters({"A": "X"}, ["chr2"]))
    line = next(number for number, row in enumerate(label_rows(), 1) if row[0] == "chr2" and "A" in row[3:])
    code, said = case.run("--quiet")
    assert code == 1
    assert said.startswith(f"{PROGRAM}{case.labels}, line {line}: ") and said.count("\n") == 1


def test_unsorted_bins(case):
    rows = label_rows()
    rows[5], rows[6] = rows[6], rows[5]
    case.write_labels(rows)
    case.refuses(
        f"{case.labels}, line 7: the bin chr9:200-400 comes after one that starts at 250; "
        "sort the rows with LC_ALL=C sort -k1,1 -k2,2n, the header first"
    )


def test_a_bin_twice(case):
    rows = label_rows()
    rows.insert(6, rows[5])
    case.write_labels(rows)
    case.refuses(
        f"{case.labels}, line 7: the bin chr9:200-400 is there twice; "
        "sort the rows with LC_ALL=C sort -k1,1 -k2,2n, the header first"
    )


def test_labels_without_bins(case):
    case.write_labels(label_rows()[:1])
    case.refuses(f"{case.labels}: holds no bin, only a header")


def test_a_cell_that_the_features_lack(case):
    rows = label_rows()
    rows[0][4] = "K526"
    case.write_labels(rows)
    case.refuses(
        f"{case.features}: has no cell 'K526', which the labels have; did you mean 'K562'?; choose with --cells"
    )


def test_a_cell_that_the_labels_lack(case):
    case.refuses(f"{case.labels}: has no cell 'kidney' (it has liver, K562)", "--cells", "kidney")


def test_labels_of_another_assembly(case):
    rows = label_rows()
    rows.insert(1 + len(range(0, LENGTHS["chr9"] - 199, 50)), ["chr9", 5100, 5300, "U", "U"])
    case.write_labels(rows)
    case.refuses(
        f"{case.labels}: the bin chr9:5100-5300 is past the end of chr9 in the features (5230); "
        "is the file of another assembly?"
    )


def test_labels_of_a_chromosome_that_the_features_lack(case):
    case.write_labels([*label_rows(), ["chr10", 0, 200, "U", "B"]])
    case.refuses(
        f"{case.features}: has no chromosome 'chr10', which the labels have (it has chr9, chr2, chrV, chrT); "
        "choose chromosomes with --chromosomes"
    )


LEFT = "(validation and test chromosomes, ambiguous and blacklisted bins left out)"


def test_no_positives(case):
    case.write_labels(with_letters({"B": "A"}, ["chr9", "chr2"]))
    case.refuses(f"{case.labels}: leaves no bound bin to learn from on chr9, chr2 {LEFT}")


def test_no_negatives(case):
    case.write_labels(with_letters({"U": "A"}, ["chr9", "chr2"]))
    case.refuses(f"{case.labels}: leaves no unbound bin to learn from on chr9, chr2 {LEFT}")


def test_more_negatives_than_can_be_drawn_from(case, monkeypatch):
    monkeypatch.setattr("deepgrn_tool.training.examples.Examples.count_negatives", lambda *_: 10**9)
    case.refuses(
        f"{case.labels}: has 1,000,000,000 unbound bins of a cell to learn from; "
        "at most 999,999,999 can be drawn from; choose fewer with --chromosomes"
    )


def test_nothing_but_validation(case):
    case.write_labels(label_rows(chromosomes=["chrV"]))
    case.refuses(f"{case.labels}: leaves no bound bin to learn from on no chromosome {LEFT}")


@pytest.mark.parametrize(("letter", "kind"), [("B", "bound"), ("U", "unbound")])
def test_one_class_in_validation(case, letter, kind):
    case.write_labels(with_letters({letter: "A"}, ["chrV"]))
    case.refuses(
        f"validation needs bound and unbound bins; of chrV no bin is {kind}, ambiguous and blacklisted ones left out; "
        "choose others with --validation-chromosomes"
    )


def test_truncated_labels(case):
    data = gzip.compress("".join("\t".join(map(str, row)) + "\n" for row in label_rows()).encode())
    with open(case.labels, "wb") as file:
        file.write(data[: len(data) // 2])
    code, said = case.run("--quiet")
    assert code == 1
    assert said.startswith(f"{PROGRAM}{case.labels}: ") and said.count("\n") == 1


# --- chromosomes


def test_validation_chromosome_is_absent(case):
    case.refuses(
        f"{case.labels}: has no validation chromosome 'chr8'; "
        "choose among chr9, chr2, chrV, chrT with --validation-chromosomes",
        choice=["--validation-chromosomes", "chr8"],
    )


def test_the_default_for_validation_is_absent(case):
    """Nobody named chr11."""
    text = f"{case.labels}: has no chromosome 'chr11', which is for validation by default"
    case.refuses(f"{text}; choose among chr9, chr2, chrV, chrT with --validation-chromosomes", choice=[])
    case.refuses(
        f"{text} (it has chr9, chr2, chrV, chrT); name others with --validation-chromosomes",
        choice=["--chromosomes", "chr2"],
    )
    case.refuses(
        f"{case.labels}: has no chromosome 'chr11' (it has chr9, chr2, chrV, chrT)",
        choice=["--chromosomes", "chr2", "--validation-chromosomes", "chr11"],
    )


@pytest.mark.parametrize("option", ["--chromosomes", "--test-chromosomes"])
def test_the_default_for_validation_has_another_purpose(case, option):
    case.refuses_options(
        f"chr11 is in {option} and, by default, in --validation-chromosomes; "
        "name other chromosomes with --validation-chromosomes",
        choice=[option, "chr11"],
    )


def test_test_chromosome_is_absent(case):
    case.refuses(
        f"{case.features}: has no test chromosome 'chr8' (it has chr9, chr2, chrV, chrT)",
        choice=["--validation-chromosomes", "chrV", "--test-chromosomes", "chr8"],
    )


def test_validation_chromosome_is_a_test_chromosome(case):
    case.refuses_options(
        "chrV is in --validation-chromosomes and in --test-chromosomes; each chromosome has one purpose",
        choice=["--validation-chromosomes", "chrV,chrT", "--test-chromosomes", "chrV"],
    )


def test_training_chromosome_is_a_validation_chromosome(case):
    case.refuses_options(
        "chrV is in --chromosomes and in --validation-chromosomes; each chromosome has one purpose",
        "--chromosomes",
        "chr9,chrV",
    )


def test_the_features_lack_a_validation_chromosome(case):
    case.write_labels([*label_rows(), ["chr10", 0, 200, "U", "B"]])
    case.refuses(
        f"{case.features}: has no chromosome 'chr10', which the labels have (it has chr9, chr2, chrV, chrT); "
        "choose chromosomes with --validation-chromosomes",
        choice=["--validation-chromosomes", "chr10"],
    )


def test_training_chromosome_is_absent(case):
    text = f"{case.labels}: has no chromosome 'chr3' (it has chr9, chr2, chrV, chrT)"
    case.refuses(text, "--chromosomes", "chr3")


def test_empty_names_of_chromosomes(case):
    text = "argument --test-chromosomes: 'chrT,' holds an empty name; give names with commas between them"
    case.refuses_options(text, choice=["--test-chromosomes", "chrT,"])


# --- what the features lack


def test_no_expression(case):
    case.toy.write_features(case.features, skip=("expression-scores",))
    case.refuses(
        f"{case.features}: has no expression for cell 'liver'; "
        "add that with deepgrn-features, or train without: --no-expression"
    )


def test_no_annotation(case):
    case.toy.write_features(case.features, skip=(*ANNOTATION, "blacklist"))
    case.refuses(
        f"{case.features}: has no annotation for cell 'liver'; "
        "add that with deepgrn-features, or train without: --no-annotation"
    )


def test_no_uniqueness(case):
    case.toy.write_features(case.features, skip=("uniqueness",))
    case.refuses(
        f"{case.features}: has no track 'uniqueness' (it has accessibility) for cell 'liver'; "
        "add that with deepgrn-features, or train without: --tracks accessibility"
    )


def test_genome_and_accessibility_only(case):
    """The line names all that lacks, and training with the options that it gives works."""
    case.toy.write_features(case.features, skip=("uniqueness", "expression-scores", *ANNOTATION))
    remedy = "--tracks accessibility --no-expression --no-annotation"
    case.refuses(
        f"{case.features}: has no track 'uniqueness' (it has accessibility), no expression, no annotation "
        f"for cell 'liver'; add that with deepgrn-features, or train without: {remedy}"
    )
    options = [*network_options(), "--epochs", "1", *CHOICE, *remedy.split()]
    assert run(case.features, case.labels, "-o", case.output, *options) == 0


def test_no_track_of_that_name(case):
    case.refuses(
        f"{case.features}: has no track 'accesibility' (it has uniqueness, accessibility) for cell 'liver'; "
        "add that with deepgrn-features, or train without: --tracks uniqueness,accessibility",
        "--tracks",
        "accesibility",
    )


def test_a_signal_that_is_not_a_number(case):
    with h5py.File(case.features, "r+") as file:
        file["cells/liver/tracks/accessibility"][100:3000] = np.nan
    code, said = case.run("--quiet")
    assert code == 1
    assert said.count("\n") == 1
    assert said.startswith(f"{PROGRAM}{case.features}: track 'accessibility' holds nan at chr9:")


# --- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, not 0"),
        (["--learning-rate", "-1"], "--learning-rate must be greater than 0, not -1.0"),
        (["--weight-averaging", "1"], "--weight-averaging must be at least 0 and below 1, not 1.0"),
        (["--open-negatives", "2"], "--open-negatives must be from 0 to 1, not 2.0"),
        (["--kernel-size", "400"], "a window of 320 bp is too short for kernel size 400"),
        (["--dropout", "1"], "--dropout must be at least 0 and below 1, not 1.0"),
        (["--convolutions", "17"], "--convolutions must be from 0 to 16, not 17"),
        (
            ["--full-validation", "--validation-negatives", "5"],
            "--full-validation scores all bins: leave out --validation-negatives, or give it alone",
        ),
        (
            ["--transform", "accessibility=log1p", "--transform", "accessibility=scale:0.3"],
            "--transform names accessibility twice; join its steps with commas, such as accessibility=log1p,scale:0.3",
        ),
        # 64 bp · 6 channels · 100,000 filters + 100,000 for the convolution, 100,000² + 100,000 for the layer after it;
        # (100,000 + 2 + 1) · 8 for each direction of the LSTM; 8² + 8 for attention, (8 · 4 + 1) · 4, (4 + 14 + 1) · 4
        # and 4 + 1 for the rest.
        (
            ["--filters", "100000"],
            "the network would have 10,040,200,333 weights; at most 100,000,000 are possible: "
            "lower --filters, --kernel-size, --lstm-units, --dense-units or --flank",
        ),
        (["--transform", "marks=log1p"], "--transform marks: the network reads uniqueness, accessibility"),
        (
            ["--transform", "accessibility=sqrt"],
            "transform 'sqrt' has the step 'sqrt'; steps are none, log1p, clip:LIMIT and scale:FACTOR, joined by "
            "commas, with numbers greater than 0",
        ),
        (
            ["--transform", "log1p"],
            "argument --transform: 'log1p' is not of the form TRACK=STEPS, such as accessibility=log1p",
        ),
        (
            ["--attention", "none", "--scale-attention"],
            "--scale-attention works with after-lstm and before-lstm, not with none",
        ),
        (
            ["--positives", "peaks"],
            "positives from peaks need --peaks CELL=BED for every cell; or give --positives bins",
        ),
        (["--positives", "bins", "--peaks", "liver=x.bed"], "--peaks is used with --positives peaks only"),
        (["--peaks", "liver=x.bed", "--peaks", "liver=y.bed"], "--peaks names a cell twice; give one file per cell"),
        (["--memory", "0"], "argument --memory: 0 is not a number greater than 0"),
    ],
)
def test_wrong_options(case, options, message):
    case.refuses_options(message, *options)


def test_peaks_of_some_cells(case):
    bed = case.toy.bed("p.bed", [("chr9", 100, 400)])
    case.refuses_options("--peaks lacks cell K562; give --peaks CELL=BED for every cell", "--peaks", f"liver={bed}")


def test_peaks_of_another_cell(case):
    bed = case.toy.bed("p.bed", [("chr9", 100, 400)])
    options = [part for cell in ("liver", "K562", "kidney") for part in ("--peaks", f"{cell}={bed}")]
    text = "--peaks names cell 'kidney', which is not trained on (it has liver, K562)"
    case.refuses_options(text, *options)


def test_peaks_off_the_genome(case):
    bed = case.toy.bed("p.bed", [("chr9", 5000, 5400)])
    options = [part for cell in ("liver", "K562") for part in ("--peaks", f"{cell}={bed}")]
    text = "end (5400) is past the end of chr9 (5230); is the file from another assembly?"
    case.refuses(f"{bed}, line 1: {text}", *options)


def test_peaks_on_other_chromosomes_only(case):
    """The labels, which have bound bins, are not at fault."""
    liver = case.toy.bed("liver.bed", [("chrV", 100, 400), ("chrT", 0, 400)])
    other = case.toy.bed("K562.bed", [("chr9", 950, 1100)])
    case.refuses(
        f"{liver}, {other}: --peaks leaves no peak to learn from on chr9, chr2 (validation and test chromosomes left "
        "out, and peaks near the blacklist or a chromosome's end)",
        "--peaks",
        f"liver={liver}",
        "--peaks",
        f"K562={other}",
    )


def test_a_network_for_a_model(case):
    text = "--start-from takes the network of the model; leave out --filters, --preset"
    argv = [case.features, case.labels, "-o", case.output, *CHOICE, "--filters", "3"]
    assert run(*argv, "--start-from", case.features, "--preset", "CTCF") == 2
    assert case._capfd.readouterr().err.splitlines()[-1] == f"{PROGRAM}{text}"


def test_inputs_left_out_for_a_model(case):
    text = "--start-from takes the network of the model; leave out --merge-attention, --no-expression, --annotation"
    argv = [case.features, case.labels, "-o", case.output, *CHOICE, "--no-expression", "--annotation"]
    assert run(*argv, "--merge-attention", "--start-from", case.features) == 2
    assert case._capfd.readouterr().err.splitlines()[-1] == f"{PROGRAM}{text}"


def test_a_model_that_reads_what_the_features_lack(case):
    """Nothing that the program would refuse is advised."""
    start = case.inputs / "start.h5"
    assert run(case.features, case.labels, "-o", start, *network_options(), "--epochs", "1", *CHOICE) == 0
    case.toy.write_features(case.features, skip=("expression-scores", "uniqueness"))
    case._capfd.readouterr()
    assert run(case.features, case.labels, "-o", case.output, "--start-from", start, "--quiet", *CHOICE) == 1
    assert case._capfd.readouterr().err == (
        f"{PROGRAM}{case.features}: has no track 'uniqueness' (it has accessibility), no expression for cell 'liver', "
        "which the model reads; add that with deepgrn-features\n"
    )


# --- what comes to light while training


def test_the_loss_is_not_a_number(case, monkeypatch):
    monkeypatch.setattr(PlainStep, "run", lambda self, batch, rate: float("nan"))
    case.refuses(
        "the loss is not a number in epoch 1: lower --learning-rate, or tame large signals with --transform TRACK=log1p"
    )


def test_the_network_becomes_useless(case, monkeypatch):
    worst = {"logit/bias": np.array([np.inf], np.float32)}
    weights = PlainStep.weights
    monkeypatch.setattr(PlainStep, "weights", lambda self: weights(self) | worst)
    case.refuses(
        "scores of validation bins are not numbers: the network has become useless; lower --learning-rate, or tame "
        "large signals with --transform TRACK=log1p"
    )
