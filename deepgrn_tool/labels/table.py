"""Labels of bins in memory: one letter per bin and cell, as small codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deepgrn_tool.data.intervals import Positions

    Codes = NDArray[np.uint8]

UNBOUND, BOUND, AMBIGUOUS = 0, 1, 2
LETTERS = "UBA"  # by code
COORDINATE_COLUMNS = ("chr", "start", "stop")  # of a label file, before one column per cell


@dataclass(frozen=True)
class ChromosomeLabels:
    """Labels of the bins of one chromosome.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (n,), 0-based starts of 200-bp bins, ascending, each once.
        codes: uint8, shape (n_cells, n): `UNBOUND`, `BOUND` or `AMBIGUOUS`.
    """

    chrom: str
    starts: Positions
    codes: Codes


@dataclass(frozen=True)
class Labels:
    """Labels of one factor.

    Attributes:
        cells: Names of the cells, in the order of the rows of `ChromosomeLabels.codes`.
        chromosomes: Chromosome name → its labels, in the order of the file.
    """

    cells: tuple[str, ...]
    chromosomes: dict[str, ChromosomeLabels]
