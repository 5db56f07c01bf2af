"""The input files of a features file, as the builder takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deepgrn_tool.data.schema import EXPRESSION_COMPONENTS
from deepgrn_tool.data.sources import SignalSource, list_sources
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.tables import read_scores, read_tpm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class CellInputs:
    """Signal and expression files.

    Attributes:
        accessibility: Cell and bigWig, BAM or CRAM file.
        uniqueness: bigWig with values from 0 to 1, or None.
        genome_tracks: Track and bigWig.
        cell_tracks: Cell, track and bigWig.
        expression: TPM table, or None.
        expression_scores: Table of ready scores, or None.
        effective_genome_size: Mappable bases, in bp; needed for alignments.
    """

    accessibility: Sequence[tuple[str, str]] = ()
    uniqueness: str | None = None
    genome_tracks: Sequence[tuple[str, str]] = ()
    cell_tracks: Sequence[tuple[str, str, str]] = ()
    expression: str | None = None
    expression_scores: str | None = None
    effective_genome_size: int | None = None

    def sources(self, known_cells: Sequence[str] = ()) -> list[SignalSource]:
        """List the signal files.

        Raises:
            UsageError: Names clash, a cell track's cell has no accessibility, or both expression inputs are given.
        """
        if self.expression is not None and self.expression_scores is not None:
            raise UsageError("--expression and --expression-scores exclude each other")
        cells = [cell for cell, _ in self.accessibility]
        for cell, track, _ in self.cell_tracks:
            if cell not in cells and cell not in known_cells:
                raise UsageError(f"--cell-track {cell}:{track} needs --accessibility {cell}=FILE too")
        if not cells and (self.expression is not None or self.expression_scores is not None):
            raise UsageError("expression belongs to cells: give --accessibility CELL=FILE too")
        return list_sources(list(self.accessibility), self.uniqueness, list(self.genome_tracks), list(self.cell_tracks))

    def paths(self) -> list[str]:
        """List every input file."""
        named = [self.uniqueness, self.expression, self.expression_scores]
        signals = [
            entry[-1] for entries in (self.accessibility, self.genome_tracks, self.cell_tracks) for entry in entries
        ]
        return [*signals, *(path for path in named if path is not None)]

    def scores(self) -> tuple[str, dict[str, NDArray[np.float64]]]:
        """Read the expression scores of the cells.

        Returns:
            The file and its scores by cell, float64 of shape (8,); empty when there is no expression input.

        Raises:
            InputError: The table is malformed or lacks a cell.
        """
        path = self.expression if self.expression is not None else self.expression_scores
        if path is None:
            return "", {}
        read = read_tpm if self.expression is not None else read_scores
        found = read(path, EXPRESSION_COMPONENTS)
        cells = [cell for cell, _ in self.accessibility]
        for cell in cells:
            if cell not in found:
                raise InputError(f"has no column for cell '{cell}'{did_you_mean(cell, found)}", path)
        return path, {cell: found[cell] for cell in cells}


@dataclass(frozen=True)
class AnnotationInputs:
    """Interval files.

    Attributes:
        beds: Annotation class → BED file.
        gtf: GTF that gives all classes but CpG islands, or None.
        published_style: Derive classes from the GTF as in the published annotation.
        blacklist: BED file, or None.
        clip: Cut intervals at chromosome ends instead of refusing them.
    """

    beds: Mapping[str, str] = field(default_factory=dict)
    gtf: str | None = None
    published_style: bool = False
    blacklist: str | None = None
    clip: bool = False

    def paths(self) -> list[str]:
        """List every input file."""
        return [*self.beds.values(), *(path for path in (self.gtf, self.blacklist) if path is not None)]
