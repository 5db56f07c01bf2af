"""Sites, control, background, accessibility and known motifs: everything deepgrn-motifs does."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from deepgrn_tool.attention.profiles import Method
from deepgrn_tool.attention.reduce import TOP, check_share
from deepgrn_tool.data.bins import BIN_SIZE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.evaluation.scores import check_score_names
from deepgrn_tool.motifs.background import MOST_ORDER, background_text, count_windows
from deepgrn_tool.motifs.bins import check_choice, choose_motif_bins
from deepgrn_tool.motifs.meme import Motif, read_meme
from deepgrn_tool.motifs.report import Report
from deepgrn_tool.motifs.search import Peaks, SiteCollector, candidate_sites, find_sites
from deepgrn_tool.output import atomic_output, check_outputs, write_file
from deepgrn_tool.pairing import choose_cell, compare_assemblies, load_grid_model
from deepgrn_tool.plots.style import check_figure_names

if TYPE_CHECKING:
    from deepgrn_tool.attention.bins import ChosenBins
    from deepgrn_tool.network.files import Model

logger = logging.getLogger(__name__)

WIDTH = 20  # bp, as in the paper
LEAST_WIDTH = 4  # bp; the most is a bin, the window of a network without flanks
ORDER = 2
MATCH = 1e-4  # FIMO's default
LOGOS = 10


@dataclass(frozen=True)
class Wanted:
    """The files to write; None for those that are not wanted.

    Attributes:
        sites: FASTA of the sites.
        bed: BED of the sites.
        control: FASTA of the controls.
        background: Markov model of the windows.
        accessibility: Table of the mean accessibility around sites and controls.
        accessibility_plot: The same as a figure.
        enrichment: Table of known motifs.
        logos: Figure of the most enriched of them.
        summary: Table of counts.
    """

    sites: str | Path | None = None
    bed: str | Path | None = None
    control: str | Path | None = None
    background: str | Path | None = None
    accessibility: str | Path | None = None
    accessibility_plot: str | Path | None = None
    enrichment: str | Path | None = None
    logos: str | Path | None = None
    summary: str | Path | None = None

    def paths(self) -> dict[str, str | Path]:
        """Give the files that are wanted, by attribute."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: path for name, path in named.items() if path is not None}

    def check(self, known: str | Path | None) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: They do, or a suffix is unknown.
        """
        if not self.paths():
            raise UsageError("nothing to write: give --output or another output")
        compares = self.enrichment is not None or self.logos is not None
        if known is not None and not compares:
            raise UsageError("--known needs --enrichment or --logos to write to")
        if known is None and compares:
            raise UsageError("--enrichment and --logos compare with motifs; give them with --known")
        check_figure_names(path for path in (self.accessibility_plot, self.logos) if path is not None)


@dataclass(frozen=True)
class Settings:
    """How sites are found and compared.

    Attributes:
        method: "attention", or "gradient" for |input × gradient|.
        share: Which part of the attention's dimensions to average, those that vary most; 1 for all of them.
        width: bp of a site.
        peaks: "any", or only windows with "one" clear accessibility peak or with "none".
        order: Order of the background model.
        match: How likely a match may be at one place of random sequence.
        top: Number of logos at most.
        seed: For the choice of controls.
    """

    method: Method = "attention"
    share: float = TOP
    width: int = WIDTH
    peaks: Peaks = "any"
    order: int = ORDER
    match: float = MATCH
    top: int = LOGOS
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: A value is out of range.
        """
        if self.method not in get_args(Method) or self.peaks not in get_args(Peaks):
            raise UsageError(f"method '{self.method}' or peaks '{self.peaks}' is unknown")
        check_share(self.share)
        if not LEAST_WIDTH <= self.width <= BIN_SIZE:
            raise UsageError(f"--width {self.width} is not between {LEAST_WIDTH} and {BIN_SIZE} bp")
        if not 0 <= self.order <= MOST_ORDER:
            raise UsageError(f"--order {self.order} is not between 0 and {MOST_ORDER}")
        if not 0 < self.match < 1:
            raise UsageError(f"--match {self.match:g} is not a probability between 0 and 1")
        if self.top < 1 or self.seed < 0:
            raise UsageError("--top must be at least 1 and --seed at least 0")


