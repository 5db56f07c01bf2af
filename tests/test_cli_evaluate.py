"""deepgrn-evaluate: whole runs on labels and scores whose metrics were worked out by hand."""

import re

import pytest
from evaluation_toys import BINS, GOLDEN, HEPG2, K562, SCORES, write_labels, write_rows, write_scores
from programs import run_in_c_locale

from deepgrn_tool.cli.evaluate import main

NOT_DEFINED = ["NA"] * 8


class Case:
    """A folder with labels of K562 and HepG2 and the scores in all formats."""

    def __init__(self, folder, capfd):
        self.folder = folder
        self.labels = write_labels(folder / "t.labels.tsv.gz")
        self.scores = write_scores(*(folder / name for name in ("p.bw", "p.bedGraph.gz", "p.bedGraph", "p.tab.gz")))
        self._capfd = capfd

    def run(self, *options, labels=None):
        """Run; returns the rows of the table by prediction, cell and chromosome, and what was said."""
        table = self.folder / "metrics.tsv"
        argv = ["--labels", self.labels if labels is None else labels, "-o", table, *options]
        assert main(list(map(str, argv))) == 0
        captured = self._capfd.readouterr()
        assert captured.out == ""
        header, *rows = (line.split("\t") for line in table.read_text().splitlines())
        assert {len(row) for row in rows} == {len(header)} == {14}
        return {tuple(row[:3]): row[3:] for row in rows}, captured.err

    def path(self, name):
        return self.folder / name


@pytest.fixture
def case(tmp_path, capfd):
    return Case(tmp_path, capfd)


def test_golden_table(case):
    rows, said = case.run(case.scores, "--cell", "K562")
    assert list(rows) == [("p", "K562", part) for part in ("all", "chr10", "chr2", "chrU")]
    assert rows["p", "K562", "chr2"] == ["10", "4", "0.4", *GOLDEN]
    # chr10, ranked: 0.75 B, 0.5 U, 0.25 B, 0.125 U. Precision 1, 1/2, 2/3 at the positives; 0.75 alone rounds to 1.
    chr10 = ["4", "2", "0.5", "0.75", f"{(1 + (1 / 2 + 2 / 3) / 2) / 2:.6g}", f"{(1 + 2 / 3) / 2:.6g}"]
    assert rows["p", "K562", "chr10"] == [*chr10, "1", "0.5", "0.5", "0.5", f"{2 / 3:.6g}"]
    assert rows["p", "K562", "chrU"] == ["2", "0", "0", *NOT_DEFINED]
    # All, ranked (score: bound/unbound): .9 1/0, .8 2/1, .75 1/0, .7 0/1, .6 1/2, .5 0/1, .25 1/0, then 5 unbound.
    pairs = 6 * 10 - (2 * (1 / 2) + 1 * 1 + 1 * (2 + 2 / 2) + 1 * 5)
    average = (1 + 2 * 3 / 4 + 4 / 5 + 5 / 9 + 6 / 11) / 6
    overall = rows["p", "K562", "all"]
    assert overall[:4] == ["16", "6", "0.375", f"{pairs / 60:.6g}"]
    assert overall[5] == f"{average:.6g}"
    # FDR by falling score: 0, 1/4, 1/5, 1/3, 4/9, 1/2, 5/11 and more; recall there 1/6, 3/6, 4/6, 4/6, 5/6, 5/6, 1.
    assert overall[6:] == ["1", "0.666667", "0.166667", "0.166667", f"{2 * 5 / (9 + 6):.6g}"]
    assert said == (
        "Reading the scores of p (K562)\n"
        "p (K562): chrU has 2 bins, 0 of them bound: no metrics\n"
        f"p (K562): auPRC {float(overall[4]):.4g} at a base rate of 0.375, auROC {pairs / 60:.4g}, "
        "recall 0.167 at 10 % FDR; 16 bins on 3 chromosomes, 6 of them bound\n"
    )


