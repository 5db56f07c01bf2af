"""Train the bundled model.h5 on the bundled genome: a small network, enough to try the programs on.

Usage: python test-data/train_model.py [--output FILE]. README.md says what the model can do.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE, grid_starts
from deepgrn_tool.data.build import build_features
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.inputs import AnnotationInputs, CellInputs
from deepgrn_tool.data.intervals import Positions, merge, overlaps
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model, save_model

if TYPE_CHECKING:
    from deepgrn_tool.network.build import Network

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Labels = NDArray[np.int8]

DATA = Path(__file__).resolve().parent
SEED = 1
ASSEMBLY = "demo"
FACTOR = "CTCF"
CELLS = ("alpha", "beta")  # gamma stays unseen
TRAIN = ("chr2", "chr3", "chr5")
VALIDATION = ("chr11",)  # chr1 stays unseen
BACKGROUND = (0.295, 0.205, 0.205, 0.295)  # of motifs.meme
TRAIN_STRIDE = 10  # bp; finer than the grid, so that motifs are seen at every offset from a bin
# Bins drawn per epoch. Unbound bins in open chromatin are rare and teach the motif, so they are drawn more often.
BOUND, OPEN, OTHERS = 960, 960, 1_920
BATCH_SIZE = 32
LEARNING_RATE = 0.001
EPOCHS = 12
CONFIG = NetworkConfig(
    filters=16,
    kernel_size=32,
    attention="weighted-sum",
    lstm_units=12,
    dense_units=24,
    dense_after_meta=(16,),
)


@dataclass(frozen=True)
class Examples:
    """Labelled bins of some chromosomes in one cell.

    Attributes:
        bases: float32, shape (positions, channels): the chromosomes one after another, each with its flanks.
        places: int64, shape (n,), where each bin's window starts in `bases`.
        meta: float32, shape (n, meta inputs).
        labels: int8, shape (n,), 1 bound, 0 unbound.
        is_open: bool, shape (n,), whether the bin is at least as accessible as half of the bound ones.
    """

    bases: Floats
    places: Positions
    meta: Floats
    labels: Labels
    is_open: NDArray[np.bool_]

    def take(self, chosen: NDArray[np.int64]) -> tuple[Floats, Floats, Labels]:
        """Cut out windows, (n, window_size, channels), with their meta inputs and labels."""
        windows = np.lib.stride_tricks.sliding_window_view(self.bases, CONFIG.window_size, axis=0)
        cut = np.ascontiguousarray(windows[self.places[chosen]].transpose(0, 2, 1))
        return cut, self.meta[chosen], self.labels[chosen]


def read_peaks(name: str, chrom: str) -> tuple[Positions, Positions]:
    """Read a chromosome's peaks from a narrowPeak file, merged."""
    rows = [line.split("\t") for line in (DATA / name).read_text().splitlines()]
    here = np.array([(int(row[1]), int(row[2])) for row in rows if row[0] == chrom], np.int64).reshape(-1, 2)
    return merge(here[:, 0], here[:, 1])


def label_bins(starts: Positions, cell: str, chrom: str) -> Labels:
    """Label bins: 1 bound, 0 unbound, -1 ambiguous.

    Bound is a bin in which one conservative peak covers half of the bin, or lies by half, and which one relaxed
    peak touches; unbound is a bin with neither.

    Source: ENCODE-DREAM challenge, the organisers' labels.
    """
    counts = []
    for kind in ("conservative", "relaxed"):
        first, last = read_peaks(f"{cell}.{kind}.narrowPeak", chrom)
        shared = np.minimum(starts[:, None] + BIN_SIZE, last) - np.maximum(starts[:, None], first)
        needed = np.minimum(BIN_SIZE, last - first) / 2 if kind == "conservative" else 1
        counts.append((shared >= needed).sum(axis=1))
    strong, touching = counts
    return np.where((strong == 1) & (touching == 1), 1, np.where((strong == 0) & (touching == 0), 0, -1)).astype(
        np.int8
    )


def read_channels(features: FeaturesFile, cell: str, chrom: str) -> Floats:
    """Read a chromosome's channels with a flank of N and 0 at each end, float32, (length + 2 flanks, channels)."""
    start, end = -CONFIG.flank, features.chromosomes[chrom] + CONFIG.flank
    codes = features.sequence(chrom, start, end)
    one_hot = np.vstack([np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)])[codes]
    signals = [
        features.signal(track, chrom, start, end, None if track in features.genome_tracks else cell)
        for track in CONFIG.tracks
    ]
    return np.column_stack([one_hot, *signals])


def read_examples(features: FeaturesFile, cell: str, chromosomes: Sequence[str], stride: int) -> Examples:
    """Read all bins that are neither ambiguous nor blacklisted."""
    expression = features.expression(cell)
    if expression is None:
        raise ValueError(f"the bundled data have no expression of {cell}")
    bases, places, meta, labels = [], [], [], []
    offset = 0
    for chrom in chromosomes:
        bases.append(read_channels(features, cell, chrom))
        starts = np.arange(0, grid_starts(features.chromosomes[chrom])[-1] + 1, stride, dtype=np.int64)
        here = label_bins(starts, cell, chrom)
        kept = (here >= 0) & ~overlaps(starts, starts + BIN_SIZE, *features.blacklist(chrom))
        starts = starts[kept]
        bits = [overlaps(starts, starts + BIN_SIZE, *intervals) for intervals in features.annotation(chrom)]
        meta.append(np.column_stack([np.tile(expression, (len(starts), 1)), *bits]).astype(np.float32))
        places.append(starts + offset)
        labels.append(here[kept])
        offset += len(bases[-1])
    table, where, truth = np.concatenate(bases), np.concatenate(places), np.concatenate(labels)
    reached = np.append(0, np.cumsum(table[:, CONFIG.channels.index("accessibility")], dtype=np.float64))
    signal = reached[where + CONFIG.flank + BIN_SIZE] - reached[where + CONFIG.flank]
    return Examples(table, where, np.concatenate(meta), truth, signal >= np.median(signal[truth == 1]))


