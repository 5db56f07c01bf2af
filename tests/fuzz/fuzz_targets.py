"""What is fuzzed: every parser of the package, as a function of the bytes of a file.

A target takes a file and reads all that there is to read. It may raise the project's own InputError; anything else is a
finding: another exception, a crash of a library, memory or time without bound.

HDF5 files are fuzzed twice: as bytes, and (targets that end in `-edits`) as a list of edits of a good file, because few
random bytes get past the library's own checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from fuzz_hdf5 import apply_edits
from fuzz_seeds import LENGTHS, good_file, model_with_config

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.genes import read_gtf
from deepgrn_tool.data.selection import GridSelection, ListedSelection
from deepgrn_tool.data.summary import describe_features
from deepgrn_tool.errors import InputError
from deepgrn_tool.evaluation.scores import read_scores as read_predictions
from deepgrn_tool.formats.bed import read_bed
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.fasta import Fasta
from deepgrn_tool.formats.sizes import read_sizes
from deepgrn_tool.formats.tables import read_scores, read_tpm
from deepgrn_tool.hub.bigbed import read_called
from deepgrn_tool.hub.regions import read_regions
from deepgrn_tool.labels.inputs import PeakFiles, read_peaks
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.motifs.meme import read_meme
from deepgrn_tool.network.files import describe_model
from deepgrn_tool.network.published import import_published
from deepgrn_tool.report.tables import read_table
from deepgrn_tool.training.history import read_history

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BINS = {chrom: np.arange(0, length - 199, 50) for chrom, length in LENGTHS.items()}
COMPONENTS = 8
WINDOW = 5000  # bp, read at once


class Target:
    """Readers of one format, each of which may refuse a file.

    Args:
        readers: Functions of a path.
        prepare: Makes the file that is read out of the one that is given.
    """

    def __init__(self, *readers: Callable[[Path], object], prepare: Callable[[Path], None] | None = None) -> None:
        """Keep the functions."""
        self.readers = readers
        self._prepare = prepare

    def refusals(self, path: Path) -> list[str]:
        """Let each reader read a file; returns what those say that refuse it."""
        if self._prepare is not None:
            self._prepare(path)
        found = []
        for reader in self.readers:
            try:
                reader(path)
            except InputError as error:
                found.append(str(error))
        return found


def _peaks(path: Path) -> None:
    read_peaks(PeakFiles("cell", path, path), LENGTHS, True)


def _features(path: Path) -> None:
    with FeaturesFile(path) as file:
        for chrom, length in file.chromosomes.items():
            place = (chrom, max(0, length - WINDOW), length)
            file.sequence(*place)
            file.annotation(chrom)
            file.blacklist(chrom)
            for track in file.genome_tracks:
                file.signal(track, *place)
                file.signal_maximum(track)
            for cell in file.cells:
                file.expression(cell)
                for track in file.cell_tracks(cell):
                    file.signal(track, *place, cell)
                    file.signal_maximum(track, cell)


def _bigwig(path: Path) -> None:
    with BigWig(path) as file:
        for chrom, length in list(file.lengths.items())[:4]:
            file.values(chrom, 0, min(length, WINDOW))
            file.values(chrom, max(0, length - WINDOW), length)
            if length < 1 << 22:
                list(file.intervals(chrom))


def _fasta(path: Path) -> None:
    with Fasta(path) as file:
        for chrom, length in file.lengths.items():
            file.codes(chrom, 0, min(length, WINDOW))


def _edited(kind: str) -> Callable[[Path], None]:
    """Take a file's bytes as edits of a good HDF5 file."""

    def prepare(path: Path) -> None:
        edits = path.read_bytes()
        path.write_bytes(good_file(kind))
        apply_edits(path, edits)

    return prepare


def _into_model(path: Path) -> None:
    path.write_bytes(model_with_config(path.read_bytes()))


TARGETS: dict[str, Target] = {
    "bed": Target(
        lambda path: read_bed(path, LENGTHS, True),
        lambda path: read_bed(path, LENGTHS),
        lambda path: list(GridSelection(LENGTHS, regions=path)),
        lambda path: list(ListedSelection(path, LENGTHS)),
    ),
    "bigwig": Target(_bigwig),
    "config": Target(describe_model, prepare=_into_model),
    "fasta": Target(_fasta),
    "features": Target(_features, describe_features),
    "features-edits": Target(_features, describe_features, prepare=_edited("features")),
    "gtf": Target(
        lambda path: read_gtf(path, LENGTHS, True), lambda path: read_gtf(path, LENGTHS, False, published=True)
    ),
    "history": Target(read_history, read_table),
    "labels": Target(read_labels),
    "meme": Target(read_meme),
    "model": Target(describe_model),
    "model-edits": Target(describe_model, prepare=_edited("model")),
    "narrowpeak": Target(_peaks, lambda path: read_called(path, LENGTHS)),
    "predictions": Target(
        lambda path: read_predictions(path.rename(path.with_suffix(".tab")), BINS),
        lambda path: read_predictions(path.with_suffix(".tab").rename(path.with_suffix(".bg")), BINS),
    ),
    "published": Target(import_published),
    "published-edits": Target(import_published, prepare=_edited("published")),
    "regions": Target(lambda path: read_regions(path, LENGTHS, 100)),
    "sizes": Target(read_sizes),
    "tpm": Target(lambda path: read_tpm(path, COMPONENTS), lambda path: read_scores(path, COMPONENTS)),
}


def run_target(name: str, data: bytes, folder: Path) -> list[str]:
    """Give bytes to a target, as a file in an empty folder; returns what those readers say that refuse it.

    Raises:
        Exception: Whatever the target raises; that is a finding.
    """
    for left in folder.iterdir():
        left.unlink()
    path = folder / "given"
    path.write_bytes(data)
    return TARGETS[name].refusals(path)
