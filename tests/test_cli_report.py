"""deepgrn-report: pages of whole runs, and mistakes of users."""

import base64
import json
import os
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
from engine_toys import random_model
from evaluation_toys import GOLDEN, LENGTHS, write_labels, write_rows, write_scores
from features_inputs import sequences, write_bigwig, write_fasta
from programs import exit_code
from test_report_page import Reader

from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.cli.report import main
from deepgrn_tool.network.files import Model, save_model
from deepgrn_tool.training.history import Epoch, write_history

PNG = b"\x89PNG\r\n\x1a\n"
EPOCHS = [Epoch(1, 0.5, 0.25, 0.75, "mean", 10, 20, 0.001), Epoch(2, 0.25, 0.5, 0.875, "mean", 10, 20, 0.001)]


class Case:
    """A folder with everything that a run leaves."""

    def __init__(self, folder):
        self.folder = folder
        self.page = folder / "out" / "page.html"
        self.page.parent.mkdir()
        self.scores = write_scores(folder / "toy.bw")
        self.labels = write_labels(folder / "t.labels.tsv.gz")
        self.attention = write_bigwig(folder / "attention.bw", LENGTHS, {"chr2": [(580, 620, 7.5)]})
        self.features = folder / "features.h5"
        open_chromatin = write_bigwig(folder / "a.bw", LENGTHS, {"chr2": [(500, 700, 2.0)]})
        genome = write_fasta(folder / "genome.fa", sequences(seed=1, lengths=LENGTHS))
        given = ["--genome", genome, "--accessibility", f"K562={open_chromatin}", "-o", self.features, "--quiet"]
        assert make_features(list(map(str, given))) == 0
        self.model = folder / "model.h5"
        made = random_model(seed=4, filters=6, kernel_size=30, lstm_units=4, dense_units=8, attention="none")
        record = {"made_by": "deepgrn-train", "validation_base_rate": 0.125, "settings": {"seed": 7}}
        save_model(Model(made.config, made.weights, "TOY", "toy1", record), self.model)
        self.history = folder / "history.tsv"
        write_history(EPOCHS, self.history)
        self.image = folder / "logos.png"
        self.image.write_bytes(PNG)
        self.table = folder / "known.tsv"
        self.table.write_text("motif\tfold\nMA0139.2\t12.5\n")

    def run(self, *options):
        return exit_code(main, *options, "-o", self.page, "--quiet")

    def all_options(self):
        return [
            *("--scores", f"K562:run={self.scores}", "--labels", self.labels, "--attention", self.attention),
            *("--features", self.features, "--model", self.model, "--history", self.history),
            *("--figure", f"Motifs={self.image}", "--table", f"Motifs={self.table}", "--places", "2"),
        ]

    def read(self):
        return Reader(self.page.read_text())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("report"))


@pytest.fixture
def case(made):
    made.page.unlink(missing_ok=True)
    return made


def headings(reader):
    return [attributes["href"] for tag, attributes in reader.elements if tag == "a"]


def test_whole_page(case, capfd):
    assert case.run(*case.all_options()) == 0
    assert capfd.readouterr() == ("", "")
    reader = case.read()
    titles = ["Quality", "Scores", "Best places", "Motifs", "Training", "Network", "Data", "How this page was made"]
    assert headings(reader) == [f"#part{number}" for number in range(1, 9)]
    positions = [reader.text.rindex(f"\n{title}\n") for title in titles]
    assert positions == sorted(positions)
    assert reader.text.lstrip().startswith("TOY in K562")
    # The golden case of the metrics, in three digits: bins, bound, rate, auPRC, auROC, recalls, F1.
    row = ["chr2", "10", "4", "0.4", f"{float(GOLDEN[1]):.3g}", f"{float(GOLDEN[0]):.3g}", "1", "0.25", "0.667"]
    assert "".join(row) in "".join(reader.text.split("\n"))
    facts = [attributes["alt"] for tag, attributes in reader.elements if tag == "img"]
    assert facts[2:4] == [
        "chr2:1-800, best score 1.000; not bound by the labels.",
        "chr10:1-400, best score 0.750; bound by the labels.",
    ]
    assert facts[4:] == ["logos.png", "Epoch 2 of 2 was kept: validation auPRC 0.500 at a base rate of 0.12."]
    for text in ("MA0139.2", "12.5", "settings seed", "deepgrn-train", "K562", "numpy", np.__version__):
        assert text in reader.text


