"""Which cells and chromosomes a run uses, and whether features and labels have them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import ACCESSIBILITY
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.labels.reader import MissingChromosomeError, read_labels
from deepgrn_tool.labels.table import Labels
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.examples import Examples, check_labels, make_examples, mark_open, with_peaks
from deepgrn_tool.training.sampling import MOST_UNBOUND
from deepgrn_tool.training.settings import Settings

logger = logging.getLogger(__name__)

VALIDATION = ("chr11",)  # of the paper
TEST = ("chr1", "chr8", "chr21")
SHOWN = 8  # names of chromosomes in a message
HEAVY_TAIL = 1_000.0  # a signal with a higher value has a few places that would drown all others


@dataclass(frozen=True)
class Choice:
    """Cells and chromosomes that the user chose.

    Attributes:
        cells: None for all of the label file.
        chromosomes: To learn from; None for all of the label file but those below.
        validation: None for `VALIDATION`.
        test: Left out of everything; None for those of `TEST` that the genome has and that are not chosen above.
        peaks: Cell → file of peaks, where peaks are the positives.
    """

    cells: Sequence[str] | None = None
    chromosomes: Sequence[str] | None = None
    validation: Sequence[str] | None = None
    test: Sequence[str] | None = None
    peaks: Mapping[str, str | Path] | None = None

    def check(self, settings: Settings) -> None:
        """Refuse choices that contradict each other, before any file is read.

        Raises:
            UsageError: A chromosome has two purposes, or peaks are missing or useless.
        """
        purposes = [("--chromosomes", self.chromosomes or ())]
        validation = "--validation-chromosomes"
        purposes += [(validation, self.validation or VALIDATION)]
        purposes += [("--test-chromosomes", self.test or ())]
        for number, (one, names) in enumerate(purposes):
            for other, others in purposes[number + 1 :]:
                both = sorted(set(names) & set(others))
                if both and self.validation is None and validation in (one, other):
                    given = other if one == validation else one
                    text = f"{', '.join(both)} is in {given} and, by default, in {validation}"
                    raise UsageError(f"{text}; name other chromosomes with {validation}")
                if both:
                    raise UsageError(f"{', '.join(both)} is in {one} and in {other}; each chromosome has one purpose")
        if settings.positives == "peaks" and not self.peaks:
            raise UsageError("positives from peaks need --peaks CELL=BED for every cell; or give --positives bins")
        if settings.positives == "bins" and self.peaks:
            raise UsageError("--peaks is used with --positives peaks only")


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is validated on.

    Attributes:
        training: Bins, or peaks and bins, to learn from.
        validation: Bins to validate on.
        test: Names of the chromosomes that are left out.
    """

    training: Examples
    validation: Examples
    test: tuple[str, ...]


def read_training_data(
    features: FeaturesFile,
    labels: str | Path,
    choice: Choice,
    settings: Settings,
    config: NetworkConfig,
    *,
    of_a_model: bool = False,
) -> TrainingData:
    """Read the labels and check them against the features.

    Args:
        features: The open features file.
        labels: Label file.
        choice: Cells and chromosomes.
        settings: Hyperparameters.
        config: The network, which decides what the features must have.
        of_a_model: Whether the network is that of `--start-from`, whose inputs cannot be left out.

    Raises:
        InputError: A file is wrong, or they do not fit each other, or nothing is left to learn from.
    """
    table = _read_labels(labels, choice)
    for cell in table.cells:
        _check_cell(features, cell, config, of_a_model)
    validation = tuple(choice.validation or VALIDATION)
    test = _test_chromosomes(features, table, choice)
    left_out = {*validation, *test}
    training = choice.chromosomes or [name for name in table.chromosomes if name not in left_out]
    for name in validation:
        if name not in table.chromosomes:
            there = list(table.chromosomes)
            names = ", ".join(there[:SHOWN]) + (", …" if len(there) > SHOWN else "")
            text = f"has no validation chromosome '{name}'" if choice.validation else _lacks_default(name)
            raise InputError(f"{text}; choose among {names} with --validation-chromosomes", labels)
    for name in [*training, *validation]:
        if name not in features.chromosomes:
            hint = did_you_mean(name, features.chromosomes)
            text = f"has no chromosome '{name}', which the labels have{hint}; choose chromosomes with"
            option = "--validation-chromosomes" if name in validation else "--chromosomes"
            raise InputError(f"{text} {option}", features.path)
    for name in set(table.chromosomes) - {*training, *validation}:
        del table.chromosomes[name]
    check_labels(table, features, labels)
    examples = make_examples(table, features, training)
    peaks = None
    if settings.positives == "peaks":
        peaks = _peaks_of(table.cells, choice.peaks or {})
        examples = with_peaks(examples, peaks, features)
    if settings.open_negatives:
        mark_open(examples, features)
    _check_examples(examples, labels, peaks)
    return TrainingData(examples, make_examples(table, features, validation), test)


def _read_labels(labels: str | Path, choice: Choice) -> Labels:
    """Read the labels of the chromosomes that are named, or of all, since those to learn from are then the others."""
    if choice.chromosomes is None:
        return read_labels(labels, cells=choice.cells)
    wanted = [*choice.chromosomes, *(choice.validation or VALIDATION)]
    try:
        return read_labels(labels, cells=choice.cells, chromosomes=wanted)
    except MissingChromosomeError as error:
        if choice.validation or error.name not in VALIDATION:
            raise
        text = f"{_lacks_default(error.name)}{error.hint}; name others with --validation-chromosomes"
        raise InputError(text, labels) from error


