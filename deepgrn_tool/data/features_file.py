"""Reading features files: sequence, signal, annotation and expression of any region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepgrn_tool.data.layout import check_layout, number_attribute
from deepgrn_tool.data.schema import ANNOTATION_CLASSES, PROGRAM, UNKNOWN_BASE
from deepgrn_tool.errors import InputError, did_you_mean
from deepgrn_tool.formats.hdf5 import open_hdf5
from deepgrn_tool.formats.journal import finish_addition

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    import h5py
    from numpy.typing import NDArray

    Intervals = tuple[NDArray[np.int64], NDArray[np.int64]]

_CACHE_SIZE = 4 << 20  # bytes of unpacked chunks kept per dataset
_KEPT_INTERVALS = 16 << 20  # bytes of intervals kept, a million of them: all of a genome's, or nearly
_PAIR_SIZE = 512  # bytes of a pair of empty arrays and its place among those kept


class FeaturesFile:
    """Everything known about one genome and its cell types.

    One thread may read at a time. All coordinates are 0-based, half-open.

    Args:
        path: A file made by deepgrn-features.

    Attributes:
        path: The file.
        assembly: Name of the assembly; may be empty.
        chromosomes: Chromosome name → length in bp, in the order of the file.
        genome_tracks: Names of the signals that all cells share.
        cells: Names of the cell types.
        has_annotation: Whether the six annotation classes are there.

    Raises:
        InputError: The file is not a features file, has a newer major format version, or is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the file and check its layout, not its data."""
        self.path = Path(path)
        finish_addition(self.path)
        self._file = open_hdf5(self.path, PROGRAM, _CACHE_SIZE)
        try:
            names, lengths = check_layout(self._file, self.path)
            self.assembly: str = self._file.attrs["assembly"]
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self._file.close()
            raise InputError("is damaged HDF5; make or copy the file again", path) from error
        except BaseException:
            self._file.close()
            raise
        self.chromosomes: dict[str, int] = dict(zip(names, lengths, strict=True))
        ends = np.cumsum(lengths, dtype=np.int64).tolist()
        self._offsets = {name: end - length for name, length, end in zip(names, lengths, ends, strict=True)}
        self._index = {name: number for number, name in enumerate(names)}
        self.genome_tracks: list[str] = list(self._file["genome_tracks"])
        self.cells: list[str] = list(self._file["cells"])
        self.has_annotation = "annotation" in self._file
        self._datasets: dict[str, h5py.Dataset] = {}
        self._boundaries: dict[str, NDArray[np.int64]] = {}
        self._kept: dict[tuple[str, str], Intervals] = {}  # by dataset and chromosome, those used last at the end
        self._kept_size = 0

    def __enter__(self) -> FeaturesFile:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._datasets.clear()
        self._kept.clear()
        self._kept_size = 0
        self._file.close()

    def _known(self, what: str, name: str, names: Iterable[str]) -> str:
        if name not in names:
            raise InputError(f"has no {what} '{name}'{did_you_mean(name, names)}", self.path)
        return name

    def cell_tracks(self, cell: str) -> list[str]:
        """List the signals of a cell.

        Raises:
            InputError: The cell is not there.
        """
        self._known("cell", cell, self.cells)
        return list(self._file[f"cells/{cell}/tracks"])

    def expression(self, cell: str) -> NDArray[np.float32] | None:
        """Read the expression components of a cell.

        Returns:
            float32, shape (8,), or None when the cell has none.

        Raises:
            InputError: The cell is not there.
        """
        self._known("cell", cell, self.cells)
        stored = self._file[f"cells/{cell}"].get("expression")
        return None if stored is None else np.asarray(stored[:], np.float32)

    def _read(self, name: str, chrom: str, start: int, end: int, fill: float, dtype: Any) -> NDArray[Any]:
        length = self.chromosomes[self._known("chromosome", chrom, self.chromosomes)]
        if end < start:
            raise ValueError(f"end {end} is before start {start}")
        dataset = self._datasets.get(name)
        if dataset is None:
            dataset = self._datasets[name] = self._file[name]
        first, last = min(max(start, 0), length), max(min(end, length), 0)
        out = np.full(end - start, fill, dtype)
        if last > first:
            offset = self._offsets[chrom]
            try:
                dataset.read_direct(out, np.s_[offset + first : offset + last], np.s_[first - start : last - start])
            except (OSError, RuntimeError) as error:
                raise InputError(
                    f"{name}, {chrom}:{first}-{last} cannot be read; the file is damaged", self.path
                ) from error
        return out

    def sequence(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        """Read base codes; positions off the chromosome's ends are N.

        Returns:
            uint8, shape (end - start,): A, C, G, T = 0..3, other 4.

        Raises:
            InputError: The chromosome is not there.
        """
        codes = self._read("sequence", chrom, start, end, UNKNOWN_BASE, np.uint8)
        if codes.size and codes.max() > UNKNOWN_BASE:
            place = f"{chrom}:{start + int(np.argmax(codes > UNKNOWN_BASE))}"
            raise InputError(f"sequence, {place} is no base; make the file again with {PROGRAM}", self.path)
        return codes

    def signal(self, track: str, chrom: str, start: int, end: int, cell: str | None = None) -> NDArray[np.float32]:
        """Read a signal; positions off the chromosome's ends are 0.

        Args:
            track: Name of a genome track, or of a track of `cell`.
            chrom: Chromosome name.
            start: 0-based start; may be negative.
            end: End, exclusive; may be past the chromosome's end.
            cell: Cell type, or None for a genome track.

        Returns:
            float32, shape (end - start,).

        Raises:
            InputError: Track, cell or chromosome is not there.
        """
        if cell is None:
            name = f"genome_tracks/{self._known('genome track', track, self.genome_tracks)}"
        else:
            name = f"cells/{cell}/tracks/{track}"
            if name not in self._datasets:
                self._known(f"track of cell '{cell}'", track, self.cell_tracks(cell))
        return self._read(name, chrom, start, end, 0.0, np.float32)

    def signal_maximum(self, track: str, cell: str | None = None) -> float:
        """Give the highest value of a signal, as stored when the file was made; arguments as of `signal`."""
        if cell is None:
            name = f"genome_tracks/{self._known('genome track', track, self.genome_tracks)}"
        else:
            self._known(f"track of cell '{cell}'", track, self.cell_tracks(cell))
            name = f"cells/{cell}/tracks/{track}"
        return number_attribute(self._file[name], "maximum", self.path)

    def _intervals(self, name: str, chrom: str) -> Intervals:
        """Give the intervals of a dataset, which are asked for again with every few bins; nobody may change them."""
        found = self._kept.pop((name, chrom), None)
        if found is None:
            found = self._read_intervals(name, chrom)
            for array in found:
                array.flags.writeable = False
            self._kept_size += _size(found)
            while self._kept and self._kept_size > _KEPT_INTERVALS:
                self._kept_size -= _size(self._kept.pop(next(iter(self._kept))))
        self._kept[name, chrom] = found
        return found

    def _read_intervals(self, name: str, chrom: str) -> Intervals:
        number = self._index[self._known("chromosome", chrom, self.chromosomes)]
        if name not in self._file:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        dataset = self._file[name]
        try:
            if name not in self._boundaries:
                self._boundaries[name] = np.searchsorted(dataset[:, 0], np.arange(len(self.chromosomes) + 1))
            first, last = self._boundaries[name][number : number + 2]
            rows = dataset[int(first) : int(last)]
        except (OSError, RuntimeError) as error:
            raise InputError(f"{name} cannot be read; the file is damaged", self.path) from error
        starts, ends = rows[:, 1].copy(), rows[:, 2].copy()
        within = (rows[:, 0] == number) & (starts >= 0) & (ends <= self.chromosomes[chrom]) & (starts < ends)
        if not (within.all() and (starts[1:] > ends[:-1]).all()):
            text = f"the intervals of {name} on {chrom} are not merged, in order and within it"
            raise InputError(f"{text}; make the file again with {PROGRAM}", self.path)
        return starts, ends

    def annotation(self, chrom: str) -> list[Intervals]:
        """Read the annotation of a chromosome.

        Returns:
            Starts and ends, int64, shape (n,), merged and ascending, for each of `ANNOTATION_CLASSES` in that order;
            all empty when the file has no annotation. They cannot be written to.

        Raises:
            InputError: The chromosome is not there.
        """
        return [self._intervals(f"annotation/{name}", chrom) for name in ANNOTATION_CLASSES]

    def blacklist(self, chrom: str) -> Intervals:
        """Read the regions to be left out of a chromosome.

        Returns:
            Starts and ends, int64, shape (n,), merged and ascending; empty when there is no blacklist. They cannot be
            written to.

        Raises:
            InputError: The chromosome is not there.
        """
        return self._intervals("blacklist", chrom)


def _size(intervals: Intervals) -> int:
    """Give the bytes of memory that a pair of arrays takes."""
    return _PAIR_SIZE + sum(array.nbytes for array in intervals)
