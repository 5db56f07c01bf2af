"""Importance of the inputs of one or more networks: everything deepgrn-importance does."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import UsageError, did_you_mean
from deepgrn_tool.importance.bins import MeasuredBins, choose_measured_bins
from deepgrn_tool.importance.compare import HEADER, Comparison, compare, of_networks
from deepgrn_tool.importance.measure import ModelImportance, measure, varying_groups
from deepgrn_tool.importance.permute import input_groups
from deepgrn_tool.importance.plot import draw_importance
from deepgrn_tool.importance.table import table_text
from deepgrn_tool.network.files import Model
from deepgrn_tool.output import atomic_output, check_outputs, write_file
from deepgrn_tool.pairing import compare_assemblies, load_grid_model
from deepgrn_tool.plots.style import check_figure_names
from deepgrn_tool.progress import Progress

logger = logging.getLogger(__name__)

Names = Sequence[str] | None


@dataclass(frozen=True)
class Wanted:
    """What is to be written.

    Attributes:
        table: Table of importance.
        plots: Bar plots.
        comparisons: Groups to be compared.
        tests: Table of comparisons; needed if there are any.
    """

    table: str | Path
    plots: Sequence[str | Path] = ()
    comparisons: Sequence[Comparison] = ()
    tests: str | Path | None = None

    def paths(self) -> list[str | Path]:
        """List all files."""
        return [self.table, *self.plots, *([] if self.tests is None else [self.tests])]

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: They do.
        """
        check_figure_names(self.plots)
        if self.comparisons and self.tests is None:
            raise UsageError("--compare needs --tests FILE, a table for its results")
        if self.tests is not None and not self.comparisons:
            raise UsageError("--tests needs --compare, which tells what to compare")


def importance(
    features: str | Path,
    models: Mapping[str, str | Path],
    labels: Mapping[str | None, str | Path],
    wanted: Wanted,
    *,
    cells: Names = None,
    chromosomes: Names = None,
    negatives: float = 5.0,
    repeats: int = 5,
    seed: int = 1,
    threads: int = 1,
) -> list[ModelImportance]:
    """Measure how much worse networks rank bins when one input at a time comes from other bins.

    Args:
        features: features.h5.
        models: Name → model.h5.
        labels: Name of a model → its label file; None → that of all other models.
        wanted: The outputs.
        cells: Cells of the label files, None for all.
        chromosomes: Chromosomes; None for those that each network was to be tested on.
        negatives: Unbound bins per bound one in the sample, at least 20,000 in each cell.
        repeats: Exchanges of each input.
        seed: Decides sample and exchanges.
        threads: Processor threads.

    Returns:
        What was measured of each network.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others.
        OSError: A file cannot be read or written.
    """
    wanted.check()
    label_files = _labels_of(models, labels)
    check_outputs(wanted.paths(), [features, *models.values(), *label_files.values()])
    networks = {name: load_grid_model(path) for name, path in models.items()}
    known = list(dict.fromkeys(group.name for each in networks.values() for group in input_groups(each.config)))
    for comparison in wanted.comparisons:
        of_networks(comparison, list(networks), known)
    for path in set(label_files.values()):
        os.stat(path)  # a wrong name is told before the first labels are read
    with FeaturesFile(features) as file:
        measured = []
        for name, model in networks.items():
            compare_assemblies(model, file)
            for cell in cells or ():
                InputReader(file, model.config, cell)  # a missing track is told before the labels are read
            bins = choose_measured_bins(
                file,
                model,
                models[name],
                label_files[name],
                cells=cells,
                chromosomes=chromosomes,
                negatives=negatives,
                seed=seed,
            )
            measured.append(_measure(file, name, model, bins, repeats, seed, threads))
    _write(wanted, measured)
    return measured


def _labels_of(models: Mapping[str, str | Path], labels: Mapping[str | None, str | Path]) -> dict[str, str | Path]:
    for name in labels:
        if name is not None and name not in models:
            raise UsageError(f"--labels {name}={labels[name]}: there is no model '{name}'{did_you_mean(name, models)}")
    missing = [name for name in models if name not in labels]
    if missing and None not in labels:
        raise UsageError(f"model '{missing[0]}' has no labels; give --labels FILE, or --labels {missing[0]}=FILE")
    return {name: labels.get(name, labels.get(None, "")) for name in models}


def _measure(
    features: FeaturesFile, name: str, model: Model, bins: MeasuredBins, repeats: int, seed: int, threads: int
) -> ModelImportance:
    count = len(bins.weights)
    logger.info(
        "%s: %s bins, %s of them bound, on %s in %s",
        *(name, f"{count:,}", f"{int(bins.bound.sum()):,}", ", ".join(bins.chromosomes), ", ".join(bins.cells)),
    )
    windows = bins.windows(features, model)
    total = count * (1 + repeats * len(varying_groups(model, windows)))
    begin = time.monotonic()
    with Progress(f"measuring {name}", total, "windows") as progress:
        found = measure(
            name,
            model,
            bins,
            windows,
            repeats=repeats,
            seed=seed,
            threads=threads,
            on_progress=progress.advance,
        )
    ranked = sorted(found.decreases, key=found.mean_decrease, reverse=True)
    losses = ", ".join(f"{each} {found.mean_decrease(each):.3f}" for each in ranked)
    logger.info("%s: auPRC %.4f; lost without %s; %.1f s", name, found.auprc, losses, time.monotonic() - begin)
    return found


def _write(wanted: Wanted, measured: Sequence[ModelImportance]) -> None:
    """Write all files; they appear together."""
    with ExitStack() as outputs:
        write_file(outputs.enter_context(atomic_output(wanted.table)), table_text(measured))
        plots = [outputs.enter_context(atomic_output(path)) for path in wanted.plots]
        if wanted.tests is not None:
            rows = [row for comparison in wanted.comparisons for row in compare(comparison, measured)]
            write_file(outputs.enter_context(atomic_output(wanted.tests)), HEADER + "".join(rows))
        if plots:
            draw_importance(plots, measured)
