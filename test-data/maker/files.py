"""Writers of the data set's files; binary ones get no date, no path and no program line, so that they stay the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyBigWig
import pysam
from numpy.typing import NDArray

from maker import motif
from maker.chromatin import READ_LENGTH, Peak
from maker.draws import Floats, Integers
from maker.motif import Codes
from maker.sequence import CHROMOSOMES

LINE_WIDTH = 60  # bases


def write_lines(path: Path, lines: list[str]) -> None:
    """Write text with one newline after each line."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def write_genome(path: Path, genome: dict[str, Codes], repeats: list[tuple[str, int, int]]) -> None:
    """Write a bgzip FASTA, repeats in lower case, and its .fai and .gzi."""
    letters = np.frombuffer(b"ACGTN", np.uint8)
    with pysam.BGZFile(str(path), "wb9") as stream:
        for chromosome in CHROMOSOMES:
            text = letters[genome[chromosome.name]]
            for name, start, end in repeats:
                if name == chromosome.name:
                    text[start:end] |= 0x20
            stream.write(f">{chromosome.name}\n".encode())
            line = text.tobytes()
            for start in range(0, len(line), LINE_WIDTH):
                stream.write(line[start : start + LINE_WIDTH] + b"\n")
    pysam.faidx(str(path))


def write_bed(path: Path, intervals: list[tuple[str, int, int]]) -> None:
    """Write sorted BED3 lines; overlapping and book-ended intervals become one."""
    merged: list[tuple[str, int, int]] = []
    for chromosome, start, end in sorted(intervals, key=_genome_order):
        if merged and merged[-1][0] == chromosome and start <= merged[-1][2]:
            merged[-1] = (chromosome, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((chromosome, start, end))
    write_lines(path, [f"{chromosome}\t{start}\t{end}" for chromosome, start, end in merged])


def _genome_order(interval: tuple[str, int, int]) -> tuple[int, int, int]:
    names = [chromosome.name for chromosome in CHROMOSOMES]
    return names.index(interval[0]), interval[1], interval[2]


def write_peaks(path: Path, peaks: list[Peak]) -> None:
    """Write narrowPeak (ten columns)."""
    lines = []
    for peak in peaks:
        score = min(1000, round(10 * peak.signal))
        columns = [peak.chromosome, peak.start, peak.end, peak.name, score, ".", peak.signal]
        lines.append("\t".join(str(column) for column in [*columns, -1, -1, peak.summit]))
    write_lines(path, lines)


def write_bigwig(path: Path, tracks: dict[str, NDArray[np.float32]]) -> None:
    """Write the values that are not zero, as runs where that is shorter; no zoom levels: they would treble the size."""
    names = sorted(tracks)
    with pyBigWig.open(str(path), "w") as stream:
        stream.addHeader([(name, len(tracks[name])) for name in names], maxZooms=0)
        for name in names:
            starts, ends, values = _runs(tracks[name])
            if int((ends - starts).sum()) < 2 * len(starts):
                covered = np.flatnonzero(tracks[name])
                stream.addEntries(name, covered, values=tracks[name][covered], span=1)
            else:
                stream.addEntries([name] * len(starts), starts, ends=ends, values=values)


def _runs(track: NDArray[np.float32]) -> tuple[Integers, Integers, NDArray[np.float32]]:
    edges = np.flatnonzero(np.diff(track)) + 1
    starts = np.concatenate([[0], edges]).astype(np.int64)
    ends = np.concatenate([edges, [len(track)]]).astype(np.int64)
    kept = track[starts] != 0
    return starts[kept], ends[kept], track[starts[kept]]


def write_bam(path: Path, cuts: dict[str, Integers], strands: dict[str, NDArray[np.bool_]]) -> None:
    """Write one 36-bp read per cut site, without bases or qualities, and the .bai.

    Args:
        path: Output.
        cuts: 0-based positions of the reads' 5' ends, sorted.
        strands: True where the read lies on the reverse strand.
    """
    sequences = [{"SN": chromosome.name, "LN": chromosome.length} for chromosome in CHROMOSOMES]
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": sequences})
    with pysam.AlignmentFile(str(path), "wb", header=header) as stream:
        for number, chromosome in enumerate(CHROMOSOMES):
            reverse = strands[chromosome.name]
            starts = cuts[chromosome.name] - np.where(reverse, READ_LENGTH - 1, 0)
            for index in np.argsort(starts, kind="stable"):
                read = pysam.AlignedSegment(header)
                read.query_name = "r"
                read.flag = 16 if reverse[index] else 0
                read.reference_id = number
                read.reference_start = int(starts[index])
                read.mapping_quality = 60
                read.cigartuples = [(pysam.CMATCH, READ_LENGTH)]
                stream.write(read)
    pysam.index(str(path))


def write_motif(path: Path) -> None:
    """Write the matrix in the minimal MEME format."""
    background = " ".join(f"{letter} {share}" for letter, share in zip("ACGT", motif.BACKGROUND, strict=True))
    rows = [" " + "  ".join(f"{share:.6f}" for share in row) for row in motif.probabilities()]
    write_lines(
        path,
        [
            "MEME version 4",
            "",
            "Source: JASPAR CORE 2022 (https://jaspar.elixir.no), licence CC BY 4.0; counts divided by column sums.",
            "",
            "ALPHABET= ACGT",
            "",
            "strands: + -",
            "",
            "Background letter frequencies",
            background,
            "",
            "MOTIF MA0139.1 CTCF",
            f"letter-probability matrix: alength= 4 w= {motif.WIDTH} nsites= {motif.COUNTS[0].sum()} E= 0",
            *rows,
            "URL https://jaspar.elixir.no/matrix/MA0139.1/",
        ],
    )


def write_table(path: Path, header: list[str], labels: list[str], values: Floats) -> None:
    """Write a tab-separated table with one label a row and two decimals."""
    lines = ["\t".join(header)]
    for label, row in zip(labels, values, strict=True):
        lines.append("\t".join([label, *(f"{value:.2f}" for value in row)]))
    write_lines(path, lines)