def draw_epoch(examples: Sequence[Examples], generator: np.random.Generator) -> tuple[Floats, Floats, Labels]:
    """Draw the bins of one epoch, the same number from every cell, in random order."""
    drawn = []
    for here in examples:
        bound = here.labels == 1
        for kind, count in ((bound, BOUND), (~bound & here.is_open, OPEN), (~bound & ~here.is_open, OTHERS)):
            drawn.append(here.take(generator.choice(np.flatnonzero(kind), count // len(examples), replace=False)))
    windows, meta, labels = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    order = generator.permutation(len(labels))
    return windows[order], meta[order], labels[order]


def average_precision(labels: Labels, scores: Floats) -> float:
    """Compute the mean, over bound bins, of the precision at their score; equal scores share one precision."""
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(labels[order], dtype=np.int64)
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    return float((np.diff(found[last], prepend=0) * found[last] / (last + 1)).sum() / labels.sum())


def motif_filters(width: int) -> Floats:
    """Make filters of the bundled matrix, forward and reverse, in units of 8 bits.

    Returns:
        float32, shape (width, 4, 2); the matrix lies in the middle, with zeros around it.
    """
    lines = (DATA / "motifs.meme").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("letter-probability")) + 1
    shares = np.array([line.split() for line in lines[first:] if line.startswith(" ")], np.float64)
    bits = np.log2((shares + 0.001) / BACKGROUND)
    start = (width - len(bits)) // 2
    filters = np.zeros((width, 4, 2), np.float32)
    filters[start : start + len(bits)] = np.stack([bits, bits[::-1, ::-1]], axis=2) / 8
    return filters


def start_from_motif(network: Network) -> None:
    """Let the first two filters begin as the motif and its reverse complement, silent below 11 bits."""
    weights = network.get_weights()
    weights["conv_1/kernel"][:, :4, :2] = motif_filters(CONFIG.kernel_size)
    weights["conv_1/kernel"][:, 4:, :2] = 0
    weights["conv_1/bias"][:2] = -11 / 8
    network.set_weights(weights)


def validate(model: Any, examples: Sequence[Examples]) -> float:
    """Give the mean average precision over the cells."""
    precisions = []
    for here in examples:
        windows, meta, labels = here.take(np.arange(len(here.labels)))
        scores = model.predict([windows, meta], batch_size=512, verbose=0)[:, 0]
        precisions.append(average_precision(labels, scores))
    return float(np.mean(precisions))


def train(features: FeaturesFile) -> Model:
    """Train, and keep the epoch that is best on the validation chromosome."""
    import keras

    from deepgrn_tool.network.build import build_network

    keras.utils.set_random_seed(SEED)
    generator = np.random.default_rng(SEED)
    network = build_network(CONFIG)
    start_from_motif(network)
    network.model.compile(keras.optimizers.Adam(LEARNING_RATE), loss="binary_crossentropy", jit_compile=False)
    examples = [read_examples(features, cell, TRAIN, TRAIN_STRIDE) for cell in CELLS]
    checks = [read_examples(features, cell, VALIDATION, CONFIG.stride) for cell in CELLS]
    best, best_epoch, weights = -1.0, 0, network.get_weights()
    for epoch in range(1, EPOCHS + 1):
        windows, meta, labels = draw_epoch(examples, generator)
        history = network.model.fit([windows, meta], labels, batch_size=BATCH_SIZE, shuffle=False, verbose=0)
        precision = round(validate(network.model, checks), 4)
        logger.info("Epoch %s: loss %.4f, validation %.4f", epoch, history.history["loss"][0], precision)
        if precision >= best:  # of equals the later one, which is surer of itself
            best, best_epoch, weights = precision, epoch, network.get_weights()
    record = {
        "made_by": "test-data/train_model.py",
        "seed": SEED,
        "first_filters": "two began as the matrix of motifs.meme and its reverse complement",
        "cells": list(CELLS),
        "training_chromosomes": list(TRAIN),
        "validation_chromosomes": list(VALIDATION),
        "epoch": best_epoch,
        "validation_average_precision": best,
    }
    return Model(CONFIG, weights, FACTOR, ASSEMBLY, record)


def bundled_features(output: Path) -> None:
    """Make the features of the bundled genome and its cells."""
    beds = {"cpg_island": "cpg_islands", "cds": "cds", "intron": "intron", "promoter": "promoter"}
    beds |= {"utr5": "utr5", "utr3": "utr3"}
    cells = CellInputs(
        accessibility=[(cell, str(DATA / f"{cell}.accessibility.bw")) for cell in CELLS],
        uniqueness=str(DATA / "uniqueness.bw"),
        expression=str(DATA / "expression.tsv"),
    )
    annotation = AnnotationInputs(
        beds={name: str(DATA / f"{file}.bed") for name, file in beds.items()}, blacklist=str(DATA / "blacklist.bed")
    )
    build_features(output, DATA / "genome.fa.gz", cells, annotation, assembly=ASSEMBLY)


def main() -> None:
    """Read the options, build features in a temporary folder, train, and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DATA / "model.h5", help="model file (default: %(default)s)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # Read once, when Keras is first imported. One thread adds up in one order, so a run repeats itself.
    os.environ.update(KERAS_BACKEND="tensorflow", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.h5"
        bundled_features(path)
        with FeaturesFile(path) as features:
            model = train(features)
    save_model(model, options.output)


if __name__ == "__main__":
    main()
