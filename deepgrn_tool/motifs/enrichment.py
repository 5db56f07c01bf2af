"""Known motifs in sites against control: how many of each hold a match, and how likely that is by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.motifs.meme import Motif
from deepgrn_tool.motifs.scan import matching_sequences, motif_scores, score_threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepgrn_tool.motifs.sequences import Codes

COLUMNS = (
    *("rank", "motif", "name", "consensus", "width", "sites", "matching_sites", "percent_of_sites", "controls"),
    *("matching_controls", "percent_of_controls", "fold_enrichment", "p_value", "adjusted_p_value"),
)
LN10 = float(np.log(10))


@dataclass(frozen=True)
class Enrichment:
    """How often a motif matches.

    Attributes:
        motif: The motif.
        sites: Number of sites.
        matching_sites: Those with a match.
        controls: Number of controls.
        matching_controls: Those with a match.
        log10_p: Decimal logarithm of the p-value of Fisher's exact test, one-sided: more matches in sites.
        log10_adjusted: The same, adjusted over all motifs after Benjamini and Hochberg.
    """

    motif: Motif
    sites: int
    matching_sites: int
    controls: int
    matching_controls: int
    log10_p: float
    log10_adjusted: float

    @property
    def fold(self) -> float:
        """Give the share of matching sites over that of controls, half a match added to both counts: none is 0."""
        share = (self.matching_sites + 0.5) / (self.sites + 1)
        return share / ((self.matching_controls + 0.5) / (self.controls + 1))


def enrichment(
    motifs: Sequence[Motif],
    sites: Codes,
    controls: Codes,
    width: int,
    background: NDArray[np.float64],
    probability: float,
) -> list[Enrichment]:
    """Compare sites with control.

    Args:
        motifs: The motifs.
        sites: Sequences of the sites with margins, as `matching_sequences` wants them.
        controls: The same of the controls.
        width: bp of a site without margins.
        background: Frequencies of A, C, G, T, float64, shape (4,).
        probability: How likely a match may be at one place of random sequence.

    Returns:
        One entry per motif, the least likely by chance first; of equal ones the more enriched, then as in `motifs`.
    """
    tables = [motif_scores(motif, background) for motif in motifs]
    thresholds = [score_threshold(table, background, probability) for table in tables]
    in_sites = matching_sequences(sites, width, tables, thresholds).sum(axis=1)
    in_controls = matching_sequences(controls, width, tables, thresholds).sum(axis=1)
    log10_p = log10_fisher(in_sites, len(sites), in_controls, len(controls))
    adjusted = benjamini_hochberg(log10_p)
    columns = zip(motifs, in_sites.tolist(), in_controls.tolist(), log10_p.tolist(), adjusted.tolist(), strict=True)
    found = [
        Enrichment(motif, len(sites), hits, len(controls), control_hits, p, q)
        for motif, hits, control_hits, p, q in columns
    ]
    return sorted(found, key=lambda entry: (entry.log10_p, -entry.fold))


def log10_fisher(
    hits: NDArray[np.int64], total: int, control_hits: NDArray[np.int64], control_total: int
) -> NDArray[np.float64]:
    """Compute p-values of Fisher's exact test, one-sided, as decimal logarithms: they may be too small for a float.

    Args:
        hits: int64, shape (n,), matching sites.
        total: All sites.
        control_hits: int64, shape (n,), matching controls.
        control_total: All controls.

    Returns:
        float64, shape (n,), at most 0.
    """
    from scipy.stats import hypergeom

    log_p = hypergeom.logsf(hits - 1, total + control_total, hits + control_hits, total)
    return np.minimum(log_p / LN10, 0.0)


def benjamini_hochberg(log10_p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for their number, so that calling those up to q makes a share of q false ones.

    Args:
        log10_p: float64, shape (n,), decimal logarithms of the p-values.

    Returns:
        float64, shape (n,), decimal logarithms of the adjusted p-values.

    Source: Benjamini & Hochberg 1995, "Controlling the false discovery rate".
    """
    order = np.argsort(log10_p)
    factors = np.log10(len(order) / np.arange(1, len(order) + 1))
    least = np.minimum.accumulate((log10_p[order] + factors)[::-1])[::-1]
    adjusted = np.empty_like(least)
    adjusted[order] = np.minimum(least, 0.0)
    return adjusted


def power_of_ten(exponent: float) -> str:
    """Write 10**exponent with three digits, however small it is.

    >>> power_of_ten(-2), power_of_ten(-400.5), power_of_ten(0.0)
    ('1.00e-02', '3.16e-401', '1.00e+00')
    """
    whole = int(np.floor(exponent))
    digits = f"{10 ** (exponent - whole):.2f}"
    if digits == "10.00":
        whole, digits = whole + 1, "1.00"
    return f"{digits}e{'-' if whole < 0 else '+'}{abs(whole):02d}"


def enrichment_table(found: Sequence[Enrichment]) -> str:
    """Write the table, tab-separated, with a header.

    Args:
        found: The motifs in the order of their ranks.
    """
    rows = ["\t".join(COLUMNS)]
    for rank, entry in enumerate(found, 1):
        motif = entry.motif
        fields = (
            *(rank, motif.name, motif.other_name or ".", motif.consensus(), len(motif.probabilities)),
            *(entry.sites, entry.matching_sites, _percent(entry.matching_sites, entry.sites)),
            *(entry.controls, entry.matching_controls, _percent(entry.matching_controls, entry.controls)),
            *(f"{entry.fold:.4g}", power_of_ten(entry.log10_p), power_of_ten(entry.log10_adjusted)),
        )
        rows.append("\t".join(map(str, fields)))
    return "\n".join(rows) + "\n"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "NA"
