"""Which bins a network may learn from: the labels of all cells, without what is ambiguous or blacklisted.

Memory per bin is 4 bytes and one more per cell, whatever the number of tracks: the bins of a human genome in seven
cells take 0.6 GB.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.data.schema import ACCESSIBILITY
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bed import read_bed
from deepgrn_tool.labels.table import AMBIGUOUS, BOUND, UNBOUND, Labels

logger = logging.getLogger(__name__)

OPEN = 3  # beside the codes of labels: unbound, and as accessible as bound bins are
LEAST_SIGNAL = float(np.finfo(np.float32).tiny)
OPEN_QUANTILE = 0.25  # of the accessibility of bound bins: an open bin has at least that
SCAN_SIZE = 1 << 22  # bases of accessibility that are read at once

LONGEST = np.iinfo(np.int32).max  # bp of a chromosome: starts of bins are kept in 4 bytes

Peaks = tuple[Positions, Positions]


@dataclass(frozen=True)
class ChromosomeExamples:
    """Bins of one chromosome.

    Attributes:
        chrom: Name of the chromosome.
        starts: int32, shape (n,), ascending.
        codes: uint8, shape (cells, n): `UNBOUND`, `OPEN`, `BOUND`, or `AMBIGUOUS` for all that never enters.
        peaks: For each cell, starts and ends of its peaks, int64; None where bins are the positives.
    """

    chrom: str
    starts: NDArray[np.int32]
    codes: NDArray[np.uint8]
    peaks: tuple[Peaks, ...] | None = None

    def count_positives(self, cell: int) -> int:
        """Count the positives of an epoch."""
        if self.peaks is not None:
            return len(self.peaks[cell][0])
        return int(np.count_nonzero(self.codes[cell] == BOUND))

    def negatives(self, cell: int, only_open: bool = False) -> NDArray[np.bool_]:
        """Tell which bins are unbound, or unbound and open."""
        codes = self.codes[cell]
        return codes == OPEN if only_open else (codes == UNBOUND) | (codes == OPEN)


@dataclass(frozen=True)
class Examples:
    """Bins of some chromosomes in some cells.

    Attributes:
        cells: Names of the cells.
        chromosomes: Their bins, in the order of the features file.
    """

    cells: tuple[str, ...]
    chromosomes: tuple[ChromosomeExamples, ...]

    def count_positives(self, cell: int) -> int:
        """Count the positives of an epoch in a cell."""
        return sum(each.count_positives(cell) for each in self.chromosomes)

    def count_negatives(self, cell: int, only_open: bool = False) -> int:
        """Count the unbound bins of a cell, or those that are open as well."""
        return sum(int(np.count_nonzero(each.negatives(cell, only_open))) for each in self.chromosomes)


def check_labels(labels: Labels, features: FeaturesFile, path: str | Path) -> None:
    """Compare the bins of a label file with the genome.

    Raises:
        InputError: A bin reaches past the end of its chromosome.
    """
    for chrom, here in labels.chromosomes.items():
        length = features.chromosomes[chrom]
        if len(here.starts) and here.starts[-1] + BIN_SIZE > length:
            start = int(here.starts[-1])
            text = f"the bin {chrom}:{start}-{start + BIN_SIZE} is past the end of {chrom} in the features ({length})"
            raise InputError(f"{text}; is the file of another assembly?", path)


def make_examples(labels: Labels, features: FeaturesFile, chromosomes: Sequence[str]) -> Examples:
    """Choose the bins of some chromosomes; those on the blacklist become ambiguous, in the labels themselves, too.

    Args:
        labels: Labels of all cells; their codes are changed in place, for they are large.
        features: Tells blacklist and order of chromosomes.
        chromosomes: Names of chromosomes that labels and features know.

    Raises:
        InputError: A chromosome is longer than `LONGEST`.
    """
    chosen = []
    for chrom in features.chromosomes:
        if chrom not in chromosomes:
            continue
        if features.chromosomes[chrom] > LONGEST:
            text = f"{chrom} has {features.chromosomes[chrom]:,} bp; bins are taken from chromosomes of at most"
            raise InputError(f"{text} {LONGEST:,} bp: choose others, or split it in all inputs", features.path)
        here = labels.chromosomes[chrom]
        banned = overlaps(here.starts, here.starts + BIN_SIZE, *features.blacklist(chrom))
        here.codes[:, banned] = AMBIGUOUS
        chosen.append(ChromosomeExamples(chrom, here.starts.astype(np.int32), here.codes))
    return Examples(labels.cells, tuple(chosen))


def with_peaks(examples: Examples, peaks: Mapping[str, str | Path], features: FeaturesFile) -> Examples:
    """Let peaks be the positives, instead of bound bins.

    Args:
        examples: Bins of the training chromosomes.
        peaks: Cell → BED or narrowPeak file, for every cell of the examples.
        features: Tells lengths of chromosomes and the blacklist; peaks of which a region could touch it, or reach
            over a chromosome's end, are left out.

    Raises:
        InputError: A file is not BED or does not fit the genome.
    """
    tables = [read_bed(peaks[cell], features.chromosomes) for cell in examples.cells]
    none = np.empty(0, np.int64)
    chosen = []
    for each in examples.chromosomes:
        kept = []
        for table in tables:
            starts, ends = table.get(each.chrom, (none, none))
            low, high = np.minimum(starts, ends - BIN_SIZE), np.maximum(ends, starts + BIN_SIZE)
            fine = ~overlaps(low, high, *features.blacklist(each.chrom))
            fine &= (low >= 0) & (high <= features.chromosomes[each.chrom])
            kept.append((starts[fine], ends[fine]))
        chosen.append(ChromosomeExamples(each.chrom, each.starts, each.codes, tuple(kept)))
    found = Examples(examples.cells, tuple(chosen))
    for cell, (name, table) in enumerate(zip(examples.cells, tables, strict=True)):
        there = sum(len(table.get(each.chrom, (none, none))[0]) for each in examples.chromosomes)
        left_out = there - found.count_positives(cell)
        if left_out:
            text = "%s: %s of %s peaks on the training chromosomes are left out, too near the blacklist or an end"
            logger.info(text, name, f"{left_out:,}", f"{there:,}")
    return found


def mark_open(examples: Examples, features: FeaturesFile) -> None:
    """Find the unbound bins that are open: at least as accessible, on average, as a quarter of the cell's bound bins.

    Raises:
        InputError: A cell has no accessibility, or no bound bins to compare with.
    """
    for number, cell in enumerate(examples.cells):
        if ACCESSIBILITY not in features.cell_tracks(cell):
            text = f"has no track '{ACCESSIBILITY}' of cell '{cell}', which --open-negatives needs"
            raise InputError(f"{text}; make the file with --accessibility {cell}=FILE", features.path)
        means = [_mean_signal(features, cell, each) for each in examples.chromosomes]
        bound = np.concatenate(
            [mean[each.codes[number] == BOUND] for each, mean in zip(examples.chromosomes, means, strict=True)]
        )
        if not len(bound):
            raise InputError(f"--open-negatives needs bound bins: cell '{cell}' has none on the training chromosomes")
        least = max(float(np.quantile(bound, OPEN_QUANTILE)), LEAST_SIGNAL)
        count = 0
        for each, mean in zip(examples.chromosomes, means, strict=True):
            is_open = (mean >= least) & (each.codes[number] == UNBOUND)
            each.codes[number, is_open] = OPEN
            count += int(np.count_nonzero(is_open))
        bar = "above 0" if least < LEAST_SIGNAL * 2 else f"{least:.4g} or more"
        logger.info("%s: %s unbound bins are open (mean accessibility %s)", cell, f"{count:,}", bar)


def _mean_signal(features: FeaturesFile, cell: str, examples: ChromosomeExamples) -> NDArray[np.float32]:
    """Average the accessibility of each bin, float32, shape (n,); infinities and NaN come through as they are."""
    means = np.zeros(len(examples.starts), np.float32)
    begin = 0
    while begin < len(means):
        first = int(examples.starts[begin])
        end = int(np.searchsorted(examples.starts, first + SCAN_SIZE))
        last = int(examples.starts[end - 1]) + BIN_SIZE
        signal = features.signal(ACCESSIBILITY, examples.chrom, first, last, cell)
        sums = np.append(0.0, np.cumsum(signal, dtype=np.float64))
        offsets = examples.starts[begin:end] - first
        means[begin:end] = (sums[offsets + BIN_SIZE] - sums[offsets]) / BIN_SIZE
        begin = end
    return means
