"""Make the bundled data set: a small invented genome in which a factor binds where its motif lies in open chromatin.

Usage: python test-data/make_test_data.py --output FOLDER. README.md says what each file is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from maker import chromatin, files, genes, motif, sequence
from maker.draws import Draws, Floats
from maker.motif import Codes

VALUE_PER_READ = 1.875  # 1x coverage: known bases / (reads × read length)


def make_genome(
    loci: list[chromatin.Locus], islands: list[genes.Interval], between: list[tuple[str, int]]
) -> tuple[dict[str, Codes], list[tuple[str, int, int]]]:
    """Build the sequence and return it with the intervals of the repeats."""
    draws = Draws(1)
    genome = {}
    for chromosome in sequence.CHROMOSOMES:
        codes = sequence.random_bases(draws, chromosome.length, gc=0.45)
        sequence.deplete_cpg(draws, codes, kept=0.25)
        for start, end in chromosome.gaps:
            codes[start:end] = 4
        genome[chromosome.name] = codes
    for name, start, end in islands:
        genome[name][start:end] = sequence.random_bases(draws, end - start, gc=0.66)
    for codes in genome.values():
        sequence.break_chance_matches(draws, codes)
    repeats = sequence.plant_repeats(draws, genome, between)
    chromatin.plant_sites(Draws(2), genome, loci)
    return genome, repeats


def write_cell(folder: Path, number: int, cell: str, loci: list[chromatin.Locus]) -> None:
    """Write accessibility and peaks of one cell, and for the first cell its reads as well."""
    draws = Draws(10 + number)
    cuts = chromatin.cut_sites(draws, cell, loci)
    tracks = {
        chromosome.name: np.bincount(cuts[chromosome.name], minlength=chromosome.length).astype(np.float32)
        * np.float32(VALUE_PER_READ)
        for chromosome in sequence.CHROMOSOMES
    }
    files.write_bigwig(folder / f"{cell}.accessibility.bw", tracks)
    if number == 0:
        strands = {}
        for chromosome in sequence.CHROMOSOMES:
            here = cuts[chromosome.name]
            reverse = draws.uniform(len(here)) < 0.5
            reverse &= here >= chromatin.READ_LENGTH
            strands[chromosome.name] = reverse | (here > chromosome.length - chromatin.READ_LENGTH)
        files.write_bam(folder / f"{cell}.bam", cuts, strands)
    conservative, relaxed = chromatin.call_peaks(draws, cell, loci)
    files.write_peaks(folder / f"{cell}.conservative.narrowPeak", conservative)
    files.write_peaks(folder / f"{cell}.relaxed.narrowPeak", relaxed)


def write_sites(path: Path, loci: list[chromatin.Locus]) -> None:
    """Write where the motif was planted; the name tells in which cells the site is bound."""
    lines = []
    for locus in loci:
        bound = ",".join(locus.open_in) or "none"
        for one in locus.motifs:
            columns = [locus.chromosome, one.start, one.start + motif.WIDTH, bound, round(10 * one.bits), one.strand]
            lines.append("\t".join(str(column) for column in columns))
    files.write_lines(path, lines)


def component_scores(table: Floats) -> Floats:
    """Reduce an expression table to the cells' loadings on the first 8 principal components of log2(TPM + 1).

    Args:
        table: float64, shape (genes, cells), TPM.

    Returns:
        float64, shape (8, cells), rows of length 1. The first, nearly the same for all cells, is negative; of the
        others the entry that is largest by size is positive.
    """
    _, vectors = np.linalg.eigh(np.cov(np.log2(table + 1), rowvar=False))
    rows: Floats = vectors.T[::-1][: genes.COMPONENTS]
    signs = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)])
    signs[0] = -np.sign(rows[0].sum())
    scores: Floats = rows * signs[:, None]
    return scores


def write_expression(folder: Path) -> None:
    """Write the TPM table and the scores that follow from it."""
    table = genes.expression(Draws(5))
    labels = [f"DGG{number + 1:04d}" for number in range(len(table))]
    files.write_table(folder / "expression.tsv", ["gene_id", *genes.TABLE_CELLS], labels, table)
    rows = [",".join(f"{value:.6f}" for value in row) for row in component_scores(table)]
    files.write_lines(folder / "expression_scores.csv", [",".join(genes.TABLE_CELLS), *rows])


def make(folder: Path) -> None:
    """Write every file of the data set into a folder."""
    loci, between = chromatin.place_loci(Draws(0))
    invented = genes.invent_genes(Draws(3), loci)
    islands = genes.islands(Draws(4), invented, sequence.ISLAND_WIDTHS)
    genome, repeats = make_genome(loci, islands, between)
    files.write_genome(folder / "genome.fa.gz", genome, repeats)
    files.write_bigwig(folder / "uniqueness.bw", sequence.uniqueness(genome))
    for number, cell in enumerate(chromatin.CELLS):
        write_cell(folder, number, cell, loci)
    write_sites(folder / "planted_sites.bed", loci)
    files.write_motif(folder / "motifs.meme")
    files.write_lines(folder / "genes.gtf", genes.gtf_lines(invented))
    for name, intervals in {**genes.annotation(invented), "cpg_islands": islands}.items():
        files.write_bed(folder / f"{name}.bed", intervals)
    files.write_bed(folder / "repeats.bed", repeats)
    files.write_bed(folder / "blacklist.bed", chromatin.blacklist(loci))
    write_expression(folder)


def main() -> None:
    """Read the options and make the data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where to write; made if absent")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    make(folder)


if __name__ == "__main__":
    main()
