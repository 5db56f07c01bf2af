"""The options of deepgrn-features."""

from __future__ import annotations

import argparse
from typing import Any

from deepgrn_tool.cli._common import add_chromosomes, add_threads, name_and_file, positive_int

BED_OPTIONS = {  # option: class in the file, words
    "cpg_islands": ("cpg_island", "CpG islands"),
    "cds": ("cds", "coding sequence"),
    "introns": ("intron", "introns"),
    "promoters": ("promoter", "promoters"),
    "utr5": ("utr5", "5' untranslated regions"),
    "utr3": ("utr3", "3' untranslated regions"),
}


def cell_track(text: str) -> tuple[str, str, str]:
    """Parse `CELL:NAME=FILE`, for argparse.

    >>> cell_track("K562:H3K27ac=a.bw")
    ('K562', 'H3K27ac', 'a.bw')
    """
    names, _, path = text.partition("=")
    cell, separator, track = names.rpartition(":")
    if not (cell and separator and track and path):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form CELL:NAME=FILE")
    return cell, track, path


def add_features_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in groups."""
    basic = parser.add_argument_group("genome and output")
    add = basic.add_argument
    add("--genome", metavar="FASTA", help="plain or bgzip; needed with -o, and with CRAM; an index beside it is used")
    add("-o", "--output", metavar="FILE", help="features file (HDF5) to make")
    add("--add-to", metavar="FILE", help="instead of -o: add cells or tracks to this file; safe if the run is killed")
    add_chromosomes(basic, "keep these chromosomes only")
    add("--assembly", metavar="NAME", default="", help="name of the assembly, such as hg19; recorded")
    add_threads(basic, "threads that unpack BAM and CRAM; all else is read by one")
    signal = parser.add_argument_group("signal (options with = may be repeated)")
    add = signal.add_argument
    named: dict[str, Any] = {"type": name_and_file, "action": "append", "default": []}
    add("--accessibility", metavar="CELL=FILE", **named, help="bigWig, BAM or CRAM of a cell type: K562=K562.bw")
    size = "mappable bases, as in bamCoverage (2864785220 for hg19, 2913022398 for hg38); needed with BAM or CRAM"
    add("--effective-genome-size", metavar="N", type=positive_int, help=size)
    add("--uniqueness", metavar="FILE", help="uniqueness of the sequence, a bigWig with values from 0 to 1")
    add("--genome-track", metavar="NAME=FILE", **named, help="further bigWig, the same for all cell types")
    cell = "further bigWig of a cell type: K562:H3K27ac=H3K27ac.bw"
    add("--cell-track", metavar="CELL:NAME=FILE", type=cell_track, action="append", default=[], help=cell)
    _add_annotation(parser)
    expression = parser.add_argument_group("expression (one of the two); columns are matched to cells by name")
    expression.add_argument("--expression", metavar="FILE", help="TPM table, genes x cells, CSV or TSV with a header")
    expression.add_argument("--expression-scores", metavar="FILE", help="ready scores: cells in columns, 8 rows")


def _add_annotation(parser: argparse.ArgumentParser) -> None:
    genes = parser.add_argument_group("annotation (all six classes or none) and blacklist; BED, plain or gzip")
    add = genes.add_argument
    for option, (_, words) in BED_OPTIONS.items():
        add(f"--{option.replace('_', '-')}", metavar="BED", help=words)
    add("--gtf", metavar="FILE", help="derive all classes but CpG islands from this gene annotation")
    add(
        "--gtf-style",
        choices=("standard", "published"),
        help="'standard' (default): as told above; 'published': as the published networks were trained, with promoters "
        "of reverse transcripts at their left end (101 bp before to 500 bp after it) and exons without CDS as 3' UTR "
        "(forward) or 5' UTR (reverse)",
    )
    add("--clip-intervals", action="store_true", help="cut intervals at chromosome ends instead of refusing them")
    add("--blacklist", metavar="BED", help="regions that are never called; bins that touch them score 0")
