"""deepgrn-importance from options to outputs, and users' mistakes: exit code, one line, no output."""

import shutil

import h5py
import numpy as np
import pytest
from engine_toys import random_model
from programs import exit_code, run_in_c_locale
from training_toys import Toy, label_rows, toy_settings, write_labels

from deepgrn_tool.cli.importance import main
from deepgrn_tool.network.files import Model, save_model
from deepgrn_tool.training.build import network_config

SETTINGS = {"flank": 60}
RECORD = {"test_chromosomes": ["chrV", "chr2", "chr21"], "training_chromosomes": ["chr9"]}


def write_model(path, seed, record=RECORD, factor="TOY", assembly="toy1", **options):
    config = network_config(toy_settings(**SETTINGS))
    made = random_model(seed, **{**vars(config), "transforms": (), **options})
    save_model(Model(made.config, made.weights, factor, assembly, record), path)
    return path


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    toy = Toy(tmp_path_factory.mktemp("toy"))
    folder = toy.folder
    write_model(folder / "a.model.h5", 1)
    write_model(folder / "b.h5", 2)
    write_model(folder / "untold.h5", 3, record={})
    write_model(folder / "elsewhere.h5", 3, record={"test_chromosomes": ["chr21", "chr8"]})
    write_model(folder / "marks.h5", 4, tracks=("H3K4me3",))
    rows = label_rows()
    write_labels(folder / "kidney.tsv.gz", [["chr", "start", "stop", "kidney"], *(row[:4] for row in rows[1:])])
    write_labels(folder / "unbound.tsv.gz", [[*row[:3], "U", "U"] if row[0] == "chrT" else row for row in rows])
    write_labels(folder / "foreign.tsv.gz", [*rows, ["chrX", 0, 200, "U", "B"]])
    write_labels(
        folder / "long.tsv.gz", [rows[0], *(row for row in rows if row[0] == "chrV"), ["chrV", 3900, 4100, "U", "B"]]
    )
    return toy


class Case:
    def __init__(self, toy, folder, capfd):
        self.toy, self.folder, self._capfd = toy, folder, capfd
        self.table = folder / "table.tsv"

    def path(self, name):
        return self.toy.folder / name

    def run(self, *argv, models=("a.model.h5",), labels="TOY.labels.tsv.gz"):
        models = [str(model).replace("@", f"{self.toy.folder}/") for model in models]
        models = [model if "/" in model else self.path(model) for model in models]
        labels = ["--labels", self.path(labels)] if isinstance(labels, str) else list(labels)
        code = exit_code(main, self.toy.features, *models, *labels, "-o", self.table, *argv)
        captured = self._capfd.readouterr()
        assert captured.out == ""
        return code, captured.err

    def rows(self, path=None):
        header, *rows = (line.split("\t") for line in (path or self.table).read_text().splitlines())
        return [dict(zip(header, row, strict=True)) for row in rows]

    def refuses(self, message, *argv, code=1, **more):
        found, said = self.run(*argv, *(["--quiet"] if code == 1 else []), **more)
        assert (found, said.splitlines()[-1]) == (code, f"deepgrn-importance: error: {message}")
        assert len(said.splitlines()) == 1 if code == 1 else said.startswith("usage: ")
        assert list(self.folder.iterdir()) == []


@pytest.fixture
def case(toy, tmp_path, capfd):
    return Case(toy, tmp_path, capfd)


def test_two_models_table_plots_and_tests(case):
    plots = [case.folder / name for name in ("bars.png", "bars.pdf", "bars.svg")]
    tests = case.folder / "tests.tsv"
    code, said = case.run(
        *(part for path in plots for part in ("--plot", path)),
        *("--compare", "a:second", "--compare", "sequence:accessibility", "--tests", tests, "--repeats", 2),
        models=["a.model.h5", "second=@b.h5"],
    )
    assert code == 0
    rows = case.rows()
    inputs = ["sequence", "uniqueness", "accessibility", "expression", "annotation"]
    assert [(row["model"], row["input"]) for row in rows] == [
        (name, each) for name in ("a", "second") for each in inputs
    ]
    # The chromosomes that the record names and the labels have, in the order of the genome; chr9 was learned from.
    assert {(row["chromosomes"], row["cells"], row["factor"]) for row in rows} == {("chr2,chrV", "liver,K562", "TOY")}
    assert {row["repeats"] for row in rows} == {"2"}
    for row in rows:
        assert float(row["permuted_auprc"]) == pytest.approx(float(row["auprc"]) - float(row["decrease"]), abs=2e-6)
        assert float(row["decrease_min"]) <= float(row["decrease"]) <= float(row["decrease_max"])
    found = case.rows(tests)
    assert [(row["left"], row["of"], row["pairs"]) for row in found] == [
        *(("a", each, "1") for each in inputs),
        ("a", "all", "5"),
        ("sequence", "all", "2"),
    ]
    decreases = np.array([float(row["decrease"]) for row in rows]).reshape(2, 5)
    assert float(found[5]["mean_left"]) == pytest.approx(decreases[0].mean(), rel=1e-4)
    assert float(found[6]["mean_right"]) == pytest.approx(decreases[:, 2].mean(), rel=1e-4)
    assert [path.read_bytes()[:4] for path in plots[:2]] == [b"\x89PNG", b"%PDF"]
    svg = plots[2].read_text()
    assert "<svg" in svg
    for text in (*inputs, "second (auPRC", "TOY, liver, K562, chr2, chrV"):
        assert f"<!-- {text}" in svg or text in svg
    assert said.splitlines()[0].startswith("a: ")
    assert "warning" not in said


