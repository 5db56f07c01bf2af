"""Tracks and bins as text.

bedGraph: chrom, start, end, value; no header line. A name that ends in `.gz` makes it bgzip with a tabix index beside
it (`.tbi`, or `.csi` where a chromosome is longer than 512 Mbp, which the older index cannot address).

DREAM scores (`.tab.gz`): chrom, start, end, score of the bins as they were asked for, in any order; no header line.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from deepgrn_tool.output import atomic_output
from deepgrn_tool.tracks.text import value_rows
from deepgrn_tool.tracks.textfile import TextFile
from deepgrn_tool.tracks.writer import Order, TrackWriter, Values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path
    from typing import ClassVar

    from deepgrn_tool.data.intervals import Positions

LONGEST_FOR_TBI = 2**29  # bp


class ValueTableWriter(TrackWriter):
    """Rows of chrom, start, end, value; compressed when the target's name ends in `.gz`."""

    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        self._temporary = temporary
        self._text = outputs.enter_context(TextFile(temporary, bgzip=self.target.suffix.lower() == ".gz"))

    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        for rows in value_rows(chrom, starts, ends, values):
            self._text.write(rows)

    def _finish(self) -> None:
        self._text.finish()


class BedGraphWriter(ValueTableWriter):
    """A plain bedGraph file."""


class IndexedBedGraphWriter(ValueTableWriter):
    """A bgzip bedGraph file and its tabix index, which appear together."""

    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        index = index_path(self.target, self.chromosomes)
        self._index = outputs.enter_context(atomic_output(index))
        self._seen: list[str] = []
        super()._open(temporary, outputs)

    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        if self._seen[-1:] != [chrom]:
            self._seen.append(chrom)
        super()._write(chrom, starts, ends, values)

    def _finish(self) -> None:
        import pysam

        from deepgrn_tool.formats.fasta import quiet_htslib

        super()._finish()
        csi = self._index.suffix == ".csi"
        try:
            with quiet_htslib():
                pysam.tabix_index(str(self._temporary), force=True, preset="bed", index=str(self._index), csi=csi)
        except OSError as error:  # without the reason, and naming the temporary file
            text = "its tabix index cannot be written; the disk may be full"
            raise OSError(errno.EIO, text, str(self.target)) from error
        with pysam.TabixFile(str(self._temporary), index=str(self._index)) as track:
            if track.contigs != self._seen:
                raise OSError(errno.EIO, "its index does not list the chromosomes that were written", str(self.target))


class BinTableWriter(ValueTableWriter):
    """Bins and their scores in the DREAM submission format, as they come: any order, repeated bins too."""

    order: ClassVar[Order] = "any"


def index_path(target: Path, chromosomes: Mapping[str, int]) -> Path:
    """Name the index of a compressed bedGraph file.

    Args:
        target: The bedGraph file.
        chromosomes: Length of each chromosome, in bp, by name.
    """
    suffix = ".csi" if max(chromosomes.values(), default=0) > LONGEST_FOR_TBI else ".tbi"
    return target.with_name(target.name + suffix)
