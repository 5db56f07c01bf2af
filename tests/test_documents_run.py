"""Every command of the documents is run, in the order of the page, on bundled data under the names that the page uses.

Three things are changed: chromosomes that the bundled genome lacks become ones that it has, the effective genome size
becomes its own, and training is cut short.
"""

import gzip
import importlib
import os
import shlex
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from programs import exit_code
from published_files import Design, write_published
from test_documents import DOCUMENTS, MODULES, commands

from deepgrn_tool.network.files import load_model, save_model

DATA = Path(__file__).parent.parent / "test-data"
# The tutorial is about real data: test_tutorial.py runs it.
PAGES = [
    path for path in DOCUMENTS if path.suffix == ".md" and path.name != "tutorial.md" and commands(path.read_text())
]
CELLS = {"K562": "alpha", "GM12878": "beta", "HeLa-S3": "gamma", "gamma": "gamma"}  # of the documents → bundled
CHROMOSOMES = {"chr20": "chr3", "chr21": "chr5", "chr22": "chr2"}
STAND_INS = {
    "gencode.v19.gtf": "genes.gtf",
    "JASPAR.meme": "motifs.meme",
    "jaspar.meme": "motifs.meme",
    "chip.bw": "uniqueness.bw",
}
FACTORS = ("CTCF", "TAF1", "MAX")
SHORTER = {
    "deepgrn-train": "--epochs 1 --filters 8 --lstm-units 4 --dense-units 8 --kernel-size 32".split(),
    "deepgrn-importance": "--repeats 1 --negatives 1 --cells GM12878".split(),
}
EGR1 = Design("attention_before_lstm", 6, 1002, 1, 8, 30, 1, 4, 8, 1, single=True)


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """A folder with every file that the documents suppose to be there."""
    folder = tmp_path_factory.mktemp("stand_ins")
    (folder / "hg19.fa").write_bytes(gzip.decompress((DATA / "genome.fa.gz").read_bytes()))
    for name, source in STAND_INS.items():
        shutil.copy(DATA / source, folder / name)
    for name in ("uniqueness.bw", "cpg_islands.bed", "blacklist.bed"):
        shutil.copy(DATA / name, folder)
    for suffix in ("", ".bai"):
        shutil.copy(DATA / f"alpha.bam{suffix}", folder / f"K562.bam{suffix}")
    for cell, bundled in CELLS.items():
        shutil.copy(DATA / f"{bundled}.accessibility.bw", folder / f"{cell}.bw")
    for cell, bundled in {"K562": "alpha", "HeLa": "gamma"}.items():
        for kind, source in {"conservative": "conservative", "relaxed": "relaxed"}.items():
            shutil.copy(DATA / f"{bundled}.{source}.narrowPeak", folder / f"{cell}.{kind}.narrowPeak")
    for name, kind in {"idr": "conservative", "all": "relaxed"}.items():
        for cell in ("K562", "GM12878"):
            content = (DATA / f"{CELLS[cell]}.{kind}.narrowPeak").read_bytes()
            (folder / f"{cell}.{name}.narrowPeak.gz").write_bytes(gzip.compress(content))
    shutil.copy(DATA / "gamma.conservative.narrowPeak", folder / "CTCF.narrowPeak")
    write_scores(folder / "expression_scores.csv")
    (folder / "regions.bed").write_text("chr1\t6900\t7100\tlocus\n")
    (folder / "loci.bed").write_text("chr1\t6500\t7500\n")
    (folder / "bins.bed").write_text("chr1\t6800\t7000\nchr1\t6850\t7050\n")
    (folder / "pair.bed").write_text("chr1\t6740\t6940\nchr1\t7040\t7240\n")
    write_published(folder / "EGR1_single.h5", EGR1)
    add_results(folder)
    return folder


