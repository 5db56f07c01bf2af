"""Scores of bins out of the files that deepgrn-predict writes: bigWig, bedGraph, tables of bins.

In tracks a bin's score is the value on its central 50 bp (`--summarize center`). Tracks that hold several values there
were made otherwise, and the scores cannot be had from them; they are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepgrn_tool.data.bins import BIN_SIZE, CENTER_OFFSET, CENTER_SIZE
from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.bigwig import BigWig
from deepgrn_tool.formats.score_text import ScoreRows, Values, read_bin_rows, read_score_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deepgrn_tool.data.intervals import Positions

BIGWIG_SUFFIXES = (".bw", ".bigwig")
BEDGRAPH_SUFFIXES = (".bedgraph", ".bg", ".bedgraph.gz", ".bg.gz")
TABLE_SUFFIXES = (".tab", ".tab.gz")
SUFFIXES_TEXT = ".bw or .bigWig (bigWig), .bedGraph or .bg (bedGraph), .tab (table of bins); text also with .gz"


class _Runs(NamedTuple):
    """Ascending intervals of one chromosome that do not overlap; neighbours that touch differ in value."""

    starts: Positions
    ends: Positions
    values: Values


def has_suffix(path: str | Path, suffixes: tuple[str, ...]) -> bool:
    """Tell whether a file's name ends in one of some suffixes, whatever the case."""
    return Path(path).name.lower().endswith(suffixes)


def check_score_names(paths: Iterable[str | Path]) -> None:
    """Refuse predictions whose names do not tell a format; cheap, for use before any work.

    Raises:
        UsageError: The message lists the suffixes that are known.
    """
    for path in paths:
        if not has_suffix(path, BIGWIG_SUFFIXES + BEDGRAPH_SUFFIXES + TABLE_SUFFIXES):
            raise UsageError(f"prediction {path}: the suffix must tell the format: {SUFFIXES_TEXT}")


def read_scores(path: str | Path, bins: Mapping[str, Positions]) -> dict[str, Values]:
    """Read the scores of bins.

    Args:
        path: Prediction, with a suffix that `check_score_names` takes.
        bins: Chromosome name → starts of the bins wanted, int64, shape (n,), 0-based, ascending, each once.

    Returns:
        Chromosome name → score of each bin, float64, shape (n,), NaN where the file has none; only chromosomes that
        the file has scores on, in the order of `bins`.

    Raises:
        InputError: The file cannot be read, tells a bin's score twice or several values in its centre, holds what is no
            finite number, or has no score on any of the chromosomes.
    """
    if has_suffix(path, TABLE_SUFFIXES):
        found, names = _from_table(path, bins)
    else:
        runs, names = _bigwig_runs(path, bins) if has_suffix(path, BIGWIG_SUFFIXES) else _bedgraph_runs(path, bins)
        found = {chrom: _centers(path, chrom, bins[chrom], held) for chrom, held in runs.items()}
    if not names:
        raise InputError("holds no score", path)
    if not found:
        raise InputError(_no_score(names, bins), path)
    return {chrom: found[chrom] for chrom in bins if chrom in found}


def _no_score(names: Iterable[str], bins: Mapping[str, Positions]) -> str:
    """Say why nothing was found; a bigWig lists chromosomes on which it has no value, too."""
    name = next(iter(names))
    if bins.keys().isdisjoint(names):
        hint = did_you_mean(name, bins)
        return f"has no score on a chromosome of the labels: '{name}' is not one of them{hint}"
    shown = ", ".join(list(bins)[:5]) + (", …" if len(bins) > 5 else "")
    return (
        f"has no score on any of the labelled chromosomes ({shown}); score these, or choose others with --chromosomes"
    )


