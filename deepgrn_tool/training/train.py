"""Trains a network on labelled bins of a features file and writes it as a model."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.checksum import sha256
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model, save_model
from deepgrn_tool.network.weights import Weights
from deepgrn_tool.output import atomic_output, check_outputs
from deepgrn_tool.pairing import compare_assemblies, load_grid_model
from deepgrn_tool.plots.style import check_figure_names
from deepgrn_tool.training.build import make_step, network_config
from deepgrn_tool.training.checkpoint import Course, State, checkpoint_path, load_checkpoint
from deepgrn_tool.training.curves import draw_curves
from deepgrn_tool.training.data import Choice, TrainingData, read_training_data
from deepgrn_tool.training.history import write_history
from deepgrn_tool.training.loop import Loop
from deepgrn_tool.training.record import factor_of_file, make_record
from deepgrn_tool.training.sampling import Sampler
from deepgrn_tool.training.settings import Settings, option
from deepgrn_tool.training.stream import BatchStream
from deepgrn_tool.training.validation import Validator
from deepgrn_tool.training.windows import WindowReader, window_bytes

logger = logging.getLogger(__name__)

GIGABYTE = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Training:
    """A training run as it is asked for; `run` does it.

    Attributes:
        features: features.h5 with the tracks of all cells.
        labels: Label file of the factor.
        output: model.h5 to write.
        settings: Hyperparameters (`settings_for`).
        choice: Cells and chromosomes.
        factor: Name of the factor; None for that of the preset or of the label file.
        preset: Factor whose hyperparameters the settings came from.
        start_from: Model whose network and weights training begins with.
        history: Table of epochs to write.
        curves: Figures to write.
        resume: Go on with an interrupted run, if there is one.
        memory: GB for windows to learn from, and as many for those of validation.
        checkpoint_minutes: The file to go on from is written so often, and after each epoch.
        threads: Processor threads.
    """

    features: str | Path
    labels: str | Path
    output: str | Path
    settings: Settings
    choice: Choice = dataclasses.field(default_factory=Choice)
    factor: str | None = None
    preset: str | None = None
    start_from: str | Path | None = None
    history: str | Path | None = None
    curves: Sequence[str | Path] = ()
    resume: bool = False
    memory: float = 2.0
    checkpoint_minutes: float = 10.0
    threads: int = 1

    def run(self) -> Model | None:
        """Train; all outputs appear at the end, or none.

        Until then, a file beside the output (`checkpoint.checkpoint_path`) holds what an interrupted run needs.

        Returns:
            The model of the best epoch, as it was written; None where a signal stopped the run and whoever handles it
            let the program go on.

        Raises:
            UsageError: Options contradict each other.
            InputError: A file is wrong or does not fit the others.
            OSError: A file cannot be read or written.
        """
        self._check()
        origin = None if self.start_from is None else load_grid_model(self.start_from)
        config = network_config(self.settings, None if origin is None else origin.config)
        with FeaturesFile(self.features) as file:
            if origin is not None:
                compare_assemblies(origin, file)
            data = read_training_data(
                file, self.labels, self.choice, self.settings, config, of_a_model=origin is not None
            )
            validator = self._validator(data, file, config)
            checksums = {name: sha256(path) for name, path in self._sources().items()}
            terms = self._terms(data, checksums)
            course, state = self._begin(terms)
            weights = None if origin is None else origin.weights
            if not self._train(config, data, validator, terms, course, state, weights):
                return None
            record = make_record(self.settings, data, course.history, validator, self._sources(), checksums)
            if self.preset is not None:
                record["preset"] = self.preset
            if course.astray:
                record["went_astray_in_epoch"] = course.astray
            factor = self.factor or self.preset or (origin.factor if origin else "") or factor_of_file(self.labels)
            best = dataclasses.replace(config, merge=record["merge"])
            model = Model(best, course.best, factor, file.assembly, record)
        self._write(model, course, validator.base_rate)
        return model

    def _sources(self) -> dict[str, str | Path]:
        """Give all input files by what they are for."""
        sources: dict[str, str | Path] = {"features": self.features, "labels": self.labels}
        if self.start_from is not None:
            sources["--start-from"] = self.start_from
        return sources | {f"--peaks {cell}": path for cell, path in (self.choice.peaks or {}).items()}

    def _check(self) -> None:
        """Refuse what can be refused without reading a file."""
        self.choice.check(self.settings)
        check_figure_names(self.curves)
        checkpoint = checkpoint_path(self.output)
        tables = [] if self.history is None else [self.history]
        check_outputs([self.output, checkpoint, *tables, *self.curves], self._sources().values())
        if checkpoint.exists() and not self.resume:
            text = "is left from a run that did not end; go on with that run by --resume, or delete it to start anew"
            raise InputError(text, checkpoint)

    def _validator(self, data: TrainingData, file: FeaturesFile, config: NetworkConfig) -> Validator:
        settings = self.settings
        return Validator(
            data.validation,
            file,
            config,
            negatives=None if settings.full_validation else settings.validation_negatives,
            seed=settings.seed,
            threads=self.threads,
            merges=("mean", "max") if settings.merge == "best" else (settings.merge,),
            memory=int(self.memory * GIGABYTE),
        )

    def _terms(self, data: TrainingData, checksums: dict[str, str]) -> dict[str, Any]:
        """List all that the weights depend on, under names that mean something to the user."""
        terms: dict[str, Any] = {option(name): value for name, value in self.settings.to_json().items()}
        terms |= {"cells": list(data.training.cells), "--threads": self.threads, "--memory": self.memory}
        for name, part in (("training", data.training), ("validation", data.validation)):
            terms[f"{name} chromosomes"] = [each.chrom for each in part.chromosomes]
        terms |= {f"version of {name}": version(name) for name in ("keras", "numpy", "tensorflow")}
        return terms | {f"SHA-256 of {name}": checksum for name, checksum in checksums.items()}

    def _begin(self, terms: dict[str, Any]) -> tuple[Course, State | None]:
        """Give where the run begins, and the state of the training step if it was interrupted."""
        checkpoint = checkpoint_path(self.output)
        if not checkpoint.exists():
            if self.resume:
                logger.info("No interrupted run of %s found: starting from the beginning", self.output)
            return Course(), None
        course, state = load_checkpoint(checkpoint, terms)
        logger.info("Going on in epoch %s, after %s windows of it", course.epoch, f"{course.windows:,}")
        return course, state

    def _train(
        self,
        config: NetworkConfig,
        data: TrainingData,
        validator: Validator,
        terms: dict[str, Any],
        course: Course,
        state: State | None,
        weights: Weights | None,
    ) -> bool:
        """Do the epochs; tells whether the end was reached."""
        settings = self.settings
        with ExitStack() as stack:
            chromosomes = [each.chrom for each in data.training.chromosomes]
            reader = WindowReader(self.features, config, data.training.cells, chromosomes)
            stack.callback(reader.close)
            stream = BatchStream(
                Sampler(data.training, settings.negatives, settings.open_negatives, settings.seed, reader.offsets),
                reader,
                batch_size=settings.batch_size,
                group_size=max(settings.batch_size, int(self.memory * GIGABYTE / 2) // window_bytes(config)),
                positive_weight=settings.positive_weight,
                epochs=settings.epochs,
                epoch=course.epoch,
                done=course.windows,
            )
            stack.callback(stream.close)
            return Loop(
                step=make_step(config, weights, settings, self.threads, state),
                stream=stream,
                validator=validator,
                course=course,
                epochs=settings.epochs,
                patience=settings.patience,
                learning_rate=settings.learning_rate,
                rate_decay=settings.rate_decay,
                checkpoint=checkpoint_path(self.output),
                terms=terms,
                checkpoint_seconds=60 * self.checkpoint_minutes,
            ).run()

    def _write(self, model: Model, course: Course, base_rate: float) -> None:
        """Write all outputs, the model last, and remove the file to go on from."""
        with ExitStack() as stack:
            if self.history is not None:
                write_history(course.history, stack.enter_context(atomic_output(self.history)))
            if self.curves:
                drawn = [stack.enter_context(atomic_output(path)) for path in self.curves]
                draw_curves(course.history, base_rate, model.factor, drawn)
            save_model(model, self.output)
        checkpoint_path(self.output).unlink(missing_ok=True)
        logger.info(
            "%s: epoch %s of %s, validation auPRC %.4f (base rate %.4f)",
            self.output,
            model.record["best_epoch"],
            len(course.history),
            model.record["validation_auprc"],
            base_rate,
        )
