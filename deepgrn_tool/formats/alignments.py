"""5' cut sites of BAM and CRAM alignments, scaled to 1x (RPGC).

Counts equal deepTools `bamCoverage --Offset 1 --binSize 1 --normalizeUsing RPGC --effectiveGenomeSize N` with its other
options at their defaults: every mapped alignment counts, so duplicates, secondary, supplementary and failed ones too,
and each at the first aligned base of its 5' end (soft-clipped, inserted and deleted bases are passed over).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pysam

from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.fasta import quiet_htslib
from deepgrn_tool.formats.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

_BAM_MAGIC = b"\x1f\x8b\x08\x04"
_CRAM_MAGIC = b"CRAM"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_SAMPLE_REGION = 50_000  # bp
_SAMPLE_SPACING = 1_000_000  # bp, halved until enough reads are seen
_SAMPLE_READS = 1000
# Read names, bases, qualities and tags are not needed: CRAM is decoded faster without them.
_REQUIRED_FIELDS = [b"required_fields=0x1FF"]


class Scaling(NamedTuple):
    """How counts become 1x coverage.

    Attributes:
        mapped: Mapped alignments in the whole file.
        read_length: Median read length, in bp.
        factor: Multiplier of each count.
    """

    mapped: int
    read_length: int
    factor: float


def is_alignment_file(path: str | Path) -> bool:
    """Tell by its first bytes whether a file is BAM or CRAM.

    Raises:
        InputError: It is compressed as BAM is, and damaged from its begin on.
    """
    check_regular(path)
    with open(path, "rb") as stream:
        head = stream.read(4)
    if head == _CRAM_MAGIC:
        return True
    if head != _BAM_MAGIC:
        return False
    with quiet_htslib():
        try:
            with pysam.BGZFile(str(path), "rb") as stream:
                return bool(stream.read(4) == b"BAM\1")
        except OSError as error:
            raise InputError("compressed data is damaged or truncated; copy the file again", path) from error


class CutSites:
    """Alignments of one experiment, sorted and indexed, read piece by piece.

    Args:
        path: BAM or CRAM file.
        reference: FASTA that CRAM is decoded with; not used for BAM.
        threads: Threads that unpack the file.

    Attributes:
        path: The file.
        lengths: Chromosome name → length in bp.

    Raises:
        InputError: The file is truncated, not sorted by coordinate, or has no index, or a damaged one.
    """

    def __init__(self, path: str | Path, reference: str | Path | None = None, threads: int = 1) -> None:
        """Open the file and check that it can be read by region."""
        self.path = Path(path)
        self._check_end()
        with quiet_htslib():
            try:
                self._file = pysam.AlignmentFile(
                    str(path),
                    reference_filename=None if reference is None else str(reference),
                    format_options=_REQUIRED_FIELDS,
                    threads=threads,
                )
            except (OSError, ValueError) as error:
                raise InputError("cannot be opened as BAM or CRAM; the file is damaged", path) from error
        self._check_sorted_and_indexed()
        self.lengths = dict(zip(self._file.references, self._file.lengths, strict=True))
        if self._file.is_cram and reference is None:
            raise InputError("is CRAM, which is decoded with its reference: give the FASTA with --genome", path)

    def _check_end(self) -> None:
        with open(self.path, "rb") as stream:
            if stream.read(4) != _BAM_MAGIC:
                return
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - len(_BGZF_END)))
            if stream.read() != _BGZF_END:
                raise InputError("is truncated (its end marker is missing); copy or make the file again", self.path)

    def _check_sorted_and_indexed(self) -> None:
        order = self._file.header.to_dict().get("HD", {}).get("SO", "coordinate")
        if order != "coordinate":
            raise InputError(
                f"is not sorted by coordinate; run: samtools sort -o SORTED.bam {self.path.name}; "
                "samtools index SORTED.bam",
                self.path,
            )
        try:
            indexed = self._file.has_index()
        except ValueError:
            indexed = False
        if not indexed:
            raise InputError(f"has no index that fits; run: samtools index {self.path.name}", self.path)

    def __enter__(self) -> CutSites:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; where reading failed, htslib says so once more."""
        with quiet_htslib():
            try:
                self._file.close()
            except OSError as failure:
                if error is None:
                    raise InputError("cannot be read to its end; the file is damaged", self.path) from failure

    def _fetch(self, chrom: str, start: int, end: int) -> Iterator[pysam.AlignedSegment]:
        with quiet_htslib():
            try:
                yield from self._file.fetch(chrom, start, end)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{chrom} cannot be read; the file is damaged, its index belongs to another file, "
                    "or the FASTA is not the reference of this CRAM",
                    self.path,
                ) from error

    def _mapped(self) -> dict[str, int]:
        """Count the mapped alignments of each chromosome."""
        if not self._file.is_cram:
            return {entry.contig: entry.mapped for entry in self._file.get_index_statistics()}
        # A CRAM index holds no counts.
        return {
            chrom: sum(not read.is_unmapped for read in self._fetch(chrom, 0, length))
            for chrom, length in self.lengths.items()
        }

    def _sample_lengths(self, spacing: float, mapped: dict[str, int]) -> list[int]:
        """List the read lengths in the first 50 kb of every step of 50 kb + `spacing`."""
        step = int(_SAMPLE_REGION + spacing)
        found: list[int] = []
        for chrom, length in self.lengths.items():
            for start in range(0, length if mapped.get(chrom) else 0, step):
                stop = int(max(start + 1, min(length, start + step) - spacing))
                reads = [read for read in self._fetch(chrom, start, stop) if not read.is_unmapped]
                firsts = [read for read in reads if read.is_proper_pair and read.is_read1]
                lengths = (read.infer_query_length(always=False) for read in firsts or reads)
                found.extend(length for length in lengths if length is not None)
        return found

    def scaling(self, effective_genome_size: int) -> Scaling:
        """Work out the factor that scales counts to 1x.

        Args:
            effective_genome_size: Mappable bases of the genome, in bp.

        Returns:
            Mapped alignments, median read length and factor = effective size / (mapped x read length).

        Raises:
            InputError: The file holds no mapped alignment.

        Source: deepTools, getScaleFactor.get_scale_factor and getFragmentAndReadSize.get_read_and_fragment_length.
        """
        mapped = self._mapped()
        total = sum(mapped.values())
        lengths: list[int] = []
        spacing = 2.0 * _SAMPLE_SPACING
        while total and len(lengths) < _SAMPLE_READS and spacing > 1:
            spacing /= 2
            lengths = self._sample_lengths(spacing, mapped)
        if not lengths:
            raise InputError("holds no mapped alignment", self.path)
        read_length = int(np.median(lengths))
        return Scaling(total, read_length, effective_genome_size / (total * read_length))

    def counts(self, chrom: str, start: int, end: int) -> NDArray[np.int64]:
        """Count the 5' ends at each base of a region.

        Args:
            chrom: Chromosome name.
            start: 0-based start, within the chromosome.
            end: End, exclusive, within the chromosome.

        Returns:
            int64, shape (end - start,).

        Raises:
            InputError: The chromosome is unknown or the data cannot be read.
        """
        if chrom not in self.lengths:
            raise InputError(f"has no chromosome '{chrom}'{did_you_mean(chrom, self.lengths)}", self.path)
        cuts = np.fromiter(self._cuts(chrom, start, end), np.int64)
        inside = cuts[(cuts >= start) & (cuts < end)]
        return np.bincount(inside - start, minlength=end - start).astype(np.int64, copy=False)

    def _cuts(self, chrom: str, start: int, end: int) -> Iterator[int]:
        for read in self._fetch(chrom, start, end):
            if read.is_unmapped:
                continue
            blocks = read.get_blocks()
            if blocks:
                yield blocks[-1][1] - 1 if read.is_reverse else blocks[0][0]