def test_all_formats_give_the_same_rows(case):
    predictions = ["bw=p.bw", "zipped=p.bedGraph.gz", "plain=p.bedGraph", "table=p.tab.gz"]
    given = [f"{text.split('=')[0]}={case.path(text.split('=')[1])}" for text in predictions]
    rows, _ = case.run(*given, "--cell", "K562", "--subsamples")
    names = ("bw", "zipped", "plain", "table")
    assert list(rows) == [(name, "K562", part) for name in names for _, _, part in list(rows)[: len(rows) // 4]]
    for _, _, part in rows:
        assert len({tuple(rows[name, "K562", part]) for name in names}) == 1


def test_cells_side_by_side(case):
    rows, _ = case.run(f"K562:one={case.scores}", f"HepG2:one={case.scores}", f"two={case.scores}", "--cell", "HepG2")
    assert [key[:2] for key in rows if key[2] == "all"] == [("one", "K562"), ("one", "HepG2"), ("two", "HepG2")]
    assert rows["one", "K562", "chr2"] == ["10", "4", "0.4", *GOLDEN]
    for part in ("all", "chr10", "chr2", "chrU"):
        assert rows["one", "HepG2", part] == rows["two", "HepG2", part]
    # HepG2 on chr2: bin 0 (0.9) unbound and bin 500 (1.0) bound. On chrU bin 200 alone is not ambiguous.
    assert rows["one", "HepG2", "chr2"] == ["2", "1", "0.5", "1", "1", "1", "1", "1", "1", "1", "0.666667"]
    assert rows["one", "HepG2", "chrU"] == ["1", "0", "0", *NOT_DEFINED]


def test_the_only_cell_needs_no_option(case):
    labels = write_labels(case.path("one.tsv"), {"liver": K562})
    rows, _ = case.run(case.scores, labels=labels)
    assert rows["p", "liver", "chr2"] == ["10", "4", "0.4", *GOLDEN]


def test_chosen_chromosomes(case):
    rows, said = case.run(case.scores, "--cell", "K562", "--chromosomes", "chrU,chr2")
    assert [key[2] for key in rows] == ["all", "chr2", "chrU"]
    assert rows["p", "K562", "all"][:3] == ["12", "4", f"{4 / 12:.6g}"]
    assert "Left out" not in said


@pytest.mark.parametrize("name", ["q.bw", "q.tab.gz", "q.bg"])
def test_chromosomes_that_not_every_prediction_has_are_left_out(case, name):
    part = write_scores(case.path(name), scores={"chr2": SCORES["chr2"]})
    rows, said = case.run(case.scores, part, "--cell", "K562")
    assert [key for key in rows if key[0] == "q"] == [("q", "K562", "all"), ("q", "K562", "chr2")]
    assert {tuple(row) for row in rows.values()} == {("10", "4", "0.4", *GOLDEN)}
    assert "Left out chr10, chrU: not every prediction has scores there\n" in said


def test_scores_beyond_the_labels_do_not_count(case):
    rows = [("chr9", 0, 200, 0.5), ("chr2", 600, 800, 1)]
    rows += [("chr2", start, start + 200, score) for start, score in zip(BINS["chr2"], SCORES["chr2"], strict=True)]
    found, _ = case.run(write_rows(case.path("more.tab"), rows), "--cell", "K562")
    assert found["more", "K562", "all"] == ["10", "4", "0.4", *GOLDEN]


def test_missing_scores_are_dropped_on_demand(case):
    # Without bins 250 (unbound, 0.6) and 300 (bound, 0.6).
    rows = [("chr2", start, start + 200, score) for start, score in zip(BINS["chr2"], SCORES["chr2"], strict=True)]
    path = write_rows(case.path("few.tab"), rows[:5] + rows[7:])
    found, said = case.run(path, "--cell", "K562", "--missing", "drop", "--quiet")
    assert found["few", "K562", "all"][:3] == ["8", "3", "0.375"]
    assert said == "few (K562): left out 2 of 10 labelled bins that have no score\n"


def test_scores_that_are_no_probabilities_are_told(case):
    rows = [("chr2", start, start + 200, 2 * score) for start, score in zip(BINS["chr2"], SCORES["chr2"], strict=True)]
    found, said = case.run(write_rows(case.path("twice.tab"), rows), "--cell", "K562", "--quiet")
    assert found["twice", "K562", "all"][:-1] == ["10", "4", "0.4", *GOLDEN[:-1]]
    assert said == "twice (K562): some scores are not between 0 and 1; F1 supposes probabilities\n"


def test_subsamples_surround_the_whole(case):
    bins = {"chr2": list(range(0, 50 * 1000, 50))}
    labels = write_labels(case.path("many.tsv"), {"K562": {"chr2": "BUUUU" * 200}}, bins)
    rows = [("chr2", start, start + 200, (number * 37 % 101) / 101) for number, start in enumerate(bins["chr2"])]
    path = write_rows(case.path("many.tab"), rows)
    found, _ = case.run(path, "--subsamples", labels=labels)
    parts = [key[2] for key in found]
    assert parts == ["all", "chr2", *(f"subsample_{number}" for number in range(1, 11)), "subsample_mean"]
    samples = [found["many", "K562", f"subsample_{number}"] for number in range(1, 11)]
    assert {tuple(row[:3]) for row in samples} == {("900", "180", "0.2")}
    areas = [float(row[3]) for row in samples]
    whole = float(found["many", "K562", "all"][3])
    assert min(areas) < whole < max(areas)
    assert float(found["many", "K562", "subsample_mean"][3]) == pytest.approx(sum(areas) / 10, abs=1e-6)
    same, _ = case.run(path, "--subsamples", "--seed", "1", labels=labels)
    other, _ = case.run(path, "--subsamples", "--seed", "2", labels=labels)
    assert same == found != other
    assert {key: row for key, row in other.items() if "sub" not in key[2]} == {
        key: row for key, row in found.items() if "sub" not in key[2]
    }


def test_names_of_files_are_names_of_predictions(case):
    for suffix in ("bigWig", "BG.gz", "tab"):
        write_scores(case.path(f"x.1.{suffix}.tab.gz")).rename(case.path(f"x.{suffix}.tab.gz"))
    rows, _ = case.run(*(case.path(f"x.{suffix}.tab.gz") for suffix in ("bigWig", "tab")), "--cell", "K562")
    assert [key[0] for key in rows if key[2] == "all"] == ["x.bigWig", "x.tab"]


def test_names_of_predictions_in_any_script_whatever_the_locale(case):
    table = case.path("metrics.tsv")
    # The name is made in the program, as Python takes arguments apart by the locale, too.
    code = "import sys; from deepgrn_tool.cli.evaluate import main\n"
    code += "sys.exit(main([*sys.argv[1:-1], '\\u03b2=' + sys.argv[-1]]))"
    argv = ["--labels", case.labels, "--cell", "K562", "-o", table, case.scores]
    done = run_in_c_locale(code, *argv)
    assert (done.returncode, done.stdout) == (0, b"")
    assert table.read_text(encoding="utf-8").splitlines()[1].startswith("β\tK562\tall\t16\t6\t0.375\t")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_figures_are_the_same_from_run_to_run(case, suffix):
    drawn = [case.path(f"{name}.{suffix}") for name in ("one", "two")]
    predictions = [f"a={case.scores}", f"HepG2:$b_={case.scores}"]
    case.run(*predictions, "--cell", "K562", "--curves", drawn[0], "--curves", drawn[1])
    first = drawn[0].read_bytes()
    assert first[:4] == {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xm"}[suffix]
    assert first == drawn[1].read_bytes()
    case.run(*predictions, "--cell", "K562", "--curves", drawn[0])
    assert first == drawn[0].read_bytes()
    assert not re.search(rb"(?i)matplotlib v|software|creationdate|<dc:date|20[0-9]{2}-[0-9]{2}", first)


def test_what_the_figure_shows(case, monkeypatch):
    shown = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: shown.append(figure))
    case.run(f"a={case.scores}", "--cell", "K562", "--chromosomes", "chr2", "--curves", case.path("c.svg"))
    left, right = shown[0].axes
    assert [text.get_text() for text in shown[0].legends[0].get_texts()] == [
        "auPRC 0.806, auROC 0.833: a (K562)",
        "base rate 0.4",
    ]
    curve, base = left.get_lines()
    assert curve.get_xdata().tolist() == [0, 0.25, 0.25, 0.5, 0.75, 0.75, 1]
    assert curve.get_ydata().tolist() == pytest.approx([1, 1, 1, 0.8, 0.75, 0.6, 0.5])
    assert set(base.get_ydata()) == {0.4}
    assert right.get_lines()[0].get_ydata().tolist() == [0, 0.25, 0.75, 0.75, 1, 1]


def test_lines_of_eight_predictions_differ(case, monkeypatch):
    shown = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: shown.append(figure))
    predictions = [f"{cell}:{name}={case.scores}" for name in "abcd" for cell in ("K562", "HepG2")]
    case.run(*predictions, "--curves", case.path("c.pdf"))
    for axes in shown[0].axes:
        assert len({(line.get_color(), str(line.get_linestyle())) for line in axes.get_lines()[:8]}) == 8
    # Two cells, two base rates: HepG2 has 2 bound bins of 7.
    assert {line.get_ydata()[0] for line in shown[0].axes[0].get_lines()[8:]} == {6 / 16, 2 / 7}
    assert sum(letter in "BU" for text in HEPG2.values() for letter in text) == 7


def test_users_own_matplotlib_settings_do_not_matter(case, monkeypatch):
    import matplotlib

    drawn = [case.path(f"{name}.png") for name in ("one", "two")]
    case.run(f"a={case.scores}", "--cell", "K562", "--curves", drawn[0])
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        case.run(f"a={case.scores}", "--cell", "K562", "--curves", drawn[1])
        assert matplotlib.rcParams["font.size"] == 30
    assert drawn[0].read_bytes() == drawn[1].read_bytes()
