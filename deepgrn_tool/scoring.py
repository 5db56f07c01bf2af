"""Bins on their way through the engine to the outputs, and to the file that keeps scores of long runs."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.intervals import Positions, overlaps
from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.engine.bins import score_bins
from deepgrn_tool.engine.engine import Engine, SegmentScores
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.kept_scores import KeptScores, stretches
from deepgrn_tool.progress import Progress
from deepgrn_tool.tracks.outputs import ScoreOutputs

logger = logging.getLogger(__name__)

STRETCH = 500_000  # bins: some minutes of work


@dataclass
class _Group:
    """A group of bins on its way through the engine.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, starts in the order in which they are written.
        unique: int64, the same starts, ascending and without repeats.
        inverse: Index into `unique` of every start; None where `starts` is `unique`.
        blacklisted: bool, shape of `unique`.
        scored: Indices into `unique` of the other bins.
        scores: float32, shape of `unique`; blacklisted bins stay 0.
        taken: Number of scores so far.
        written: Number of bins already written.
    """

    chrom: str
    starts: Positions
    unique: Positions
    inverse: NDArray[np.int64] | None
    blacklisted: NDArray[np.bool_]
    scored: NDArray[np.int64] = field(init=False)
    scores: NDArray[np.float32] = field(init=False)
    taken: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        self.scored = np.flatnonzero(~self.blacklisted)
        self.scores = np.zeros(len(self.unique), np.float32)

    @property
    def in_order(self) -> NDArray[np.float32]:
        """Scores in the order in which they are written, float32, shape of `starts`."""
        return self.scores if self.inverse is None else self.scores[self.inverse]

    @classmethod
    def of(cls, bins: BinGroup, features: FeaturesFile) -> _Group:
        """Sort the bins and look them up in the blacklist."""
        unique, inverse = bins.starts, None
        if not (np.diff(bins.starts) > 0).all():
            unique, inverse = np.unique(bins.starts, return_inverse=True)
        blacklisted = overlaps(unique, unique + BIN_SIZE, *features.blacklist(bins.chrom))
        return cls(bins.chrom, bins.starts, unique, inverse, blacklisted)

    def take(self, result: SegmentScores) -> None:
        """Keep the scores of one segment; segments come in order."""
        bins = self.scored[self.taken : self.taken + len(result.segment)]
        self.scores[bins] = result.probability
        self.taken += len(bins)

    def write(self, writer: ScoreOutputs) -> bool:
        """Write the bins before the first one that is still to be scored; tells whether that was all."""
        done = self.taken == len(self.scored)
        if self.inverse is not None and not done:
            return False
        end = len(self.starts) if done else int(self.scored[self.taken])
        if end > self.written:
            here = slice(self.written, end)
            # With repeats or out of order, all bins are written at once.
            bins = here if self.inverse is None else self.inverse
            writer.add_bins(self.chrom, self.starts[here], self.scores[bins], self.blacklisted[bins])
            self.written = end
        return done


@dataclass
class Scoring:
    """Sends bins through the engine to the outputs; inputs are read while earlier ones are computed and written.

    Attributes:
        features: The features file.
        engine: The network, made ready.
        reader: Reader of the network's inputs.
        writer: The outputs, open.
        progress: Told of bins that are done.
    """

    features: FeaturesFile
    engine: Engine
    reader: InputReader
    writer: ScoreOutputs
    progress: Progress

    def score(self, bins: Iterable[BinGroup]) -> Iterator[_Group]:
        """Score and write bins; gives each group when all of it is written."""
        waiting: deque[_Group] = deque()

        def groups() -> Iterator[BinGroup]:
            for each in bins:
                group = _Group.of(each, self.features)
                waiting.append(group)
                yield BinGroup(group.chrom, group.unique[group.scored])

        def written() -> Iterator[_Group]:
            # A group without a segment, all of it on the blacklist, is written in its turn.
            while waiting and waiting[0].write(self.writer):
                yield waiting.popleft()

        for _, _, result in score_bins(self.engine, self.reader, groups()):
            yield from written()
            waiting[0].take(result)
            self.progress.advance(len(result.segment))
        yield from written()

    def go_on(self, bins: Iterable[BinGroup], kept: KeptScores) -> None:
        """Write the scores that were kept, and score, write and keep the others."""
        done = 0
        for number, stretch in enumerate(stretches(bins, STRETCH)):
            size = sum(len(group.starts) for group in stretch)
            scores = kept.take(number, size)
            if scores is None:
                if done:
                    logger.info("Going on after %s bins that an interrupted run scored", f"{done:,}")
                    done = 0
                kept.add(number, np.concatenate([group.in_order for group in self.score(stretch)]))
                continue
            done += size
            self.progress.advance(size)
            for each in stretch:
                blacklisted = overlaps(each.starts, each.starts + BIN_SIZE, *self.features.blacklist(each.chrom))
                self.writer.add_bins(each.chrom, each.starts, scores[: len(each.starts)], blacklisted)
                scores = scores[len(each.starts) :]