def test_names_of_models_in_any_script_whatever_the_locale(case):
    tests = case.folder / "tests.tsv"
    code = "import sys; from deepgrn_tool.cli.importance import main; *argv, one, two = sys.argv[1:]\n"
    code += "sys.exit(main([*argv, '\\u03b2=' + one, '\\u03b3=' + two, '--compare', '\\u03b2:\\u03b3']))"
    argv = [case.toy.features, "--labels", case.path("TOY.labels.tsv.gz"), "-o", case.table, "--tests", tests]
    argv += ["--repeats", 1, "--chromosomes", "chrV", "--quiet"]
    done = run_in_c_locale(code, *argv, case.path("a.model.h5"), case.path("b.h5"))
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    lines = case.table.read_text(encoding="utf-8").splitlines()
    assert {line.split("\t")[0] for line in lines[1:]} == {"β", "γ"}
    assert {tuple(line.split("\t")[:2]) for line in tests.read_text(encoding="utf-8").splitlines()[1:]} == {("β", "γ")}


def test_cells_chromosomes_sample_and_seed(case, monkeypatch):
    monkeypatch.setattr("deepgrn_tool.importance.bins.FEWEST_NEGATIVES", 5)
    options = ["--cells", "liver", "--chromosomes", "chr9", "--negatives", 2, "--repeats", 3]
    code, said = case.run(*options)
    assert code == 0
    # liver: of the bins 750 … 1100 and 3000 … 3350 the blacklist takes 850 … 1000; two others for each that is left.
    first = case.rows()
    assert {(row["bins"], row["bound"], row["cells"], row["chromosomes"]) for row in first} == {
        ("36", "12", "liver", "chr9")
    }
    assert next(row for row in first if row["input"] == "expression")["decrease"] == "0"
    assert "a: expression is the same in all bins measured, so its importance is 0\n" in said
    path = case.path("a.model.h5")
    assert f"warning: {path} was trained on chr9; importance is best measured elsewhere\n" in said
    assert case.run(*options)[0] == 0
    assert case.rows() == first
    assert case.run(*options, "--seed", 2)[0] == 0
    assert case.rows() != first


def test_labels_of_each_model(case, toy):
    other = case.path("K562.tsv.gz")
    write_labels(other, label_rows(("K562",)))
    labels = ["--labels", case.path("TOY.labels.tsv.gz"), "--labels", f"b={other}"]
    assert case.run("--repeats", 1, models=["a.model.h5", "b.h5"], labels=labels)[0] == 0
    assert {(row["model"], row["cells"]) for row in case.rows()} == {("a", "liver,K562"), ("b", "K562")}
    assert {row["decrease_sd"] for row in case.rows()} == {"NA"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--cells", "kidney"], "{features}: has no cell 'kidney' (it has K562, liver)"),
        (["--chromosomes", "chr3"], "{labels}: has no chromosome 'chr3' (it has chr9, chr2, chrV, chrT)"),
        (["--plot", "none/a.png"], "none/a.png: its folder does not exist; create it first"),
        (
            ["--chromosomes", "chrT"],
            "{labels}: has no bound bin on chrT of liver, K562, ambiguous and blacklisted ones left out",
        ),
    ],
)
def test_choices(case, argv, message):
    case.refuses(message.format(labels=case.path("TOY.labels.tsv.gz"), features=case.toy.features), *argv)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("untold.h5", "does not say on which chromosomes it is to be tested; choose with --chromosomes"),
        ("elsewhere.h5", "was to be tested on chr21, chr8, which LABELS lacks; choose with --chromosomes"),
        ("absent.h5", "No such file or directory"),
        (
            "features.h5",
            "is not a deepgrn-model file (its format is 'deepgrn-features'); make one with deepgrn-import or "
            "deepgrn-train",
        ),
    ],
)
def test_models(case, model, message):
    labels = case.path("TOY.labels.tsv.gz")
    case.refuses(f"{case.path(model)}: {message.replace('LABELS', str(labels))}", models=[model])


