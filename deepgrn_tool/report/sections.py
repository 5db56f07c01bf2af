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
from deepgrn_tool.report.content import Fact, Section, Table
from deepgrn_tool.report.figures import draw_distribution, draw_place, drawn
from deepgrn_tool.report.tables import read_image, read_table
from deepgrn_tool.report.track import CLASSES, Place, known_lengths, values_at
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
ABOUT_QUALITY = (
    "Scores against labels, which tell by ChIP-seq peaks which bins of 200 bp are bound. Good scores are high where a "
    "bin is bound, and low elsewhere. Bins that the labels call ambiguous do not count."
)
ABOUT_CURVES = (
    "For every threshold: left, which share of called bins is bound (precision) and which share of bound bins is "
    "called (recall); right, which share of bound bins and of unbound bins is called. Dotted: guessing."
)
ABOUT_METRICS = "Base rate: share of bins that are bound. FDR: share of calls that are wrong. F1: of calls above 0.5."
ABOUT_SCORES = "A score is the probability, by the network, that the factor binds within the 200 bp of a bin."
ABOUT_TRAINING = (
    "In an epoch the network learns from all bound bins, and from unbound ones drawn anew. After it, bins of the "
    "validation chromosomes are scored, from which nothing is learned; the network of the best epoch is kept."
)
ABOUT_NETWORK = "What the network reads, how it is built, and how it was trained."
ABOUT_DATA = "What the features file holds: the genome, the signals of its cells, and the files that they come from."
ABOUT_TRACKS = {
    "score": "Score: from 0 to 1, drawn on the middle 50 bp of each bin.",
    "accessibility": "Accessibility: the signal of open chromatin that the network reads.",
    "attention": "Attention: where the network finds its evidence, by its attention or by contributions to the score.",
}
MOST_CHROMOSOMES = 30  # are listed


def training_section(model: Model, history: str | Path) -> Section:
    """Show how training went."""
    epochs = read_history(history)
    record = model.record
    rate = float(record.get("validation_base_rate", 0.0))
    best = max(epochs, key=lambda row: row.validation_auprc)
    fact = f"Epoch {best.epoch} of {len(epochs)} was kept: validation auPRC {best.validation_auprc:.3f}"
    fact += f" at a base rate of {rate:.2g}."
    caption = "Left, the loss on what was learned from; right, how well bins of the validation chromosomes are ranked."
    figure = drawn(lambda path: draw_epochs(epochs, rate, model.factor, [path]), caption, fact)
    return Section("Training", [ABOUT_TRAINING, fact], [figure])


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
    section = Section("Quality", [ABOUT_QUALITY])
    shown, counts = [], {}
    for number, scored in enumerate(joined):
        ranking = Ranking(scored.bound, scored.scores)
        parts = dict(rows_of(scored, ranking, None))
        rows = [_metric_row(part, metrics) for part, metrics in parts.items()]
        caption = f"{scored.prediction.title}. {ABOUT_METRICS}" if number == 0 else scored.prediction.title
        section.tables.append(Table(tuple(METRIC_NAMES.values()), rows, caption))
        shown.append(curves_of(scored.prediction.title, parts["all"], ranking))
        if number == 0:
            counts = {name: _classes(scored.scores[scored.bound == kind]) for name, kind in KINDS.items()}
    facts = "; ".join(f"{each.title}: auPRC {each.metrics.auprc:.3f}, auROC {each.metrics.auroc:.3f}" for each in shown)
    section.facts += _main_facts(shown[0].metrics)
    section.figures.append(drawn(lambda path: draw_curves([path], shown), ABOUT_CURVES, facts))
    return section, counts, bins[str(chosen[0].cell)]


def _main_facts(metrics: Metrics) -> list[Fact]:
    """Put the numbers in words that matter most, as far as there are any."""
    rate, recall = f"{metrics.base_rate:.2g}", metrics.recall_at_10_percent_fdr
    facts = [
        (metrics.auprc, f"{metrics.auprc:.3f}", f"auPRC, the area below precision and recall; guessing gives {rate}"),
        (
            metrics.auroc,
            f"{metrics.auroc:.3f}",
            "auROC, how often bound bins outscore unbound ones; guessing gives 0.5",
        ),
        (recall, f"{100 * recall:.0f} %", "of the bound bins are found where 10 % of calls are wrong"),
    ]
    return [Fact(text, meaning) for value, text, meaning in facts if not np.isnan(value)]


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
    caption = f"How many bins have which score, {name}. Each line of the grid is ten times as many as the one below."
    figure = drawn(partial(draw_distribution, counts), caption, fact)
    return Section("Scores", [f"{ABOUT_SCORES} {fact}"], [figure])


def show_places(
    section: Section,
    places: Sequence[Place],
    scores: str | Path,
    features: FeaturesFile | None,
    cell: str | None,
    attention: str | Path | None,
    bins: Mapping[str, LabelledBins] | None,
) -> None:
    """Show signals around places in a section."""
    tracks = {"score": values_at(scores, places)}
    if features is not None and cell is not None and ACCESSIBILITY in features.cell_tracks(cell):
        tracks["accessibility"] = [
            features.signal(ACCESSIBILITY, place.chrom, place.start, place.end, cell) for place in places
        ]
    if attention is not None:
        tracks["attention"] = values_at(attention, places)
    section.text.append(" ".join(ABOUT_TRACKS[name] for name in tracks))
    lengths = known_lengths(scores) | ({} if features is None else dict(features.chromosomes))
    rows = []
    for number, place in enumerate(places):
        bound = None if bins is None else bound_stretches(bins.get(place.chrom), place)
        end = min(place.end, lengths.get(place.chrom, place.end))
        name = f"{place.chrom}:{max(place.start, 0) + 1:,}-{end:,}"
        known = {None: "", True: "; bound by the labels", False: "; not bound by the labels"}
        state = known[None if bound is None else any(start <= place.middle < end for start, end in bound)]
        best = float(tracks["score"][number].max())
        caption = f"{name}, best score {best:.3f}{state}."
        signals = {title: values[number] for title, values in tracks.items()}
        section.figures.append(drawn(partial(draw_place, place, signals, bound), caption, caption, ".png"))
        rows.append((name, f"{best:.4f}", *([] if bins is None else [state.removeprefix("; ")])))
    if bins is not None:
        section.text.append("Boxes above the score are bins that the labels call bound.")
    columns = ("place", "best score", *([] if bins is None else ["labels"]))
    section.tables.append(Table(columns, rows))


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
    rows = [(name.replace("_", " "), value) for name, value in describe_model(path)]
    return Section("Network", [ABOUT_NETWORK], tables=[Table(("what", "value"), rows)])


def data_section(path: str | Path) -> Section:
    """Show what a features file holds."""
    rows, chromosomes = [], 0
    for part, name, value in describe_features(path):
        chromosomes += part == "chromosome"
        if part != "chromosome":
            rows.append((part, name, value))
        elif chromosomes <= MOST_CHROMOSOMES:
            rows.append((part, name, f"{int(value):,} bp"))
    more = chromosomes - MOST_CHROMOSOMES
    caption = f"{more:,} more chromosomes are not listed." if more > 0 else ""
    return Section("Data", [ABOUT_DATA], tables=[Table(("part", "what", "value"), rows, caption)])
