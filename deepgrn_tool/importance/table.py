"""The table of importance: one row per network and input; tab-separated, with a header."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from deepgrn_tool.importance.measure import ModelImportance

COLUMNS = (
    "model",
    "factor",
    "cells",
    "chromosomes",
    "bins",
    "bound",
    "base_rate",
    "auprc",
    "input",
    "repeats",
    "permuted_auprc",
    "decrease",
    "decrease_sd",
    "decrease_min",
    "decrease_max",
    "relative_decrease",
)


def table_text(measured: Iterable[ModelImportance]) -> str:
    """Write the table, inputs in the order in which the network reads them."""
    lines = ["\t".join(COLUMNS)]
    for each in measured:
        bins = each.bins
        counts = [str(len(bins.weights)), str(int(np.count_nonzero(bins.bound)))]
        about = [each.name, each.factor or "NA", ",".join(bins.cells), ",".join(bins.chromosomes), *counts]
        about += [f"{bins.base_rate:.6g}", f"{each.auprc:.6g}"]
        for name, decreases in each.decreases.items():
            mean = float(decreases.mean())
            spread = float(decreases.std(ddof=1)) if len(decreases) > 1 else float("nan")
            numbers = [each.auprc - mean, mean, spread, float(decreases.min()), float(decreases.max())]
            texts = ["NA" if np.isnan(number) else f"{number:.6g}" for number in [*numbers, mean / each.auprc]]
            lines.append("\t".join([*about, name, str(len(decreases)), *texts]))
    return "\n".join(lines) + "\n"
