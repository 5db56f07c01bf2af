"""Mistakes of users of deepgrn-merge: one line that names the files and the remedy, the right exit code, no output."""

import pytest
from evaluation_toys import write_rows
from features_inputs import write_bigwig
from programs import exit_code

from deepgrn_tool.cli.merge import main

LENGTHS = {"chr10": 400, "chr2": 800}
SORT = "sort the rows with LC_ALL=C sort -k1,1 -k2,2n"
PLACE = (
    "join tracks that share no base but whole intervals of the same value (attention, --summarize mean or max: join "
    "whole chromosomes)"
)
VALUE = (
    "files may share only what has the same value: join runs of one network on the same inputs, regions cut 25 bp "
    "after a multiple of 50, where no bin is shared"
)
BIGWIGS = {
    "a.bw": (LENGTHS, {"chr2": [(75, 125, 0.5), (125, 175, 0.25)]}),
    "over.bw": (LENGTHS, {"chr2": [(150, 200, 1.0)]}),
    "beyond.bw": ({"chr10": 400, "chr2": 900}, {"chr2": [(300, 350, 1.0)]}),
    "short.bw": ({"2": 800}, {"2": [(300, 350, 1.0)]}),
    "nan.bw": (LENGTHS, {"chr2": [(300, 350, float("nan"))]}),
}
TEXTS = {
    "a.bedGraph": [("chr2", 75, 125, 0.5)],
    "over.bedGraph": [("chr2", 0, 60, 1), ("chr2", 120, 130, 1)],
    "value.bedGraph": [("chr2", 75, 125, 0.5), ("chr2", 125, 175, 0.5)],
    "width.bedGraph": [("chr2", 75, 125, 0.5), ("chr2", 125, 174, 0.25)],
    "self.bedGraph": [("chr2", 0, 60, 1), ("chr2", 50, 130, 1)],
    "back.bedGraph": [("chr2", 75, 125, 1), ("chr2", 0, 50, 1)],
    "order.bedGraph": [("chr2", 75, 125, 1), ("chr10", 0, 50, 1)],
    "mixed.bedGraph": [("chr10", 0, 50, 1), ("chr10", 50, 60, 1), ("chr2", 75, 125, 1), ("chr10", 75, 125, 1)],
    "past.bedGraph": [("chr2", 75, 125, 1), ("chr2", 750, 801, 1)],
    "foreign.bedGraph": [("2", 75, 125, 1)],
    "large.bedGraph": [("chr2", 75, 125, "1e39")],
    "columns.bedGraph": [("chr2", 75, 125)],
    "a.tab": [("chr2", 0, 200, 0.5), ("chr2", 50, 250, 0.25)],
    "same.tab": [("chr2", 50, 250, 0.25)],
    "value.tab": [("chr2", 50, 250, 0.125)],
    "twice.tab": [("chr2", 0, 200, 0.5), ("chr2", 0, 200, 0.25)],
    "sizes": [("chr2", 800), ("chr10", 400)],
    "other.sizes": [("chr2", 799), ("chr10", 400)],
    "few.sizes": [("chr2", 800)],
}


