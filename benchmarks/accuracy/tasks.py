"""What is learned where: factors, cells, chromosomes, and the files of ../shared/data that hold them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DEEPGRN_SHARED", ROOT.parent / "shared")) / "data"

ANNOTATION = {
    "cpg-islands": "cpgisland",
    "cds": "cds",
    "introns": "intron",
    "promoters": "promoter",
    "utr5": "utr5",
    "utr3": "utr3",
}  # option of deepgrn-features → file


@dataclass(frozen=True)
class Genome:
    """One assembly and the signals of its cells.

    Attributes:
        name: Name of the assembly, and of its folder below `DATA`.
        fasta: Genome, below that folder.
        accessibility: Cell → bigWig below that folder.
        cuts: Chromosome → where it is cut in two, in bp; the pieces are named as `cut.pieces` says.
        annotation: Whether the folder holds the six annotation classes, a blacklist and expression scores.
        blacklisted: Chromosomes that are never scored.
    """

    name: str
    fasta: str
    accessibility: Mapping[str, str]
    cuts: Mapping[str, int] = field(default_factory=dict)
    annotation: bool = False
    blacklisted: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return DATA / self.name


@dataclass(frozen=True)
class Task:
    """One factor: which bins teach, which choose, which test.

    Attributes:
        factor: Name of the factor.
        genome: Where it binds.
        peaks: Cell → files below the genome's folder, conservative, then relaxed where there are such.
        train_cells: Cells whose labels teach and choose.
        test_cell: Cell whose labels test.
        train: Chromosomes (or pieces) that teach.
        validation: Chromosomes (or pieces) that choose settings and stop the training.
        test: Chromosomes that nothing is learned from or chosen by.
        matrices: JASPAR matrices among which the baselines choose, on the training bins.
    """

    factor: str
    genome: Genome
    peaks: Mapping[str, tuple[str, ...]]
    train_cells: tuple[str, ...]
    test_cell: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    matrices: tuple[str, ...]


def _narrow_peaks(factor: str, cell: str, relaxed: bool = True) -> tuple[str, ...]:
    kinds = ("conservative", "relaxed") if relaxed else ("conservative",)
    return tuple(f"peaks/{factor}.{cell}.{kind}.narrowPeak.gz" for kind in kinds)


HG19 = Genome(
    name="hg19",
    fasta="genome.fa.gz",
    accessibility={cell: f"accessibility/{cell}.DNase_peaks.bw" for cell in ("K562", "HeLa-S3", "GM12878")},
    cuts={"chr22": 40_000_000, "chrX": 50_000_000},  # behind these points lie 22 % of the CTCF peaks of both in K562
    annotation=True,
)
SACCER3 = Genome(
    name="sacCer3",
    fasta="sacCer3.fa.gz",
    accessibility={"yeast": "ATAC_cuts.bw"},
    blacklisted=("chrXII",),  # mostly ribosomal DNA
)
TASKS = {
    "CTCF": Task(
        factor="CTCF",
        genome=HG19,
        peaks={
            "K562": _narrow_peaks("CTCF", "K562"),
            "HeLa-S3": _narrow_peaks("CTCF", "HeLa-S3"),
            "GM12878": _narrow_peaks("CTCF", "GM12878", relaxed=False),
        },
        train_cells=("K562", "HeLa-S3"),
        test_cell="GM12878",
        train=("chr22.start", "chrX.start"),
        validation=("chr22.end", "chrX.end"),
        test=("chr20",),
        matrices=("MA0139.2", "MA0139.1"),
    ),
    "TAF1": Task(
        factor="TAF1",
        genome=HG19,
        peaks={cell: _narrow_peaks("TAF1", cell) for cell in ("K562", "HeLa-S3", "GM12878")},
        train_cells=("K562", "HeLa-S3"),
        test_cell="GM12878",
        train=("chr22.start", "chrX.start"),
        validation=("chr22.end", "chrX.end"),
        test=("chr20",),
        # TAF1 binds promoters through TFIID and has no matrix of its own; these factors' sites abound in its peaks.
        matrices=("MA0095.2", "MA0076.2", "MA0062.3", "MA0506.2", "MA0079.5"),  # YY1, ELK4, GABPA, NRF1, SP1
    ),
    "Reb1": Task(
        factor="Reb1",
        genome=SACCER3,
        peaks={"yeast": ("Reb1.narrowPeak",)},
        train_cells=("yeast",),
        test_cell="yeast",
        train=tuple(f"chr{name}" for name in "I II III V VI VII VIII IX X XI XIII XIV XVI".split()),
        validation=("chrXV",),
        test=("chrIV",),
        matrices=("MA0363.3", "MA0363.2", "MA0363.1"),
    ),
}
