"""Gene annotation classes from GTF files of GENCODE, Ensembl and UCSC.

One rule serves all styles. A transcript's exons are the union of its exon, CDS, UTR and codon lines; its coding part
runs from the first to the last base of its CDS and stop codon lines. Introns are the gaps between exons, the UTRs are
what lies outside the coding part. The promoter is the 501 bp before the first transcribed base and 100 bp from it on.
"""

from __future__ import annotations

import re
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.data.intervals import merge
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.bed import IntervalCollector
from deepgrn_tool.formats.textfile import read_lines, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Positions = NDArray[np.int64]
    Intervals = tuple[Positions, Positions]

PROMOTER_UPSTREAM = 501  # bp before the first transcribed base
PROMOTER_DOWNSTREAM = 100  # bp, the first transcribed base included
_TRANSCRIPT_STEP = 1 << 33  # more than any coordinate: keeps transcripts apart on one number line
_CODING_LINES = {"cds", "stop_codon"}
_EXON_LINES = {"exon", "start_codon", "utr", "five_prime_utr", "three_prime_utr", "5utr", "3utr", "utr5", "utr3"}
_TRANSCRIPT_ID = re.compile(r'transcript_id[ =]"?([^";]+)')


class _Transcripts(NamedTuple):
    """Exon parts (transcript number, start, end, coding) and, per transcript, chromosome number and strand."""

    owner: Positions
    starts: Positions
    ends: Positions
    coding: NDArray[np.bool_]
    chroms: Positions
    forward: NDArray[np.bool_]
    names: list[str]


def _parse(path: str | Path, lengths: Mapping[str, int], clip: bool) -> _Transcripts:
    collector = IntervalCollector(path, lengths, clip)
    numbers: dict[tuple[str, str, str], int] = {}
    parts = array("q")
    for line_number, line in read_lines(path):
        if line.startswith("##gff-version 3"):
            raise InputError("is GFF3; convert it to GTF: gffread -T -o NEW.gtf FILE", path, line_number)
        if not line or line.startswith(("#", "track ", "browser ")):
            continue
        fields = line.split("\t")
        if len(fields) < 9:
            raise InputError(f"has {len(fields)} tab-separated columns where GTF has 9", path, line_number)
        kind = fields[2].lower()
        if kind not in _EXON_LINES and kind not in _CODING_LINES:
            continue
        start, end = _coordinates(fields, path, line_number)
        placed = collector.place(line_number, fields[0], start, end)
        if placed is None:
            continue
        found = _TRANSCRIPT_ID.search(fields[8])
        if found is None:
            raise InputError("has no transcript_id; is this GFF3? convert it: gffread -T", path, line_number)
        owner = numbers.setdefault((fields[0], fields[6], found.group(1)), len(numbers))
        parts.extend((owner, *placed, kind in _CODING_LINES))
    collector.finish()
    table = np.array(parts, np.int64).reshape(-1, 4)
    names = list(dict.fromkeys(chrom for chrom, _, _ in numbers))
    index = {name: number for number, name in enumerate(names)}
    return _Transcripts(
        table[:, 0].copy(),
        table[:, 1].copy(),
        table[:, 2].copy(),
        table[:, 3] > 0,
        np.array([index[chrom] for chrom, _, _ in numbers], np.int64),
        np.array([strand != "-" for _, strand, _ in numbers], bool),
        names,
    )


def _coordinates(fields: list[str], path: str | Path, line_number: int) -> tuple[int, int]:
    """Turn 1-based closed coordinates into 0-based half-open ones."""
    try:
        start, end = whole_number(fields[3]) - 1, whole_number(fields[4])
    except ValueError as error:
        raise InputError(f"'{fields[3]}' to '{fields[4]}' are not whole numbers", path, line_number) from error
    if start < 0 or end <= start:
        raise InputError(f"start ({start + 1}) and end ({end}) do not satisfy 1 <= start <= end", path, line_number)
    return start, end


def _merge_within(owner: Positions, starts: Positions, ends: Positions) -> tuple[Positions, Positions, Positions]:
    """Merge intervals of each transcript on its own; returns owner, starts, ends, ascending."""
    shift = owner * _TRANSCRIPT_STEP
    merged_starts, merged_ends = merge(starts + shift, ends + shift)
    merged_owner = merged_starts // _TRANSCRIPT_STEP
    shift = merged_owner * _TRANSCRIPT_STEP
    return merged_owner, merged_starts - shift, merged_ends - shift


