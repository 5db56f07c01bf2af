"""Collect genome, accessibility, annotation and expression into one features file.

Accessibility is a bigWig, or BAM/CRAM, from which the 5' cut sites are counted per base and scaled to 1x:
as `bamCoverage --Offset 1 --binSize 1 --normalizeUsing RPGC --effectiveGenomeSize N` of deepTools with its
other options at their defaults (duplicates, secondary and supplementary alignments count; filter first if unwanted).

From a GTF (GENCODE, Ensembl or UCSC) are derived: CDS (stop codon included), introns (gaps between the exons of a
transcript), 5' and 3' UTR (exon bases before and after the CDS), and promoters: the 501 bp before the first
transcribed base and 100 bp from it on, 601 bp per transcript.

Expression scores are the loadings of the table's columns on the first 8 principal components of log2(TPM + 1), genes
being the observations; columns of one name are replicates and are averaged. They suit networks trained with scores
of the same table; for the published networks give the published scores with --expression-scores.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from deepgrn_tool.cli._common import add_chromosomes, add_threads, name_and_file, new_parser, positive_int, run_cli
from deepgrn_tool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

BED_OPTIONS = {
    "cpg_islands": "cpg_island",
    "cds": "cds",
    "introns": "intron",
    "promoters": "promoter",
    "utr5": "utr5",
    "utr3": "utr3",
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of deepgrn-features."""
    basic = parser.add_argument_group("genome and output")
    add = basic.add_argument
    add("--genome", metavar="FASTA", help="genome, plain or bgzip FASTA; its indexes are used when they are there")
    add("-o", "--output", metavar="FILE", help="features file (HDF5) to make")
    add("--add-to", metavar="FILE", help="add cells or tracks to this features file instead; safe against being killed")
    add_chromosomes(basic, "keep these chromosomes only")
    add("--assembly", metavar="NAME", default="", help="name of the assembly, such as hg19; recorded")
    add_threads(basic, "threads that unpack BAM and CRAM; all else is read by one")
    signal = parser.add_argument_group("signal")
    add = signal.add_argument
    named: dict[str, Any] = {"type": name_and_file, "action": "append", "default": []}
    add("--accessibility", metavar="CELL=FILE", **named, help="bigWig, BAM or CRAM of a cell type; may be repeated")
    add("--effective-genome-size", metavar="N", type=positive_int, help="mappable bases; required with BAM or CRAM")
    add("--uniqueness", metavar="FILE", help="sequence uniqueness, bigWig with values from 0 to 1")
    add("--genome-track", metavar="NAME=FILE", **named, help="further bigWig; may be repeated")
    add("--cell-track", metavar="CELL:NAME=FILE", type=cell_track, action="append", default=[], help="further bigWig")
    genes = parser.add_argument_group("annotation (all six classes or none) and blacklist; BED, plain or gzip")
    add = genes.add_argument
    for option in BED_OPTIONS:
        add(f"--{option.replace('_', '-')}", metavar="BED")
    add("--gtf", metavar="FILE", help="derive all classes but CpG islands from this gene annotation")
    add(
        "--gtf-style",
        choices=("standard", "published"),
        default="standard",
        help="'published': as published networks saw it: promoters of reverse transcripts at their left end (101 bp "
        "before to 500 bp after), exons without CDS as 3'UTR (forward) or 5'UTR (reverse) (default: standard)",
    )
    add("--clip-intervals", action="store_true", help="cut intervals at chromosome ends instead of refusing them")
    add("--blacklist", metavar="BED", help="regions that are never scored")
    expression = parser.add_argument_group("expression (one of the two); columns are matched to cells by name")
    expression.add_argument("--expression", metavar="FILE", help="TPM table, genes x cells, CSV or TSV with a header")
    expression.add_argument("--expression-scores", metavar="FILE", help="ready scores: cells in columns, 8 rows")


def run(args: argparse.Namespace) -> None:
    """Build a features file, or add to one."""
    if (args.output is None) == (args.add_to is None):
        raise UsageError("give one of -o/--output and --add-to")
    beds = {name: getattr(args, option) for option, name in BED_OPTIONS.items() if getattr(args, option) is not None}
    if args.output is not None and args.genome is None:
        raise UsageError("--genome is required")
    if args.add_to is not None and (beds or args.gtf or args.blacklist or args.chromosomes or args.assembly):
        raise UsageError("--add-to takes signal and expression only; annotation and chromosomes stay as they are")
    from deepgrn_tool.data.build import add_to_features, build_features
    from deepgrn_tool.data.inputs import AnnotationInputs, CellInputs

    cells = CellInputs(
        accessibility=args.accessibility,
        uniqueness=args.uniqueness,
        genome_tracks=args.genome_track,
        cell_tracks=args.cell_track,
        expression=args.expression,
        expression_scores=args.expression_scores,
        effective_genome_size=args.effective_genome_size,
    )
    if args.add_to is not None:
        add_to_features(args.add_to, cells, args.genome, args.threads)
        return
    annotation = AnnotationInputs(beds, args.gtf, args.gtf_style == "published", args.blacklist, args.clip_intervals)
    build_features(args.output, args.genome, cells, annotation, args.chromosomes or (), args.assembly, args.threads)


def main(argv: Sequence[str] | None = None) -> int:
    """Run deepgrn-features."""
    parser = new_parser("deepgrn-features", __doc__ or "")
    add_arguments(parser)
    return run_cli(parser, run, argv)
