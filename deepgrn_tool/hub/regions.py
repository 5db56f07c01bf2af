"""Which places of the genome the page shows: those of a BED file, or those that score best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.formats.bed import parse_bed
from deepgrn_tool.formats.textfile import read_lines
from deepgrn_tool.hub.tracks import ATTENTION, SCORES
from deepgrn_tool.tracks.best import STRETCH, BestIntervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.formats.bigwig import BigWig
    from deepgrn_tool.hub.inputs import Inputs
    from deepgrn_tool.hub.tracks import Track

MOST_REGIONS = 500
MOST_BASES = 2_000_000  # in all regions together: the page stays small enough for every browser


@dataclass(frozen=True)
class Region:
    """A place that the page shows.

    Attributes:
        chrom: Chromosome.
        start: 0-based start of what is shown, flanks included.
        end: End, exclusive.
        name: What it is called, or why it was chosen.
    """

    chrom: str
    start: int
    end: int
    name: str

    def __str__(self) -> str:
        """Write the region as genome browsers do, counting from 1."""
        return f"{self.chrom}:{self.start + 1:,}-{self.end:,}"


def read_regions(path: Path, lengths: Mapping[str, int], flank: int) -> list[Region]:
    """Read the user's regions, in the order of the file; the fourth column, if there is one, is the name.

    Args:
        path: BED file, plain or gzip.
        lengths: Chromosome name → length, in bp.
        flank: Bases to show on both sides.

    Raises:
        InputError: A line is no region of these chromosomes, or there are too many of them.
    """
    lines = dict(read_lines(path))
    regions = []
    for number, chrom, start, end in parse_bed(path):
        if chrom not in lengths:
            raise InputError(f"chromosome '{chrom}' is in none of the tracks", path, number)
        if end > lengths[chrom]:
            text = f"end ({end}) is past the end of {chrom} ({lengths[chrom]}); is the file from another assembly?"
            raise InputError(text, path, number)
        fields = lines[number].split("\t") if "\t" in lines[number] else lines[number].split()
        name = fields[3].strip() if len(fields) > 3 else ""
        regions.append(_around(chrom, start, end, flank, lengths[chrom], name))
    if not regions:
        raise InputError("holds no region", path)
    bases = sum(region.end - region.start for region in regions)
    if len(regions) > MOST_REGIONS or bases > MOST_BASES:
        text = f"holds {len(regions):,} regions, {bases:,} bases with flanks; a page holds {MOST_REGIONS:,} regions and"
        raise InputError(f"{text} {MOST_BASES:,} bases at most, keep the most interesting", path)
    return regions


def check_count(count: int, flank: int) -> None:
    """Refuse more regions than a page holds; cheap, for use before any work.

    Raises:
        UsageError: There would be too many.
    """
    if count > MOST_REGIONS or count * 2 * flank > MOST_BASES:
        text = f"--count {count} with --flank {flank} is too much for a page, which holds {MOST_REGIONS:,} regions and"
        raise UsageError(f"{text} {MOST_BASES:,} bases at most")


def best_regions(inputs: Inputs, count: int, flank: int) -> list[Region]:
    """Choose the places that score best, each track of scores in turn.

    A place is left out where its middle lies in a region already chosen. Without scores, attention is taken.

    Args:
        inputs: The open files.
        count: How many to choose, if there are so many.
        flank: Bases to show on both sides of the best interval.

    Returns:
        Regions, the best first; none overlaps the middle of another.

    Raises:
        InputError: No track holds a value above 0, or one holds what is no number.
    """
    kind = SCORES if any(track.kind == SCORES for track in inputs.tracks) else ATTENTION
    tracks = [track for track in inputs.tracks if track.kind == kind]
    most = count * (2 * flank // STRETCH + 3)  # a region takes the place of so many others at most
    queues = [_Queue(track, inputs.bigwigs[track.name], most) for track in tracks]
    chosen: list[Region] = []
    while len(chosen) < count and any(queue.waiting for queue in queues):
        for queue in queues:
            region = queue.next_apart(chosen, flank, inputs.lengths)
            if region is not None and len(chosen) < count:
                chosen.append(region)
    if not chosen:
        raise InputError(f"none of the tracks of {kind} holds a value above 0; name places with --regions")
    return chosen


class _Queue:
    """The best intervals of a track, waiting to be chosen."""

    def __init__(self, track: Track, bigwig: BigWig, most: int) -> None:
        self._track = track
        best = BestIntervals(most)
        for chrom in bigwig.lengths:
            for starts, ends, values in bigwig.finite_intervals(chrom):
                best.add(chrom, starts, ends, values)
        self.waiting = best.ranked()[::-1]  # the best one last

    def next_apart(self, chosen: Sequence[Region], flank: int, lengths: Mapping[str, int]) -> Region | None:
        """Take the best interval that is apart from the regions chosen so far."""
        while self.waiting:
            value, chrom, start, end = self.waiting.pop()
            middle = (start + end) // 2
            if not any(other.chrom == chrom and other.start <= middle < other.end for other in chosen):
                return _around(
                    chrom, start, end, flank, lengths[chrom], f"{self._track.cell} {self._track.factor} {value:.3g}"
                )
        return None


def _around(chrom: str, start: int, end: int, flank: int, length: int, name: str) -> Region:
    return Region(chrom, max(start - flank, 0), min(end + flank, length), name)
