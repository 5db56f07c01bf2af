"""Scores bins of a genome with a model and writes tracks and tables."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from deepgrn_tool import __version__
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.selection import BinGroup, GridSelection, ListedSelection
from deepgrn_tool.engine.bins import bases_per_window
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.checksum import sha256
from deepgrn_tool.kept_scores import KeptScores, kept_path
from deepgrn_tool.network.files import Model
from deepgrn_tool.output import check_outputs
from deepgrn_tool.pairing import choose_cell, compare_assemblies, load_grid_model
from deepgrn_tool.progress import Progress
from deepgrn_tool.same_run import ANEW
from deepgrn_tool.scoring import STRETCH, Scoring, starts_together
from deepgrn_tool.tracks.outputs import ScoreOutputs, check_suffixes, companions
from deepgrn_tool.tracks.summarize import Summary

logger = logging.getLogger(__name__)


def predict(
    features: str | Path,
    model: str | Path,
    outputs: Sequence[str | Path],
    *,
    cell: str | None = None,
    chromosomes: Sequence[str] | None = None,
    regions: str | Path | None = None,
    bins: str | Path | None = None,
    summarize: Summary = "center",
    threshold: float = 0.5,
    summary: str | Path | None = None,
    threads: int = 1,
    resume: bool = False,
) -> int:
    """Score bins and write them; all outputs appear at the end, or none.

    Args:
        features: features.h5 with the genome and the cell's tracks.
        model: model.h5.
        outputs: Files to write; their suffixes tell the formats (`deepgrn_tool.tracks.outputs`).
        cell: Cell type; may be left out where the features hold only one.
        chromosomes: Score these chromosomes whole; all of them if neither regions nor bins are given.
        regions: BED file whose regions are tiled with bins of the grid.
        bins: BED file of bins to score exactly as listed.
        summarize: How tracks show overlapping bins: "center", "mean" or "max".
        threshold: Least score of called regions.
        summary: File for a table of counts per chromosome.
        threads: Processor threads.
        resume: Keep scores beside the first output until the end (`kept_scores`), and go on from those that an
            interrupted run kept.

    Returns:
        Number of bins that were scored, blacklisted ones included.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others.
        OSError: A file cannot be read or written.
    """
    _check_options(outputs, chromosomes, regions, bins, summary)
    given = [path for path in (features, model, regions, bins) if path is not None]
    wanted = [*outputs, *([summary] if summary is not None else [])]
    kept = kept_path(wanted[0])
    check_outputs([*wanted, kept], given)
    if kept.exists() and not resume:
        raise InputError(f"is left from a run that did not end; go on with that run by --resume, or {ANEW}", kept)
    network = load_grid_model(model)
    with FeaturesFile(features) as file:
        check_outputs([*wanted, *companions(outputs, file.chromosomes)], given)
        cell = choose_cell(file, cell)
        compare_assemblies(network, file)
        selection = _select(file, chromosomes, regions, bins)
        if not selection.ascending and not all(str(path).lower().endswith(".tab.gz") for path in outputs):
            raise InputError(
                "its bins are not sorted or some are repeated, which tracks cannot show; "
                "sort it (LC_ALL=C sort -u -k1,1 -k2,2n) or write only .tab.gz",
                bins,
            )
        if not selection.total:
            raise InputError("no bin fits the chromosomes or regions asked for; bins have 200 bp", regions or features)
        reader = InputReader(file, network.config, cell)
        writer = ScoreOutputs(outputs, file.chromosomes, summarize=summarize, threshold=threshold, table=summary)
        if bins is not None:
            _check_listed_bins(writer, selection, bins)
        logger.info("Scoring %s bins of cell %s", f"{selection.total:,}", cell)
        keep = None
        if resume:
            named = {"features": features, "model": model, "--regions": regions, "--bins": bins}
            keep = (kept, _terms(named, cell, chromosomes))
        _run(file, network, reader, selection, writer, threads, keep)
        return selection.total


def _terms(inputs: Mapping[str, str | Path | None], cell: str, chromosomes: Sequence[str] | None) -> dict[str, object]:
    """List all that scores depend on, under names that mean something to the user."""
    terms: dict[str, object] = {"--cell": cell, "--chromosomes": None if chromosomes is None else list(chromosomes)}
    terms |= {f"SHA-256 of {name}": None if path is None else sha256(path) for name, path in inputs.items()}
    terms |= {f"version of {name}": version(name) for name in ("keras", "numpy", "tensorflow")}
    return terms | {"version of this program": __version__, "bins of a stretch": STRETCH}


def _run(
    features: FeaturesFile,
    model: Model,
    reader: InputReader,
    selection: GridSelection | ListedSelection,
    writer: ScoreOutputs,
    threads: int,
    keep: tuple[Path, Mapping[str, object]] | None,
) -> None:
    """Score all bins and write all outputs; `keep` is the file for scores until then, and what they depend on."""
    with ExitStack() as opened:
        kept = None if keep is None else opened.enter_context(KeptScores(*keep))
        engine = Engine(
            model,
            on_grid=selection.on_grid,
            threads=threads,
            bins=selection.total,
            bases_per_window=bases_per_window(starts_together(selection), model.config.window_size),
        )
        begin = time.monotonic()
        opened.enter_context(writer)
        progress = opened.enter_context(Progress("scoring", selection.total, "bins"))
        scoring = Scoring(features, engine, reader, writer, progress)
        if kept is None:
            for _ in scoring.score(selection):
                pass
        else:
            scoring.go_on(selection, kept)
    logger.info("Scored %s bins in %.1f s", f"{selection.total:,}", time.monotonic() - begin)


def _check_options(
    outputs: Sequence[str | Path],
    chromosomes: Sequence[str] | None,
    regions: str | Path | None,
    bins: str | Path | None,
    summary: str | Path | None,
) -> None:
    if sum(option is not None for option in (chromosomes, regions, bins)) > 1:
        raise UsageError("give only one of --chromosomes, --regions and --bins")
    if chromosomes is not None and not chromosomes:
        raise UsageError("--chromosomes names no chromosome; leave it out to score all of them")
    if not outputs and summary is None:
        raise UsageError("nothing to write: give at least one output")
    check_suffixes(outputs)


def _select(
    features: FeaturesFile, chromosomes: Sequence[str] | None, regions: str | Path | None, bins: str | Path | None
) -> GridSelection | ListedSelection:
    if bins is not None:
        return ListedSelection(bins, features.chromosomes)
    for name in chromosomes or ():
        if name not in features.chromosomes:
            raise InputError(f"has no chromosome '{name}'{did_you_mean(name, features.chromosomes)}", features.path)
    return GridSelection(features.chromosomes, chromosomes, regions)


def _check_listed_bins(writer: ScoreOutputs, selection: Iterable[BinGroup], path: str | Path) -> None:
    for group in selection:
        try:
            writer.check_bins(group.chrom, group.starts)
        except InputError as error:
            raise InputError(error.message, path) from error