def test_a_chromosome_that_is_too_long(case, monkeypatch):
    """As if starts of bins had fewer bits."""
    monkeypatch.setattr("deepgrn_tool.training.examples.LONGEST", 3999)
    text = "chrV has 4,000 bp; bins are taken from chromosomes of at most 3,999 bp"
    message = f"{case.toy.features}: {text}: choose others, or split it in all inputs"
    case.refuses(message, "--chromosomes", "chrV")


def test_features_lack_a_track(case):
    text = "has no track 'H3K4me3', which the model needs; make the file with --cell-track liver:H3K4me3=FILE or "
    case.refuses(f"{case.toy.features}: {text}--genome-track H3K4me3=FILE", models=["marks.h5"])


def test_a_cell_that_the_labels_lack_need_not_have_what_the_model_reads(case, toy):
    """A second cell of the features has the track; labels are of this one only."""
    features = case.folder / "f.h5"
    shutil.copy(toy.features, features)
    with h5py.File(features, "r+") as file:
        file.move("cells/K562/tracks/accessibility", "cells/K562/tracks/other")
    column = label_rows()[0].index("liver")
    rows = [[*row[:3], row[column]] for row in label_rows()]
    write_labels(case.folder / "l.tsv.gz", rows)
    argv = ["--labels", case.folder / "l.tsv.gz", "-o", case.table, "--repeats", "1"]
    assert exit_code(main, features, case.path("a.model.h5"), *argv) == 0
    assert {row["cells"] for row in case.rows()} == {"liver"}


@pytest.mark.parametrize(
    ("labels", "argv", "message"),
    [
        (
            "kidney.tsv.gz",
            [],
            "FEATURES: has no cell 'kidney', which the labels have (it has K562, liver); choose with --cells",
        ),
        (
            "foreign.tsv.gz",
            ["--chromosomes", "chrX"],
            "FEATURES: has no chromosome 'chrX', which the labels have (it has chr9, chr2, chrV, chrT)",
        ),
        (
            "long.tsv.gz",
            ["--chromosomes", "chrV"],
            "LABELS: the bin chrV:3900-4100 is past the end of chrV in the features (4000); is the file of another "
            "assembly?",
        ),
        ("absent.tsv.gz", [], "LABELS: No such file or directory"),
        ("a.model.h5", [], "LABELS, line 1: is not UTF-8 text; is this a binary file?"),
    ],
)
def test_label_files(case, labels, argv, message):
    message = message.replace("FEATURES", str(case.toy.features)).replace("LABELS", str(case.path(labels)))
    case.refuses(message, *argv, labels=labels)


@pytest.mark.parametrize(
    ("argv", "models", "message"),
    [
        (["--repeats", "0"], ["a.model.h5"], "argument --repeats: 0 is not at least 1"),
        (["--negatives", "0"], ["a.model.h5"], "argument --negatives: 0 is not at least 1"),
        ([], ["=@b.h5"], "argument MODEL: '=@b.h5' is not of the form FILE or NAME=FILE"),
        (["--compare", "a"], ["a.model.h5"], "argument --compare: 'a' is not of the form NAME,NAME:NAME,NAME"),
        (["--compare", "a:b"], ["a.model.h5"], "--compare needs --tests FILE, a table for its results"),
        (["--tests", "t.tsv"], ["a.model.h5"], "--tests needs --compare, which tells what to compare"),
        (["--plot", "t.tsv"], ["a.model.h5"], "figure t.tsv: the suffix must tell the format: .png, .pdf or .svg"),
        ([], ["a.model.h5", "a=@b.h5"], "two models go by the same name; give NAME=FILE with different names"),
        (
            ["--compare", "sequence:promoter", "--tests", "t.tsv"],
            ["a.model.h5"],
            "--compare sequence:promoter: 'promoter' is no network or input (it has a, sequence, uniqueness, "
            "accessibility, expression, …)",
        ),
    ],
)
def test_options(case, argv, models, message, monkeypatch):
    monkeypatch.chdir(case.folder)
    case.refuses(message.replace("@", f"{case.toy.folder}/"), *argv, models=models, code=2)


def test_labels_of_no_model_and_models_without_labels(case):
    labels = ["--labels", f"c={case.path('TOY.labels.tsv.gz')}"]
    text = f"--labels c={case.path('TOY.labels.tsv.gz')}: there is no model 'c' (it has a)"
    case.refuses(text, labels=labels, code=2)
    labels = ["--labels", f"a={case.path('TOY.labels.tsv.gz')}"]
    text = "model 'b' has no labels; give --labels FILE, or --labels b=FILE"
    case.refuses(text, labels=labels, models=["a.model.h5", "b.h5"], code=2)
    case.refuses("--labels is given twice for the same models; give MODEL=FILE", labels=labels * 2, code=2)


def test_the_table_is_the_features_file(case):
    case.table = case.toy.features
    code, said = case.run()
    assert code == 2
    assert said.splitlines()[-1].endswith(
        f"output {case.toy.features} is also the input {case.toy.features}; choose another name"
    )
