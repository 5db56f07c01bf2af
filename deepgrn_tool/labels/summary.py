"""A table of how many bins have which label: a row per cell and chromosome, a row `total` per cell; tab-separated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.labels.table import AMBIGUOUS, BOUND, LETTERS, UNBOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deepgrn_tool.labels.table import ChromosomeLabels

logger = logging.getLogger(__name__)

HEADER = "cell\tchrom\tbins\tbound\tambiguous\tunbound\n"


class LabelCounts:
    """Counts labels as they are added.

    Args:
        cells: Names of the cells.

    Attributes:
        cells: Names of the cells.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        """Start with no chromosome."""
        self.cells = cells
        self._by_chromosome: dict[str, NDArray[np.int64]] = {}  # shape (n_cells, labels), by code

    def add(self, labels: ChromosomeLabels) -> None:
        """Count further bins of a chromosome."""
        rows = np.array([np.bincount(codes, minlength=len(LETTERS)) for codes in labels.codes])
        self._by_chromosome[labels.chrom] = self._by_chromosome.get(labels.chrom, 0) + rows

    def _total(self, cell: int) -> NDArray[np.int64]:
        return np.sum([counts[cell] for counts in self._by_chromosome.values()], axis=0)

    def text(self) -> str:
        """Write the table."""
        rows = [HEADER]
        for number, cell in enumerate(self.cells):
            for chrom, counts in self._by_chromosome.items():
                rows.append(_row(cell, chrom, counts[number]))
            rows.append(_row(cell, "total", self._total(number)))
        return "".join(rows)

    def log(self) -> None:
        """Tell the totals, one line per cell."""
        for number, cell in enumerate(self.cells):
            counts = self._total(number)
            logger.info(
                "%s: %s bins bound, %s ambiguous, %s unbound",
                *(cell, f"{counts[BOUND]:,}", f"{counts[AMBIGUOUS]:,}", f"{counts[UNBOUND]:,}"),
            )


def _row(cell: str, chrom: str, counts: NDArray[np.int64]) -> str:
    return f"{cell}\t{chrom}\t{counts.sum()}\t{counts[BOUND]}\t{counts[AMBIGUOUS]}\t{counts[UNBOUND]}\n"
