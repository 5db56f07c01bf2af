"""How often the sites of deepgrn-motifs lie on motifs, beside summits of accessibility and random places.

    python benchmarks/motifs.py train FOLDER [--features demo/features.h5] [--labels demo/CTCF.labels.tsv.gz]
    python benchmarks/motifs.py planted FEATURES LABELS MODEL … [--cell gamma] [--chromosomes chr1]
    python benchmarks/motifs.py known FEATURES MODEL --cell NAME --motifs FILE --motif NAME --figure FILE
        (--labels FILE | --scores FILE --above P) [--chromosomes chr20] [--most 5000]

`train` trains a small network with each kind of attention, with the options of demo.sh. `planted` counts the bound bins
whose site lies within 20 bp of a planted motif (test-data/README.md). `known` counts the sites with a match to a known
motif, and draws what networks look at around the matches. Needs test-data/, and for `known` features and a model.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.bins import ChosenBins, choose_bins
from deepgrn_tool.attention.geometry import mean_over_bases
from deepgrn_tool.attention.profiles import profiled_windows
from deepgrn_tool.attention.tracks import BOTH
from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.motifs.accessibility import SMOOTHED, read_windows
from deepgrn_tool.motifs.background import count_windows
from deepgrn_tool.motifs.control import matched_controls
from deepgrn_tool.motifs.enrichment import enrichment, power_of_ten
from deepgrn_tool.motifs.meme import Motif, read_meme
from deepgrn_tool.motifs.scan import motif_scores, score_threshold
from deepgrn_tool.motifs.search import SiteCollector, candidate_sites
from deepgrn_tool.motifs.sequences import COMPLEMENT, site_codes
from deepgrn_tool.motifs.sites import Sites
from deepgrn_tool.network.config import ATTENTION_KINDS
from deepgrn_tool.network.files import Model, load_model
from deepgrn_tool.plots.style import GRAY, figure_files, line_style

DATA = Path(__file__).parents[1] / "test-data"
WIDTH = 20  # bp of a site
REACH = 20  # bp from a site's middle to the planted motif
AROUND = 0.2  # of a window, on each side of a match in the figure
EDGE = 40  # bp of a window that stay out of the figure on either side
MATCH = 1e-4
SHARE = 0.1  # of the dimensions of attention


def train(folder: Path, features: Path, labels: Path) -> None:
    """Train a network with each kind of attention as demo.sh does."""
    folder.mkdir(exist_ok=True)
    for kind in ATTENTION_KINDS:
        options = "--filters 32 --negatives 3 --batch-size 32 --learning-rate 0.002 --dropout 0 --epochs 8"
        command = ["deepgrn-train", str(features), str(labels), "--cells", "alpha,beta", "--attention", kind]
        subprocess.run([*command, *options.split(), "-o", str(folder / f"{kind}.h5")], check=True)


def summits(features: FeaturesFile, cell: str, bins: ChosenBins, flank: int) -> Iterator[Sites]:
    """Give the stretch around the highest accessibility of each window, in the middle of equal ones."""
    size = BIN_SIZE + 2 * flank
    for group in bins:
        begins = group.starts - flank
        signals = read_windows(features, cell, group.chrom, begins, size)
        smooth = np.stack([np.convolve(row, np.ones(SMOOTHED), "same") for row in signals.astype(np.float64)])
        tops = smooth.max(axis=1, keepdims=True)
        middles = np.array([int(np.median(np.flatnonzero(row))) for row in smooth >= tops - 1e-6 * np.abs(tops)])
        yield _sites(group, begins + np.clip(middles - WIDTH // 2, 0, size - WIDTH), tops[:, 0])


def random_places(bins: ChosenBins, flank: int, generator: np.random.Generator) -> Iterator[Sites]:
    """Give one stretch of each window, drawn at random."""
    for group in bins:
        places = generator.integers(0, BIN_SIZE + 2 * flank - WIDTH + 1, len(group.starts))
        yield _sites(group, group.starts - flank + places, generator.random(len(places)))


def share_of_places(bins: ChosenBins, flank: int, cell: str) -> float:
    """Compute what a place drawn at random in each window would give: the share of all places near planted motifs."""
    hits = []
    for group in bins:
        for place in range(BIN_SIZE + 2 * flank - WIDTH + 1):
            starts = group.starts - flank + place
            hits.append(near_planted(_sites(group, starts, np.zeros(len(starts))), cell).mean())
    return float(np.mean(hits))


def _sites(group: BinGroup, starts: NDArray[np.int64], values: NDArray[np.float64]) -> Sites:
    zeros = np.zeros(len(starts), np.float32)
    return Sites(group.chrom, WIDTH, starts, np.zeros(len(starts), bool), values, zeros, group.starts)


def sources(
    features: FeaturesFile, model: Model, cell: str, bins: ChosenBins, threads: int
) -> Iterator[tuple[str, Iterator[Sites]]]:
    """Give all ways to find sites, by name."""
    reader = InputReader(features, model.config, cell)
    if model.config.attention != "none":
        yield "attention", candidate_sites(model, reader, bins, "attention", SHARE, WIDTH, threads)
    yield "gradient", candidate_sites(model, reader, bins, "gradient", SHARE, WIDTH, threads)
    yield "accessibility summit", summits(features, cell, bins, model.config.flank)
    yield "random place", random_places(bins, model.config.flank, np.random.default_rng(1))


def near_planted(sites: Sites, cell: str) -> NDArray[np.bool_]:
    """Tell which sites have a planted motif that is bound in the cell within `REACH` bp of their middle."""
    rows = [line.split("\t") for line in (DATA / "planted_sites.bed").read_text().splitlines()]
    bounds = np.array([row[1:3] for row in rows if row[0] == sites.chrom and cell in row[3].split(",")], int)
    middles = sites.starts[:, np.newaxis] + sites.width / 2
    gaps = np.maximum(bounds[:, 0] - middles, middles - bounds[:, 1])
    return (gaps <= REACH).any(axis=1)


def planted(features: Path, labels: Path, models: list[Path], cell: str, chromosomes: list[str]) -> None:
    """Print one line per network: share of the bound bins whose site lies on a planted motif; rank of the motif."""
    known = [*read_meme(DATA / "motifs.meme"), *shuffled(read_meme(DATA / "motifs.meme")[0], 20)]
    with FeaturesFile(features) as file:
        for path in models:
            model = load_model(path)
            bins = choose_bins(file, cell, labels=labels, chromosomes=chromosomes)
            chance = share_of_places(bins, model.config.flank, cell)
            quality = model.record.get("validation_auprc", "unknown")
            print(f"{path.name}: {model.config.attention}, validation auPRC {quality}, {bins.total} bound bins")
            print(f"  all places in the windows: {100 * chance:.0f} % within {REACH} bp of a planted motif")
            for name, candidates in sources(file, model, cell, bins, 1):
                pieces = list(candidates)
                hits = np.concatenate([near_planted(piece, cell) for piece in pieces])
                compared = compare(file, model, cell, bins, pieces, known)
                print(
                    f"  {name}: {100 * hits.mean():.0f} % within {REACH} bp of a planted motif; {compared}", flush=True
                )


def shuffled(motif: Motif, count: int) -> list[Motif]:
    """Give motifs with the same positions in another order."""
    draw = np.random.default_rng(5)
    return [
        Motif(f"shuffled_{number}", "", motif.probabilities[draw.permutation(len(motif.probabilities))], motif.sites)
        for number in range(count)
    ]


def compare(
    features: FeaturesFile, model: Model, cell: str, bins: ChosenBins, pieces: list[Sites], known: list[Motif]
) -> str:
    """Merge sites, choose their controls and say how often the first motif matches, and its rank among all."""
    config = model.config
    collector = SiteCollector(features, cell, config.window_size, config.flank, "any")
    for piece in pieces:
        collector.add(piece)
    found = collector.finish()
    generator = np.random.default_rng(0)
    controls = [matched_controls(features, sites, config.flank, generator) for sites in found.sites]
    margin = max(len(motif.probabilities) for motif in known) // 2 + 1
    both = [
        np.concatenate([site_codes(features, sites, margin) for sites in groups]) for groups in (found.sites, controls)
    ]
    background = count_windows(features, bins, config.flank, 0).shares()[0]
    ranked = enrichment(known, *both, WIDTH, background, MATCH)
    rank = next(number for number, one in enumerate(ranked, 1) if one.motif is known[0])
    one = ranked[rank - 1]
    return (
        f"{found.total:,} sites, {known[0].title} in {100 * one.matching_sites / one.sites:.1f} % of them and "
        f"{100 * one.matching_controls / one.controls:.1f} % of controls (p = {power_of_ten(one.log10_p)}), "
        f"rank {rank} of {len(known)}, best {ranked[0].motif.title}"
    )


def aligned(
    features: FeaturesFile, model: Model, cell: str, bins: ChosenBins, motif: Motif, method: str, threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Average attention or contributions around the best match near the middle of each window.

    Returns:
        Means by distance from the match's middle along its strand, in units of the windows' own means, for windows with
        a match; the same around a random place of each of these windows; number of windows.
    """
    config = model.config
    background = count_windows(features, bins, config.flank, 0).shares()[0]
    table = motif_scores(motif, background)
    threshold = score_threshold(table, background, MATCH) or 0
    reader = InputReader(features, config, cell)
    draw = np.random.default_rng(2)
    around, middle = int(AROUND * config.window_size), config.window_size // 2
    sums, count = np.zeros((2, 2 * around + 1)), 0
    for windows in profiled_windows(model, reader, bins, method, SHARE, threads):  # type: ignore[arg-type]
        values = mean_over_bases(windows.profiles[BOTH], config.window_size)
        for start, row in zip(windows.starts.tolist(), values, strict=True):
            codes = features.sequence(windows.chrom, start - config.flank, start - config.flank + config.window_size)
            place, reverse, score = best_match(codes, table)
            if score < threshold or abs(place - middle) > middle - around - EDGE:
                continue
            other = int(draw.integers(around + EDGE, config.window_size - around - EDGE))
            for number, at in enumerate((place, other)):
                piece = row[at - around : at + around + 1] / np.nanmean(row)
                sums[number] += piece[::-1] if reverse else piece
            count += 1
    return sums[0] / count, sums[1] / count, count


