"""BAM and CRAM files that are wrong, or whose index is."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from bad_cases import DATA, Slot, Spoilt, combine

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = (DATA / "alpha.bam").read_bytes()
INDEX = (DATA / "alpha.bam.bai").read_bytes()
END = GOOD[-28:]  # what BGZF files end with
UNREADABLE = (
    ": chr2 cannot be read; the file is damaged, its index belongs to another file, or the FASTA is not the reference "
    "of this CRAM"
)
NO_HEADER = ": cannot be opened as BAM or CRAM; the file is damaged"
NO_INDEX = ": has no index that fits; run: samtools index bad.bam"


def bgzf(content: bytes) -> bytes:
    """Compress a few bytes as BAM is."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    head = struct.pack("<4BI2BH2B2H", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25)
    return head + packed + struct.pack("<II", zlib.crc32(content), len(content)) + END


def header(text: bytes, *chromosomes: tuple[bytes, int], claimed: int | None = None) -> bytes:
    """Make a BAM file without alignments."""
    names = b"".join(
        struct.pack("<i", len(name) + 1) + name + b"\0" + struct.pack("<i", size) for name, size in chromosomes
    )
    count = len(chromosomes) if claimed is None else claimed
    return bgzf(b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", count) + names)


def with_index(content: bytes, index: bytes | None = INDEX) -> Callable[[Path], object]:
    """Write a file, and an index beside it."""

    def make(path: Path) -> None:
        path.write_bytes(content)
        if index is not None:
            Path(f"{path}.bai").write_bytes(index)

    return make


ALIGNMENTS = (
    Spoilt(
        "cut in half",
        with_index(GOOD[: len(GOOD) // 2]),
        ": is truncated (its end marker is missing); copy or make the file again",
    ),
    Spoilt(
        "its first bytes alone",
        with_index(GOOD[:100]),
        ": compressed data is damaged or truncated; copy the file again",
    ),
    Spoilt("damaged in its middle", with_index(GOOD[:20_000] + bytes(200) + GOOD[20_200:]), UNREADABLE),
    Spoilt("a header of 2 GB", with_index(bgzf(b"BAM\1" + struct.pack("<i", (1 << 31) - 1) + b"x")), NO_HEADER),
    Spoilt("a header of less than nothing", with_index(bgzf(b"BAM\1" + struct.pack("<i", -5) + b"x")), NO_HEADER),
    Spoilt("a billion chromosomes", with_index(header(b"", claimed=1 << 30)), NO_HEADER),
    Spoilt(
        "escape codes",
        with_index(header(b"", (b"a\x1b[3m", 100))),
        r": lacks chromosome 'chr1' of the genome (it has a\x1b[3m); rename chromosomes so that both agree, or leave "
        "it out with --chromosomes",
    ),
    Spoilt("no index", with_index(GOOD, None), NO_INDEX),
    Spoilt("an empty index", with_index(GOOD, b""), NO_INDEX),
    Spoilt("an index that is none", with_index(GOOD, b"garbage!" * 10), NO_INDEX),
    Spoilt("an index cut short", with_index(GOOD, INDEX[:200]), NO_INDEX),
    Spoilt("the first bytes of CRAM", b"CRAM", NO_HEADER),
    Spoilt("CRAM without content", b"CRAM\3\0" + bytes(300), NO_HEADER),
)
OPTIONS = "--genome {data}/genome.fa.gz --accessibility a={bad} --effective-genome-size 1000000 -o {out}/f.h5"
CASES = combine([Slot("features", OPTIONS, name="bad.bam")], ALIGNMENTS)
