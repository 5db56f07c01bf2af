"""Mistakes of users of deepgrn-labels: one line that names the file and the remedy, the right exit code, no output."""

import pytest

from deepgrn_tool.cli.labels import main

CLIP = " (for a genome that is cut short on purpose, use --clip-intervals)"
OPTIONS = ("--sizes", "sizes", "--peaks", "K562=good.bed,good.bed", "-o", "out/labels.tsv.gz", "--summary", "out/s.tsv")
FORM = "argument --peaks: '{}' is not of the form CELL=CONSERVATIVE[,RELAXED]"


@pytest.fixture
def refuses(tmp_path, monkeypatch, capsys):
    """Give a function that runs the program and compares exit code and message, and looks for left-over files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "sizes").write_text("chr1\t3000\nchr2\t1000\n")
    (tmp_path / "good.bed").write_text("chr1\t500\t700\n")

    def run(code, message, *options, **files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        try:
            found = main(["--quiet", *options])
        except SystemExit as left:
            found = left.code
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        assert (found, captured.out, lines[-1]) == (code, "", f"deepgrn-labels: error: {message}")
        assert len(lines) == 1 if code == 1 else lines[0].startswith("usage: ")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before

    return run


def replaced(option, value):
    """Options of a good run with another value of one of them."""
    index = OPTIONS.index(option)
    return (*OPTIONS[: index + 1], value, *OPTIONS[index + 2 :])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (replaced("--sizes", "absent"), "absent: No such file or directory"),
        (replaced("--peaks", "K562=absent"), "absent: No such file or directory"),
        (replaced("--peaks", "K562=good.bed,absent"), "absent: No such file or directory"),
        ((*OPTIONS, "--blacklist", "absent"), "absent: No such file or directory"),
        (("--features", "absent.h5", *OPTIONS[2:]), "absent.h5: No such file or directory"),
        (("--features", "sizes", *OPTIONS[2:]), "sizes: is not HDF5; make it with deepgrn-features"),
        (replaced("--sizes", "out"), "out: Is a directory"),
        (replaced("-o", "out"), "out: is a folder, not a file name to write to"),
        (replaced("-o", "absent/l.tsv"), "absent/l.tsv: its folder does not exist; create it first"),
        (replaced("--summary", "absent/s.tsv"), "absent/s.tsv: its folder does not exist; create it first"),
        ((*OPTIONS, "--chromosomes", "chr1,2"), "sizes: has no chromosome '2'; did you mean 'chr2'?"),
    ],
)
def test_files_and_names(refuses, options, message):
    refuses(1, message, *options)


def test_no_bins(refuses):
    text = ": no bin of 200 bp fits into its chromosomes outside the blacklist"
    everything = {"all.bed": "chr1\t0\t3000\nchr2\t0\t1000\n"}
    refuses(1, f"sizes{text}", *OPTIONS, "--blacklist", "all.bed", **everything)
    short = {"short": "chr1\t199\n", "good.bed": "chr1\t5\t7\n"}
    refuses(1, f"short{text}", *replaced("--sizes", "short"), **short)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (OPTIONS[2:], "one of the arguments --sizes --features is required"),
        ((*OPTIONS, "--features", "f.h5"), "argument --features: not allowed with argument --sizes"),
        (OPTIONS[:4], "the following arguments are required: -o/--output"),
        (
            ("--sizes", "sizes", "-o", "out/l"),
            "give the peaks of at least one cell with --peaks CELL=CONSERVATIVE[,RELAXED]",
        ),
        ((*OPTIONS, "--peaks", "K562=good.bed"), "--peaks names cell 'K562' twice"),
        (replaced("--peaks", "a\tb=good.bed"), r"cell name 'a\tb' is empty or holds a tab, a line end or the like"),
        (replaced("--peaks", "good.bed"), FORM.format("good.bed")),
        (replaced("--peaks", "=good.bed"), FORM.format("=good.bed")),
        (replaced("--peaks", "K562=a,b,c"), FORM.format("K562=a,b,c")),
        (replaced("--peaks", "K562=a,"), FORM.format("K562=a,")),
        (replaced("-o", "good.bed"), "output good.bed is also the input good.bed; choose another name"),
        (replaced("-o", "out/../sizes"), "output out/../sizes is also the input sizes; choose another name"),
        (replaced("--summary", "out/labels.tsv.gz"), "output out/labels.tsv.gz is named twice"),
        (
            (*OPTIONS, "--chromosomes", "chr1,"),
            "argument --chromosomes: 'chr1,' holds an empty name; give names with commas between them",
        ),
    ],
)
def test_options(refuses, options, message):
    refuses(2, message, *options)
