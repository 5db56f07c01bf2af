"""The job of deepgrn-report: files of a run in, one page out."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from deepgrn_tool import __version__
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.evaluation.join import LabelledBins, Prediction, check_names
from deepgrn_tool.evaluation.scores import check_score_names
from deepgrn_tool.formats.checksum import sha256
from deepgrn_tool.network.files import Model, load_model
from deepgrn_tool.output import atomic_output, check_outputs, write_file
from deepgrn_tool.report import sections
from deepgrn_tool.report.content import Section, Table
from deepgrn_tool.report.page import page
from deepgrn_tool.report.tables import check_image_names
from deepgrn_tool.report.track import SPAN, Place, read_places, survey

logger = logging.getLogger(__name__)

Inputs = list[tuple[str, str | Path]]  # what each file is, and the file

MOST_PLACES = 50
ABOUT_ORIGIN = "The same files, options and versions give the same page. A file's SHA-256 tells it from any other."
LIBRARIES = ("h5py", "jinja2", "matplotlib", "numpy", "pyBigWig")


@dataclass(frozen=True)
class Report:
    """A page as it is asked for; `write` makes it.

    Attributes:
        output: HTML file to write.
        title: Heading; None for one made of factor and cell.
        features: features.h5 of the run.
        model: model.h5.
        history: Table of epochs, which goes with `model`.
        predictions: Scores; the first ones' distribution and best places are shown.
        labels: Label file to compare them with; several predictions need it.
        cell: Cell of labels and accessibility; None where the files hold only one.
        chromosomes: Only these; None for all.
        attention: Track of attention or contributions, shown at the places.
        regions: BED of places to show, the first ones of more than `places`; None for the best ones.
        places: Number of places.
        figures: Titles and images to add.
        tables: Titles and tables to add.
        options: How the program was called, for the page.
    """

    output: str | Path
    title: str | None = None
    features: str | Path | None = None
    model: str | Path | None = None
    history: str | Path | None = None
    predictions: Sequence[Prediction] = ()
    labels: str | Path | None = None
    cell: str | None = None
    chromosomes: Sequence[str] | None = None
    attention: str | Path | None = None
    regions: str | Path | None = None
    places: int = 6
    figures: Sequence[tuple[str, str]] = ()
    tables: Sequence[tuple[str, str]] = ()
    options: Sequence[tuple[str, str]] = field(default=())

    def write(self) -> None:
        """Make the page; it appears whole or not at all.

        Raises:
            UsageError: Options contradict each other, or there is nothing to show.
            InputError: A file is wrong or does not match the others.
            OSError: A file cannot be read or written.
        """
        inputs = self._check()
        with ExitStack() as stack:
            features = None if self.features is None else stack.enter_context(FeaturesFile(self.features))
            model = None if self.model is None else load_model(self.model)
            cell = self._cell(features)
            parts = self._parts(features, model, cell)
            parts.append(self._origin(inputs))
            factor = model.factor if model is not None else ""
            assembly = model.assembly if model is not None else ""
        title = (
            self.title or " in ".join(filter(None, [factor, self._named_cell()])) or "Binding of a transcription factor"
        )
        subtitle = "Where on the genome the factor binds, as predicted by DeepGRN"
        subtitle += f" (deepgrn-report {__version__}" + (f", assembly {assembly})" if assembly else ")")
        with atomic_output(self.output) as temporary:
            write_file(temporary, page(title, subtitle, parts))
        logger.info("%s: %s", self.output, ", ".join(part.title.lower() for part in parts))

    def _inputs(self) -> Inputs:
        """List all files, with what they are; several can be the same to the user, such as tables of one title."""
        named = {"features": self.features, "model": self.model, "history": self.history, "labels": self.labels}
        named |= {"attention": self.attention, "regions": self.regions}
        inputs = [(name, path) for name, path in named.items() if path is not None]
        inputs += [(f"scores, {each.title}", each.path) for each in self.predictions]
        return inputs + [(f"{title}: {Path(path).name}", path) for title, path in [*self.figures, *self.tables]]

    def _check(self) -> Inputs:
        """Refuse what can be refused without reading a file; gives the inputs."""
        inputs = self._inputs()
        if not inputs:
            raise UsageError("nothing to show: give --scores, --model, --features or others")
        if self.history is not None and self.model is None:
            raise UsageError("--history goes with --model, which tells the base rate")
        beside = {"--labels": self.labels, "--attention": self.attention, "--regions": self.regions}
        for option, given in (beside | {"--chromosomes": self.chromosomes}).items():
            if given is not None and not self.predictions:
                raise UsageError(f"{option} goes with --scores")
        if len(self.predictions) > 1 and self.labels is None:
            raise UsageError("several --scores are compared by labels: give --labels, or --scores only once")
        if self.regions is not None and self.features is None:
            raise UsageError("--regions goes with --features, which tells the chromosomes")
        if self.places > MOST_PLACES:
            raise UsageError(f"--places must be at most {MOST_PLACES}, not {self.places}")
        if self.predictions:
            check_names(self.predictions)
        check_score_names([each.path for each in self.predictions] + ([self.attention] if self.attention else []))
        check_image_names([path for _, path in self.figures])
        check_outputs([self.output], [path for _, path in inputs])
        for _, path in inputs:
            os.stat(path)
        return inputs

    def _cell(self, features: FeaturesFile | None) -> str | None:
        """Give the cell whose accessibility is shown; None where there is none."""
        if features is None:
            return None
        cell = self._named_cell()
        if cell is None:
            return features.cells[0] if len(features.cells) == 1 else None
        if cell not in features.cells:
            raise InputError(f"has no cell '{cell}'{did_you_mean(cell, features.cells)}", self.features)
        return cell

    def _named_cell(self) -> str | None:
        """Give the cell that options name."""
        return self.predictions[0].cell or self.cell if self.predictions else self.cell

    def _parts(self, features: FeaturesFile | None, model: Model | None, cell: str | None) -> list[Section]:
        found: list[Section] = []
        if self.predictions:
            found += self._about_scores(features, cell)
        found += sections.added_sections(self.figures, self.tables)
        if model is not None and self.history is not None:
            found.append(sections.training_section(model, self.history))
        if self.model is not None:
            found.append(sections.network_section(self.model))
        if self.features is not None:
            found.append(sections.data_section(self.features))
        return found

    def _about_scores(self, features: FeaturesFile | None, cell: str | None) -> list[Section]:
        first = self.predictions[0]
        found: list[Section] = []
        bins: dict[str, LabelledBins] | None = None
        best = survey(first.path, self.places, self.chromosomes)
        counts = {"all": best.counts}
        if self.labels is not None:
            logger.info("Comparing with the labels")
            quality, counts, bins = sections.quality_section(self.labels, self.predictions, self.cell, self.chromosomes)
            found.append(quality)
        found.append(sections.scores_section(first.title, counts))
        section, places = Section("Best places"), best.best
        if self.regions is not None and features is not None:
            section, places = self._chosen_places(self.regions, features)
        if places:
            sections.show_places(section, places, first.path, features, cell, self.attention, bins)
            found.append(section)
        return found

    def _chosen_places(self, regions: str | Path, features: FeaturesFile) -> tuple[Section, list[Place]]:
        """Begin the section of the places that the user names, and tell where they are not all shown."""
        places, count = read_places(regions, features.chromosomes, self.places)
        name = Path(regions).name
        which = f"The regions of {name}"
        if count > len(places):
            which = f"The first {len(places):,} of {count:,} regions of {name}"
            text = "warning: %s: shown are the first %s of %s regions; more with --places, at most %s"
            logger.warning(text, regions, len(places), f"{count:,}", MOST_PLACES)
        return Section("Chosen places", [f"{which}, in its order: {SPAN:,} bp around the middle of each."]), places

    def _origin(self, inputs: Inputs) -> Section:
        """Tell what the page was made from, and by what."""
        files = [(what, Path(path).name, sha256(path)) for what, path in inputs]
        versions = [("deepgrn-tool", __version__), *((name, version(name)) for name in LIBRARIES)]
        return Section(
            "How this page was made",
            [ABOUT_ORIGIN],
            tables=[
                Table(("input", "file", "SHA-256"), files),
                Table(("option", "value"), list(self.options)),
                Table(("software", "version"), versions),
            ],
        )
