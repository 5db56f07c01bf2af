"""Batches of epoch after epoch, prepared in a thread of their own while the network computes.

At any time one group of windows is in use and the next one, of the same epoch or of the next, is being read or ready.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.sampling import Sampler
from deepgrn_tool.training.windows import WindowReader, Windows


@dataclass(frozen=True)
class EpochSize:
    """Numbers of an epoch.

    Attributes:
        positives: Windows that are bound.
        negatives: Windows that are not.
    """

    positives: int
    negatives: int

    @property
    def windows(self) -> int:
        """All of them."""
        return self.positives + self.negatives


@dataclass(frozen=True)
class _Group:
    """Windows in memory, and how they are shown.

    Attributes:
        epoch: Number of the epoch that they belong to.
        size: Of the whole epoch.
        windows: None where an epoch has no window left to show.
        order: int64, rows in the order in which they are shown.
    """

    epoch: int
    size: EpochSize
    windows: Windows | None
    order: NDArray[np.int64]


class BatchStream:
    """Gives the batches of one epoch after the other.

    Args:
        sampler: Draws the epochs.
        reader: Reads windows; used in another thread.
        batch_size: Windows of a batch; the last one of an epoch may hold fewer.
        group_size: Windows that are held in memory together; there are two such groups at a time.
        positive_weight: Weight of a bound window in the loss.
        epochs: Number of the last epoch.
        epoch: The epoch to begin with, from 1.
        done: Windows of that epoch that were shown before the run was interrupted.
    """

    def __init__(
        self,
        sampler: Sampler,
        reader: WindowReader,
        *,
        batch_size: int,
        group_size: int,
        positive_weight: float,
        epochs: int,
        epoch: int = 1,
        done: int = 0,
    ) -> None:
        """Begin to read in the background."""
        self._sampler = sampler
        self._reader = reader
        self._batch_size = batch_size
        self._group_size = group_size
        self._positive_weight = positive_weight
        self._worker = ThreadPoolExecutor(1, "windows")
        self._groups = self._all_groups(epoch, epochs, done)
        self._future: Future[_Group | None] = self._worker.submit(next, self._groups, None)

    def close(self) -> None:
        """Stop reading and wait for the thread to end."""
        self._reader.stopping.set()
        self._worker.shutdown(cancel_futures=True)

    def _all_groups(self, epoch: int, epochs: int, done: int) -> Iterator[_Group]:
        """Read group after group; runs in the background, one step at a time."""
        for number in range(epoch, epochs + 1):
            plan = self._sampler.draw(number)
            positives = int(np.count_nonzero(plan.labels))
            size = EpochSize(positives, len(plan) - positives)
            if done >= len(plan):
                yield _Group(number, size, None, np.empty(0, np.int64))
            for index, part in enumerate(self._sampler.groups(plan, number, self._group_size)):
                if done < len(part):
                    order = self._sampler.shuffle(number, index, len(part))
                    yield _Group(number, size, self._reader.read(part), order[done:])
                done = max(done - len(part), 0)
            done = 0

    def epoch(self, number: int) -> tuple[EpochSize, Iterator[Batch]]:
        """Give an epoch's size and its batches; epochs must be asked for in their order, and used up.

        Raises:
            InputError: The features file is damaged or holds a signal that is not a number.
        """
        group = self._future.result()
        if group is None or group.epoch != number:
            raise ValueError(f"epoch {number} does not come next")
        return group.size, self._batches(number)

    def _rows(self, number: int) -> Iterator[tuple[Windows, NDArray[np.int64]]]:
        """Go through the groups of an epoch."""
        while True:
            group = self._future.result()
            if group is None or group.epoch != number:
                return
            self._future = self._worker.submit(next, self._groups, None)
            if group.windows is not None:
                yield group.windows, group.order
            del group  # else it would stay in memory beside its two followers

    def _batches(self, number: int) -> Iterator[Batch]:
        """Cut groups into batches; a batch may hold windows of two groups."""
        held: list[Batch] = []
        missing = self._batch_size
        for windows, order in self._rows(number):
            begin = 0
            while begin < len(order):
                rows = order[begin : begin + missing]
                held.append(windows.batch(rows, self._positive_weight))
                begin += len(rows)
                missing -= len(rows)
                if not missing:
                    yield _join(held)
                    held, missing = [], self._batch_size
        if held:
            yield _join(held)


def _join(parts: list[Batch]) -> Batch:
    if len(parts) == 1:
        return parts[0]
    return Batch(*(np.concatenate(arrays) for arrays in zip(*(part.arrays() for part in parts), strict=True)))
