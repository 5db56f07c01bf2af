"""Mistakes of users of deepgrn-evaluate: exit code, one line that names the file and the remedy, no output."""

import gzip

import numpy as np
import pyBigWig
import pytest
from evaluation_toys import BINS, K562, LENGTHS, SCORES, write_labels, write_rows, write_scores

from deepgrn_tool.cli.evaluate import main

PROGRAM = "deepgrn-evaluate: error: "
NOT_THERE = "No such file or directory"
ROWS = [("chr2", start, start + 200, score) for start, score in zip(BINS["chr2"], SCORES["chr2"], strict=True)]


class Case:
    """A folder with good inputs, and one for outputs that must stay empty."""

    def __init__(self, folder, capfd):
        self.inputs, self.out = folder / "in", folder / "out"
        self.inputs.mkdir()
        self.out.mkdir()
        self.labels = write_labels(self.inputs / "t.labels.tsv.gz")
        self.scores = write_scores(self.inputs / "p.tab.gz")
        self.table, self.figure = self.out / "metrics.tsv", self.out / "curves.png"
        self._capfd = capfd

    def path(self, name):
        return self.inputs / name

    def run(self, *options, cell="K562", outputs=True):
        argv = ["--labels", self.labels, *options, *(["--cell", cell] if cell else [])]
        argv += ["-o", self.table, "--curves", self.figure] if outputs else []
        before = self.listing()
        try:
            code = main(list(map(str, argv)))
        except SystemExit as left:
            code = left.code
        captured = self._capfd.readouterr()
        assert captured.out == ""
        assert self.listing() == before
        return code, captured.err

    def listing(self):
        return {path: path.stat().st_size for folder in (self.inputs, self.out) for path in folder.rglob("*")}

    def refuses(self, message, *options, **more):
        """Bad data: exit code 1 and one line."""
        assert self.run(*options, "--quiet", **more) == (1, f"{PROGRAM}{message}\n")

    def refuses_options(self, message, *options, **more):
        """Bad options: exit code 2, the usage, and one line."""
        code, said = self.run(*options, **more)
        assert (code, said.splitlines()[-1]) == (2, f"{PROGRAM}{message}")
        assert said.startswith("usage: deepgrn-evaluate ")


@pytest.fixture
def case(tmp_path, capfd):
    return Case(tmp_path, capfd)


