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
GATHERED = 1 << 16  # bins that are sorted together, whatever the order in which they are written


def gathered(bins: Iterable[BinGroup], size: int) -> Iterator[list[BinGroup]]:
    """Gather groups, so that of bins listed in any order those that share bases are scored together.

    Yields:
        Neighbouring groups, as many as it takes to have `size` bins or more.
    """
    held: list[BinGroup] = []
    count = 0
    for group in bins:
        held.append(group)
        count += len(group.starts)
        if count >= size:
            yield held
            held, count = [], 0
    if held:
        yield held


def by_chromosome(groups: Iterable[BinGroup]) -> Iterator[BinGroup]:
    """Put groups of the same chromosome together, in the order in which the chromosomes come."""
    starts: dict[str, list[Positions]] = {}
    for group in groups:
        starts.setdefault(group.chrom, []).append(group.starts)
    for chrom, parts in starts.items():
        yield BinGroup(chrom, parts[0] if len(parts) == 1 else np.concatenate(parts))


def starts_together(bins: Iterable[BinGroup]) -> Iterator[Positions]:
    """Give the starts of bins of a chromosome that are scored together, int64, ascending, for the engine to expect."""
    for listed in gathered(bins, GATHERED):
        for group in by_chromosome(listed):
            yield _ascending(group.starts)[0]


def _ascending(starts: Positions) -> tuple[Positions, NDArray[np.int64] | None]:
    """Sort starts, each once; also gives the index of every start among them, None where they are as they were."""
    if (np.diff(starts) > 0).all():
        return starts, None
    return np.unique(starts, return_inverse=True)


@dataclass
class _Group:
    """Bins of one chromosome on their way through the engine.

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
    def done(self) -> bool:
        """Whether all scores are there."""
        return self.taken == len(self.scored)

    @property
    def in_order(self) -> NDArray[np.float32]:
        """Scores in the order in which they are written, float32, shape of `starts`."""
        return self.scores if self.inverse is None else self.scores[self.inverse]

    @classmethod
    def of(cls, bins: BinGroup, features: FeaturesFile) -> _Group:
        """Sort the bins and look them up in the blacklist."""
        unique, inverse = _ascending(bins.starts)
        blacklisted = overlaps(unique, unique + BIN_SIZE, *features.blacklist(bins.chrom))
        return cls(bins.chrom, bins.starts, unique, inverse, blacklisted)

    def take(self, result: SegmentScores) -> None:
        """Keep the scores of one segment; segments come in order."""
        bins = self.scored[self.taken : self.taken + len(result.segment)]
        self.scores[bins] = result.probability
        self.taken += len(bins)

    def write(self, writer: ScoreOutputs, most: int) -> int:
        """Write at most so many bins, those before the first one that is still to be scored; tells how many."""
        if self.done:
            ready = len(self.starts)
        else:  # with repeats or out of order, bins wait for all scores
            ready = int(self.scored[self.taken]) if self.inverse is None else 0
        here = slice(self.written, min(ready, self.written + most))
        if here.stop <= here.start:
            return 0
        bins = here if self.inverse is None else self.inverse[here]
        writer.add_bins(self.chrom, self.starts[here], self.scores[bins], self.blacklisted[bins])
        self.written = here.stop
        return here.stop - here.start


class _Batch:
    """Groups that are scored chromosome by chromosome and written as they were listed.

    Args:
        listed: The groups.
        features: The features file.

    Attributes:
        groups: Chromosome name → all of its bins.
    """

    def __init__(self, listed: list[BinGroup], features: FeaturesFile) -> None:
        """Sort the bins of each chromosome."""
        self.groups = {each.chrom: _Group.of(each, features) for each in by_chromosome(listed)}
        self._runs = [(each.chrom, len(each.starts)) for each in listed]
        self._run = 0  # the one that is being written
        self._left = self._runs[0][1]  # bins of it

    @property
    def in_order(self) -> NDArray[np.float32]:
        """Scores in the order in which they are written, float32, shape (bins,)."""
        scores = {chrom: group.in_order for chrom, group in self.groups.items()}
        begins = dict.fromkeys(scores, 0)
        parts = []
        for chrom, count in self._runs:
            parts.append(scores[chrom][begins[chrom] : begins[chrom] + count])
            begins[chrom] += count
        return np.concatenate(parts)

    def write(self, writer: ScoreOutputs) -> bool:
        """Write the bins before the first one that is still to be scored; tells whether that was all."""
        while self._run < len(self._runs):
            chrom, _ = self._runs[self._run]
            self._left -= self.groups[chrom].write(writer, self._left)
            if self._left:
                return False
            self._run += 1
            self._left = self._runs[self._run][1] if self._run < len(self._runs) else 0
        return True


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

    def score(self, bins: Iterable[BinGroup]) -> Iterator[_Batch]:
        """Score and write bins; gives each batch when all of it is written."""
        scoring: deque[_Group] = deque()
        writing: deque[_Batch] = deque()

        def groups() -> Iterator[BinGroup]:
            for listed in gathered(bins, GATHERED):
                batch = _Batch(listed, self.features)
                writing.append(batch)
                for group in batch.groups.values():
                    scoring.append(group)
                    yield BinGroup(group.chrom, group.unique[group.scored])

        def written() -> Iterator[_Batch]:
            while writing and writing[0].write(self.writer):
                yield writing.popleft()

        for _, _, result in score_bins(self.engine, self.reader, groups()):
            while scoring[0].done:  # also a group without a segment, all of it on the blacklist
                scoring.popleft()
            scoring[0].take(result)
            self.progress.advance(len(result.segment))
            yield from written()
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
                kept.add(number, np.concatenate([batch.in_order for batch in self.score(stretch)]))
                continue
            done += size
            self.progress.advance(size)
            for each in stretch:
                blacklisted = overlaps(each.starts, each.starts + BIN_SIZE, *self.features.blacklist(each.chrom))
                self.writer.add_bins(each.chrom, each.starts, scores[: len(each.starts)], blacklisted)
                scores = scores[len(each.starts) :]