def test_the_same_page_each_time(case):
    pages = []
    for _ in range(2):
        assert case.run(*case.all_options()) == 0
        pages.append(case.page.read_bytes())
    assert pages[0] == pages[1]
    assert str(case.folder).encode() not in pages[0]


def test_scores_alone(case):
    assert case.run("--scores", case.scores) == 0
    reader = case.read()
    assert headings(reader) == ["#part1", "#part2", "#part3"]
    assert "11 of 17 bins score 0.5 or more." in reader.text  # .75 .5, .9 .8 .8 .8 .7 .6 .6 .6 1 are 11


def test_images_are_whole(case):
    assert case.run(*case.all_options()) == 0
    kinds = []
    for tag, attributes in case.read().elements:
        if tag == "img":
            kind, _, content = attributes["src"].removeprefix("data:").partition(";base64,")
            image = base64.b64decode(content, validate=True)
            assert image.startswith(PNG if kind == "image/png" else b"<?xml")
            kinds.append(kind)
    assert kinds == ["image/svg+xml"] * 2 + ["image/png"] * 3 + ["image/svg+xml"]


def test_chosen_places(case, capfd):
    """The middle of chr2 150-350 is 250: up to 1,250, past the 800 bp of chr2."""
    regions = write_rows(case.folder / "places.bed", [("chr2", 150, 350), ("chr10", 50, 60), ("chr2", 0, 20)])
    given = ["--scores", case.scores, "--features", case.features, "--regions", regions]
    assert case.run(*given) == 0
    facts = [attributes["alt"] for tag, attributes in case.read().elements if tag == "img"]
    best = ["chr2:1-800, best score 1.000.", "chr10:1-400, best score 0.750.", "chr2:1-800, best score 1.000."]
    assert facts[1:] == best
    text = case.read().text
    assert "The regions of places.bed, in its order: 2,000 bp around the middle of each." in text
    assert "\nChosen places\n" in text
    assert "Best places" not in text
    assert capfd.readouterr() == ("", "")


def test_more_chosen_places_than_are_shown(case, capfd):
    regions = write_rows(case.folder / "more.bed", [("chr2", 150, 350), ("chr10", 50, 60), ("chr2", 0, 20)])
    given = ["--scores", case.scores, "--features", case.features, "--regions", regions, "--places", "2"]
    assert case.run(*given) == 0
    said = f"warning: {regions}: shown are the first 2 of 3 regions; more with --places, at most 50\n"
    assert capfd.readouterr().err == said
    text = case.read().text
    assert "The first 2 of 3 regions of more.bed, in its order: 2,000 bp around the middle of each." in text


def test_captions_end_with_the_chromosome(case):
    """chr2 ends at 9,000: around 8,500 from 7,501 to there. Text of scores alone does not tell it."""
    lengths = {"chr2": 9000}
    track = write_bigwig(case.folder / "end.bw", lengths, {"chr2": [(8475, 8525, 0.5)]})
    text = write_rows(case.folder / "end.bedGraph", [("chr2", 8475, 8525, 0.5)])
    for path, end in ((track, "9,000"), (text, "9,500")):
        assert case.run("--scores", path) == 0
        assert [attributes["alt"] for tag, attributes in case.read().elements if tag == "img"][1:] == [
            f"chr2:7,501-{end}, best score 0.500."
        ]