def best_match(codes: NDArray[np.uint8], table: NDArray[np.int64]) -> tuple[int, bool, int]:
    """Find the middle base, the strand and the score of the best match in a sequence."""
    best = (0, False, -(10**9))
    padded = np.vstack([table.T, np.full(len(table), -(10**6))]).T
    for reverse, strand in ((False, codes), (True, COMPLEMENT[codes[::-1]])):
        places = np.lib.stride_tricks.sliding_window_view(strand, len(table))
        scores = padded[np.arange(len(table)), places].sum(axis=1)
        at = int(scores.argmax())
        if scores[at] > best[2]:
            middle = at + len(table) // 2
            best = (len(codes) - 1 - middle if reverse else middle, reverse, int(scores[at]))
    return best


def known_motif(args: argparse.Namespace) -> None:
    """Print how often sites match, by way of finding them, and draw the means around matches."""
    known = read_meme(args.motifs)
    known.sort(key=lambda one: not one.name.startswith(args.motif))
    motif = known[0]
    model = load_model(args.model)
    with FeaturesFile(args.features) as file:
        way = {"labels": args.labels} if args.labels else {"scores": args.scores, "threshold": args.above}
        bins = choose_bins(file, args.cell, chromosomes=args.chromosomes, **way)
        if bins.total > args.most:
            bins = thinned(file, bins, args.most)
        print(f"{args.model.name}, {args.cell}: {bins.total:,} bins")
        for name, candidates in sources(file, model, args.cell, bins, args.threads):
            compared = compare(file, model, args.cell, bins, list(candidates), known)
            print(f"  {name}: {compared}", flush=True)
        if args.figure:
            methods = ["attention", "gradient"] if model.config.attention != "none" else ["gradient"]
            parts = {m: aligned(file, model, args.cell, bins, motif, m, args.threads) for m in methods}
            draw(parts, f"{args.model.stem}, {args.cell}: around {motif.title}", args.figure)