def write_scores(path):
    """Take the bundled expression under the documents' names of cells."""
    header, *rows = (line.split(",") for line in (DATA / "expression_scores.csv").read_text().splitlines())
    columns = [header.index(bundled) for bundled in CELLS.values()]
    lines = [",".join(CELLS), *(",".join(row[column] for column in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def add_results(folder):
    """Make what the pages about later steps begin with: features, labels, models, tracks."""
    for name, assembly in {"features.h5": "demo", "hg19.features.h5": "hg19"}.items():
        given = ["--genome", DATA / "genome.fa.gz", "--assembly", assembly, "--uniqueness", DATA / "uniqueness.bw"]
        given += [part for cell in CELLS for part in ("--accessibility", f"{cell}={folder / cell}.bw")]
        given += ["--gtf", DATA / "genes.gtf", "--cpg-islands", DATA / "cpg_islands.bed"]
        given += ["--expression-scores", folder / "expression_scores.csv", "--blacklist", DATA / "blacklist.bed"]
        run("features", *given, "-o", folder / name)
    peaks = []
    for cell, bundled in CELLS.items():
        files = ",".join(f"{DATA / bundled}.{kind}.narrowPeak" for kind in ("conservative", "relaxed"))
        peaks += ["--peaks", f"{cell}={files}"]
    labels = folder / "CTCF.labels.tsv.gz"
    run("labels", "--features", folder / "features.h5", *peaks, "-o", labels)
    model = load_model(DATA / "model.h5")
    model.record["test_chromosomes"] = ["chr1"]
    for factor in FACTORS:
        save_model(replace(model, factor=factor, assembly=""), folder / f"{factor}.model.h5")
        if factor != "CTCF":
            (folder / f"{factor}.labels.tsv.gz").symlink_to(labels)
    for name in ("model.h5", "CTCF.h5", "CTCF.none.model.h5", "CTCF.after-lstm.model.h5"):
        (folder / name).symlink_to("CTCF.model.h5")
    (folder / "demo").mkdir()
    for name in ("features.h5", "CTCF.labels.tsv.gz", "CTCF.model.h5"):
        (folder / "demo" / name).symlink_to(folder / name)
    (folder / "test-data").symlink_to(DATA)
    shutil.copy(DATA / "galaxy" / "history.tsv", folder / "demo" / "history.tsv")
    add_tracks(folder)


def add_tracks(folder):
    """Make the tracks that pages about tracks begin with."""
    given = [folder / "features.h5", folder / "model.h5", "--chromosomes", "chr1", "--cell"]
    scores = ["-o", folder / "scores.bw", "-o", folder / "demo/scores.bw", "-o", folder / "demo/called.bed"]
    run("predict", *given, "gamma", *scores)
    for cell in ("K562", "GM12878"):
        name = folder / f"{cell}.EGR1"
        run("predict", *given, cell, "-o", f"{name}.bw", "-o", f"{name}.bed")
        run("attention", *given[:2], "--cell", cell, "--regions", folder / "loci.bed", "-o", f"{name}.attention.bw")


def run(program, *arguments):
    """Run one of the programs, which must succeed."""
    assert exit_code(importlib.import_module(f"deepgrn_tool.cli.{program}").main, *arguments, "--quiet") == 0


def adapted(command):
    """Give program and arguments of a command for the bundled genome."""
    for name, bundled in CHROMOSOMES.items():
        command = command.replace(name, bundled)
    program, *arguments = shlex.split(command.replace("2864785220", "1080000").replace("--threads 4", "--threads 2"))
    return program, arguments + SHORTER.get(program, [])


def files_of(arguments):
    """List the files that a command names, inputs and outputs."""
    return [
        part
        for part in arguments
        if not part.startswith("-") and not {"=", "@", ","} & set(part) and Path(part).suffix[1:2].isalpha()
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_of_a_page(page, stand_ins, tmp_path, monkeypatch, capfd):
    for item in stand_ins.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.copytree(item, tmp_path / item.name, symlinks=True)
        else:
            (tmp_path / item.name).symlink_to(item)
    monkeypatch.chdir(tmp_path)
    for command in commands(page.read_text()):
        program, arguments = adapted(command)
        make_room(arguments)
        main = importlib.import_module(
            f"deepgrn_tool.cli.{MODULES.get(program, program.removeprefix('deepgrn-'))}"
        ).main
        code = exit_code(main, *arguments)
        said = capfd.readouterr()
        assert code == 0, f"{command}\n{said.err}"
        for name in files_of(arguments):
            assert Path(name).exists(), f"{command} made no {name}"


def make_room(arguments):
    """Take a link away where a command of the page makes the file itself: outputs follow links."""
    for option, value in pairwise(arguments):
        if option in ("-o", "--output") and os.path.islink(value):
            os.unlink(value)
        if option == "--add-to" and os.path.islink(value):
            shutil.copy(os.path.realpath(value), f"{value}.copy")
            os.replace(f"{value}.copy", value)
