"""Making features files, and adding cells to them."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from deepgrn_tool.data.annotation import IntervalTable, check_annotation_choice, read_interval_tables
from deepgrn_tool.data.chunks import TrackWriter
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.inputs import AnnotationInputs, CellInputs
from deepgrn_tool.data.safe_hdf5 import SafeFile, appending, creating
from deepgrn_tool.data.schema import FORMAT, FORMAT_VERSION, UNKNOWN_BASE
from deepgrn_tool.data.sources import SignalSource, check_source, open_source, provenance
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.fasta import Fasta
from deepgrn_tool.output import atomic_output, check_outputs
from deepgrn_tool.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_BLOCK = 1 << 20  # positions read at a time


class _Writer:
    """Writes the parts of a features file into an open HDF5 file."""

    def __init__(self, safe: SafeFile, chromosomes: Mapping[str, int], threads: int) -> None:
        self._file = safe.file
        self._check = safe.check
        self._chromosomes = chromosomes
        self._size = sum(chromosomes.values())
        self._threads = threads

    def header(self, assembly: str) -> None:
        self._file.attrs["format"] = FORMAT
        self._file.attrs["format_version"] = FORMAT_VERSION
        self._file.attrs["assembly"] = assembly
        group = self._file.create_group("chromosomes")
        group.create_dataset("names", data=list(self._chromosomes), dtype=h5py.string_dtype())
        group.create_dataset("lengths", data=np.array(list(self._chromosomes.values()), np.int64))
        self._file.create_group("genome_tracks")
        self._file.create_group("cells")

    def _fill(self, group: str, name: str, role: str, read: Any, fill: np.generic) -> h5py.Dataset:
        track = TrackWriter(self._file.require_group(group), name, self._size, fill)
        with Progress(role, self._size, "bases") as progress:
            done = 0
            for chrom, length in self._chromosomes.items():
                start = 0
                while start < length:
                    # Blocks end where chunks do, so that chunks need not be copied together.
                    end = min(start + _BLOCK - done % _BLOCK, length)
                    track.append(read(chrom, start, end))
                    self._check()
                    progress.advance(end - start)
                    done += end - start
                    start = end
        track.finish()
        share = 100 * track.covered / self._size
        logger.info("%s: %.2f %% of %s bases have a value", role, share, f"{self._size:,}")
        return track.dataset

    def sequence(self, fasta: Fasta) -> None:
        dataset = self._fill("/", "sequence", "sequence", fasta.codes, np.uint8(UNKNOWN_BASE))
        dataset.attrs.update(provenance("genome", fasta.path))

    def signal(self, source: SignalSource, inputs: CellInputs, reference: Path | None) -> None:
        with open_source(source, inputs.effective_genome_size, reference, self._threads) as (signal, facts):
            dataset = self._fill(source.group, source.track, source.role, signal.values, np.float32(0))
        dataset.attrs.update({**provenance(source.role, source.path), **facts})

    def intervals(self, table: IntervalTable) -> None:
        packed = {"compression": "gzip", "shuffle": True} if len(table.rows) else {}
        dataset = self._file.create_dataset(table.name, data=table.rows, **packed)
        dataset.attrs.update(provenance(table.role, table.path))

    def expression(self, path: str, scores: Mapping[str, NDArray[np.float64]]) -> None:
        facts = provenance("expression", path) if scores else {}
        for cell, values in scores.items():
            dataset = self._file.create_dataset(f"cells/{cell}/expression", data=values)
            dataset.attrs.update(facts)


def _choose(fasta: Fasta, wanted: Sequence[str]) -> dict[str, int]:
    for name in wanted:
        if name not in fasta.lengths:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, fasta.lengths)}", fasta.path)
    return {name: length for name, length in fasta.lengths.items() if not wanted or name in wanted}


def _report(path: str | Path) -> None:
    with FeaturesFile(path) as features:
        logger.info(
            "%s: %s chromosomes, %s bases, %s genome tracks, %s cells, %.1f MB",
            path,
            f"{len(features.chromosomes):,}",
            f"{sum(features.chromosomes.values()):,}",
            len(features.genome_tracks),
            len(features.cells),
            os.path.getsize(path) / 1e6,
        )


def build_features(
    output: str | Path,
    genome: str | Path,
    cells: CellInputs,
    annotation: AnnotationInputs | None = None,
    chromosomes: Sequence[str] = (),
    assembly: str = "",
    threads: int = 1,
) -> None:
    """Make a features file.

    All inputs are checked against the genome before anything is written; memory does not grow with genome length.

    Args:
        output: The features file; replaced only when the new one is complete.
        genome: FASTA, plain or bgzip.
        cells: Signal and expression files.
        annotation: Interval files.
        chromosomes: Chromosomes to keep, or none to keep all; the order is the FASTA's.
        assembly: Name of the assembly, recorded.
        threads: Threads that unpack alignments.

    Raises:
        UsageError: Inputs contradict each other.
        InputError: A file is wrong or does not match the others.
    """
    intervals = annotation or AnnotationInputs()
    check_annotation_choice(intervals.beds, intervals.gtf)
    sources = cells.sources()
    check_outputs([output], [genome, *cells.paths(), *intervals.paths()])
    with Fasta(genome) as fasta:
        chosen = _choose(fasta, chromosomes)
        for source in sources:
            check_source(source, chosen, cells.effective_genome_size, fasta.indexed_path)
        expression_path, scores = cells.scores()
        tables = read_interval_tables(
            intervals.beds,
            intervals.gtf,
            intervals.blacklist,
            fasta.lengths,
            chosen,
            intervals.clip,
            intervals.published_style,
        )
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_output(output))
            writer = _Writer(stack.enter_context(creating(temporary, output)), chosen, threads)
            writer.header(assembly)
            writer.sequence(fasta)
            for source in sources:
                writer.signal(source, cells, fasta.indexed_path)
            for table in tables:
                writer.intervals(table)
            writer.expression(expression_path, scores)
    _report(output)


def add_to_features(
    features: str | Path, cells: CellInputs, genome: str | Path | None = None, threads: int = 1
) -> None:
    """Add cells or tracks to a features file in place; what is there is not rewritten.

    A run that is killed leaves the old content intact.

    Args:
        features: The file to add to.
        cells: Signal and expression files; expression is added for the new cells.
        genome: FASTA that CRAM is decoded with; not needed otherwise.
        threads: Threads that unpack alignments.

    Raises:
        UsageError: Inputs contradict each other, or there is nothing to add.
        InputError: A file is wrong, does not match, or the cell or track is there already.
    """
    check_outputs([features], cells.paths())
    with FeaturesFile(features) as old:
        sources = cells.sources(old.cells)
        if not sources:
            raise UsageError("nothing to add: give --accessibility, --cell-track, --genome-track or --uniqueness")
        for cell, _ in cells.accessibility:
            if cell in old.cells:
                raise InputError(f"already has cell '{cell}'; choose another name", features)
        for source in sources:
            present = old.genome_tracks if source.cell is None else []
            if source.cell in old.cells:
                present = old.cell_tracks(source.cell)
            if source.track in present:
                raise InputError(f"already has {source.role}; choose another name", features)
        chromosomes = dict(old.chromosomes)
    expression_path, scores = cells.scores()
    with ExitStack() as stack:
        reference = None if genome is None else stack.enter_context(Fasta(genome)).indexed_path
        for source in sources:
            check_source(source, chromosomes, cells.effective_genome_size, reference)
        writer = _Writer(stack.enter_context(appending(features)), chromosomes, threads)
        for source in sources:
            writer.signal(source, cells, reference)
        writer.expression(expression_path, scores)
    _report(features)