def motifs(
    features: str | Path,
    model: str | Path,
    wanted: Wanted,
    settings: Settings | None = None,
    *,
    cell: str | None = None,
    chromosomes: Sequence[str] | None = None,
    bins: str | Path | None = None,
    labels: str | Path | None = None,
    peaks: str | Path | None = None,
    scores: str | Path | None = None,
    above: float | None = None,
    known: str | Path | None = None,
    threads: int = 1,
) -> int:
    """Find the sites that the network looks at and write what motif programs need; outputs appear together, or none.

    Args:
        features: features.h5 with the genome and the cell's tracks.
        model: model.h5.
        wanted: The outputs.
        settings: How to find and compare; None for the defaults.
        cell: Cell type; may be left out where the features hold only one.
        chromosomes: Only these.
        bins: As the following, see `deepgrn_tool.motifs.bins.choose_motif_bins`.
        labels: Label file whose bound bins are taken.
        peaks: BED or narrowPeak file.
        scores: Scores of deepgrn-predict.
        above: Least score.
        known: Known motifs in MEME format.
        threads: Processor threads.

    Returns:
        Number of sites.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong or does not fit the others, or there is no site.
        OSError: A file cannot be read or written.
    """
    settings = settings or Settings()
    wanted.check(known)
    check_choice(chromosomes, bins, labels, peaks, scores, above)
    if scores is not None:
        check_score_names([scores])
    given = [path for path in (features, model, bins, labels, peaks, scores, known) if path is not None]
    check_outputs(wanted.paths().values(), given)
    known_motifs = None if known is None else read_meme(known)
    network = load_grid_model(model)
    if network.config.attention == "none" and settings.method == "attention":
        raise InputError("is of a network without attention; --method gradient works with every network", model)
    with FeaturesFile(features) as file:
        cell = choose_cell(file, cell)
        compare_assemblies(network, file)
        reader = InputReader(file, network.config, cell)
        chosen = choose_motif_bins(
            file, network, reader, cell,
            chromosomes=chromosomes, bins=bins, labels=labels, peaks=peaks, scores=scores, above=above, threads=threads,
        )  # fmt: skip
        return _run(file, network, reader, cell, chosen, wanted, settings, known_motifs, threads)


def _run(
    features: FeaturesFile,
    model: Model,
    reader: InputReader,
    cell: str,
    chosen: ChosenBins,
    wanted: Wanted,
    settings: Settings,
    known: Sequence[Motif] | None,
    threads: int,
) -> int:
    """Search the windows, then write all files."""
    logger.info("Searching the windows of %s bins of cell %s", f"{chosen.total:,}", cell)
    begin = time.monotonic()
    config = model.config
    candidates = candidate_sites(model, reader, chosen, settings.method, settings.share, settings.width, threads)
    collector = SiteCollector(features, cell, config.window_size, config.flank, settings.peaks)
    found = find_sites(candidates, collector, settings.method, chosen.total)
    logger.info("Searched %s windows in %.1f s: %s", f"{found.windows:,}", time.monotonic() - begin, found.account())
    if not found.total:
        raise InputError(f"no window of cell '{cell}' is left with a site: {found.account()}", features.path)
    counts = count_windows(features, chosen, config.flank, settings.order)
    factor = f"{model.factor}, " if model.factor else ""
    report = Report(features, cell, found, config.flank, counts.shares(), f"{factor}{cell}", settings.seed)
    paths = wanted.paths()
    with ExitStack() as outputs:
        temporary = {name: outputs.enter_context(atomic_output(path)) for name, path in paths.items()}
        report.write_sequences(temporary.get("sites"), temporary.get("bed"), temporary.get("control"))
        if "background" in temporary:
            write_file(temporary["background"], background_text(counts.shares()))
        report.write_accessibility(temporary.get("accessibility"), temporary.get("accessibility_plot"))
        if known is not None:
            report.compare(known, settings.match)
            report.write_comparison(temporary.get("enrichment"), temporary.get("logos"), settings.top)
        if "summary" in temporary:
            write_file(temporary["summary"], report.summary(chosen.blacklisted))
    return found.total