def _lacks_default(name: str) -> str:
    return f"has no chromosome '{name}', which is for validation by default"


def _peaks_of(cells: Sequence[str], peaks: Mapping[str, str | Path]) -> Mapping[str, str | Path]:
    missing = [cell for cell in cells if cell not in peaks]
    unknown = [cell for cell in peaks if cell not in cells]
    if missing:
        raise UsageError(f"--peaks lacks cell {', '.join(missing)}; give --peaks CELL=BED for every cell")
    if unknown:
        raise UsageError(f"--peaks names cell '{unknown[0]}', which is not trained on{did_you_mean(unknown[0], cells)}")
    return peaks


def _test_chromosomes(features: FeaturesFile, labels: Labels, choice: Choice) -> tuple[str, ...]:
    known = {*features.chromosomes, *labels.chromosomes}
    if choice.test is None:
        used = {*(choice.chromosomes or ()), *(choice.validation or VALIDATION)}
        return tuple(name for name in TEST if name in known and name not in used)
    for name in choice.test:
        if name not in known:
            hint = did_you_mean(name, features.chromosomes)
            raise InputError(f"has no test chromosome '{name}'{hint}", features.path)
    return tuple(choice.test)


def _refuse_lacking(features: FeaturesFile, cell: str, config: NetworkConfig, of_a_model: bool) -> None:
    """Refuse features that lack something that the network reads of a cell, and name all of it at once."""
    there = [*features.genome_tracks, *features.cell_tracks(cell)]
    lacking, without = [], []
    absent = [track for track in config.tracks if track not in there]
    if absent:
        names = " and ".join(f"'{track}'" for track in absent)
        lacking.append(f"no track {names} (it has {', '.join(there) or 'none'})")
        kept = [track for track in config.tracks if track in there] or there or ["none"]
        without.append(f"--tracks {','.join(kept)}")
    if "expression" in config.meta and features.expression(cell) is None:
        lacking.append("no expression")
        without.append("--no-expression")
    if "annotation" in config.meta and not features.has_annotation:
        lacking.append("no annotation")
        without.append("--no-annotation")
    if lacking:
        text = f"has {', '.join(lacking)} for cell '{cell}'"
        if of_a_model:
            raise InputError(f"{text}, which the model reads; add that with deepgrn-features", features.path)
        remedy = f"add that with deepgrn-features, or train without: {' '.join(without)}"
        raise InputError(f"{text}; {remedy}", features.path)


def _check_cell(features: FeaturesFile, cell: str, config: NetworkConfig, of_a_model: bool) -> None:
    """Check that the features hold what the network reads of a cell."""
    if cell not in features.cells:
        hint = did_you_mean(cell, features.cells)
        raise InputError(f"has no cell '{cell}', which the labels have{hint}; choose with --cells", features.path)
    _refuse_lacking(features, cell, config, of_a_model)
    tracks = features.cell_tracks(cell)
    for track, transform in zip(config.tracks, config.transforms, strict=True):
        owner = cell if track in tracks else None
        highest = features.signal_maximum(track, owner)
        if track == ACCESSIBILITY and transform == "none" and highest > HEAVY_TAIL:
            logger.warning(
                "warning: %s of %s reaches %.6g; networks learn better from --transform %s=log1p or a clipped signal",
                track,
                cell,
                highest,
                track,
            )


def _check_examples(examples: Examples, labels: str | Path, peaks: Mapping[str, str | Path] | None) -> None:
    """Refuse examples without positives or negatives, and warn of single cells that have none."""
    positives = [examples.count_positives(cell) for cell in range(len(examples.cells))]
    negatives = [examples.count_negatives(cell) for cell in range(len(examples.cells))]
    names = ", ".join(each.chrom for each in examples.chromosomes) or "no chromosome"
    if peaks is not None and not sum(positives):
        raise InputError(
            f"--peaks leaves no peak to learn from on {names} (validation and test chromosomes left out, and peaks "
            "near the blacklist or a chromosome's end)",
            ", ".join(str(peaks[cell]) for cell in examples.cells),
        )
    for kind, counts in (("bound bin" if peaks is None else "peak", positives), ("unbound bin", negatives)):
        if not sum(counts):
            raise InputError(
                f"leaves no {kind} to learn from on {names} (validation and test chromosomes, ambiguous and "
                "blacklisted bins left out)",
                labels,
            )
        for cell, count in zip(examples.cells, counts, strict=True):
            if not count:
                logger.warning("warning: cell %s has no %s to learn from", cell, kind)
    if max(negatives) > MOST_UNBOUND:
        text = f"has {max(negatives):,} unbound bins of a cell to learn from; at most {MOST_UNBOUND:,} can be"
        raise InputError(f"{text} drawn from; choose fewer with --chromosomes", labels)
    for cell, some, others in zip(examples.cells, positives, negatives, strict=True):
        logger.info("%s: %s positives and %s unbound bins to learn from", cell, f"{some:,}", f"{others:,}")
