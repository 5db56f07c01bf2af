"""The published hyperparameters of each factor, as a table in the package."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

_YES_NO = ("expression", "annotation", "merge_attention")
_WHOLE = (
    "batch_size",
    "kernel_size",
    "filters",
    "lstm_units",
    "dense_units",
    "convolutions",
    "lstm_layers",
    "dense_layers",
)
_NUMBERS = ("learning_rate", "dropout", "lstm_dropout", "recurrent_dropout", "negatives")


def read_presets() -> dict[str, dict[str, Any]]:
    """Read the table.

    Returns:
        Factor → setting → value, settings as in `deepgrn_tool.training.settings.Settings`.

    Source: DeepGRN paper, the result of its hyperparameter tuning.
    """
    text = files("deepgrn_tool.training").joinpath("presets.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")
    return {row.pop("factor"): {name: _value(name, cell) for name, cell in row.items()} for row in rows}


def _value(name: str, text: str) -> Any:
    if name in _YES_NO:
        return text == "yes"
    if name in _WHOLE:
        return int(text)
    if name in _NUMBERS:
        return float(text)
    return tuple(text.split(",")) if name == "tracks" else text
