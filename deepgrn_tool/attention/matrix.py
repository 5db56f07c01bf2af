"""The full attention weights of every window, as HDF5."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from deepgrn_tool.attention.attended import AttendedWindows
from deepgrn_tool.attention.geometry import step_starts
from deepgrn_tool.data.safe_hdf5 import creating
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.hdf5 import open_hdf5
from deepgrn_tool.network.files import Model
from deepgrn_tool.output import atomic_output, leave_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

FORMAT = "deepgrn-attention-matrix"
FORMAT_VERSION = "1.0"
PROGRAM = "deepgrn-attention"
CHUNK = 1 << 19  # bytes, about
COMPRESSION = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "track_times": False}


def matrix_bytes(model: Model, windows: int) -> int:
    """Tell how large the weights are before compression."""
    config = model.config
    width = config.steps if config.is_pairwise else config.attended_width
    return 4 * 2 * windows * config.steps * width


class MatrixWriter:
    """Writes windows as they come; a context manager, at whose good end the file appears, else none.

    Args:
        target: File to write.
        model: The network.
        cell: Cell type.
        chromosomes: Names of all chromosomes.
    """

    def __init__(self, target: str | Path, model: Model, cell: str, chromosomes: Iterable[str]) -> None:
        """Touch nothing yet."""
        self._target = Path(target)
        self._model = model
        self._cell = cell
        self._name_type = h5py.string_dtype("utf-8", max(len(name.encode()) for name in chromosomes))
        self._outputs, self._hdf5 = ExitStack(), ExitStack()
        self._held: list[dict[str, Any]] = []
        self._rows = 0
        self._closed = False
        config = model.config
        width = config.steps if config.is_pairwise else config.attended_width
        self._shape = (2, config.steps, width)
        self._chunk = max(1, CHUNK // (4 * int(np.prod(self._shape))))

    def __enter__(self) -> Self:
        """Open the temporary file and describe what will be in it."""
        with ExitStack() as outputs:
            self._temporary = outputs.enter_context(atomic_output(self._target))
            self._safe = self._hdf5.enter_context(creating(self._temporary, self._target))
            outputs.push(self._hdf5)
            self._describe(self._safe.file)
            self._outputs = outputs.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, verify and rename; or remove."""
        leave_outputs(self._outputs, self.close, error)

    def _describe(self, file: h5py.File) -> None:
        config = self._model.config
        attributes = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "factor": self._model.factor,
            "assembly": self._model.assembly,
            "cell": self._cell,
            "attention": config.attention,
            "bin_size": config.bin_size,
            "flank": config.flank,
            "step_size": config.pool_size,
        }
        for name, value in attributes.items():
            file.attrs[name] = value
        file.create_dataset("strands", data=["forward", "reverse"], dtype=h5py.string_dtype(), track_times=False)
        file.create_dataset("step_starts", data=step_starts(config), track_times=False)
        for name, dtype, shape in (
            ("chrom", self._name_type, ()),
            ("start", np.int64, ()),
            ("probability", np.float32, ()),
            ("attention", np.float32, self._shape),
        ):
            chunks = (self._chunk if shape else 4096, *shape)
            file.create_dataset(name, (0, *shape), dtype, maxshape=(None, *shape), chunks=chunks, **COMPRESSION)

    def add(self, windows: AttendedWindows) -> None:
        """Write windows.

        Raises:
            OSError: The disk is full or broken.
        """
        self._held.append(
            {
                "chrom": np.full(len(windows.starts), windows.chrom.encode(), self._name_type),
                "start": windows.starts,
                "probability": windows.probability,
                "attention": windows.attention.transpose(1, 0, 2, 3),
            }
        )
        count = sum(len(part["start"]) for part in self._held)
        if count >= self._chunk:
            # Whole chunks, so that none is packed twice and the file does not depend on how windows came.
            self._write(count - count % self._chunk)

    def _write(self, count: int) -> None:
        file = self._safe.file
        rest = {}
        for name in self._held[0] if self._held else ():
            values = np.concatenate([part[name] for part in self._held])
            file[name].resize(self._rows + count, axis=0)
            file[name][self._rows : self._rows + count] = values[:count]
            rest[name] = values[count:]
        self._held = [rest] if rest else []
        self._rows += count
        self._safe.check()

    def close(self) -> None:
        """Finish and verify the temporary file; the end of the block renames it.

        Raises:
            OSError: The file cannot be written or does not read back as written.
        """
        if self._closed:
            return
        self._closed = True
        self._write(sum(len(part["start"]) for part in self._held))
        self._hdf5.close()
        try:
            with open_hdf5(self._temporary, PROGRAM) as file:
                same = len(file["attention"]) == len(file["start"]) == self._rows
        except (InputError, KeyError) as error:
            raise OSError(errno.EIO, "was written but cannot be read back", str(self._target)) from error
        if not same:
            raise OSError(errno.EIO, "does not read back as it was written", str(self._target))
