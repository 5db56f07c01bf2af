"""What a model tells of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepgrn_tool import __version__
from deepgrn_tool.training.data import TrainingData
from deepgrn_tool.training.history import Epoch, best_epoch
from deepgrn_tool.training.settings import Settings
from deepgrn_tool.training.validation import Validator

LABEL_SUFFIXES = (".gz", ".tsv", ".labels", ".train")  # of label files, last first


def factor_of_file(labels: str | Path) -> str:
    """Guess the factor from the name of a label file, or give an empty text.

    >>> factor_of_file("data/CTCF.train.labels.tsv.gz"), factor_of_file("labels.tsv")
    ('CTCF', '')
    """
    name = Path(labels).name
    for suffix in LABEL_SUFFIXES:
        name = name.removesuffix(suffix)
    return name if name != Path(labels).name and ".labels" in Path(labels).name else ""


def make_record(
    settings: Settings,
    data: TrainingData,
    history: Sequence[Epoch],
    validator: Validator,
    sources: Mapping[str, str | Path],
    checksums: Mapping[str, str],
) -> dict[str, Any]:
    """Tell how a model came about; JSON types only, no dates and no folders.

    Args:
        settings: Hyperparameters; those that the network's configuration tells are left out.
        data: Cells and chromosomes.
        history: All epochs.
        validator: What it was validated on.
        sources: Input files by what they are for.
        checksums: SHA-256 of each of them.
    """
    best = best_epoch(history)
    values = settings.of_training()
    # The network's configuration has one merge; "best" tells how it was chosen.
    values["merge_asked_for"] = values.pop("merge")
    return {
        "made_by": f"deepgrn-train {__version__}",
        "cells": list(data.training.cells),
        "training_chromosomes": [each.chrom for each in data.training.chromosomes],
        "validation_chromosomes": [each.chrom for each in data.validation.chromosomes],
        "test_chromosomes": list(data.test),
        "epochs_done": len(history),
        "best_epoch": best.epoch,
        "merge": best.merge,
        "validation_auprc": round(best.validation_auprc, 6),
        "validation_auroc": round(best.validation_auroc, 6),
        "validation_base_rate": round(validator.base_rate, 6),
        "validation_bins": validator.bins,
        "settings": values,
    } | {
        name.removeprefix("--"): {"file": Path(path).name, "sha256": checksums[name]} for name, path in sources.items()
    }
