"""What is written of sites: sequences, control, accessibility around them, known motifs in them, counts."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.motifs.accessibility import draw_profile, mean_around, profile_table
from deepgrn_tool.motifs.control import matched_controls
from deepgrn_tool.motifs.enrichment import Enrichment, enrichment, enrichment_table, power_of_ten
from deepgrn_tool.motifs.logos import draw_logos
from deepgrn_tool.motifs.meme import Motif
from deepgrn_tool.motifs.search import Found
from deepgrn_tool.motifs.sequences import Codes, bed_rows, fasta_records, site_codes
from deepgrn_tool.motifs.sites import Sites
from deepgrn_tool.output import write_file

logger = logging.getLogger(__name__)


class Report:
    """Writes the files of a run, in place: give temporary names.

    Args:
        features: The open features file.
        cell: Cell type.
        found: The sites, at least one.
        flank: bp on each side of a bin that belong to its window.
        background: Shares of the tuples of 1, 2, … bases in all windows; float64.
        title: What the figures are of.
        seed: For the choice of controls.
    """

    def __init__(
        self,
        features: FeaturesFile,
        cell: str,
        found: Found,
        flank: int,
        background: list[NDArray[np.float64]],
        title: str,
        seed: int,
    ) -> None:
        """Keep all; nothing is computed yet."""
        self._features, self._cell, self._found, self._flank = features, cell, found, flank
        self._background, self._title, self._seed = background, title, seed
        self._width = found.sites[0].width
        self._compared: list[Enrichment] = []

    @cached_property
    def _controls(self) -> list[Sites]:
        generator = np.random.default_rng(self._seed)
        controls = [matched_controls(self._features, sites, self._flank, generator) for sites in self._found.sites]
        missing = self._found.total - sum(map(len, controls))
        if missing:
            logger.warning("warning: %s sites have no control: their windows have no room for one", f"{missing:,}")
        return controls

    def write_sequences(self, sites: Path | None, bed: Path | None, control: Path | None) -> None:
        """Write FASTA and BED of the sites and FASTA of the controls, those that have a name.

        Raises:
            InputError: The features file is damaged.
            OSError: A file cannot be written.
        """
        for path, groups in ((sites, self._found.sites), (control, self._controls if control else [])):
            if path is not None:
                records = (fasta_records(group, site_codes(self._features, group)) for group in groups)
                write_file(path, "".join(itertools.chain.from_iterable(records)))
        if bed is not None:
            firsts = itertools.accumulate(map(len, self._found.sites), initial=1)
            rows = map(bed_rows, self._found.sites, firsts)
            write_file(bed, "".join(itertools.chain.from_iterable(rows)))

    def write_accessibility(self, table: Path | None, plot: Path | None) -> None:
        """Write the mean accessibility around sites and controls, where it has a name.

        Raises:
            InputError: The features file is damaged.
            OSError: A file cannot be written.
        """
        if table is None and plot is None:
            return
        sites = mean_around(self._features, self._cell, self._found.sites)
        controls = mean_around(self._features, self._cell, self._controls)
        if table is not None:
            write_file(table, profile_table(sites, controls))
        if plot is not None:
            title = f"{self._title}: accessibility around {self._found.total:,} sites"
            draw_profile(sites, controls, self._width, title, plot)

    def compare(self, known: Sequence[Motif], probability: float) -> None:
        """Count matches of known motifs.

        Args:
            known: The motifs.
            probability: How likely a match may be at one place of random sequence.

        Raises:
            InputError: The features file is damaged.
        """
        margin = max(len(motif.probabilities) for motif in known) // 2 + 1
        sites, controls = (self._all_codes(groups, margin) for groups in (self._found.sites, self._controls))
        self._compared = enrichment(known, sites, controls, self._width, self._background[0], probability)
        best = self._compared[0]
        logger.info(
            "Best of %s known motifs: %s in %.1f %% of sites and %.1f %% of controls, p = %s",
            *(f"{len(known):,}", best.motif.title, 100 * best.matching_sites / best.sites),
            *(100 * best.matching_controls / max(best.controls, 1), power_of_ten(best.log10_p)),
        )

    def _all_codes(self, groups: Sequence[Sites], margin: int) -> Codes:
        return np.concatenate([site_codes(self._features, group, margin) for group in groups])

    def write_comparison(self, table: Path | None, logos: Path | None, top: int) -> None:
        """Write the table of known motifs and the logos of the `top` best ones, where they have a name.

        Raises:
            OSError: A file cannot be written.
        """
        if table is not None:
            write_file(table, enrichment_table(self._compared))
        if logos is not None:
            draw_logos(self._compared[:top], logos)

    def summary(self, blacklisted: int) -> str:
        """Write a table of counts: one name and number per line, with a header.

        Args:
            blacklisted: Bins that were left out for the blacklist.
        """
        found = self._found
        rows: dict[str, object] = {
            "bins_on_blacklist": blacklisted,
            "windows": found.windows,
            "left_out_for_accessibility_peaks": found.other_peaks,
            "left_out_for_unknown_bases": found.unknown,
            "merged_into_better_sites": found.overlapping,
            "sites": found.total,
            "sites_on_reverse_strand": sum(int(sites.reverse.sum()) for sites in found.sites),
            "width": self._width,
            "controls": sum(map(len, self._controls)),
        }
        if self._compared:
            best = self._compared[0]
            rows |= {"known_motifs": len(self._compared), "best_known_motif": best.motif.title}
        return "".join(f"{name}\t{value}\n" for name, value in [("what", "value"), *rows.items()])
