"""Where chromatin is open in each cell, where the factor is bound, and the cut sites and peaks that follow.

A locus every 1,080 bp or so is either a binding site (three motifs in a row) or a decoy. Per cell a quarter of the
sites and two thirds of the decoys are open; bound means site and open. Open sites and open decoys look alike in the
accessibility.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from maker import motif
from maker.draws import Draws, Integers
from maker.motif import Codes
from maker.sequence import CHROMOSOMES, MINIMUM_BITS, Chromosome

CELLS = ("alpha", "beta", "gamma")
PITCH = 1_080  # bp between loci
JITTER = 190  # bp
MARGIN = 700  # bp between a locus and a gap or a chromosome end
SITE_SHARE = 0.42  # of the loci
MOTIFS_PER_SITE = 3
MOTIF_GAPS = (4, 20)  # bp between neighbouring motifs
BOUND_SHARE = 0.25  # of the sites, per cell
ALWAYS_OPEN_SHARE = 0.4  # of the decoys
OPEN_SHARE = 2 / 3  # of the decoys, per cell
READS = 16_000  # per cell
READ_LENGTH = 36  # bp
ARTEFACTS = {"chr1": 320, "chr2": 260, "chr11": 280}  # reads piled up on one decoy, which is blacklisted
ARTEFACT_MARGIN = 600  # bp blacklisted on either side


@dataclass(frozen=True)
class Motif:
    """A planted motif: 0-based first base, "+" or "-", and score in bits."""

    start: int
    strand: str
    bits: float


@dataclass
class Locus:
    """A place that can be open.

    Args:
        chromosome: Name.
        centre: 0-based position.
        is_site: Whether motifs are planted here.
        open_in: Names of the cells in which it is open, in the order of `CELLS`.
        width: Extent of the accessible region in bp.
        motifs: The motifs, for sites.
        is_artefact: Whether reads pile up here in every cell.
    """

    chromosome: str
    centre: int
    is_site: bool
    open_in: tuple[str, ...]
    width: int
    motifs: list[Motif] = field(default_factory=list)
    is_artefact: bool = False


@dataclass(frozen=True)
class Peak:
    """One line of a narrowPeak file, 0-based half-open, summit relative to the start."""

    chromosome: str
    start: int
    end: int
    name: str
    signal: float
    summit: int


def place_loci(draws: Draws) -> tuple[list[Locus], list[tuple[str, int]]]:
    """Lay the loci out.

    Returns:
        The loci, sorted, and the midpoints between neighbours, where repeats can go.
    """
    loci: list[Locus] = []
    between: list[tuple[str, int]] = []
    for chromosome in CHROMOSOMES:
        grid = np.arange(PITCH // 2, chromosome.length, PITCH)
        centres = grid + draws.integers(-JITTER, JITTER + 1, len(grid))
        kept = [int(centre) for centre in centres if not chromosome.near_gap(int(centre), MARGIN)]
        loci += _assign(draws, chromosome.name, kept)
        between += [(chromosome.name, int(edge)) for edge in grid + PITCH // 2 if _is_free(chromosome, int(edge))]
    return loci, between


def _is_free(chromosome: Chromosome, edge: int) -> bool:
    return not chromosome.near_gap(edge, MARGIN)


def _assign(draws: Draws, chromosome: str, centres: list[int]) -> list[Locus]:
    """Decide which loci are sites, and open them in exact shares, at random."""
    order = draws.order(len(centres))
    site_count = round(SITE_SHARE * len(centres))
    sites, decoys = order[:site_count], order[site_count:]
    always, sometimes = np.split(decoys, [round(ALWAYS_OPEN_SHARE * len(decoys))])
    opened: dict[int, list[str]] = {int(index): list(CELLS) for index in always}
    for cell in CELLS:
        wanted = round(OPEN_SHARE * len(decoys)) - len(always)
        chosen = np.concatenate(
            [
                sites[draws.order(len(sites))[: round(BOUND_SHARE * len(sites))]],
                sometimes[draws.order(len(sometimes))[:wanted]],
            ]
        )
        for index in chosen:
            opened.setdefault(int(index), []).append(cell)
    widths = draws.integers(220, 520, len(centres))
    is_site = np.isin(np.arange(len(centres)), sites)
    loci = [
        Locus(chromosome, centre, bool(is_site[index]), tuple(opened.get(index, [])), int(widths[index]))
        for index, centre in enumerate(centres)
    ]
    if chromosome in ARTEFACTS:
        loci[int(always[0])].is_artefact = True
    return loci


def plant_sites(draws: Draws, genome: dict[str, Codes], loci: list[Locus]) -> None:
    """Write motifs drawn from the matrix, each on either strand, at every site; changes genome and loci in place."""
    for locus in loci:
        if not locus.is_site:
            continue
        gaps = [*draws.integers(*MOTIF_GAPS, MOTIFS_PER_SITE - 1), 0]
        start = locus.centre - (MOTIFS_PER_SITE * motif.WIDTH + int(sum(gaps))) // 2
        for gap in gaps:
            letters, bits = motif.draw_site(draws, MINIMUM_BITS)
            strand = "+" if draws.uniform(1)[0] < 0.5 else "-"
            turned = letters if strand == "+" else motif.reverse_complement(letters)
            genome[locus.chromosome][start : start + motif.WIDTH] = turned
            locus.motifs.append(Motif(start, strand, bits))
            start += motif.WIDTH + int(gap)


def cut_sites(draws: Draws, cell: str, loci: list[Locus]) -> dict[str, Integers]:
    """Simulate the 5' ends of one cell's reads: bell-shaped over open loci, the rest evenly over the known bases.

    Returns:
        Sorted 0-based positions per chromosome, `READS` in all.
    """
    cuts: dict[str, list[Integers]] = {chromosome.name: [] for chromosome in CHROMOSOMES}
    for locus in loci:
        if cell in locus.open_in:
            count = round(12 * float(np.exp(1.2 * draws.uniform(1)[0])))
            bell = (draws.uniform(count) + draws.uniform(count) + draws.uniform(count)) / 3 - 0.5
            middle = locus.centre + draws.integer(-20, 21)
            cuts[locus.chromosome].append(middle + np.rint(bell * locus.width).astype(np.int64))
        if locus.is_artefact:
            pile = draws.integers(-30, 30, ARTEFACTS[locus.chromosome])
            cuts[locus.chromosome].append(locus.centre + pile)
    left = READS - sum(len(some) for several in cuts.values() for some in several)
    for name, positions in _background(draws, left).items():
        cuts[name].append(positions)
    return {name: np.sort(np.concatenate(several)) for name, several in cuts.items()}


def _background(draws: Draws, count: int) -> dict[str, Integers]:
    spans = [(chromosome, start, end) for chromosome in CHROMOSOMES for start, end in _known_spans(chromosome)]
    offsets = np.cumsum([0] + [end - start for _, start, end in spans])
    drawn = draws.integers(0, int(offsets[-1]), count)
    span_of = np.searchsorted(offsets, drawn, side="right") - 1
    positions: dict[str, list[Integers]] = {}
    for index, (chromosome, start, _) in enumerate(spans):
        here = drawn[span_of == index] - offsets[index] + start
        positions.setdefault(chromosome.name, []).append(here)
    return {name: np.concatenate(several) for name, several in positions.items()}


def _known_spans(chromosome: Chromosome) -> list[tuple[int, int]]:
    edges = [0, *(edge for gap in chromosome.gaps for edge in gap), chromosome.length]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start]


def call_peaks(draws: Draws, cell: str, loci: list[Locus]) -> tuple[list[Peak], list[Peak]]:
    """Draw the ChIP-seq peaks of one cell.

    Every bound site has a conservative peak (170–320 bp) and a wider relaxed one around it; besides, a few closed
    sites and open decoys have a weak relaxed peak.

    Returns:
        Conservative and relaxed peaks, in genome order.
    """
    conservative: list[Peak] = []
    relaxed: list[Peak] = []
    for locus in loci:
        chance, size, left, right, shift = draws.uniform(5)
        bound = locus.is_site and cell in locus.open_in
        weak = chance < 0.06 and locus.is_site != (cell in locus.open_in) and not locus.is_artefact
        if not (bound or weak):
            continue
        width = 170 + int(size * 151)
        start = locus.centre + int(shift * 21) - 10 - width // 2
        signal = round((20 if bound else 3) + 2 * sum(one.bits - MINIMUM_BITS for one in locus.motifs) + 10 * size, 2)
        summit = locus.centre - start
        if bound:
            name = f"{cell}_conservative_{len(conservative) + 1}"
            conservative.append(Peak(locus.chromosome, start, start + width, name, signal, summit))
        first, last = start - 10 - int(left * 41), start + width + 10 + int(right * 41)
        name = f"{cell}_relaxed_{len(relaxed) + 1}"
        relaxed.append(Peak(locus.chromosome, first, last, name, signal, locus.centre - first))
    return conservative, relaxed


def blacklist(loci: list[Locus]) -> list[tuple[str, int, int]]:
    """List the stretches around artefacts, 0-based half-open."""
    return [
        (locus.chromosome, locus.centre - ARTEFACT_MARGIN, locus.centre + ARTEFACT_MARGIN)
        for locus in loci
        if locus.is_artefact
    ]
