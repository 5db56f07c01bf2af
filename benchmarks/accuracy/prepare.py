"""Features and label files of the tasks, made by the programs from pieces of the real data."""

from __future__ import annotations

from pathlib import Path

import pysam

from benchmarks.accuracy.cut import Piece, cut_bed, cut_bigwig, cut_fasta, pieces
from benchmarks.accuracy.programs import run_program
from benchmarks.accuracy.tasks import ANNOTATION, Genome, Task


def features_path(folder: Path, genome: Genome) -> Path:
    """Name the features file of a genome."""
    return folder / f"{genome.name}.features.h5"


def labels_path(folder: Path, task: Task) -> Path:
    """Name the label file of a task."""
    return folder / f"{task.factor}.labels.tsv.gz"


def _cut_bed(genome: Genome, name: str, parts: list[Piece], folder: Path) -> Path:
    output = folder / Path(name).name.removesuffix(".gz")
    cut_bed(genome.folder / name, parts, output)
    return output


def prepare_features(genome: Genome, folder: Path) -> None:
    """Cut the files of a genome and make its features file.

    Args:
        genome: The genome.
        folder: Where everything is written.
    """
    inputs = folder / f"{genome.name}.inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    parts = genome_pieces(genome)
    cut_fasta(genome.folder / genome.fasta, parts, inputs / "genome.fa")
    options: list[str | Path] = []
    for cell, name in genome.accessibility.items():
        cut_bigwig(genome.folder / name, parts, inputs / f"{cell}.bw")
        options += ["--accessibility", f"{cell}={inputs / f'{cell}.bw'}"]
    if genome.annotation:
        for option, name in {**ANNOTATION, "blacklist": "blacklist"}.items():
            options += [f"--{option}", _cut_bed(genome, f"annotation/{name}.bed.gz", parts, inputs)]
        options += ["--expression-scores", genome.folder / "expression_scores.csv"]
    if genome.blacklisted:
        rows = [f"{part.name}\t0\t{part.end - part.start}\n" for part in parts if part.chrom in genome.blacklisted]
        (inputs / "blacklist.bed").write_text("".join(rows))
        options += ["--blacklist", inputs / "blacklist.bed"]
    output = features_path(folder, genome)
    run_program("deepgrn-features", "--genome", inputs / "genome.fa", "--assembly", genome.name, *options, "-o", output)


def genome_pieces(genome: Genome) -> list[Piece]:
    """List the pieces of a genome in the order of its FASTA."""
    with pysam.FastaFile(str(genome.folder / genome.fasta)) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    return pieces(lengths, genome.cuts)


def prepare_labels(task: Task, folder: Path) -> None:
    """Cut the peak files of a task and make its label file; the features file is there."""
    parts = genome_pieces(task.genome)
    inputs = folder / f"{task.genome.name}.inputs"
    options = []
    for cell, names in task.peaks.items():
        files = [str(_cut_bed(task.genome, name, parts, inputs)) for name in names]
        options += ["--peaks", f"{cell}={','.join(files)}"]
    features = features_path(folder, task.genome)
    run_program("deepgrn-labels", "--features", features, *options, "-o", labels_path(folder, task))
