"""The tracks of one run: both strands together, and each on its own, fed side by side and appearing together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from deepgrn_tool.attention.base_means import BaseMeans
from deepgrn_tool.attention.geometry import Profile
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.output import leave_outputs
from deepgrn_tool.tracks.outputs import track_writer_for
from deepgrn_tool.tracks.writer import TrackWriter

if TYPE_CHECKING:
    from typing_extensions import Self

BOTH, FORWARD, REVERSE = "both strands", "forward strand", "reverse strand"
Profiles = Mapping[str, Sequence[Profile]]  # what goes into the track of each of these names


class StrandTracks:
    """All track files of a run; a context manager, at whose good end they appear, else none.

    Args:
        outputs: Files to write, by `BOTH`, `FORWARD` or `REVERSE`; their suffixes tell the formats.
        chromosomes: Length of each chromosome, in bp, by name.

    Raises:
        UsageError: A suffix is not that of a track.
    """

    def __init__(self, outputs: Mapping[str, Iterable[str | Path]], chromosomes: Mapping[str, int]) -> None:
        """Choose the writers; nothing is opened yet."""
        self._chromosomes = chromosomes
        chosen = {name: [track_writer_for(path, chromosomes) for path in paths] for name, paths in outputs.items()}
        self._writers: dict[str, list[TrackWriter]] = {name: writers for name, writers in chosen.items() if writers}
        self._means: dict[str, BaseMeans] = {}
        self._chrom: str | None = None
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        """Open all files."""
        with ExitStack() as opened:
            for writers in self._writers.values():
                for writer in writers:
                    opened.enter_context(writer)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close and verify every file before the first one is renamed; or remove them all."""
        leave_outputs(self._opened, self.close, error)

    def add(self, chrom: str, starts: Positions, profiles: Profiles) -> None:
        """Take windows; chromosomes come in C-locale order and windows ascend.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), first base of each window.
            profiles: The windows' profiles for every track that is written.

        Raises:
            InputError: A value is not a finite number.
            OSError: A file cannot be written.
        """
        if chrom != self._chrom:
            self._finish_chromosome()
            self._chrom = chrom
            self._means = {name: BaseMeans(self._chromosomes[chrom]) for name in self._writers}
        for name, writers in self._writers.items():
            intervals = self._means[name].add(starts, profiles[name])
            for writer in writers:
                writer.add(chrom, *intervals)

    def _finish_chromosome(self) -> None:
        for name, means in self._means.items():
            intervals = means.finish()
            for writer in self._writers[name]:
                writer.add(str(self._chrom), *intervals)
        self._means = {}

    def close(self) -> None:
        """Write what is held back and verify all files; the end of the block renames them.

        Raises:
            OSError: A file cannot be written or does not read back as written.
        """
        self._finish_chromosome()
        for writers in self._writers.values():
            for writer in writers:
                writer.close()
