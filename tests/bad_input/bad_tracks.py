"""bigWig files that are wrong, or that lie."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from bad_cases import DATA, LABELS, TWO, Slot, Spoilt, combine
from bad_text import FEATURES, HUB
from features_inputs import write_bigwig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = (DATA / "galaxy" / "scores.bw").read_bytes()
TREE, _, INDEX = struct.unpack_from("<QQQ", GOOD, 8)
NODE, ROOT, LEAF = TREE + 32, INDEX + 48, INDEX + 52
CUT = ": is truncated or was not written to its end; copy or make the file again"
CIRCLE = ": is damaged: its index runs in a circle; make the file again"


def put(place: int, kind: str, *values: object) -> bytes:
    """Give the good file with other values at a place."""
    data = bytearray(GOOD)
    struct.pack_into(f"<{kind}", data, place, *values)
    return bytes(data)


def with_block(content: bytes) -> bytes:
    """Give the good file with another first block of data."""
    data = bytearray(put(LEAF + 16, "QQ", len(GOOD) - 4, len(content)))
    data[-4:-4] = content
    return bytes(data)


def signal(value: float) -> Callable[[Path], object]:
    """Make a file of the good one's chromosomes with one value."""
    lengths = {"chr11": 150_037, "chr5": 177_973}
    return lambda path: write_bigwig(path, lengths, {"chr11": [(1000, 1050, value)]})


BIGWIG = (
    Spoilt("not there", lambda path: None, ": No such file or directory"),
    Spoilt("a folder", lambda path: path.mkdir(), ": Is a directory"),
    Spoilt("empty", b"", ": is empty"),
    Spoilt(
        "bedGraph",
        b"chr5\t1\t5\t1\n",
        ": is not a bigWig; convert bedGraph or wiggle text with bedGraphToBigWig or wigToBigWig",
    ),
    Spoilt("bigBed", b"\xeb\xf2\x89\x87" + bytes(60), ": is a bigBed, not a bigWig"),
    Spoilt(
        "another byte order",
        GOOD[3::-1] + GOOD[4:],
        ": is a bigWig of a big-endian machine; rewrite it with bigWigToWig and wigToBigWig",
    ),
    Spoilt("cut within its header", GOOD[:40], ": is truncated within its header; copy the file again"),
    Spoilt("cut in half", GOOD[: len(GOOD) // 2], CUT),
    Spoilt("cut at its end", GOOD[:-1], CUT),
    Spoilt("zoom levels that it has not", put(6, "H", 65_535), ": is truncated within its header; copy the file again"),
    Spoilt("a zoom level beyond its end", put(72, "Q", 1 << 60), CUT),
    Spoilt("a circle of chromosomes", put(NODE, "BBH5sQ", 0, 0, 1, b"chr11", NODE), CIRCLE),
    Spoilt("names of 2 GB", put(TREE + 8, "I", 1 << 31), CUT),
    Spoilt(
        "a chromosome less than it says",
        put(TREE + 16, "Q", 7),
        ": is damaged: its list of chromosomes is not complete, or names one twice; make the file again",
    ),
    Spoilt(
        "escape codes",
        put(NODE + 4, "B", 27),
        r": is damaged: '\x1bhr11' cannot be the name of a chromosome; make the file again",
    ),
    Spoilt("a circle in its index", put(ROOT, "BBHIIIIQ", 0, 0, 1, 0, 0, 0, 9, ROOT), CIRCLE),
    Spoilt("a block beyond its end", put(LEAF + 16, "Q", 1 << 63), CUT),
    Spoilt("a block of 16 EB", put(LEAF + 24, "Q", (1 << 64) - 1), CUT),
    Spoilt(
        "no index where it says",
        put(INDEX, "I", 0),
        ": is damaged: an index is not where the header says; make the file again",
    ),
)
UNREADABLE = ": chr11 cannot be read; the file is damaged, make it again"
BLOCKS = (
    Spoilt("a damaged block", with_block(b"no zlib"), UNREADABLE),
    Spoilt(
        "items that a block has not", with_block(zlib.compress(bytes(20) + b"\1\0\xff\xff" + bytes(12))), UNREADABLE
    ),
    Spoilt("a block that unpacks to 256 MB", with_block(zlib.compress(bytes(256 << 20))), UNREADABLE),
)
NAN = ": chr11:1000-1050 holds nan, which is not a finite number"
INF = ": chr11:1000-1050 holds inf, which is not a finite number"
VALUES = (Spoilt("nan", signal(float("nan")), NAN), Spoilt("inf", signal(float("inf")), INF))
SLOTS = (
    Slot("features", FEATURES.replace("{data}/alpha.accessibility.bw", "{bad}")),
    Slot("features", f"{FEATURES} --uniqueness {{bad}}"),
    Slot("features", f"{FEATURES} --genome-track x={{bad}}"),
    Slot("hub", HUB.replace("{data}/galaxy/scores.bw", "{bad}")),
    Slot("hub", f"{HUB} --accessibility a={{bad}}"),
    Slot("attention", f"{TWO} -o {{out}}/t.bw --heatmap {{out}}/t.png --fold-change {{bad}}"),
)
SCORE_SLOTS = (
    Slot("evaluate", f"{{bad}} --labels {LABELS} --cell gamma -o {{out}}/t.tsv", name="bad.bw"),
    Slot("merge", "{bad} -o {out}/t.bw", name="bad.bw"),
    Slot("report", "--scores {bad} -o {out}/t.html", name="bad.bw"),
    Slot("attention", f"{TWO} --scores {{bad}} -o {{out}}/t.bw", name="bad.bw"),
    Slot("motifs", f"{TWO} --scores {{bad}} --above 0.5 -o {{out}}/t.fa", name="bad.bw"),
    Slot("report", "--scores {data}/galaxy/part1.bw --attention {bad} -o {out}/t.html", name="bad.bw"),
)
CASES = [
    *combine(SLOTS, BIGWIG),
    *combine(SCORE_SLOTS[:5], [*BIGWIG, *BLOCKS, *VALUES]),
    *combine(SCORE_SLOTS[5:], BIGWIG[::3]),
]
