"""A made-up genome: base composition like man's, CpG islands, true repeats, gaps, planted binding sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maker import motif
from maker.draws import Draws
from maker.motif import Codes

ISLAND_WIDTHS = (400, 900)  # bp
REPEAT_COPIES = (2, 2, 2, 3, 3, 4, 4, 6, 8)  # one family each
REPEAT_WIDTHS = (260, 480)  # bp
MINIMUM_BITS = 16.0  # of a planted site; chance matches in open chromatin that score so high are rare
CHANCE_BITS = 11.0  # matches that were not planted are broken from here on
READ_LENGTH = 35  # bp, of the uniqueness track


@dataclass(frozen=True)
class Chromosome:
    """One chromosome of the design.

    Args:
        name: As in the FASTA.
        length: bp, gaps included.
        gaps: 0-based half-open runs of N.
    """

    name: str
    length: int
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def known(self) -> int:
        """Bases that are not N."""
        return self.length - sum(end - start for start, end in self.gaps)

    def near_gap(self, position: int, margin: int) -> bool:
        """Tell whether a position lies within `margin` bp of a gap or of the chromosome's ends."""
        if position < margin or position >= self.length - margin:
            return True
        return any(start - margin <= position < end + margin for start, end in self.gaps)


CHROMOSOMES = (
    Chromosome("chr1", 259_983, ((0, 3_000),)),  # a telomere
    Chromosome("chr2", 280_017, ((140_000, 145_000),)),
    Chromosome("chr3", 219_990),
    Chromosome("chr5", 177_973),
    Chromosome("chr11", 150_037),
)


def random_bases(draws: Draws, length: int, gc: float) -> Codes:
    """Draw independent bases with a given share of G and C: uint8 codes, shape (length,)."""
    edges = np.cumsum([(1 - gc) / 2, gc / 2, gc / 2])
    return np.searchsorted(edges, draws.uniform(length), side="right").astype(np.uint8)


def deplete_cpg(draws: Draws, codes: Codes, kept: float) -> None:
    """Change all but a share of the CG pairs to TG or CA in place, as deamination of methylated C does."""
    pairs = np.flatnonzero((codes[:-1] == 1) & (codes[1:] == 2))
    fate = draws.uniform(len(pairs))
    codes[pairs[(fate >= kept) & (fate < (1 + kept) / 2)]] = 3
    codes[pairs[fate >= (1 + kept) / 2] + 1] = 0


def plant_repeats(draws: Draws, genome: dict[str, Codes], places: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Overwrite stretches with exact copies of repeats, on either strand, and return where (0-based half-open).

    Args:
        draws: Random numbers.
        genome: Chromosome name to codes, changed in place.
        places: Centres that may be used, at least one for each copy.
    """
    chosen = iter(draws.order(len(places)))
    planted = []
    for copies in REPEAT_COPIES:
        element = random_bases(draws, draws.integer(*REPEAT_WIDTHS), gc=0.45)
        break_chance_matches(draws, element)
        for _ in range(copies):
            chromosome, centre = places[next(chosen)]
            start = centre - len(element) // 2
            copy = element if draws.uniform(1)[0] < 0.5 else motif.reverse_complement(element)
            genome[chromosome][start : start + len(element)] = copy
            planted.append((chromosome, start, start + len(element)))
    return sorted(planted)


def break_chance_matches(draws: Draws, codes: Codes) -> None:
    """Spoil sequence that happens to look like a site, in place.

    The letters that nearly every site has, C in column 5 and G in column 10, and where the C would lie on the other
    strand, become A or T.
    """
    while len(hits := np.flatnonzero(motif.scan(codes) >= CHANCE_BITS)):
        for column in (4, 9, motif.WIDTH - 5):
            codes[hits + column] = 3 * draws.integers(0, 2, len(hits))


def uniqueness(genome: dict[str, Codes]) -> dict[str, NDArray[np.float32]]:
    """Count how often the 35 bases from each position on occur in the genome, on both strands.

    Returns:
        Per chromosome float32, shape (length,): 1 / occurrences for up to four, 0 for more, for N, and where
        35 bases do not fit.
    """
    keys = {name: _both_strand_keys(codes) for name, codes in genome.items()}
    valid = {name: _without_n(codes) for name, codes in genome.items()}
    pooled = np.concatenate([keys[name][valid[name]] for name in genome])
    _, inverse, counts = np.unique(pooled, return_inverse=True, return_counts=True)
    scores = np.where(counts <= 4, 1 / counts, 0).astype(np.float32)[inverse]
    tracks, used = {}, 0
    for name, codes in genome.items():
        track = np.zeros(len(codes), np.float32)
        here = np.flatnonzero(valid[name])
        track[here] = scores[used : used + len(here)]
        used += len(here)
        tracks[name] = track
    return tracks


def _without_n(codes: Codes) -> NDArray[np.bool_]:
    unknown = np.concatenate([[0], np.cumsum(codes == 4)])
    fits: NDArray[np.bool_] = unknown[READ_LENGTH:] == unknown[:-READ_LENGTH]
    return fits


def _both_strand_keys(codes: Codes) -> NDArray[np.void]:
    """Spell each run of 35 bases as 70 bits in two numbers; of a run and its reverse complement the smaller."""
    starts = len(codes) - READ_LENGTH + 1
    known = np.where(codes == 4, 0, codes).astype(np.uint64)
    spelled = np.zeros((2, 2, starts), np.uint64)  # strand, high and low part
    for offset in range(READ_LENGTH):
        part = 0 if offset < 17 else 1
        spelled[0, part] = spelled[0, part] * 4 + known[offset : offset + starts]
        backwards = READ_LENGTH - 1 - offset
        spelled[1, part] = spelled[1, part] * 4 + (3 - known[backwards : backwards + starts])
    forward, reverse = spelled
    smaller = (reverse[0] < forward[0]) | ((reverse[0] == forward[0]) & (reverse[1] < forward[1]))
    keys = np.empty(starts, [("high", np.uint64), ("low", np.uint64)])
    keys["high"] = np.where(smaller, reverse[0], forward[0])
    keys["low"] = np.where(smaller, reverse[1], forward[1])
    return keys
