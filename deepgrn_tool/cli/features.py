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
from typing import TYPE_CHECKING

from deepgrn_tool.cli._common import new_parser, run_cli
from deepgrn_tool.cli._features_options import BED_OPTIONS, add_features_options
from deepgrn_tool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """examples:
  deepgrn-features --genome hg19.fa --accessibility K562=K562.bw --uniqueness unique.bw -o features.h5
  deepgrn-features --add-to features.h5 --accessibility GM12878=GM12878.bam --effective-genome-size 2864785220
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EPILOG
    add_features_options(parser)


def run(args: argparse.Namespace) -> None:
    """Build a features file, or add to one."""
    if (args.output is None) == (args.add_to is None):
        raise UsageError("give one of -o/--output and --add-to")
    given = {name: getattr(args, option) for option, (name, _) in BED_OPTIONS.items()}
    beds = {name: path for name, path in given.items() if path is not None}
    if args.output is not None and args.genome is None:
        raise UsageError("--genome is required with -o/--output")
    intervals = beds or args.gtf or args.blacklist
    fixed = intervals or args.gtf_style or args.clip_intervals or args.chromosomes or args.assembly
    if args.add_to is not None and fixed:
        raise UsageError("--add-to takes signal and expression only; annotation and chromosomes stay as they are")
    if args.gtf_style is not None and args.gtf is None:
        raise UsageError("--gtf-style belongs to --gtf; give that, too")
    if args.clip_intervals and not intervals:
        raise UsageError("--clip-intervals belongs to annotation and --blacklist; give one of them, too")
    from deepgrn_tool.formats.bigwig_index import is_bigwig

    # A file that is neither bigWig nor alignments has its own message, later.
    if args.effective_genome_size is not None and all(is_bigwig(path) for _, path in args.accessibility):
        raise UsageError("--effective-genome-size belongs to BAM and CRAM, and no --accessibility is one; leave it out")
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
