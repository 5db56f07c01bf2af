"""Invented genes: their GTF lines, the interval classes that follow from them, and expression in several cell types."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maker.chromatin import CELLS, Locus
from maker.draws import Draws, Floats
from maker.sequence import CHROMOSOMES

Interval = tuple[str, int, int]  # chromosome, start, end

GENE_EVERY = 6  # open-everywhere decoys from one gene start to the next
PROMOTER_UPSTREAM = 501  # bp before the first transcribed base
PROMOTER_DOWNSTREAM = 100  # bp from the first transcribed base on, that base included
ALTERNATIVE_START = 40  # bp by which a second transcript starts later
TABLE_CELLS = (*CELLS, "delta", "epsilon", "zeta", "eta", "theta", "iota")
TABLE_GENES = 200
COMPONENTS = 8


@dataclass(frozen=True)
class Transcript:
    """One transcript; offsets count bases from the gene's first base, in the direction of transcription.

    Args:
        name: Transcript id.
        exons: Half-open offsets, ascending.
        coding: Half-open offsets of the coding stretch, or None.
    """

    name: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[int, int] | None

    def pieces(self) -> dict[str, list[tuple[int, int]]]:
        """Cut the transcript into exons, introns, coding and untranslated pieces (offsets)."""
        introns = [(left[1], right[0]) for left, right in zip(self.exons[:-1], self.exons[1:], strict=True)]
        cut: dict[str, list[tuple[int, int]]] = {"exon": list(self.exons), "intron": introns}
        if self.coding is not None:
            first, last = self.coding
            cut["CDS"] = _within(self.exons, first, last)
            cut["five_prime_utr"] = _within(self.exons, 0, first)
            cut["three_prime_utr"] = _within(self.exons, last, self.exons[-1][1])
        return cut


@dataclass(frozen=True)
class Gene:
    """A gene: where its first base lies (0-based), which way it is read, and its transcripts."""

    name: str
    chromosome: str
    first_base: int
    strand: str
    transcripts: tuple[Transcript, ...]

    def place(self, start: int, end: int) -> Interval:
        """Turn offsets into 0-based half-open coordinates."""
        if self.strand == "+":
            return self.chromosome, self.first_base + start, self.first_base + end
        return self.chromosome, self.first_base + 1 - end, self.first_base + 1 - start


def _within(exons: tuple[tuple[int, int], ...], start: int, end: int) -> list[tuple[int, int]]:
    clipped = [(max(first, start), min(last, end)) for first, last in exons]
    return [(first, last) for first, last in clipped if first < last]


def invent_genes(draws: Draws, loci: list[Locus]) -> list[Gene]:
    """Start a gene at every sixth decoy that is open in all cells, where it fits on the chromosome."""
    starts = [locus for locus in loci if not locus.is_site and len(locus.open_in) == len(CELLS)]
    genes: list[Gene] = []
    for locus in starts[::GENE_EVERY]:
        exons, coding = _invent_structure(draws)
        strand = "+" if draws.uniform(1)[0] < 0.5 else "-"
        splice_twice = draws.uniform(1)[0] < 0.4 and len(exons) > 2
        number = len(genes) + 1
        transcripts = [Transcript(f"DGT{number:04d}.1", exons, coding)]
        if splice_twice:
            shorter = ((ALTERNATIVE_START, exons[0][1]), *exons[2:])
            transcripts.append(Transcript(f"DGT{number:04d}.2", shorter, None))
        gene = Gene(f"DGG{number:04d}", locus.chromosome, locus.centre, strand, tuple(transcripts))
        if not locus.is_artefact and _fits(gene):
            genes.append(gene)
    return genes


def _invent_structure(draws: Draws) -> tuple[tuple[tuple[int, int], ...], tuple[int, int] | None]:
    exons, reached = [], 0
    for _ in range(draws.integer(1, 6)):
        width = draws.integer(240, 600)
        exons.append((reached, reached + width))
        reached += width + draws.integer(150, 1200)
    coding = (draws.integer(60, 160), exons[-1][1] - draws.integer(30, 160))
    return tuple(exons), coding if draws.uniform(1)[0] < 0.85 else None


def _fits(gene: Gene) -> bool:
    _, start, end = gene.place(0, gene.transcripts[0].exons[-1][1])
    chromosome = next(some for some in CHROMOSOMES if some.name == gene.chromosome)
    inside = 1_000 <= start and end <= chromosome.length - 1_000
    return inside and all(end <= first or start >= last for first, last in chromosome.gaps)


def islands(draws: Draws, genes: list[Gene], widths: tuple[int, int]) -> list[Interval]:
    """Choose CpG islands around the first base of two genes in three."""
    chosen = [gene for index, gene in enumerate(genes) if index % 3 != 2]
    sizes = draws.integers(*widths, len(chosen))
    shifts = draws.integers(-60, 61, len(chosen))
    return [
        (gene.chromosome, start := gene.first_base + int(shift) - int(size) // 2, start + int(size))
        for gene, size, shift in zip(chosen, sizes, shifts, strict=True)
    ]


def annotation(genes: list[Gene]) -> dict[str, list[Interval]]:
    """Collect the intervals of each class that follows from the genes, not yet merged."""
    classes: dict[str, list[Interval]] = {"cds": [], "intron": [], "promoter": [], "utr5": [], "utr3": []}
    kinds = {"cds": "CDS", "intron": "intron", "utr5": "five_prime_utr", "utr3": "three_prime_utr"}
    for gene in genes:
        for transcript in gene.transcripts:
            pieces = transcript.pieces()
            for name, kind in kinds.items():
                classes[name] += [gene.place(*piece) for piece in pieces.get(kind, [])]
            first = transcript.exons[0][0]
            classes["promoter"].append(gene.place(first - PROMOTER_UPSTREAM, first + PROMOTER_DOWNSTREAM))
    return classes


def gtf_lines(genes: list[Gene]) -> list[str]:
    """Write genes as Ensembl does: 1-based closed coordinates, features gene, transcript, exon, CDS and UTRs."""
    lines = []
    for gene in genes:
        end = max(transcript.exons[-1][1] for transcript in gene.transcripts)
        lines.append(_gtf_line(gene, "gene", (0, end), ""))
        for transcript in gene.transcripts:
            label = f' transcript_id "{transcript.name}";'
            span = (transcript.exons[0][0], transcript.exons[-1][1])
            lines.append(_gtf_line(gene, "transcript", span, label))
            pieces = transcript.pieces()
            for kind in ("exon", "CDS", "five_prime_utr", "three_prime_utr"):
                lines += [_gtf_line(gene, kind, piece, label) for piece in pieces.get(kind, [])]
    return lines


def _gtf_line(gene: Gene, kind: str, piece: tuple[int, int], label: str) -> str:
    chromosome, start, end = gene.place(*piece)
    columns = [chromosome, "invented", kind, str(start + 1), str(end), ".", gene.strand, "."]
    return "\t".join([*columns, f'gene_id "{gene.name}";{label} gene_name "{gene.name.lower()}";'])


def expression(draws: Draws) -> Floats:
    """Invent transcripts per million: float64, shape (200 genes, 9 cells), two decimals, columns summing to 1e6."""
    level = np.exp(6 * draws.uniform(TABLE_GENES) - 2)[:, None]
    own = np.exp(2.4 * draws.uniform(TABLE_GENES * len(TABLE_CELLS)) - 1.2)
    silent = draws.uniform(TABLE_GENES * len(TABLE_CELLS)) < 0.15
    table = level * np.where(silent, 0, own).reshape(TABLE_GENES, len(TABLE_CELLS))
    rounded: Floats = np.round(table / table.sum(axis=0) * 1e6, 2)
    return rounded
