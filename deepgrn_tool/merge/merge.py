"""Tracks of chromosomes or regions joined to one track: everything deepgrn-merge does."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.errors import InputError, UsageError, did_you_mean
from deepgrn_tool.formats.bigwig import BigWig, is_bigwig
from deepgrn_tool.formats.sizes import read_sizes
from deepgrn_tool.merge.join import join
from deepgrn_tool.merge.sources import BigWigSource, Source, TextSource
from deepgrn_tool.output import check_outputs
from deepgrn_tool.progress import Progress
from deepgrn_tool.tracks.outputs import BIN_TABLE_SUFFIX, check_suffixes, companions, track_writer_for
from deepgrn_tool.tracks.tables import BinTableWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deepgrn_tool.tracks.writer import TrackWriter

logger = logging.getLogger(__name__)

BIGWIG_SUFFIXES = (".bw", ".bigwig")
TABLE_SUFFIXES = (".tab", ".tab.gz")


def merge(tracks: Sequence[str | Path], outputs: Sequence[str | Path], *, sizes: str | Path | None = None) -> int:
    """Join files; the order in which they are given does not matter.

    What several of them hold alike, in place and value, is written once. Beside that they share no base (tracks) or no
    bin (tables).

    Memory holds one piece of each file, and not more the longer they are.

    Args:
        tracks: bigWig and bedGraph files, or tables of bins.
        outputs: Tracks to write, or tables of bins; formats by suffix. They appear together at the end, or none.
        sizes: Table of chromosome lengths; may be left out where a bigWig is among the tracks, or where the outputs
            are text.

    Returns:
        Number of intervals, or bins, written.

    Raises:
        UsageError: Options contradict each other.
        InputError: A file is wrong, files disagree on the length of a chromosome, or share a base or a bin otherwise.
        OSError: A file cannot be read or written.
    """
    check_suffixes(outputs)
    given = [*tracks, *([] if sizes is None else [sizes])]
    check_outputs(outputs, given)
    bins = _holds_bins(outputs)
    _check_twice(tracks)
    with ExitStack() as opened:
        bigwigs: dict[int, BigWigSource] = {}
        for number, path in enumerate(tracks):
            if _path_ends(path, BIGWIG_SUFFIXES) or is_bigwig(path):
                bigwigs[number] = BigWigSource(path, opened.enter_context(BigWig(path)))
        _check_kinds(tracks, outputs, bigwigs, bins)
        lengths = _lengths(tracks, outputs, bigwigs, sizes, bins)
        check_outputs([*outputs, *companions(outputs, lengths)], given)
        sources = [bigwigs.get(number) or TextSource(path, lengths, bins) for number, path in enumerate(tracks)]
        return _write(sources, outputs, lengths, bins)


def _path_ends(path: str | Path, suffixes: tuple[str, ...]) -> bool:
    """Tell whether a file's name ends in one of some suffixes, whatever the case."""
    return Path(path).name.lower().endswith(suffixes)


def _holds_bins(outputs: Sequence[str | Path]) -> bool:
    """Tell whether the outputs are tables of bins; refuse a mixture, and what can be neither."""
    if not outputs:
        raise UsageError("nothing to write: give --output")
    tables = [path for path in outputs if _path_ends(path, (BIN_TABLE_SUFFIX,))]
    for path in outputs:
        if path not in tables:
            track_writer_for(path, {})
    if tables and len(tables) < len(outputs):
        raise UsageError(f"output {tables[0]} is a table of bins and others are tracks; join one kind at a time")
    return bool(tables)


def _check_twice(tracks: Sequence[str | Path]) -> None:
    seen: dict[str, str | Path] = {}
    for path in tracks:
        real = os.path.realpath(path)
        if real in seen:
            raise UsageError(f"track {path} is given twice")
        seen[real] = path


