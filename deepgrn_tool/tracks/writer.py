"""What all track files have in common: checks before writing, and a file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.errors import InputError
from deepgrn_tool.output import atomic_output, leave_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from deepgrn_tool.data.intervals import Positions

Values = NDArray[np.float32]
Order = Literal["disjoint", "ascending", "any"]


class IntervalGuard:
    """Checks values and intervals, piece by piece, before a writer sees them.

    Args:
        chromosomes: Length of each chromosome, in bp, by name.
        order: "disjoint": intervals ascend and never overlap; "ascending": starts never go down; both want the
            chromosomes in C-locale (bytewise) order, each in one stretch. "any": neither.
    """

    def __init__(self, chromosomes: Mapping[str, int], order: Order) -> None:
        """Start before the first chromosome."""
        self._chromosomes = chromosomes
        self._order = order
        self._chrom: str | None = None
        self._bound = 0

    def check(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        """Refuse a piece that does not fit the chromosome, what came before, or the real numbers.

        Raises:
            InputError: A value is not a finite number.
            ValueError: The caller's bins are out of order, out of bounds, or on an unknown chromosome.
        """
        if chrom not in self._chromosomes:
            raise ValueError(f"chromosome '{chrom}' is not one of the track's")
        if not len(starts) == len(ends) == len(values):
            raise ValueError(f"{len(starts)} starts, {len(ends)} ends and {len(values)} values on {chrom} do not match")
        if len(starts) == 0:
            return
        finite = np.isfinite(values)
        if not finite.all():
            worst = int(np.argmin(finite))
            raise InputError(
                f"the value at {chrom}:{starts[worst]}-{ends[worst]} is {values[worst]}; "
                "the model's weights or the signal tracks must hold something that is not a finite number"
            )
        length = self._chromosomes[chrom]
        inside = (starts >= 0) & (ends > starts) & (ends <= length)
        if not inside.all():
            worst = int(np.argmin(inside))
            raise ValueError(f"{chrom}:{starts[worst]}-{ends[worst]} is not within the chromosome's {length} bp")
        if self._order != "any":
            self._check_order(chrom, starts, ends)

    def _check_order(self, chrom: str, starts: Positions, ends: Positions) -> None:
        if chrom != self._chrom:
            if self._chrom is not None and chrom.encode() < self._chrom.encode():
                raise ValueError(f"chromosome '{chrom}' comes after '{self._chrom}', against the C-locale order")
            self._chrom, self._bound = chrom, 0
        bounds = ends if self._order == "disjoint" else starts
        behind = np.append(np.array([self._bound], np.int64), bounds[:-1]) > starts
        if behind.any():
            worst = int(np.argmax(behind))
            raise ValueError(f"{chrom}:{starts[worst]}-{ends[worst]} overlaps or precedes the interval before it")
        self._bound = int(bounds[-1])


class TrackWriter(ABC):
    """One output file with a number per interval; a context manager.

    The file appears under its name when the block ends well, after it was closed and verified; else nothing is left.

    Args:
        target: File to write.
        chromosomes: Length of each chromosome, in bp, by name.
    """

    order: ClassVar[Order] = "disjoint"

    def __init__(self, target: str | Path, chromosomes: Mapping[str, int]) -> None:
        """Touch nothing yet; the block's begin opens the file."""
        self.target = Path(target)
        self.chromosomes = chromosomes
        self._guard = IntervalGuard(chromosomes, self.order)
        self._outputs = ExitStack()
        self._closed = False

    def __enter__(self) -> Self:
        """Open the temporary file."""
        with ExitStack() as outputs, self._naming_target():
            self._open(outputs.enter_context(atomic_output(self.target)), outputs)
            self._outputs = outputs.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, verify and rename, or remove what was written when the block or the closing failed."""
        with self._naming_target():
            leave_outputs(self._outputs, self.close, error)

    def add(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        """Write one piece of the track.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), 0-based.
            ends: int64, shape (n,), exclusive.
            values: float32, shape (n,).

        Raises:
            InputError: A value is not a finite number.
            ValueError: The caller's intervals are out of order, out of bounds, or on an unknown chromosome.
            OSError: The file cannot be written; it is named.
        """
        self._guard.check(chrom, starts, ends, values)
        if len(starts):
            with self._naming_target():
                self._write(chrom, starts, ends, values)

    def close(self) -> None:
        """Finish the temporary file and verify it; the end of the block renames it.

        Raises:
            OSError: The file cannot be written or does not read back as written; it is named.
        """
        if not self._closed:
            self._closed = True
            with self._naming_target():
                self._finish()

    @contextmanager
    def _naming_target(self) -> Iterator[None]:
        """Put the user's file name into errors that name the temporary file or none."""
        try:
            yield
        except OSError as error:
            if error.filename == str(self.target):
                raise
            number = error.errno or errno.EIO
            text = " ".join(str(error).split()) if error.errno is None else os.strerror(number)
            raise OSError(number, text, str(self.target)) from error

    @abstractmethod
    def _open(self, temporary: Path, outputs: ExitStack) -> None:
        """Open the file; `outputs` closes handles and companions when the writer's block ends, last entered first."""

    @abstractmethod
    def _write(self, chrom: str, starts: Positions, ends: Positions, values: Values) -> None:
        """Write one checked piece that is not empty."""

    @abstractmethod
    def _finish(self) -> None:
        """Write what is still held back, close the file, and verify it."""
