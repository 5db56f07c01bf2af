"""Mistakes of users of deepgrn-hub: one line that names the file and the remedy, the right exit code, no output."""

import pytest
from features_inputs import write_bigwig
from hub_toys import EMAIL, LENGTHS, HubToy
from programs import exit_code

from deepgrn_tool.cli.hub import main
from deepgrn_tool.hub import igvjs

OTHER = {"chrA": 30_001, "chrB": 12_000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good and bad files; no test may change any."""
    path = tmp_path_factory.mktemp("refusals")
    HubToy(path).write_features()
    write_bigwig(path / "longer.bw", OTHER, {"chrA": [(0, 50, 0.5)]})
    write_bigwig(path / "A.bw", {"A": 30_000}, {"A": [(0, 50, 0.5)]})
    write_bigwig(path / "foreign.bw", {"chrX": 500}, {"chrX": [(0, 50, 0.5)]})
    write_bigwig(path / "nan.bw", LENGTHS, {"chrA": [(5000, 5050, float("nan"))]})
    write_bigwig(path / "zero.bw", LENGTHS, {"chrA": [(0, 50, 0.0)]})
    (path / "text.bw").write_text("chrA\t0\t50\t0.5\n")
    (path / "cut.bw").write_bytes((path / "K562.bw").read_bytes()[:-100])
    (path / "past.bed").write_text("chrA\t29000\t30001\n")
    (path / "columns.bed").write_text("chrA\t29000\n")
    (path / "there").mkdir()
    (path / "there" / "thesis.txt").write_text("all my work")
    return path


@pytest.fixture
def refuses(folder, monkeypatch, capfd):
    """Give a function that runs the program and compares exit code and message, and looks for left-over files."""
    monkeypatch.chdir(folder)

    def run(code, message, *argv, output="hub"):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        found = exit_code(main, *argv, "-o", output, "--quiet")
        captured = capfd.readouterr()
        lines = captured.err.splitlines()
        assert (found, captured.out, lines[-1]) == (code, "", f"deepgrn-hub: error: {message}")
        assert len(lines) == 1 if code == 1 else lines[0].startswith("usage: ")
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        assert [path.name for path in folder.iterdir() if path.is_dir()] == ["there"]

    return run


GOOD = ("--scores", "K562.CTCF.bw", "--assembly", "toy1", *EMAIL)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--attention", "a:b=absent.bw"], "absent.bw: No such file or directory"),
        (["--regions", "absent.bed"], "absent.bed: No such file or directory"),
        (
            ["--attention", "a:b=text.bw"],
            "text.bw: is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig",
        ),
        (
            ["--accessibility", "a=cut.bw"],
            "cut.bw: is truncated or was not written to its end; copy or make the file again",
        ),
        (
            ["--attention", "a:b=longer.bw"],
            "longer.bw: chrA has 30001 bp here, but 30000 in K562.CTCF.bw; are the files of the same assembly?",
        ),
        (
            ["--track", "a:H3K4me3=A.bw"],
            "A.bw: chromosome 'A' is called 'chrA' in K562.CTCF.bw; use the same names in all files",
        ),
        (
            ["--track", "a:H3K4me3=foreign.bw"],
            "foreign.bw: has none of the chromosomes of K562.CTCF.bw: 'chrX' is not in it (it has chrA, chrB)",
        ),
        (["--regions", "columns.bed"], "columns.bed, line 1: has fewer than three columns (chromosome, start, end)"),
        (
            ["--regions", "past.bed"],
            "past.bed, line 1: end (30001) is past the end of chrA (30000); is the file from another assembly?",
        ),
        (
            ["--called", "a:b=past.bed"],
            "past.bed, line 1: end (30001) is past the end of chrA (30000); is the file from another assembly?",
        ),
        (
            ["--attention", "a:b=nan.bw", "--regions", "regions.bed"],
            "nan.bw: chrA, position 5000 (counted from 0): value nan is not a finite number",
        ),
        (["--scores", "a:b=nan.bw"], "nan.bw: chrA:5000-5050 holds nan, which is not a finite number"),
        (
            ["--scores", "a:b=K562.bw", "--regions", "regions.bed"],
            "K562.bw: chrA, position 5000 (counted from 0): value 2 is outside 0 to 1",
        ),
        (["--features", "K562.bw"], "K562.bw: is not HDF5; make it with deepgrn-features"),
        (["--genome", "regions.bed"], "regions.bed: is not FASTA: it does not begin with '>'"),
    ],
)
def test_files(refuses, argv, message):
    refuses(1, message, *GOOD, *argv)


def test_scores_without_any(refuses):
    text = "none of the tracks of scores holds a value above 0; name places with --regions"
    refuses(1, text, "--scores", "a:b=zero.bw", "--assembly", "toy1", *EMAIL)


def test_assembly_of_the_features_file(refuses):
    text = "features.h5: is of the assembly toy1, not hg19; leave out --assembly or name that"
    refuses(1, text, "--scores", "K562.CTCF.bw", "--assembly", "hg19", "--features", "features.h5", *EMAIL)


def test_igv_is_not_installed(refuses, monkeypatch):
    monkeypatch.setattr(igvjs, "PACKAGE", "no-such-package")
    text = "igv.js, which the page needs, is not installed: pip install 'igv-notebook>=0.6.2', or conda install "
    refuses(1, text + "bioconda::igv-notebook", *GOOD)


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("none/hub", (), "none/hub: the folder it is to be in does not exist; create that first"),
        ("text.bw", (), "text.bw: is a file; name a folder that does not exist yet"),
        ("there", (), "there: is there already; choose another name, or replace a hub with --overwrite"),
        (
            "there",
            ("--overwrite",),
            "there: is not a hub made by deepgrn-hub, and is not replaced; choose another name",
        ),
    ],
)
def test_output(refuses, output, options, message):
    refuses(1, message, *GOOD, *options, output=output)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--accessibility", "a=K562.bw", "--assembly", "toy1"], "nothing to show: give --scores or --attention"),
        (["--scores", "K562.CTCF.bw"], "give the name of the genome assembly as UCSC writes it: --assembly hg19"),
        (
            [*GOOD, "--scores", "K562:CTCF=liver.bw"],
            "two tracks are called 'K562 CTCF scores': K562.CTCF.bw and liver.bw; rename one",
        ),
        (
            [*GOOD, "--scores", "k562:CTCF=liver.bw"],
            "'K562 CTCF scores' and 'k562 CTCF scores' would both be scores_CTCF_k562 at UCSC; let their names differ "
            "in letters or digits",
        ),
        (
            [*GOOD, "--scores", "liver.bw"],
            "--scores liver.bw: the name does not tell cell and factor; write CELL:FACTOR=liver.bw",
        ),
        (
            [*GOOD, "--attention", "CTCF=liver.bw"],
            "argument --attention: 'CTCF=liver.bw' is not of the form CELL:FACTOR=FILE",
        ),
        (
            [*GOOD, "--track", "K562:scores=liver.bw"],
            "--track K562:scores: this name is taken; call the signal something else",
        ),
        (
            [*GOOD, "--color", "K562=blue"],
            "--color K562=blue: write the colour as #RRGGBB, such as #0072B2, and in quotes",
        ),
        (
            [*GOOD, "--color", "liver=#0072B2"],
            "--color liver=#0072B2: no track is of the cell 'liver' (cells: K562)",
        ),
        (
            ["--scores", "K562.CTCF.bw", "--assembly", "hg 19"],
            "--assembly hg 19: write the name as UCSC does, such as hg19 or mm10, without spaces",
        ),
        ([*GOOD, "--email", "nobody"], "--email nobody: this is no address; UCSC wants one in every hub"),
        (
            [*GOOD, "--count", "600"],
            "--count 600 with --flank 1000 is too much for a page, which holds 500 regions and 2,000,000 bases at most",
        ),
        (
            [*GOOD, "--count", "3", "--regions", "regions.bed"],
            "--count chooses regions, and --regions names them; give one of the two",
        ),
        ([*GOOD, "--own-genome"], "--own-genome needs the sequence; give --genome or --features"),
        ([*GOOD, "--flank", "-1"], "argument --flank: -1 is negative"),
    ],
)
def test_options(refuses, argv, message):
    refuses(2, message, *(() if "--email" in argv else EMAIL), *argv)


def test_an_address_is_asked_for(refuses):
    refuses(2, "the following arguments are required: --email", "--scores", "K562.CTCF.bw", "--assembly", "toy1")


def test_inputs_within_the_hub_that_is_to_be_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    HubToy(tmp_path).make()
    inside = "hub/toy1/scores_CTCF_K562.bw"
    argv = ["--scores", f"K562:CTCF={inside}", "--assembly", "toy1", *EMAIL, "-o", "hub", "--overwrite"]
    assert exit_code(main, *argv) == 2
    said = f"deepgrn-hub: error: {inside} lies in hub, which is to be replaced; choose another folder"
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert (tmp_path / inside).exists()