def _check_kinds(
    tracks: Sequence[str | Path], outputs: Sequence[str | Path], bigwigs: Mapping[int, BigWigSource], bins: bool
) -> None:
    for number, path in enumerate(tracks):
        if bins and number in bigwigs:
            raise UsageError(f"{path} is a bigWig track and cannot be joined to {outputs[0]}, a table of bins")
        if not bins and _path_ends(path, TABLE_SUFFIXES):
            text = "is a table of bins, which overlap, and cannot be joined to the track"
            raise UsageError(f"{path} {text} {outputs[0]}; write .tab.gz")


def _lengths(
    tracks: Sequence[str | Path],
    outputs: Sequence[str | Path],
    bigwigs: Mapping[int, BigWigSource],
    sizes: str | Path | None,
    bins: bool,
) -> dict[str, int]:
    """Collect the lengths of all chromosomes, and compare where several files tell them."""
    if sizes is not None or bigwigs:
        return _agreed(bigwigs.values(), sizes)
    if any(_path_ends(path, BIGWIG_SUFFIXES) for path in outputs):
        text = "bedGraph does not tell how long the chromosomes are, and a bigWig must; give --sizes"
        raise UsageError(f"{text}, a table of names and lengths such as the index of the FASTA (.fai)")
    lengths: dict[str, int] = {}
    for path in tracks:
        for chrom, end in TextSource(path, None, bins).measure().items():
            lengths[chrom] = max(lengths.get(chrom, 0), end)
    return lengths


def _agreed(bigwigs: Iterable[BigWigSource], sizes: str | Path | None) -> dict[str, int]:
    lengths: dict[str, int] = {} if sizes is None else read_sizes(sizes)
    known: dict[str, str | Path | None] = dict.fromkeys(lengths, sizes)  # the file that told each length
    for source in bigwigs:
        for chrom, length in source.lengths.items():
            if chrom in lengths and lengths[chrom] != length:
                text = f"{chrom} has {length} bp here, but {lengths[chrom]} in {known[chrom]}"
                raise InputError(f"{text}; are the files of the same assembly?", source.path)
            if chrom not in lengths and sizes is not None:
                raise InputError(f"chromosome '{chrom}' is not in {sizes}{did_you_mean(chrom, lengths)}", source.path)
            other = chrom[3:] if chrom.startswith("chr") else f"chr{chrom}"
            if other in lengths:
                text = f"chromosome '{chrom}' is called '{other}' in {known[other]}; use the same names in all tracks"
                raise InputError(text, source.path)
            lengths.setdefault(chrom, length)
            known.setdefault(chrom, source.path)
    return lengths


def _write(sources: Sequence[Source], outputs: Sequence[str | Path], lengths: Mapping[str, int], bins: bool) -> int:
    count, chromosomes, repeats = 0, 0, 0
    with ExitStack() as opened:
        writers: list[TrackWriter] = []
        for path in outputs:
            writer = BinTableWriter(path, lengths) if bins else track_writer_for(path, lengths)
            writers.append(opened.enter_context(writer))
        with Progress("joining", sum(lengths.values()), "bases") as progress:
            for chrom in sorted(lengths, key=str.encode):
                done, before = 0, count
                for starts, ends, values, more in join(sources, chrom, bins):
                    for writer in writers:
                        writer.add(chrom, starts, ends, values)
                    count += len(starts)
                    repeats += more
                    progress.advance(int(starts[-1]) - done)
                    done = int(starts[-1])
                progress.advance(lengths[chrom] - done)
                chromosomes += count > before
        for writer in writers:  # all files are finished before the first one appears
            writer.close()
    unit = "bins" if bins else "intervals"
    if count == 0:
        logger.warning("warning: none of the files holds any of the %s to be joined; the output is empty", unit)
    logger.info("Joined %s files: %s %s on %s chromosomes", len(sources), f"{count:,}", unit, chromosomes)
    if repeats:
        logger.info("Kept once what several files hold alike: %s %s less", f"{repeats:,}", unit)
    return count