class _Collector:
    """Gathers the rows of a text file by chromosome, and remembers the line of each."""

    def __init__(self, path: str | Path, wanted: Mapping[str, Positions]) -> None:
        self._path = path
        self._wanted = wanted
        self.pieces: dict[str, list[ScoreRows]] = {}  # empty lists for chromosomes that are not wanted

    def add(self, rows: ScoreRows) -> None:
        held = self.pieces.setdefault(rows.chrom, [])
        if rows.chrom in self._wanted:
            held.append(rows)

    def sorted(self, chrom: str, bins: bool) -> _Runs:
        """Give a chromosome's rows by start: bins, each of them once, or intervals that do not overlap."""
        pieces = self.pieces.pop(chrom)
        lines, starts, ends, values = map(np.concatenate, zip(*(piece[1:] for piece in pieces), strict=True))
        if (np.diff(starts) <= 0).any():
            order = np.argsort(starts, kind="stable")
            lines, starts, ends, values = lines[order], starts[order], ends[order], values[order]
        clash = starts[1:] == starts[:-1] if bins else starts[1:] < ends[:-1]
        if clash.any():
            index = int(np.argmax(clash))
            earlier, later = sorted((index, index + 1), key=lines.__getitem__)
            place = f"{chrom}:{starts[later]}-{ends[later]}"
            text = f"{place} has a score already in" if bins else f"{place} overlaps the interval in"
            raise InputError(f"{text} line {lines[earlier]}", self._path, int(lines[later]))
        return _Runs(starts, ends, values)


def _from_table(path: str | Path, bins: Mapping[str, Positions]) -> tuple[dict[str, Values], list[str]]:
    collector = _Collector(path, bins)
    for rows in read_bin_rows(path, BIN_SIZE):
        collector.add(rows)
    names = list(collector.pieces)
    found = {}
    for chrom in names:
        if chrom in bins:
            table = collector.sorted(chrom, bins=True)
            found[chrom] = _look_up(table, bins[chrom])
    return found, names


def _look_up(table: _Runs, starts: Positions) -> Values:
    places = np.minimum(np.searchsorted(table.starts, starts), len(table.starts) - 1)
    return np.where(table.starts[places] == starts, table.values[places], np.nan)


def _bedgraph_runs(path: str | Path, bins: Mapping[str, Positions]) -> tuple[dict[str, _Runs], list[str]]:
    collector = _Collector(path, bins)
    for rows in read_score_rows(path):
        collector.add(rows)
    names = list(collector.pieces)
    return {chrom: _joined(collector.sorted(chrom, bins=False)) for chrom in names if chrom in bins}, names


def _bigwig_runs(path: str | Path, bins: Mapping[str, Positions]) -> tuple[dict[str, _Runs], list[str]]:
    found: dict[str, _Runs] = {}
    with BigWig(path) as track:
        for chrom in bins:
            pieces = list(track.finite_intervals(chrom)) if chrom in track.lengths else []
            if not pieces:
                continue
            starts, ends, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
            if (starts[1:] < ends[:-1]).any():
                raise InputError(f"intervals on {chrom} overlap; the file is damaged, make it again", path)
            found[chrom] = _joined(_Runs(starts, ends, values.astype(np.float64)))
        return found, list(track.lengths)


def _joined(runs: _Runs) -> _Runs:
    """Join neighbours that touch and have the same value."""
    begins = np.append(True, (runs.starts[1:] != runs.ends[:-1]) | (runs.values[1:] != runs.values[:-1]))
    lasts = np.append(begins[1:], True)
    return _Runs(runs.starts[begins], runs.ends[lasts], runs.values[begins])


def _centers(path: str | Path, chrom: str, starts: Positions, runs: _Runs) -> Values:
    """Give the value on the central 50 bp of each bin, NaN where there is none."""
    begins, ends = starts + CENTER_OFFSET, starts + CENTER_OFFSET + CENTER_SIZE
    # The runs that share a base with a centre are those from `first` up to `stop`.
    first = np.searchsorted(runs.ends, begins, side="right")
    stop = np.searchsorted(runs.starts, ends, side="left")
    places = np.minimum(first, len(runs.starts) - 1)
    whole = (stop == first + 1) & (runs.starts[places] <= begins) & (runs.ends[places] >= ends)
    partly = (stop > first) & ~whole
    if partly.any():
        index = int(np.argmax(partly))
        place = f"{chrom}:{begins[index]}-{ends[index]}"
        raise InputError(
            f"{place}, the central {CENTER_SIZE} bp of a bin, have more than one value or only some have one; only "
            "tracks written with --summarize center hold the scores of bins, or write .tab.gz",
            path,
        )
    return np.where(whole, runs.values[places], np.nan)
