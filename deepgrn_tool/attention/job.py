"""Attention or contributions of chosen bins, as tracks, matrix and heat map: everything deepgrn-attention does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from deepgrn_tool.attention.bins import ChosenBins, choose_bins
from deepgrn_tool.attention.geometry import Profile, mean_over_bases
from deepgrn_tool.attention.heatmap import draw_heat_map
from deepgrn_tool.attention.matrix import MatrixWriter, matrix_bytes
from deepgrn_tool.attention.profiles import Method, ProfiledWindows, profiled_windows
from deepgrn_tool.attention.reduce import TOP, check_share
from deepgrn_tool.attention.rows import MOST_ROWS, RowCollector, check_fold_change
from deepgrn_tool.attention.tracks import BOTH, FORWARD, REVERSE, StrandTracks
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.evaluation.scores import check_score_names
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.network.files import Model
from deepgrn_tool.output import atomic_output, check_outputs
from deepgrn_tool.pairing import choose_cell, compare_assemblies, load_grid_model
from deepgrn_tool.plots.style import check_figure_names
from deepgrn_tool.progress import Progress
from deepgrn_tool.tracks.outputs import companions, track_writer_for

logger = logging.getLogger(__name__)

DEFAULT_ROWS = 1_000
UNITS = {"attention": "attention (1 = uniform)", "gradient": "|input × gradient|"}
TITLES = {"attention": "attention along the windows", "gradient": "contributions along the windows"}
Paths = Sequence[str | Path]


@dataclass(frozen=True)
class Wanted:
    """What is to be written.

    Attributes:
        both: Tracks of both strands together.
        forward: Tracks of the forward strand.
        reverse: Tracks of the reverse strand.
        matrix: HDF5 file for the full weights of each window.
        heatmap: Heat map of the windows.
        fold_change: bigWig to draw above the heat map.
        rows: Rows of the heat map at most; None for 1,000.
    """

    both: Paths = ()
    forward: Paths = ()
    reverse: Paths = ()
    matrix: str | Path | None = None
    heatmap: str | Path | None = None
    fold_change: str | Path | None = None
    rows: int | None = None

    def tracks(self) -> dict[str, Paths]:
        """Give the track files by name of the track."""
        return {BOTH: self.both, FORWARD: self.forward, REVERSE: self.reverse}

    def track_paths(self) -> list[str | Path]:
        """List the track files."""
        return [*self.both, *self.forward, *self.reverse]

    def paths(self) -> list[str | Path]:
        """List all files that the user named."""
        return [*self.track_paths(), *(path for path in (self.matrix, self.heatmap) if path is not None)]

    def check(self, method: Method) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: They do, or a suffix is unknown.
        """
        if method not in get_args(Method):
            raise UsageError(f"method '{method}' is unknown; use one of {', '.join(get_args(Method))}")
        if not self.paths():
            raise UsageError("nothing to write: give --output, --forward, --reverse, --matrix or --heatmap")
        if self.matrix is not None and method == "gradient":
            raise UsageError("--matrix holds attention weights; leave it out with --method gradient")
        if self.heatmap is None and (self.fold_change is not None or self.rows is not None):
            raise UsageError("--fold-change and --rows belong to --heatmap; give that, too")
        if self.rows is not None and not 1 <= self.rows <= MOST_ROWS:
            raise UsageError(f"--rows {self.rows} is not between 1 and {MOST_ROWS:,}")
        for path in self.track_paths():
            track_writer_for(path, {})
        if self.heatmap is not None:
            check_figure_names([self.heatmap])