def test_inputs_of_one_name_and_title(case, capfd):
    """Both are on the page, and neither can be overwritten."""
    tables = [case.folder / name / "t.tsv" for name in ("a", "b")]
    contents = ["x\ty\n1\t2\n", "x\ty\n3\t4\n"]
    for path, content in zip(tables, contents, strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    given = [part for path in tables for part in ("--table", f"T={path}")]
    assert case.run(*given) == 0
    for content in contents:
        assert sha256(content.encode()).hexdigest() in case.read().text
    for path in tables:
        assert exit_code(main, *given, "-o", path) == 2
        said = f"deepgrn-report: error: output {path} is also the input {path}; choose another name"
        assert capfd.readouterr().err.splitlines()[-1] == said
    assert [path.read_text() for path in tables] == contents


def test_names_in_a_locale_without_utf8(case):
    """Title, heading, file name and content of a table, all with a letter that is not in ASCII."""
    (case.folder / "β.tsv").write_text("β1\tvalue\na\t1\n", encoding="utf-8")
    given = ["--title", "β2", "--table", f"β3={case.folder}/β.tsv", "-o", str(case.page)]
    program = "import sys; from deepgrn_tool.cli.report import main; sys.exit(main(sys.argv[1:]))"
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", program, *given], env=environment, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    text = Reader(case.page.read_text(encoding="utf-8")).text
    for shown in ("β1", "β2", "β3", "β.tsv"):
        assert shown in text


def refusal(case, capfd, *options):
    code = exit_code(main, *options, "-o", case.page, "--quiet")
    assert list(case.page.parent.iterdir()) == []
    return code, capfd.readouterr().err.splitlines()[-1].removeprefix("deepgrn-report: error: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to show: give --scores, --model, --features or others"),
        (["--history", "{history}"], "--history goes with --model, which tells the base rate"),
        (["--labels", "{labels}"], "--labels goes with --scores"),
        (["--features", "{features}", "--chromosomes", "chr2"], "--chromosomes goes with --scores"),
        (
            ["--scores", "{scores}", "--scores", "other={scores}"],
            "several --scores are compared by labels: give --labels, or --scores only once",
        ),
        (["--attention", "{attention}"], "--attention goes with --scores"),
        (
            ["--scores", "{scores}", "--regions", "{table}"],
            "--regions goes with --features, which tells the chromosomes",
        ),
        (["--scores", "{scores}", "--places", "51"], "--places must be at most 50, not 51"),
        (["--scores", "{table}"], "prediction {table}: the suffix must tell the format: "),
        (["--figure", "A={table}"], "figure {table}: only .png and .svg can be shown; draw it as one of these"),
        (["--figure", "{image}"], "argument --figure: '{image}' is not of the form TITLE=FILE"),
        (
            ["--scores", "{scores}", "--labels", "{labels}"],
            "{labels} holds several cells (K562, HepG2); name one with --cell",
        ),
        (["--model", "{page}"], "output {page} is also the input {page}; choose another name"),
    ],
)
def test_options_that_cannot_be(case, capfd, options, message):
    names = {name: str(path) for name, path in vars(case).items()}
    code, said = refusal(case, capfd, *(option.format(**names) for option in options))
    assert (code, said[: len(message.format(**names))]) == (2, message.format(**names))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scores", "absent.bw"], "absent.bw: No such file or directory"),
        (["--model", "{features}"], "{features}: is not a deepgrn-model file"),
        (["--features", "{model}"], "{model}: "),
        (
            ["--model", "{model}", "--history", "{table}"],
            "{table}, line 1: is no history of training; deepgrn-train --history",
        ),
        (["--features", "{features}", "--cell", "K56"], "{features}: has no cell 'K56'; did you mean 'K562'?"),
        (["--table", "A={image}"], "{image}"),
        (
            ["--scores", "{scores}", "--chromosomes", "chr2,chrTYPO"],
            "{scores}: has no score on chromosome 'chrTYPO' (it has chr10, chr2, chrU)",
        ),
        (
            ["--figure", "A={image}", "--scores", "{scores}", "--chromosomes", "chr9"],
            "{scores}: has no score on chromosome 'chr9' (it has chr10, chr2, chrU)",
        ),
    ],
)
def test_files_that_cannot_be(case, capfd, options, message):
    names = {name: str(path) for name, path in vars(case).items()}
    code, said = refusal(case, capfd, *(option.format(**names) for option in options))
    assert (code, said[: len(message.format(**names))]) == (1, message.format(**names))


@pytest.mark.parametrize(("change", "message"), [("0.25", "half"), ("20\t0.001", "20")])
def test_damaged_history(case, capfd, change, message):
    damaged = case.folder / "damaged.tsv"
    damaged.write_text(case.history.read_text().replace(change, message))
    code, said = refusal(case, capfd, "--model", case.model, "--history", damaged)
    assert code == 1
    assert said.startswith(f"{damaged}, line 2: is no row of a history of training (")


def test_empty_history(case, capfd):
    empty = case.folder / "empty.tsv"
    empty.write_text(case.history.read_text().splitlines()[0] + "\n")
    assert refusal(case, capfd, "--model", case.model, "--history", empty) == (1, f"{empty}: holds no epoch")


def test_options_on_the_page(case):
    assert case.run("--scores", case.scores, "--chromosomes", "chr2,chr10", "--title", "A & B") == 0
    reader = case.read()
    assert reader.text.lstrip().startswith("A & B")
    assert "chr2,chr10" in reader.text
    assert json.dumps("chrU") not in reader.text
