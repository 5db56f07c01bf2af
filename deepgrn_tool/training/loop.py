"""Epoch after epoch: steps, validation, the best network kept, and a file to go on from."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepgrn_tool.progress import Progress, clock
from deepgrn_tool.training.checkpoint import Course, save_checkpoint
from deepgrn_tool.training.history import Epoch, best_epoch
from deepgrn_tool.training.interrupt import StopRequest
from deepgrn_tool.training.stream import BatchStream, EpochSize
from deepgrn_tool.training.validation import REMEDY, DivergedError, Validator

if TYPE_CHECKING:
    from deepgrn_tool.training.step import TrainingStep

logger = logging.getLogger(__name__)

BATCHES_PER_LOOK = 50  # losses are fetched so often: each look waits for the step under way


class _StoppedError(Exception):
    """A signal asked the run to stop."""


@dataclass
class Loop:
    """A training run.

    Attributes:
        step: The network in training.
        stream: Its windows, beginning where `course` stands.
        validator: Scores it after each epoch.
        course: How far the run is; changed as it goes.
        epochs: At most so many.
        patience: Stop when validation has not improved for so many epochs.
        learning_rate: Of Adam, at the beginning.
        rate_decay: How it changes, one of `settings.RATE_DECAYS`.
        checkpoint: File to go on from.
        terms: What is compared before going on.
        checkpoint_seconds: The file is written so often within an epoch, and after each.
    """

    step: TrainingStep
    stream: BatchStream
    validator: Validator
    course: Course
    epochs: int
    patience: int
    learning_rate: float
    rate_decay: str
    checkpoint: Path
    terms: Mapping[str, Any]
    checkpoint_seconds: float

    def run(self) -> bool:
        """Train until the end.

        Where training goes astray, it ends with the best epoch before.

        Returns:
            Whether the end was reached; False where a signal came, after the file to go on from was written.

        Raises:
            InputError: Training went astray in its first epoch, or the features file is damaged.
            OSError: The file to go on from cannot be written.
        """
        self._saved = self._begun = time.monotonic()
        self._first = self.course.epoch
        with StopRequest() as stop:
            try:
                while not self._ended():
                    self._run_epoch(stop)
            except _StoppedError:
                self._save()
                logger.warning(
                    "stopped in epoch %s; to go on, give the same command with --resume (%s holds what it needs)",
                    self.course.epoch,
                    self.checkpoint,
                )
                return False
            except DivergedError as error:
                if not self.course.history:
                    raise
                self._end_astray(error)
        return True

    def _end_astray(self, error: DivergedError) -> None:
        """Keep what was learned before, as early stopping does."""
        self.course.astray = self.course.epoch
        best = best_epoch(self.course.history).epoch
        text = "warning: %s; training ends in epoch %s, and the network of epoch %s, the best one, is kept"
        logger.warning(text, error, self.course.epoch, best)

    def _ended(self) -> bool:
        history = self.course.history
        if self.course.epoch > self.epochs:
            return True
        if not history or history[-1].epoch - best_epoch(history).epoch < self.patience:
            return False
        logger.info("No better validation in %s epochs: stopping early", self.patience)
        return True

    def _run_epoch(self, stop: StopRequest) -> None:
        course = self.course
        size = self._show_windows(stop)
        with Progress("validating", self.validator.bins, "bins") as progress:

            def on_progress(bins: int) -> None:
                progress.advance(bins)
                _obey(stop)

            weights = self.step.weights()
            quality = self.validator.assess(weights, on_progress)
        loss = course.loss / course.windows
        row = Epoch(
            course.epoch,
            loss,
            quality.auprc,
            quality.auroc,
            quality.merge,
            size.positives,
            size.negatives,
            self._rate(course.epoch - 1),
        )
        course.history.append(row)
        if best_epoch(course.history) is row:
            course.best = weights
        course.epoch, course.batches, course.windows, course.loss = course.epoch + 1, 0, 0, 0.0
        self._save()
        self._report(row)

    def _show_windows(self, stop: StopRequest) -> EpochSize:
        """Do the steps of an epoch, or what is left of them."""
        course = self.course
        size, batches = self.stream.epoch(course.epoch)
        label = f"epoch {course.epoch} of at most {self.epochs}"
        losses: list[tuple[Any, int]] = []
        shown = course.windows
        with Progress(label, size.windows - course.windows, "windows") as progress:
            for batch in batches:
                rate = self._rate(course.epoch - 1 + shown / size.windows)
                losses.append((self.step.run(batch, rate), len(batch)))
                shown += len(batch)
                progress.advance(len(batch))
                late = time.monotonic() - self._saved >= self.checkpoint_seconds
                if late or stop.requested or len(losses) == BATCHES_PER_LOOK:
                    self._add_up(losses)
                    if late:
                        self._save()
                    _obey(stop)
            self._add_up(losses)
        return size

    def _rate(self, epochs: float) -> float:
        """Give the learning rate after so many epochs.

        Source: Loshchilov and Hutter 2017, equation 5, without restarts.
        """
        if self.rate_decay == "none":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * epochs / self.epochs)) / 2

    def _add_up(self, losses: list[tuple[Any, int]]) -> None:
        """Add losses to those of the epoch, in order, and empty the list."""
        for loss, windows in losses:
            value = float(loss)
            if not math.isfinite(value):
                raise DivergedError(f"the loss is not a number in epoch {self.course.epoch}: {REMEDY}")
            self.course.loss += value * windows
            self.course.windows += windows
            self.course.batches += 1
        losses.clear()

    def _save(self) -> None:
        save_checkpoint(self.checkpoint, self.terms, self.course, self.step.state())
        self._saved = time.monotonic()

    def _report(self, row: Epoch) -> None:
        seconds = (time.monotonic() - self._begun) / (self.course.epoch - self._first)
        best = best_epoch(self.course.history)
        logger.info(
            "Epoch %s: loss %.4f, validation auPRC %.4f, auROC %.4f%s; at most %s left",
            row.epoch,
            row.loss,
            row.validation_auprc,
            row.validation_auroc,
            " (best)" if best is row else f" (best: {best.validation_auprc:.4f}, epoch {best.epoch})",
            clock(seconds * (self.epochs - row.epoch)),
        )


def _obey(stop: StopRequest) -> None:
    if stop.requested:
        raise _StoppedError