def _promoters(first: Positions, last: Positions, forward: NDArray[np.bool_], published: bool) -> Intervals:
    if published:
        begin = np.where(forward, first - PROMOTER_UPSTREAM, first - PROMOTER_DOWNSTREAM - 1)
        return begin, begin + PROMOTER_UPSTREAM + PROMOTER_DOWNSTREAM
    begin = np.where(forward, first - PROMOTER_UPSTREAM, last - PROMOTER_DOWNSTREAM)
    return begin, begin + PROMOTER_UPSTREAM + PROMOTER_DOWNSTREAM


def _derive(parts: _Transcripts, published: bool) -> dict[str, tuple[Positions, Positions, Positions]]:
    """Compute owner (transcript number), starts and ends of each class, not yet merged between transcripts."""
    count = len(parts.chroms)
    owner, starts, ends = _merge_within(parts.owner, parts.starts, parts.ends)
    same = owner[1:] == owner[:-1]
    coding = _merge_within(parts.owner[parts.coding], parts.starts[parts.coding], parts.ends[parts.coding])
    coding_first = np.full(count, -1, np.int64)
    coding_last = np.full(count, -1, np.int64)
    coding_last[coding[0]] = coding[2]  # ascending, so the last one stays
    coding_first[coding[0][::-1]] = coding[1][::-1]
    first, last = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    last[owner] = ends
    first[owner[::-1]] = starts[::-1]
    forward, protein = parts.forward[owner], coding_first[owner] >= 0
    before = protein & (starts < coding_first[owner])
    after = protein & (ends > coding_last[owner])
    left = (owner[before], starts[before], np.minimum(ends, coding_first[owner])[before], forward[before])
    right = (owner[after], np.maximum(starts, coding_last[owner])[after], ends[after], ~forward[after])
    silent = (owner, starts, ends, ~forward)
    pieces = [left, right]
    if published:
        pieces.append(tuple(column[~protein] for column in silent))  # type: ignore[arg-type]
    joined = [np.concatenate(columns) for columns in zip(*pieces, strict=True)]
    five = joined[3].astype(bool)
    return {
        "cds": coding,
        "intron": (owner[1:][same], ends[:-1][same], starts[1:][same]),
        "promoter": (np.arange(count, dtype=np.int64), *_promoters(first, last, parts.forward, published)),
        "utr5": (joined[0][five], joined[1][five], joined[2][five]),
        "utr3": (joined[0][~five], joined[1][~five], joined[2][~five]),
    }


def read_gtf(
    path: str | Path, lengths: Mapping[str, int], clip: bool = False, published: bool = False
) -> dict[str, dict[str, Intervals]]:
    """Derive five annotation classes from a GTF file.

    Args:
        path: Plain or gzip-compressed GTF.
        lengths: Chromosome names and lengths of the genome, in bp.
        clip: Cut lines at chromosome ends instead of refusing them.
        published: Follow two habits of the annotation that the published networks were trained with: promoters of
            reverse transcripts are placed at their left end ([left - 101, left + 500)), and exons of transcripts
            without CDS count as 3'UTR (forward) or 5'UTR (reverse).

    Returns:
        Class ("cds", "intron", "promoter", "utr5", "utr3") → chromosome → starts and ends, int64, shape (n,), merged
        and ascending, within the chromosome.

    Raises:
        InputError: The file is not GTF, or its chromosomes do not match the genome.
    """
    parts = _parse(path, lengths, clip)
    sizes = np.array([lengths[name] for name in parts.names], np.int64)
    result: dict[str, dict[str, Intervals]] = {}
    for kind, (owner, starts, ends) in _derive(parts, published).items():
        chroms = parts.chroms[owner]
        begin, finish = np.maximum(starts, 0), np.minimum(ends, sizes[chroms]) if len(sizes) else ends
        kept = np.flatnonzero(finish > begin)
        rows = kept[np.argsort(chroms[kept], kind="stable")]
        bounds = np.searchsorted(chroms[rows], np.arange(len(parts.names) + 1)).tolist()
        result[kind] = {
            name: merge(begin[rows[first:last]], finish[rows[first:last]])
            for name, (first, last) in zip(parts.names, pairwise(bounds), strict=True)
        }
    return result
