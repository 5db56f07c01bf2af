"""Predictions joined with labels on coordinates: for each prediction, which bins are bound and how they score."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.evaluation.scores import read_scores
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import AMBIGUOUS, BOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.formats.score_text import Values
    from deepgrn_tool.labels.table import Labels

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prediction:
    """A file of scores.

    Attributes:
        path: The file; its suffix tells the format.
        name: What it is called in table and figure.
        cell: The cell whose labels it is compared with; None for the cell of all predictions that name none.
    """

    path: str | Path
    name: str
    cell: str | None = None

    @property
    def title(self) -> str:
        """Name and cell, for messages and figures."""
        return self.name if self.cell is None else f"{self.name} ({self.cell})"


@dataclass(frozen=True)
class LabelledBins:
    """The bins of one chromosome that are bound or unbound in one cell; ambiguous ones are left out.

    Attributes:
        starts: int64, shape (n,), 0-based, ascending.
        bound: bool, shape (n,).
    """

    starts: Positions
    bound: NDArray[np.bool_]


@dataclass(frozen=True)
class ScoredBins:
    """What a prediction says of the labelled bins: 13 bytes each.

    Attributes:
        prediction: The prediction, its cell filled in.
        chromosomes: Names, in the order of the labels.
        chromosome: int32, shape (n,), of each bin the position of its chromosome in `chromosomes`.
        bound: bool, shape (n,).
        scores: float64, shape (n,).
    """

    prediction: Prediction
    chromosomes: tuple[str, ...]
    chromosome: NDArray[np.int32]
    bound: NDArray[np.bool_]
    scores: Values


def read_labelled_bins(
    path: str | Path, predictions: Sequence[Prediction], cell: str | None, chromosomes: Sequence[str] | None
) -> tuple[list[Prediction], dict[str, dict[str, LabelledBins]]]:
    """Read the labels that predictions are compared with.

    Args:
        path: Label file.
        predictions: The predictions.
        cell: Cell of the predictions that name none; None for the only cell of the file.
        chromosomes: Chromosomes to read; None for all of the file.

    Returns:
        The predictions, each with its cell, and cell → chromosome name → bins.

    Raises:
        InputError: The labels cannot be read or lack a cell or chromosome.
        UsageError: A prediction has no cell and the labels hold several, or two predictions have one name and cell.
    """
    named = {prediction.cell or cell for prediction in predictions}
    labels = read_labels(path, cells=None if None in named else sorted(map(str, named)), chromosomes=chromosomes)
    if None in named:
        if len(labels.cells) > 1:
            raise UsageError(f"{path} holds several cells ({', '.join(labels.cells)}); name one with --cell")
        cell = labels.cells[0]
    chosen = [Prediction(given.path, given.name, given.cell or cell) for given in predictions]
    for number, prediction in enumerate(chosen):
        if (prediction.name, prediction.cell) in {(other.name, other.cell) for other in chosen[:number]}:
            raise UsageError(f"two predictions are called '{prediction.name}'; give other names as NAME=FILE")
    wanted = {str(prediction.cell) for prediction in chosen}
    for name in sorted(wanted - set(labels.cells)):
        raise InputError(f"has no cell '{name}'{did_you_mean(name, labels.cells)}", path)
    return chosen, {name: _bins_of_cell(labels, name) for name in labels.cells if name in wanted}


def _bins_of_cell(labels: Labels, cell: str) -> dict[str, LabelledBins]:
    row = labels.cells.index(cell)
    bins = {}
    for chrom, table in labels.chromosomes.items():
        kept = table.codes[row] != AMBIGUOUS
        bins[chrom] = LabelledBins(table.starts[kept], table.codes[row, kept] == BOUND)
    return bins


def join(
    predictions: Sequence[Prediction],
    bins: dict[str, dict[str, LabelledBins]],
    *,
    all_chromosomes: bool,
    drop_missing: bool,
) -> list[ScoredBins]:
    """Read the scores of labelled bins.

    Args:
        predictions: The predictions, each with a cell.
        bins: Cell → chromosome name → bins.
        all_chromosomes: Compare on all chromosomes of `bins`; else on those that every prediction has scores on.
        drop_missing: Leave out bins without a score, saying how many; else they are an error.

    Raises:
        InputError: A prediction cannot be read, or lacks scores.
    """
    read = []
    for prediction in predictions:
        logger.info("Reading the scores of %s", prediction.title)
        cell_bins = bins[str(prediction.cell)]
        read.append(read_scores(prediction.path, {chrom: held.starts for chrom, held in cell_bins.items()}))
    names = list(next(iter(bins.values())))
    chosen = names if all_chromosomes else [chrom for chrom in names if all(chrom in scores for scores in read)]
    if not chosen:
        raise InputError("the predictions have no chromosome of the labels in common; evaluate them one by one")
    if len(chosen) < len(names):
        kept = set(chosen)
        left_out = [name for name in names if name not in kept]
        logger.info("Left out %s: not every prediction has scores there", _shortened(left_out))
    joined = []
    for prediction in predictions:
        cell_bins = bins[str(prediction.cell)]
        joined.append(_scored(prediction, chosen, cell_bins, read.pop(0), drop_missing))
    return joined


def _shortened(names: Sequence[str]) -> str:
    """List names, the first few of many."""
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} other chromosomes"


def _scored(
    prediction: Prediction,
    chosen: Sequence[str],
    bins: dict[str, LabelledBins],
    scores: dict[str, Values],
    drop_missing: bool,
) -> ScoredBins:
    """Put a prediction's chromosomes one after the other, without missing scores."""
    sizes = [len(bins[chrom].starts) for chrom in chosen]
    values = np.full(sum(sizes), np.nan)
    ends = np.cumsum(sizes)
    for chrom, size, end in zip(chosen, sizes, ends, strict=True):
        if chrom in scores:
            values[end - size : end] = scores.pop(chrom)
    chromosome = np.repeat(np.arange(len(chosen), dtype=np.int32), sizes)
    bound = np.concatenate([bins[chrom].bound for chrom in chosen])
    missing = np.isnan(values)
    if missing.any():
        lacking = int(np.count_nonzero(missing))
        if not drop_missing:
            first = int(np.argmax(missing))
            chrom = chosen[chromosome[first]]
            start = int(bins[chrom].starts[first - int(ends[chromosome[first]] - sizes[chromosome[first]])])
            raise InputError(
                f"has no score for {lacking:,} of {len(values):,} labelled bins, the first of them "
                f"{chrom}:{start}-{start + BIN_SIZE}; score these, too, choose --chromosomes, or leave such bins out "
                "with --missing drop",
                prediction.path,
            )
        logger.warning(
            "%s: left out %s of %s labelled bins that have no score",
            prediction.title,
            f"{lacking:,}",
            f"{len(values):,}",
        )
        chromosome, bound, values = (column[~missing] for column in (chromosome, bound, values))
    _warn_of_range(prediction, values)
    return ScoredBins(prediction, tuple(chosen), chromosome, bound, values)


def _warn_of_range(prediction: Prediction, values: Values) -> None:
    if len(values) and (values.min() < 0 or values.max() > 1):
        logger.warning("%s: some scores are not between 0 and 1; F1 supposes probabilities", prediction.title)


def check_names(predictions: Iterable[Prediction]) -> None:
    """Refuse names that would break the table; cheap, for use before any work.

    Raises:
        UsageError: A name holds a tab or a line end, or there is no prediction.
    """
    given = list(predictions)
    if not given:
        raise UsageError("no prediction is given")
    for prediction in given:
        if not prediction.name.isprintable():
            raise UsageError(f"the name {prediction.name!r} holds a tab or another character that cannot be printed")