@pytest.fixture
def refuses(tmp_path, monkeypatch, capfd):
    """Give a function that runs the program and compares exit code and message, and looks for left-over files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    for name, (lengths, track) in BIGWIGS.items():
        write_bigwig(tmp_path / name, lengths, track)
    for name, rows in TEXTS.items():
        write_rows(tmp_path / name, rows)
    (tmp_path / "text.bw").write_text("chr2\t75\t125\t1\n")
    (tmp_path / "link.bw").symlink_to("a.bw")
    (tmp_path / "cut.bw").write_bytes((tmp_path / "a.bw").read_bytes()[:-100])

    def run(code, message, *argv):
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        found = exit_code(main, *argv, "--quiet")
        captured = capfd.readouterr()
        lines = captured.err.splitlines()
        assert (found, captured.out, lines[-1]) == (code, "", f"deepgrn-merge: error: {message}")
        assert len(lines) == 1 if code == 1 else lines[0].startswith("usage: ")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before

    return run


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        (["a.bw", "over.bw"], f"over.bw: chr2:150-200 overlaps chr2:125-175 of a.bw; {PLACE}"),
        (["over.bw", "a.bw"], f"over.bw: chr2:150-200 overlaps chr2:125-175 of a.bw; {PLACE}"),
        (["a.bw", "over.bedGraph"], f"over.bedGraph: chr2:120-130 overlaps chr2:75-125 of a.bw; {PLACE}"),
        (["a.bw", "value.bedGraph"], f"value.bedGraph: chr2:125-175 is 0.5 here, but 0.25 in a.bw; {VALUE}"),
        (["value.bedGraph", "a.bw"], f"a.bw: chr2:125-175 is 0.25 here, but 0.5 in value.bedGraph; {VALUE}"),
        (["a.bw", "width.bedGraph"], f"width.bedGraph: chr2:125-174 overlaps chr2:125-175 of a.bw; {PLACE}"),
        (
            ["a.bw", "beyond.bw"],
            "beyond.bw: chr2 has 900 bp here, but 800 in a.bw; are the files of the same assembly?",
        ),
        (
            ["a.bw", "short.bw"],
            "short.bw: chromosome '2' is called 'chr2' in a.bw; use the same names in all tracks",
        ),
        (["a.bw", "nan.bw"], "nan.bw: chr2:300-350 holds nan, which is not a finite number"),
        (["a.bw", "absent.bw"], "absent.bw: No such file or directory"),
        (["a.bw", "cut.bw"], "cut.bw: is truncated or was not written to its end; copy or make the file again"),
        (
            ["a.bw", "text.bw"],
            "text.bw: is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig",
        ),
        (
            ["over.bw", "self.bedGraph"],
            "self.bedGraph, line 2: chr2:50-130 overlaps the interval before it; a track has one value per base",
        ),
        (
            ["over.bw", "back.bedGraph"],
            f"back.bedGraph, line 2: chr2:0-50 comes after a row that starts at 75; {SORT}",
        ),
        (
            ["over.bw", "order.bedGraph"],
            f"order.bedGraph, line 2: chromosome 'chr10' comes after 'chr2', against the C-locale order; {SORT}",
        ),
        (
            ["over.bw", "mixed.bedGraph"],
            f"mixed.bedGraph, line 4: the rows of chromosome 'chr10' do not stand together; {SORT}",
        ),
        (
            ["over.bw", "past.bedGraph"],
            "past.bedGraph, line 2: end (801) is past the end of chr2 (800); is the file from another assembly?",
        ),
        (
            ["over.bw", "foreign.bedGraph"],
            "foreign.bedGraph, line 1: chromosome '2' is not among those whose length is known; did you mean 'chr2'?",
        ),
        (
            ["over.bw", "large.bedGraph"],
            "large.bedGraph, line 1: score 1e+39 is too large for a track (32-bit numbers)",
        ),
        (
            ["over.bw", "columns.bedGraph"],
            "columns.bedGraph, line 1: has 3 columns where chromosome, start, end and score are expected",
        ),
        (
            ["a.bw", "--sizes", "other.sizes"],
            "a.bw: chr2 has 800 bp here, but 799 in other.sizes; are the files of the same assembly?",
        ),
        (["a.bw", "--sizes", "few.sizes"], "a.bw: chromosome 'chr10' is not in few.sizes (it has chr2)"),
        (["a.bw", "--sizes", "a.bw"], "a.bw, line 1: holds a NUL byte; is this a binary file?"),
    ],
)
@pytest.mark.parametrize("output", ["out/all.bw", "out/all.bg.gz"])
def test_tracks(refuses, tracks, message, output):
    refuses(1, message, *tracks, "-o", output)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (["a.tab", "value.tab"], f"value.tab: the bin chr2:50-250 is 0.125 here, but 0.25 in a.tab; {VALUE}"),
        (["same.tab", "twice.tab"], "twice.tab, line 2: the bin chr2:0-200 is there twice"),
        (
            ["same.tab", "a.bedGraph"],
            "a.bedGraph, line 1: the bin chr2:75-125 has 50 bp; bins have 200 (files of intervals are named .bedGraph)",
        ),
    ],
)
def test_tables(refuses, tables, message):
    refuses(1, message, *tables, "-o", "out/all.tab.gz")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["a.bw"], "the following arguments are required: -o/--output"),
        (["-o", "out/all.bw"], "the following arguments are required: TRACK"),
        (["a.bw", "a.bw", "-o", "out/all.bw"], "track a.bw is given twice"),
        (["a.bw", "link.bw", "-o", "out/all.bw"], "track link.bw is given twice"),
        (["a.bw", "-o", "a.bw"], "output a.bw is also the input a.bw; choose another name"),
        (
            ["a.bedGraph", "-o", "out/all.bw"],
            "bedGraph does not tell how long the chromosomes are, and a bigWig must; give --sizes, a table of names "
            "and lengths such as the index of the FASTA (.fai)",
        ),
        (
            ["a.bw", "-o", "out/all.tab.gz"],
            "a.bw is a bigWig track and cannot be joined to out/all.tab.gz, a table of bins",
        ),
        (
            ["a.tab", "-o", "out/all.bedGraph"],
            "a.tab is a table of bins, which overlap, and cannot be joined to the track out/all.bedGraph; "
            "write .tab.gz",
        ),
        (
            ["a.tab", "-o", "out/all.tab.gz", "-o", "out/all.bw"],
            "output out/all.tab.gz is a table of bins and others are tracks; join one kind at a time",
        ),
        (
            ["a.bw", "-o", "out/all.bed"],
            "output out/all.bed: a track is written as .bw, .bigWig, .bedGraph, .bg, .bedGraph.gz or .bg.gz",
        ),
    ],
)
def test_options(refuses, argv, message):
    refuses(2, message, *argv)


def test_output_folder_is_missing(refuses):
    refuses(1, "none/all.bw: its folder does not exist; create it first", "a.bw", "-o", "none/all.bw")
