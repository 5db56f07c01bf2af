"""The sections of a page, each from the files that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import ACCESSIBILITY
from deepgrn_tool.data.summary import describe_features
from deepgrn_tool.evaluation.curves import curves_of, draw_curves
from deepgrn_tool.evaluation.join import LabelledBins, Prediction, join, read_labelled_bins
from deepgrn_tool.evaluation.table import Metrics, rows_of
from deepgrn_tool.metrics.ranking import Ranking
from deepgrn_tool.network.files import Model, describe_model
from deepgrn_tool.report.content import Section, Table
from deepgrn_tool.report.figures import draw_distribution, draw_place, drawn
from deepgrn_tool.report.tables import read_image, read_table
from deepgrn_tool.report.track import CLASSES, Place, values_at
from deepgrn_tool.training.curves import draw_curves as draw_epochs
from deepgrn_tool.training.history import read_history

Counts = dict[str, NDArray[np.int64]]

METRIC_NAMES = {
    "chromosome": "chromosome",
    "bins": "bins",
    "bound": "bound",
    "base_rate": "base rate",
    "auprc": "auPRC",
    "auroc": "auROC",
    "recall_at_50_percent_fdr": "recall at 50 % FDR",
    "recall_at_10_percent_fdr": "recall at 10 % FDR",
    "f1": "F1",
}
KINDS = {"unbound": False, "bound": True}


def training_section(model: Model, history: str | Path) -> Section:
    """Show how training went."""
    epochs = read_history(history)
    record = model.record
    rate = float(record.get("validation_base_rate", 0.0))
    best = max(epochs, key=lambda row: row.validation_auprc)
    fact = f"Epoch {best.epoch} of {len(epochs)} was kept: validation auPRC {best.validation_auprc:.3f}"
    fact += f" at a base rate of {rate:.2g}."
    caption = "Loss on the windows shown, and ranking of the validation chromosomes, after each epoch."
    figure = drawn(lambda path: draw_epochs(epochs, rate, model.factor, [path]), caption, fact)
    return Section("Training", [fact], [figure])


def quality_section(
    labels: str | Path, predictions: Sequence[Prediction], cell: str | None, chromosomes: Sequence[str] | None
) -> tuple[Section, Counts, dict[str, LabelledBins]]:
    """Compare predictions with labels.

    Returns:
        The section; of the first prediction the number of bound and unbound bins by score; and the labelled bins of its
        cell.
    """
    chosen, bins = read_labelled_bins(labels, predictions, cell, chromosomes)
    joined = join(chosen, bins, all_chromosomes=chromosomes is not None, drop_missing=True)
    section = Section("Quality")
    shown, counts = [], {}
    for number, scored in enumerate(joined):
        ranking = Ranking(scored.bound, scored.scores)
        parts = dict(rows_of(scored, ranking, None))
        rows = [_metric_row(part, metrics) for part, metrics in parts.items()]
        section.tables.append(Table(tuple(METRIC_NAMES.values()), rows, scored.prediction.title))
        shown.append(curves_of(scored.prediction.title, parts["all"], ranking))
        if number == 0:
            counts = {name: _classes(scored.scores[scored.bound == kind]) for name, kind in KINDS.items()}
    facts = "; ".join(f"{each.title}: auPRC {each.metrics.auprc:.3f}, auROC {each.metrics.auroc:.3f}" for each in shown)
    caption = "How well the scores rank bound bins above unbound ones; ambiguous bins do not count, dotted is chance."
    section.figures.append(drawn(lambda path: draw_curves([path], shown), caption, facts))
    return section, counts, bins[str(chosen[0].cell)]


def _classes(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.bincount(np.clip((scores * CLASSES).astype(np.int64), 0, CLASSES - 1), minlength=CLASSES)


def _metric_row(part: str, metrics: Metrics) -> tuple[str, ...]:
    values = metrics._asdict()
    texts = []
    for name in METRIC_NAMES:
        if name == "chromosome":
            texts.append(part)
        elif np.isnan(values[name]):
            texts.append("NA")
        else:
            texts.append(f"{int(values[name]):,}" if name in ("bins", "bound") else f"{values[name]:.3g}")
    return tuple(texts)


def scores_section(name: str, counts: Mapping[str, NDArray[np.int64]]) -> Section:
    """Show how the scores of a prediction are distributed."""
    high = sum(int(values[CLASSES // 2 :].sum()) for values in counts.values())
    total = sum(int(values.sum()) for values in counts.values())
    fact = f"{high:,} of {total:,} bins score 0.5 or more."
    caption = f"Bins by score, {name}."
    return Section("Scores", [fact], [drawn(partial(draw_distribution, counts), caption, fact)])


def places_section(
    places: Sequence[Place],
    scores: str | Path,
    features: FeaturesFile | None,
    cell: str | None,
    attention: str | Path | None,
    bins: Mapping[str, LabelledBins] | None,
) -> Section:
    """Show signals around places."""
    tracks = {"score": values_at(scores, places)}
    if features is not None and cell is not None and ACCESSIBILITY in features.cell_tracks(cell):
        tracks["accessibility"] = [
            features.signal(ACCESSIBILITY, place.chrom, place.start, place.end, cell) for place in places
        ]
    if attention is not None:
        tracks["attention"] = values_at(attention, places)
    section = Section("Best places")
    rows = []
    for number, place in enumerate(places):
        bound = None if bins is None else bound_stretches(bins.get(place.chrom), place)
        name = f"{place.chrom}:{max(place.start, 0) + 1:,}-{place.end:,}"
        known = {None: "", True: "; bound by the labels", False: "; not bound by the labels"}
        state = known[None if bound is None else any(start <= place.middle < end for start, end in bound)]
        best = float(tracks["score"][number].max())
        caption = f"{name}, best score {best:.3f}{state}."
        signals = {title: values[number] for title, values in tracks.items()}
        section.figures.append(drawn(partial(draw_place, place, signals, bound), caption, caption, ".png"))
        rows.append((name, f"{best:.4f}", *([] if bins is None else [state.removeprefix("; ")])))
    if bins is not None:
        section.text.append("Bound bins are shaded in the panel of the score.")
    columns = ("place", "best score", *([] if bins is None else ["labels"]))
    section.tables.append(Table(columns, rows))
    return section


def bound_stretches(bins: LabelledBins | None, place: Place) -> list[tuple[int, int]]:
    """Join the bound bins around a place."""
    if bins is None:
        return []
    first, stop = np.searchsorted(bins.starts, [place.start - BIN_SIZE, place.end])
    stretches: list[tuple[int, int]] = []
    for start in bins.starts[first:stop][bins.bound[first:stop]].tolist():
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], start + BIN_SIZE
        else:
            stretches.append((start, start + BIN_SIZE))
    return stretches


def added_sections(figures: Sequence[tuple[str, str]], tables: Sequence[tuple[str, str]]) -> list[Section]:
    """Show figures and tables of other programs; those of one title together.

    Args:
        figures: Titles and files.
        tables: Titles and files.
    """
    sections: dict[str, Section] = {}
    for title, path in figures:
        section = sections.setdefault(title, Section(title))
        section.figures.append(read_image(path, Path(path).name))
    for title, path in tables:
        section = sections.setdefault(title, Section(title))
        table, count = read_table(path)
        more = f"{Path(path).name}: the first {len(table.rows)} of {count:,} rows"
        caption = more if count > len(table.rows) else Path(path).name
        section.tables.append(Table(table.columns, table.rows, caption))
    return list(sections.values())


def network_section(path: str | Path) -> Section:
    """Show what a model is, and how it was made."""
    return Section("Network", tables=[Table(("what", "value"), list(describe_model(path)))])


def data_section(path: str | Path) -> Section:
    """Show what a features file holds."""
    return Section("Data", tables=[Table(("part", "what", "value"), list(describe_features(path)))])
