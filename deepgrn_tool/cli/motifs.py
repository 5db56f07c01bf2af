"""Find the sites that a network looks at, as input for MEME and STREME, and compare them with known motifs.

In the window of each chosen bin, the site is the stretch around the step with the most attention, or with the highest
contribution. Of sites that overlap, the best is kept. Bins that touch the blacklist of the features file are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from deepgrn_tool.cli._common import add_chromosomes, add_threads, new_parser, number, positive_int, run_cli, whole
from deepgrn_tool.cli.attention import share_of_dimensions
from deepgrn_tool.cli.predict import fraction
from deepgrn_tool.errors import UsageError

PROGRAM = "deepgrn-motifs"
EPILOG = """examples:
  deepgrn-motifs features.h5 model.h5 --cell K562 --labels CTCF.labels.tsv.gz -o sites.fa --control control.fa \\
      --background background.txt
  meme sites.fa -dna -revcomp -mod zoops -nmotifs 3 -markov_order 2 -bfile background.txt -oc meme
  streme --dna --p sites.fa --n control.fa --oc streme
  deepgrn-motifs features.h5 model.h5 --cell K562 --above 0.8 --chromosomes chr21 -o sites.fa --bed sites.bed \\
      --known JASPAR.meme --enrichment known.tsv --logos known.pdf
"""

COMPARED = ("enrichment", "logos")
BELONGS_TO = {  # option: the outputs that depend on it
    "order": ("background",),
    "match": COMPARED,
    "top": ("logos",),
    "seed": ("control", "accessibility", "accessibility_plot", *COMPARED, "summary"),  # all that controls are drawn for
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("features", metavar="FEATURES", help="features.h5, made by deepgrn-features")
    add("model", metavar="MODEL", help="model.h5, made by deepgrn-import or deepgrn-train")
    add("--cell", metavar="NAME", help="cell type (default: the only one of the features file)")
    add_bins(parser)
    out = parser.add_argument_group("outputs, at least one")
    out.add_argument("-o", "--output", metavar="FASTA", help="sequences of the sites, named chrom:start-end(strand)")
    out.add_argument("--bed", metavar="BED", help="places of the sites; column 5 is 1000 × the share of attention")
    out.add_argument("--control", metavar="FASTA", help="for each site a stretch of its window, alike in G and C")
    out.add_argument("--background", metavar="FILE", help="Markov model of the windows, for meme -bfile")
    out.add_argument("--accessibility", metavar="TSV", help="mean accessibility around sites and controls")
    out.add_argument("--accessibility-plot", metavar="FILE", help="the same as a figure (.png, .pdf or .svg)")
    out.add_argument("--enrichment", metavar="TSV", help="the motifs of --known, the most enriched first")
    out.add_argument("--logos", metavar="FILE", help="logos of the most enriched motifs (.png, .pdf or .svg)")
    out.add_argument("--summary", metavar="TSV", help="also write a table of counts")
    how = parser.add_argument_group("sites")
    method = (
        "attention (default), or gradient: |d score / d input × input|, which works with every network and in real "
        "data lies on motifs far more often"
    )
    how.add_argument("--method", choices=("attention", "gradient"), default="attention", help=method)
    dimensions = "which dimensions of the attention to average, as in deepgrn-attention (default: top)"
    how.add_argument("--dimensions", type=share_of_dimensions, metavar="all|top|SHARE", help=dimensions)
    how.add_argument("--width", type=whole, default=20, metavar="BP", help="length of a site, 4 to 200 (default: 20)")
    windows = "only windows with one clear peak of accessibility, or with none (default: any)"
    how.add_argument("--accessibility-peaks", choices=("any", "one", "none"), default="any", help=windows)
    how.add_argument("--seed", type=whole, metavar="N", help="for the choice of controls (default: 0)")
    order = "order of the background model, 0 to 5 (default: 2)"
    how.add_argument("--order", type=whole, metavar="N", help=order)
    known = parser.add_argument_group("known motifs")
    known.add_argument("--known", metavar="MEME", help="motifs in MEME format, such as those of JASPAR")
    match = "how likely a match may be at one place of random sequence (default: 0.0001)"
    known.add_argument("--match", type=number, metavar="P", help=match)
    known.add_argument("--top", type=positive_int, metavar="N", help="logos to draw (default: 10)")
    add_threads(parser)


def add_bins(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose bins."""
    what = parser.add_argument_group("bins (one of these; --above goes alone or with --scores)")
    what.add_argument("--labels", metavar="FILE", help="the cell's bound bins in this label file (deepgrn-labels)")
    what.add_argument("--peaks", metavar="BED", help="bins that share at least half of themselves or of a peak")
    what.add_argument("--bins", metavar="BED", help="sorted bins of 200 bp, on the 50-bp grid or not")
    what.add_argument("--scores", metavar="FILE", help="bins that score at least --above in this track or .tab.gz")
    what.add_argument(
        "--above", type=fraction, metavar="P", help="least score (default: 0.5); alone: the network scores all bins"
    )
    add_chromosomes(what, "only these chromosomes")


def refuse_without_effect(args: argparse.Namespace) -> None:
    """Refuse options that no output depends on.

    Raises:
        UsageError: It tells which output they belong to.
    """
    for option, outputs in BELONGS_TO.items():
        if getattr(args, option) is not None and all(getattr(args, name) is None for name in outputs):
            *others, last = (f"--{name.replace('_', '-')}" for name in outputs)
            needed = f"{', '.join(others)} or {last}" if others else last
            raise UsageError(f"--{option} belongs to {needed}; give {'one of these' if others else 'that'}, too")
    if args.dimensions is not None and args.method == "gradient":
        raise UsageError("--dimensions averages attention; leave it out with --method gradient")


def run(args: argparse.Namespace) -> None:
    """Find and write; TensorFlow loads only after all inputs were checked."""
    from deepgrn_tool.motifs.job import Settings, Wanted, motifs

    given = {name: getattr(args, name) for name in ("order", "match", "top", "seed")} | {"share": args.dimensions}
    settings = Settings(
        method=args.method,
        width=args.width,
        peaks=args.accessibility_peaks,
        **{name: value for name, value in given.items() if value is not None},
    )
    refuse_without_effect(args)
    files = (args.output, args.bed, args.control, args.background, args.accessibility, args.accessibility_plot)
    motifs(
        args.features,
        args.model,
        Wanted(*files, args.enrichment, args.logos, args.summary),
        settings,
        cell=args.cell,
        chromosomes=args.chromosomes,
        bins=args.bins,
        labels=args.labels,
        peaks=args.peaks,
        scores=args.scores,
        above=args.above,
        known=args.known,
        threads=args.threads,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program."""
    parser = new_parser(PROGRAM, __doc__)
    add_arguments(parser)
    return run_cli(parser, run, argv)