def thinned(features: FeaturesFile, bins: ChosenBins, most: int) -> ChosenBins:
    """Keep evenly spaced bins."""
    step = -(-bins.total // most)
    return ChosenBins(features, [BinGroup(group.chrom, group.starts[::step]) for group in bins], bins.on_grid)


def draw(parts: dict[str, tuple[NDArray[np.float64], NDArray[np.float64], int]], title: str, path: Path) -> None:
    """Draw one panel per method."""
    with figure_files([path], panels=len(parts)) as panels:
        for axes, (method, (matches, others, count)) in zip(panels, parts.items(), strict=True):
            distances = np.arange(len(matches)) - len(matches) // 2
            axes.plot(distances, matches, label=f"best matches of {count:,} windows", **line_style(0))
            axes.plot(distances, others, label="random places in them", color=GRAY, linestyle="dashed")
            axes.set(xlabel="distance from the match, along its strand (bp)", ylabel=f"{method} (1 = window's mean)")
            axes.set_title(title, fontsize=9)
            axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
            axes.legend(loc="upper right")


def main() -> None:
    """Parse options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("folder", type=Path)
    one.add_argument("--features", type=Path, default=Path("demo/features.h5"))
    one.add_argument("--labels", type=Path, default=Path("demo/CTCF.labels.tsv.gz"))
    two = commands.add_parser("planted")
    two.add_argument("features", type=Path)
    two.add_argument("labels", type=Path)
    two.add_argument("models", type=Path, nargs="+")
    two.add_argument("--cell", default="gamma")
    two.add_argument("--chromosomes", nargs="+", default=["chr1"])
    three = commands.add_parser("known")
    three.add_argument("features", type=Path)
    three.add_argument("model", type=Path)
    for name in ("--motifs", "--labels", "--scores", "--figure"):
        three.add_argument(name, type=Path)
    three.add_argument("--cell", required=True)
    three.add_argument("--motif", required=True)
    three.add_argument("--above", type=float, default=0.5)
    three.add_argument("--chromosomes", nargs="+")
    three.add_argument("--most", type=int, default=5000)
    three.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.command == "train":
        train(args.folder, args.features, args.labels)
    elif args.command == "planted":
        planted(args.features, args.labels, args.models, args.cell, args.chromosomes)
    else:
        if not (args.labels or args.scores):
            sys.exit("give --labels or --scores")
        known_motif(args)


if __name__ == "__main__":
    main()
