"""A table of what was scored: one row per chromosome that has bins, and a row `total`; tab-separated, with a header.

Columns: chrom; bins; blacklisted (bins whose score was set to 0 for lying on the blacklist); mean and max of all
scores, blacklisted ones included, as on the track (`NA` without bins); number of bins scoring at least 0.5 and 0.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.tracks.textfile import TextFile
from deepgrn_tool.tracks.writer import Order, TrackWriter, Values

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path
    from typing import ClassVar

    from deepgrn_tool.data.intervals import Positions

HEADER = "chrom\tbins\tblacklisted\tmean\tmax\tbins_ge_0.5\tbins_ge_0.9\n"


@dataclass
class Counts:
    """What the bins of one chromosome, or of all, add up to."""

    bins: int = 0
    blacklisted: int = 0
    score_sum: float = 0.0
    highest: float = -np.inf
    likely: int = 0  # bins that score at least 0.5
    sure: int = 0  # bins that score at least 0.9

    def add(self, other: Counts) -> None:
        """Add other bins to these."""
        self.bins += other.bins
        self.blacklisted += other.blacklisted
        self.score_sum += other.score_sum
        self.highest = max(self.highest, other.highest)
        self.likely += other.likely
        self.sure += other.sure

    def row(self, name: str) -> str:
        """Write the row of the table."""
        mean, highest = (f"{self.score_sum / self.bins:.6g}", f"{self.highest:.6g}") if self.bins else ("NA", "NA")
        return f"{name}\t{self.bins}\t{self.blacklisted}\t{mean}\t{highest}\t{self.likely}\t{self.sure}\n"


class SummaryWriter(TrackWriter):
    """Counts bins as they pass and writes the table at the end; chromosomes in the order of their first bins."""

    order: ClassVar[Order] = "any"

    def count_blacklisted(self, chrom: str, bins: int) -> None:
        """Record that `bins` of the bins added for a chromosome lie on the blacklist."""
        if bins:
            self._counts.setdefault(chrom, Counts()).blacklisted += bins

    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        self._counts: dict[str, Counts] = {}
        self._text = outputs.enter_context(TextFile(temporary, bgzip=False))

    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        likely, sure = (int(np.count_nonzero(values >= np.float32(bound))) for bound in (0.5, 0.9))
        piece = Counts(len(values), 0, float(values.sum(dtype=np.float64)), float(values.max()), likely, sure)
        self._counts.setdefault(chrom, Counts()).add(piece)

    def _finish(self) -> None:
        total = Counts()
        rows = [HEADER]
        for chrom, counts in self._counts.items():
            rows.append(counts.row(chrom))
            total.add(counts)
        self._text.write("".join([*rows, total.row("total")]).encode())
        self._text.finish()
