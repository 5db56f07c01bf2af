"""What a network reads, taken from a features file: bases, signals, annotation and expression of a segment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.data.schema import ANNOTATION_CLASSES, UNIQUENESS, UNKNOWN_BASE
from deepgrn_tool.data.transforms import Transforms
from deepgrn_tool.engine.engine import SegmentInput
from deepgrn_tool.engine.segments import Segment
from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import META_SIZES, NetworkConfig

GAP = 8192  # bp between two pieces that are read together: they cost less than another read of the HDF5 library


def _stretches(pieces: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Divide the pieces of a segment where the gap to the next one is large."""
    return np.split(pieces, np.flatnonzero(pieces[1:, 0] - pieces[:-1, 1] > GAP) + 1)


class InputReader:
    """Reads segments of one cell type for one network.

    Args:
        features: The open features file; one thread reads it at a time.
        config: The network's shape, which names the channels and meta inputs that it needs.
        cell: Cell type.

    Attributes:
        path: The features file, for messages.

    Raises:
        InputError: The features lack the cell, a channel or a meta input; the message names the option that adds it.
    """

    def __init__(self, features: FeaturesFile, config: NetworkConfig, cell: str) -> None:
        """Check that the features hold all that the network needs."""
        self._features = features
        self.path = features.path
        self._config = config
        self._transforms = Transforms(config.transforms)
        cell_tracks = features.cell_tracks(cell)
        self._tracks = [(name, cell if name in cell_tracks else None) for name in config.tracks]
        for name, owner in self._tracks:
            if owner is None and name not in features.genome_tracks:
                raise InputError(_missing_track(name, cell), features.path)
        self._expression: NDArray[np.float32] | None = None
        if "expression" in config.meta:
            self._expression = features.expression(cell)
            if self._expression is None:
                raise InputError(
                    f"has no expression of cell '{cell}', which the model needs; "
                    "make the file with --expression or --expression-scores",
                    features.path,
                )
            if not np.isfinite(self._expression).all():
                text = f"expression of cell '{cell}' holds a value that is not a finite number"
                raise InputError(f"{text}; make the file again with deepgrn-features", features.path)
        if "annotation" in config.meta and not features.has_annotation:
            raise InputError(
                "has no annotation, which the model needs; make the file with --gtf and --cpg-islands, "
                "or with the six BED options",
                features.path,
            )

    def read(self, chrom: str, bin_starts: Positions, segment: Segment) -> SegmentInput:
        """Read the inputs of one segment.

        Args:
            chrom: Name of the chromosome.
            bin_starts: int64, shape (n,), starts of all bins that the segments were cut from.
            segment: The segment; its pieces may lie off the chromosome's ends, where bases are N and signals 0.

        Raises:
            InputError: The file is damaged, or a signal is not a finite number.
        """
        start, end, place = segment.pieces[-1]
        bases = int(place + end - start)
        codes = np.full(bases, UNKNOWN_BASE, np.uint8)
        signals = np.zeros((bases, len(self._tracks)), np.float32)
        for pieces in _stretches(segment.pieces):
            first, last = int(pieces[0, 0]), int(pieces[-1, 1])
            read_codes, read_signals = self._features.sequence(chrom, first, last), self._stored(chrom, first, last)
            for start, end, place in pieces.tolist():
                here, there = slice(place, place + end - start), slice(start - first, end - first)
                codes[here], signals[here] = read_codes[there], read_signals[there]
                self._check(signals[here], chrom, start)
        self._transforms.apply(signals)
        starts = bin_starts[segment.first : segment.first + len(segment)]
        return SegmentInput(segment, codes, signals, self.meta(chrom, starts))

    def signals(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Read the signals of a stretch, transformed as the network wants them.

        Args:
            chrom: Name of the chromosome.
            start: 0-based start; may lie before the chromosome, where signals are 0.
            end: End, exclusive; may lie past the chromosome's end.

        Returns:
            float32, shape (end - start, tracks).

        Raises:
            InputError: The file is damaged, or a signal is not a finite number.
        """
        signals = self._stored(chrom, start, end)
        self._check(signals, chrom, start)
        self._transforms.apply(signals)
        return signals

    def _stored(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        signals = np.zeros((end - start, len(self._tracks)), np.float32)
        for number, (name, cell) in enumerate(self._tracks):
            signals[:, number] = self._features.signal(name, chrom, start, end, cell)
        return signals

    def _check(self, signals: NDArray[np.float32], chrom: str, start: int) -> None:
        if np.isfinite(signals).all():
            return
        row, column = np.argwhere(~np.isfinite(signals))[0].tolist()
        position = start + row
        raise InputError(
            f"track '{self._tracks[column][0]}' holds {signals[row, column]} at {chrom}:{position}-{position + 1}, "
            "not a finite number; make the file again with deepgrn-features",
            self._features.path,
        )

    def meta(self, chrom: str, starts: Positions) -> NDArray[np.float32]:
        """Give the meta inputs of bins: expression components, then annotation bits.

        Args:
            chrom: Name of the chromosome.
            starts: int64, shape (n,), starts of the bins.

        Returns:
            float32, shape (n, meta inputs).
        """
        meta = np.empty((len(starts), self._config.meta_size), np.float32)
        column = 0
        if self._expression is not None:
            meta[:, : META_SIZES["expression"]] = self._expression
            column = META_SIZES["expression"]
        if "annotation" in self._config.meta:
            ends = starts + self._config.bin_size
            for number, (_, intervals) in enumerate(
                zip(ANNOTATION_CLASSES, self._features.annotation(chrom), strict=True)
            ):
                meta[:, column + number] = overlaps(starts, ends, *intervals)
        return meta


def _missing_track(name: str, cell: str) -> str:
    if name == UNIQUENESS:
        option = "--uniqueness FILE"
    else:
        option = f"--cell-track {cell}:{name}=FILE or --genome-track {name}=FILE"
    return f"has no track '{name}', which the model needs; make the file with {option}"