# --- files of scores as text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr2\t600\t800", "has 3 columns where chromosome, start, end and score are expected"),
        ("chr2\t600\t800\t0.5\tx", "has 5 columns where chromosome, start, end and score are expected"),
        ("chr2\t600\t800\tnan", "score 'nan' is not a finite number"),
        ("chr2\t600\t800\t-inf", "score '-inf' is not a finite number"),
        ("chr2\t600\t800\t1e999", "score 'inf' is not a finite number"),
        ("chr2\t600\t800\tNA", "score 'NA' is not a number"),
        ("chr2\tx\t800\t0.5", "'x' is not a whole number"),
        ("chr2\t600\t8.5\t0.5", "'8.5' is not a whole number"),
        ("chr2\t6_00\t800\t0.5", "'6_00' is not a whole number"),
        ("chr2\t600\t99999999999999999999\t0.5", "'99999999999999999999' is not a position on a chromosome"),
        ("chr2\t-50\t150\t0.5", "start (-50) is negative; positions count from 0"),
        ("chr2\t600\t600\t0.5", "end (600) is not after start (600)"),
        ("chr\0\t600\t800\t0.5\t", "holds a NUL byte; is this a binary file?"),
        ("chr\xff\t600\t800\t0.5", "is not UTF-8 text; is this a binary file?"),
    ],
)
@pytest.mark.parametrize("name", ["q.tab.gz", "q.bedGraph"])
def test_wrong_rows(case, name, line, message):
    rows = ROWS if "tab" in name else [(chrom, start + 75, start + 125, score) for chrom, start, _, score in ROWS]
    text = write_rows(case.path(name), rows).read_bytes() + line.encode("latin-1") + b"\n"
    case.path(name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    case.refuses(f"{case.path(name)}, line 12: {message}", case.path(name))


def test_bins_of_another_size(case):
    path = write_rows(case.path("q.tab"), [*ROWS, ("chr2", 600, 650, 0.5)])
    text = "the bin chr2:600-650 has 50 bp; bins have 200 (files of intervals are named .bedGraph)"
    case.refuses(f"{path}, line 12: {text}", path)


def test_a_bin_is_scored_twice(case):
    path = write_rows(case.path("q.tab"), [("chr10", 0, 200, 1), *ROWS, ("chr2", 50, 250, 0.8)])
    case.refuses(f"{path}, line 13: chr2:50-250 has a score already in line 3", path)


def test_intervals_overlap(case):
    path = write_rows(case.path("q.bg"), [("chr2", 75, 125, 1), ("chr2", 500, 600, 1), ("chr2", 120, 175, 0.5)])
    case.refuses(f"{path}, line 3: chr2:120-175 overlaps the interval in line 1", path)


def test_a_table_with_the_suffix_of_a_bedgraph(case):
    path = write_rows(case.path("q.bedGraph"), ROWS)
    case.refuses(f"{path}, line 2: chr2:50-250 overlaps the interval in line 1", path)


@pytest.mark.parametrize("content", [b"", b"# nothing\n"])
def test_no_score(case, content):
    case.path("q.tab").write_bytes(content)
    case.refuses(f"{case.path('q.tab')}: holds no score", case.path("q.tab"))


# --- bigWigs


def bigwig(path, value=0.5, lengths=LENGTHS, chrom="chr2"):
    file = pyBigWig.open(str(path), "w")
    file.addHeader(sorted(lengths.items()))
    file.addEntries([chrom], [75], ends=[125], values=[value])
    file.close()
    return path


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_bigwig_holds_what_is_no_number(case, value):
    path = bigwig(case.path("q.bw"), float(value))
    case.refuses(f"{path}: chr2:75-125 holds {value}, which is not a finite number", path)


def test_bigwig_with_the_suffix_of_text(case):
    path = write_scores(case.path("q.bw")).rename(case.path("q.bedGraph"))
    case.refuses(f"{path}, line 1: holds a NUL byte; is this a binary file?", path)


def test_track_of_means(case):
    path = write_scores(case.path("q.bw"), summarize="mean")
    text = "chr10:125-175, the central 50 bp of a bin, have more than one value or only some have one; only tracks "
    case.refuses(f"{path}: {text}written with --summarize center hold the scores of bins, or write .tab.gz", path)


# --- predictions and labels do not go together


@pytest.mark.parametrize("name", ["q.bw", "q.tab"])
def test_names_of_chromosomes_differ(case, name):
    if name == "q.bw":
        path = bigwig(case.path(name), lengths={"2": 800}, chrom="2")
    else:
        path = write_rows(case.path(name), [("2", *row[1:]) for row in ROWS])
    text = "has no score on a chromosome of the labels: '2' is not one of them; did you mean 'chr2'?"
    case.refuses(f"{path}: {text}", path)


def test_a_bigwig_lists_the_chromosomes_of_the_labels_but_has_no_value_there(case):
    path = bigwig(case.path("q.bw"), lengths={"chr2": 800, "chr10": 400, "chr3": 800}, chrom="chr3")
    text = "has no score on any of the labelled chromosomes (chr10, chr2, chrU); score these, or choose others with "
    case.refuses(f"{path}: {text}--chromosomes", path)


def test_chromosomes_without_scores_are_named_unless_they_are_many(case):
    bins = {f"chr{number}": [0] for number in range(2, 9)}
    labels = write_labels(case.path("many.tsv"), {"K562": dict.fromkeys(bins, "B")}, bins)
    path = bigwig(case.path("q.bw"), lengths={"chr2": 800, "1": 800}, chrom="1")
    text = "(chr2, chr3, chr4, chr5, chr6, …); score these, or choose others with --chromosomes"
    case.refuses(f"{path}: has no score on any of the labelled chromosomes {text}", path, "--labels", labels)


@pytest.mark.parametrize("name", ["q.tab", "q.bedGraph"])
@pytest.mark.parametrize("mark", ["#", "track ", "# "])
def test_all_rows_are_comments(case, name, mark):
    path = case.path(name)
    path.write_text("".join(f"{mark}chr2\t{start}\t{end}\t{score}\n" for _, start, end, score in ROWS))
    case.refuses(f"{path}: holds no score", path)


def test_predictions_share_no_chromosome(case):
    paths = [write_scores(case.path(f"{chrom}.bw"), scores={chrom: SCORES[chrom]}) for chrom in ("chr2", "chr10")]
    case.refuses("the predictions have no chromosome of the labels in common; evaluate them one by one", *paths)


def test_scores_are_missing(case):
    path = write_rows(case.path("q.tab"), [*ROWS[:3], *ROWS[6:]])
    text = "has no score for 3 of 10 labelled bins, the first of them chr2:150-350; score these, too, choose "
    case.refuses(f"{path}: {text}--chromosomes, or leave such bins out with --missing drop", path)


def test_scores_of_a_chosen_chromosome_are_missing(case):
    path = write_rows(case.path("q.tab"), ROWS)
    text = "has no score for 4 of 14 labelled bins, the first of them chr10:0-200; score these, too, choose "
    options = ("--chromosomes", "chr2,chr10")
    case.refuses(f"{path}: {text}--chromosomes, or leave such bins out with --missing drop", path, *options)


def test_labels_lack_the_chosen_chromosome(case):
    case.refuses(f"{case.labels}: has no chromosome '2'; did you mean 'chr2'?", case.scores, "--chromosomes", "chr10,2")


def test_labels_lack_the_cell(case):
    case.refuses(f"{case.labels}: has no cell 'k562'; did you mean 'K562'?", case.scores, cell="k562")


def test_labels_lack_the_cell_of_a_prediction(case):
    text = f"{case.labels}: has no cell 'K652'; did you mean 'K562'?"
    case.refuses(text, case.scores, f"K652:q={case.scores}")
    labels = write_labels(case.path("one.tsv"), {"K562": K562})
    case.labels = labels
    case.refuses(f"{labels}: has no cell 'K652'; did you mean 'K562'?", case.scores, f"K652:q={case.scores}", cell=None)


@pytest.mark.parametrize(
    ("letters", "state", "count"), [("UUAU", "bound", 3), ("BABB", "unbound", 3), ("AAAA", "bound", 0)]
)
def test_nothing_to_rank(case, letters, state, count):
    case.labels = write_labels(case.path("flat.tsv"), {"K562": {"chr10": letters}}, {"chr10": BINS["chr10"]})
    text = f"p (K562): none of {count} labelled bins on chr10 is {state}; there is nothing to rank"
    case.refuses(text, case.scores)


def test_labels_are_damaged(case):
    case.labels = case.path("bad.tsv")
    case.labels.write_text("chr\tstart\tstop\tK562\nchr2\t0\t200\tX\n")
    case.refuses(f"{case.labels}, line 2: 'X' is not a label; labels are B, U and A", case.scores)


# --- options


def test_several_cells_and_none_is_chosen(case):
    text = f"{case.labels} holds several cells (K562, HepG2); name one with --cell"
    case.refuses_options(text, case.scores, cell=None)
    case.refuses_options(text, f"K562:a={case.scores}", case.scores, cell=None)


@pytest.mark.parametrize("second", ["p={}", "K562:p={}", "{}"])
def test_two_predictions_of_one_name(case, second):
    text = "two predictions are called 'p'; give other names as NAME=FILE"
    case.refuses_options(text, case.scores, second.format(case.scores))


@pytest.mark.parametrize("given", ["=p.bw", "name=", ":name=p.bw", "cell:=p.bw"])
def test_malformed_predictions(case, given):
    text = f"argument PREDICTION: '{given}' is not of the form FILE, NAME=FILE or CELL:NAME=FILE"
    case.refuses_options(text, given)


def test_no_prediction(case):
    case.refuses_options("the following arguments are required: PREDICTION")


def test_a_name_with_a_tab(case):
    text = r"the name 'a\tb' holds a tab or another character that cannot be printed"
    case.refuses_options(text, f"a\tb={case.scores}")


def test_unknown_suffix(case):
    text = "the suffix must tell the format: .bw or .bigWig (bigWig), .bedGraph or .bg (bedGraph), .tab (table of bins)"
    case.refuses_options(f"prediction x.txt: {text}; text also with .gz", "x.txt")


def test_unknown_figure(case):
    case.figure = case.out / "curves.jpg"
    case.refuses_options(f"figure {case.figure}: the suffix must tell the format: .png, .pdf or .svg", case.scores)


def test_outputs_and_inputs_are_one_file(case):
    case.table = case.scores
    text = f"output {case.scores} is also the input {case.scores}; choose another name"
    case.refuses_options(text, case.scores)
    case.table = case.labels
    case.refuses_options(f"output {case.labels} is also the input {case.labels}; choose another name", case.scores)


def test_outputs_are_one_file(case):
    case.table = case.figure
    case.refuses_options(f"output {case.figure} is named twice", case.scores)


def test_folder_of_the_output_is_missing(case):
    case.figure = case.out / "none" / "c.png"
    case.refuses(f"{case.figure}: its folder does not exist; create it first", case.scores)


def test_prediction_is_missing_and_labels_are_not_read(case):
    case.labels.write_bytes(b"")
    case.refuses(f"absent.bw: {NOT_THERE}", "absent.bw")


@pytest.mark.parametrize("seed", ["0", "-1"])
def test_seed_below_1(case, seed):
    case.refuses_options(f"argument --seed: {seed} is not at least 1", case.scores, "--subsamples", "--seed", seed)


def test_no_table_is_left_when_the_figure_fails(case, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "curves.png")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    case.refuses("curves.png: no space left on the disk; free some or write elsewhere", case.scores)


def test_the_good_inputs_are_good(case):
    argv = ["--labels", case.labels, "--cell", "K562", "-o", case.table, case.scores, "--quiet"]
    assert main(list(map(str, argv))) == 0
    assert np.loadtxt(case.table, dtype=str, delimiter="\t").shape == (5, 14)
