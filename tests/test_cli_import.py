"""deepgrn-import through its real main(): what it prints and writes, and outputs that cannot be."""

import os
import re
import subprocess
import sys

import pytest
from programs import exit_code

from deepgrn_tool.cli.import_model import main
from deepgrn_tool.network.files import load_model


def test_architecture_and_summary(published, output, capsys):
    assert exit_code(main, published, "-o", output, "--factor", "EGR1") == 0
    captured = capsys.readouterr()
    # Weights: conv 30·6·6 + 6, per position 6² + 6, q, k 2·6·3, v 6², positions 64·6, LSTM 2·(6 + 4 + 1)·16,
    # strand 64·8·5 + 5, dense 19·5 + 5, logit 6.
    values = 1086 + 42 + 36 + 36 + 384 + 352 + 2565 + 100 + 6
    assert captured.out == (
        "window             1002 bp (bin 200, flanks 401), both strands\n"
        "channels           A, C, G, T, uniqueness, accessibility\n"
        "transforms         none\n"
        "convolutions       1 × (6 filters × 30 bp)\n"
        "max-pool           15 bp, 64 steps\n"
        "attention          pairwise-before-lstm, learned position encoding\n"
        "LSTM               1 × 4 units per direction, hard-sigmoid gates\n"
        "dense              5 / after meta: 5\n"
        "meta inputs        expression, annotation\n"
        "strands merged by  mean\n"
        f"weights            {values:,}\n"
    )
    assert captured.err == f"{output}: 20 weight arrays, {values:,} values, from {published}\n"
    model = load_model(output)
    assert (model.factor, model.assembly) == ("EGR1", "hg19")
    assert model.record["imported_from"] == "published.h5"


def test_assembly_and_quiet(published, output, capsys):
    assert exit_code(main, published, "--output", output, "--assembly", "mm10", "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith("window ")
    assert (load_model(output).factor, load_model(output).assembly) == ("", "mm10")


def test_same_file_gives_the_same_bytes_and_neither_path_nor_code(published, output, tmp_path):
    assert exit_code(main, published, "-o", output, "--quiet") == 0
    first = output.read_bytes()
    assert exit_code(main, published, "-o", output, "--quiet") == 0
    assert output.read_bytes() == first
    assert str(tmp_path).encode() not in first
    assert os.listdir(output.parent) == ["model.h5"]
    assert not (tmp_path / "canary").exists()


def test_an_import_needs_neither_keras_nor_tensorflow(published, output):
    program = (
        "import sys\nfrom deepgrn_tool.cli.import_model import main\nprint(main(sys.argv[1:]))\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'jax', 'keras', 'tensorflow', 'torch'}))"
    )
    command = [sys.executable, "-c", program, str(published), "-o", str(output), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.endswith("0\n[]\n")


def test_output_equal_to_input(published, capsys):
    before = published.read_bytes()
    assert exit_code(main, published, "-o", published) == 2
    assert re.search(
        r"deepgrn-import: error: output .* is also the input .*; choose another name\n", capsys.readouterr().err
    )
    assert published.read_bytes() == before


def test_output_that_is_a_link_to_the_input(published, tmp_path, capsys):
    (tmp_path / "link.h5").symlink_to(published)
    assert exit_code(main, published, "-o", tmp_path / "link.h5") == 2
    assert "is also the input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("none/model.h5", "its folder does not exist; create it first"),
        ("out", "is a folder, not a file name to write to"),
    ],
)
def test_impossible_outputs(published, output, capsys, place, message):
    target = published.parent / place
    assert exit_code(main, published, "-o", target) == 1
    assert capsys.readouterr().err == f"deepgrn-import: error: {target}: {message}\n"


def test_unwritable_folder(published, output, capsys, monkeypatch):
    # Permissions do not bind the superuser, under whom tests may run: the check itself is made to say no.
    monkeypatch.setattr("os.access", lambda path, mode: os.fspath(path) != str(output.parent))
    assert exit_code(main, published, "-o", output) == 1
    assert capsys.readouterr().err == f"deepgrn-import: error: {output}: its folder cannot be written to\n"
    assert os.listdir(output.parent) == []


@pytest.mark.parametrize("argv", [[], ["published.h5"], ["published.h5", "-o"]])
def test_missing_options(argv, capsys):
    assert exit_code(main, *argv) == 2
    assert "deepgrn-import: error: " in capsys.readouterr().err


def test_refused_file_leaves_an_earlier_output_alone(published, output, capsys):
    assert exit_code(main, published, "-o", output, "--quiet") == 0
    before = output.read_bytes()
    published.write_bytes(b"")
    assert exit_code(main, published, "-o", output) == 1
    assert output.read_bytes() == before