def attention(
    features: str | Path,
    model: str | Path,
    wanted: Wanted,
    *,
    method: Method = "attention",
    share: float = TOP,
    cell: str | None = None,
    chromosomes: Sequence[str] | None = None,
    regions: str | Path | None = None,
    bins: str | Path | None = None,
    labels: str | Path | None = None,
    scores: str | Path | None = None,
    threshold: float = 0.5,
    threads: int = 1,
) -> int:
    """Look where a network finds its evidence and write it; all outputs appear at the end, or none.

    Args:
        features: features.h5 with the genome and the cell's tracks.
        model: model.h5.
        wanted: The outputs.
        method: "attention", or "gradient" for |input × gradient|.
        share: Which part of the attention's dimensions to average, those that vary most; 1 for all of them.
        cell: Cell type; may be left out where the features hold only one.
        chromosomes: As the following, see `deepgrn_tool.attention.bins.choose_bins`.
        regions: BED file of regions.
        bins: BED file of bins.
        labels: Label file whose bound bins are taken.
        scores: Scores of deepgrn-predict.
        threshold: Least score.
        threads: Processor threads.

    Returns:
        Number of bins that were looked at.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others.
        OSError: A file cannot be read or written.
    """
    wanted.check(method)
    check_share(share)
    if scores is not None:
        check_score_names([scores])
    files = (features, model, regions, bins, labels, scores, wanted.fold_change)
    given = [path for path in files if path is not None]
    check_outputs(wanted.paths(), given)
    network = load_grid_model(model)
    if network.config.attention == "none" and method == "attention":
        raise InputError("is of a network without attention; --method gradient works with every network", model)
    with FeaturesFile(features) as file, ExitStack() as inputs:
        check_outputs([*wanted.paths(), *companions(wanted.track_paths(), file.chromosomes)], given)
        cell = choose_cell(file, cell)
        compare_assemblies(network, file)
        reader = InputReader(file, network.config, cell)
        fold_change = None if wanted.fold_change is None else inputs.enter_context(BigWig(wanted.fold_change))
        chosen = choose_bins(
            file,
            cell,
            chromosomes=chromosomes,
            regions=regions,
            bins=bins,
            labels=labels,
            scores=scores,
            threshold=threshold,
        )
        if fold_change is not None:
            check_fold_change(fold_change, {group.chrom: file.chromosomes[group.chrom] for group in chosen})
        run = _Run(file, network, cell, wanted, chosen, method, fold_change)
        run.write(profiled_windows(network, reader, chosen, method, share, threads))
    return chosen.total


class _Run:
    """Writes what comes from the network to all outputs.

    Args:
        features: The open features file.
        model: The network.
        cell: Cell type.
        wanted: The outputs.
        chosen: The bins.
        method: Where the values come from.
        fold_change: A signal to draw above the heat map.
    """

    def __init__(
        self,
        features: FeaturesFile,
        model: Model,
        cell: str,
        wanted: Wanted,
        chosen: ChosenBins,
        method: Method,
        fold_change: BigWig | None,
    ) -> None:
        """Prepare the outputs; nothing is opened yet."""
        self._features, self._model, self._cell, self._chosen, self._method = features, model, cell, chosen, method
        self._heatmap = wanted.heatmap
        self._tracks = StrandTracks(wanted.tracks(), features.chromosomes)
        self._matrix = None if wanted.matrix is None else MatrixWriter(wanted.matrix, model, cell, features.chromosomes)
        self._rows: RowCollector | None = None
        if wanted.heatmap is not None:
            rows = wanted.rows or DEFAULT_ROWS
            self._rows = RowCollector(features, model.config, cell, chosen.total, rows, fold_change)

    def write(self, results: Iterable[ProfiledWindows]) -> None:
        """Go through all windows; at the end the files appear together."""
        total = self._chosen.total
        logger.info("Looking at %s bins of cell %s", f"{total:,}", self._cell)
        if self._matrix is not None:
            size = matrix_bytes(self._model, total) / 1e6
            logger.info("The matrix has %s MB before compression", f"{size:,.1f}")
        begin = time.monotonic()
        with ExitStack() as outputs:
            outputs.enter_context(self._tracks)
            picture = None if self._heatmap is None else outputs.enter_context(atomic_output(self._heatmap))
            if self._matrix is not None:
                outputs.enter_context(self._matrix)
            with Progress(self._method, total, "bins") as progress:
                for windows in results:
                    self._take(windows)
                    progress.advance(len(windows.starts))
            # All files are finished before the first one appears.
            self._tracks.close()
            if self._matrix is not None:
                self._matrix.close()
            if picture is not None:
                self._draw(picture)
        logger.info("Looked at %s bins in %.1f s", f"{total:,}", time.monotonic() - begin)

    def _take(self, windows: ProfiledWindows) -> None:
        config = self._model.config
        self._tracks.add(windows.chrom, windows.starts - config.flank, windows.profiles)
        if self._matrix is not None and windows.attended is not None:
            self._matrix.add(windows.attended)
        if self._rows is not None:
            chosen = self._rows.chosen_of(len(windows.starts))
            if len(chosen):
                parts = [Profile(part.values[chosen], part.offset, part.size) for part in windows.profiles[BOTH]]
                self._rows.add(windows.chrom, windows.starts[chosen], mean_over_bases(parts, config.window_size))

    def _draw(self, path: Path) -> None:
        if self._rows is None:
            raise ValueError("no rows were collected")
        factor = f"{self._model.factor}, " if self._model.factor else ""
        title = f"{factor}{self._cell}: {TITLES[self._method]}"
        draw_heat_map(self._rows.finish(), title, UNITS[self._method], path)
