"""Tables that are wrong: motifs, expression, labels, scores and the course of training."""

from __future__ import annotations

import gzip

from bad_cases import LABELS, SCORES, TWO, Slot, Spoilt, combine
from bad_text import BINARY, BOMB, FEATURES, FILES, TEXT, TOO_LONG, WHOLE

MATRIX = "MEME version 4\nMOTIF {}\nletter-probability matrix: w= {}\n{}\n"
MEME = (
    *FILES,
    Spoilt("no version", b"MOTIF a\n", ": has no line 'MEME version 4' before its motifs; is it in MEME format?"),
    Spoilt("no motif", b"MEME version 4\n", ": holds no motif"),
    Spoilt(
        "protein",
        b"MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n",
        ", line 2: the alphabet is not that of DNA (ALPHABET= ACGT)",
    ),
    Spoilt("w= 1_0", MATRIX.format("a", "1_0", "1 0 0 0").encode(), ", line 3: '1_0' after w= is not a number"),
    Spoilt(
        "w= 1e9",
        MATRIX.format("a", "1e9", "1 0 0 0").encode(),
        ", line 3: '1e9' after w= is not a whole number from 1 to 200",
    ),
    Spoilt(
        "three numbers",
        MATRIX.format("a", 1, "1 0 0").encode(),
        ", line 4: has 3 numbers; a row has 4, for A, C, G and T",
    ),
    Spoilt("nan", MATRIX.format("a", 1, "nan 0 0 1").encode(), ", line 4: nan is not a probability (0 to 1)"),
    Spoilt("a sum of 2", MATRIX.format("a", 1, "1 1 0 0").encode(), ", line 4: the probabilities sum to 2, not to 1"),
    Spoilt(
        "escape codes",
        MATRIX.format("\x1b[2J", 2, "1 0 0 0").encode(),
        r": the file ends after 1 of 2 rows of '\x1b[2J'",
    ),
)
MEME_SLOTS = (Slot("motifs", f"{TWO} --above 0.5 -o {{out}}/t.fa --known {{bad}} --enrichment {{out}}/t.tsv"),)
CARRIAGE_RETURN = (
    ", line 2: cannot be split into columns: it holds a carriage return, or a field of more than 131,072 characters"
)


def tables(start: bytes, row: bytes) -> tuple[Spoilt, ...]:
    """Tables of numbers, whose header begins with `start` and whose rows begin with `row`."""
    header = start + b"a\tb\n" + row
    fit = 2 + len(start.split())
    return (
        *FILES,
        Spoilt("empty", b"", ": holds no table: a header with cell names and rows of numbers are expected"),
        Spoilt(
            "a header only",
            start + b"a\n",
            ": holds no table: a header with cell names and rows of numbers are expected",
        ),
        Spoilt("text for a number", header + b"1\tx\n", ", line 2: 'x' is not a number"),
        Spoilt("nan", header + b"nan\t1\n", ", line 2: 'nan' is not a finite number"),
        Spoilt("inf", header + b"1\t1e400\n", ", line 2: '1e400' is not a finite number"),
        Spoilt("1_000", header + b"1_000\t1\n", ", line 2: '1_000' is not a number"),
        Spoilt("digits of another script", header + "1\t٣\n".encode(), ", line 2: '٣' is not a number"),
        Spoilt("escape codes", header + b"1\t\x1b[31m1\n", r", line 2: '\x1b[31m1' is not a number"),
        Spoilt(
            "columns that do not fit",
            header + b"1\t2\t3\t4\n",
            f", line 2: has {fit + 2} columns where the header names {fit} cells",
        ),
        Spoilt("a carriage return within a row", header + b"1\r\t2\n", CARRIAGE_RETURN),
    )


TPM_SLOTS = (Slot("features", f"{FEATURES} --expression {{bad}}"),)
COMPONENT_SLOTS = (Slot("features", f"{FEATURES} --expression-scores {{bad}}"),)
HEADER = b"chr\tstart\tstop\talpha\tgamma\n"
ROW = b"chr11\t0\t200\tU\tB\n"
SORTING = "sort the rows with LC_ALL=C sort -k1,1 -k2,2n, the header first"
NO_HEADER = (
    ", line 1: is not the header of a label file: 'chr', 'start', 'stop' and the names of cells, separated by tabs"
)
LABEL_FILE = (
    *FILES[:3],
    Spoilt(
        "cut off gzip",
        gzip.compress(HEADER + ROW)[:-9],
        ": compressed data ends early; the file is truncated, copy it again",
    ),
    Spoilt("a gzip bomb without line ends", BOMB, NO_HEADER),
    Spoilt("a gzip bomb behind the header", gzip.compress(HEADER) + BOMB, TOO_LONG.replace("line 1", "line 2")),
    Spoilt("empty", b"", ": is empty"),
    Spoilt("a header only", HEADER, ": holds no bin, only a header"),
    Spoilt("no header", ROW, NO_HEADER),
    Spoilt("a cell twice", HEADER.replace(b"alpha", b"gamma") + ROW, ", line 1: names cell 'gamma' twice"),
    Spoilt("Latin-1", HEADER.replace(b"alpha", b"caf\xe9"), ", line 1: is not UTF-8 text; " + BINARY),
    Spoilt(
        "a letter that is none",
        HEADER + ROW + b"chr11\t50\t250\tX\tU\n",
        ", line 3: 'X' is not a label; labels are B, U and A",
    ),
    Spoilt(
        "escape codes", HEADER + b"chr11\t0\t200\t\x1b\tU\n", r", line 2: '\x1b' is not a label; labels are B, U and A"
    ),
    Spoilt("1_000", HEADER + b"chr11\t1_000\t1200\tU\tU\n", ", line 2: position '1_000' is not a whole number"),
    Spoilt("5e2", HEADER + b"chr11\t5e2\t700\tU\tU\n", ", line 2: position '5e2' is not a whole number"),
    Spoilt("-0", HEADER + b"chr11\t-0\t200\tU\tU\n", ", line 2: position '-0' is negative; bins count from 0"),
    Spoilt(
        "digits of another script",
        HEADER + "chr11\t٠\t200\tU\tU\n".encode(),
        ", line 2: position '٠' is not a whole number",
    ),
    Spoilt(
        "bins of 201 bp", HEADER + b"chr11\t0\t201\tU\tU\n", ", line 2: the bin chr11:0-201 has 201 bp; bins have 200"
    ),
    Spoilt("a column less", HEADER + b"chr11\t0\t200\tU\n", ", line 2: has 4 columns where the header has 5"),
    Spoilt("a bin twice", HEADER + ROW + ROW, f", line 3: the bin chr11:0-200 is there twice; {SORTING}"),
)
LABEL_SLOTS = (
    Slot("evaluate", f"{SCORES} --labels {{bad}} --cell gamma -o {{out}}/t.tsv"),
    Slot("attention", f"{TWO} --labels {{bad}} -o {{out}}/t.bw"),
    Slot("motifs", f"{TWO} --labels {{bad}} -o {{out}}/t.fa"),
    Slot("importance", "{data}/galaxy/features.h5 {data}/model.h5 --labels {bad} --cells gamma -o {out}/t.tsv"),
    Slot("report", f"--scores gamma:a={SCORES} --labels {{bad}} -o {{out}}/t.html"),
    Slot(
        "train", "{data}/galaxy/features.h5 {bad} --validation-chromosomes chr11 --test-chromosomes none -o {out}/m.h5"
    ),
)
SCORE = (
    *(spoilt for spoilt in TEXT if spoilt.what not in ("UTF-16",)),
    Spoilt("5e2", b"chr11\t0\t200\t1\nchr11\t5e2\t700\t0.5\n", f", line 2: '5e2'{WHOLE}"),
    Spoilt("500.0", b"chr11\t500.0\t700\t0.5\n", f", line 1: '500.0'{WHOLE}"),
    Spoilt("1_000", b"chr11\t1_000\t1200\t0.5\n", f", line 1: '1_000'{WHOLE}"),
    Spoilt("a score of 1_0", b"chr11\t0\t200\t1_0\n", ", line 1: score '1_0' is not a number"),
    Spoilt("a score of nan", b"chr11\t0\t200\tnan\n", ", line 1: score 'nan' is not a finite number"),
    Spoilt("a score of -inf", b"chr11\t0\t200\t-inf\n", ", line 1: score '-inf' is not a finite number"),
    Spoilt("a score in other digits", "chr11\t0\t200\t٣\n".encode(), ", line 1: score '٣' is not a number"),
    Spoilt("escape codes", b"chr11\t0\t200\t\x1b[5m\n", r", line 1: score '\x1b[5m' is not a number"),
    Spoilt(
        "five columns",
        b"chr11\t0\t200\t1\tx\n",
        ", line 1: has 5 columns where chromosome, start, end and score are expected",
    ),
    Spoilt("a negative start", b"chr11\t-50\t150\t1\n", ", line 1: start (-50) is negative; positions count from 0"),
    Spoilt("start and end changed over", b"chr11\t200\t0\t1\n", ", line 1: end (0) is not after start (200)"),
    Spoilt(
        "a number of 30 digits",
        b"chr11\t0\t" + b"9" * 30 + b"\t1\n",
        f", line 1: '{'9' * 30}' is not a position on a chromosome",
    ),
)
SCORE_SLOTS = (
    Slot("evaluate", f"{{bad}} --labels {LABELS} --cell gamma -o {{out}}/t.tsv", name="bad.tab"),
    Slot("evaluate", f"one={{bad}} --labels {LABELS} --cell gamma -o {{out}}/t.tsv", name="bad.bedGraph"),
    Slot(
        "merge",
        "{bad} -o {out}/t.bedGraph",
        (
            (
                "a device without end",
                "{bad}: is a pipe or a device, and must be read at random; write it to a file first",
            ),
        ),
        name="bad.bedGraph",
    ),
    Slot("report", "--scores {bad} -o {out}/t.html", name="bad.tab"),
    Slot("attention", f"{TWO} --scores {{bad}} -o {{out}}/t.bw", name="bad.tab"),
    Slot("motifs", f"{TWO} --scores {{bad}} --above 0.5 -o {{out}}/t.fa", name="bad.bedGraph"),
)
HISTORY = (
    *TEXT[:6],
    Spoilt("empty", b"", ": holds no epoch"),
    Spoilt("another table", b"a\tb\n", ", line 1: is no history of training; deepgrn-train --history writes one"),
)
HISTORY_SLOTS = (Slot("report", "--model {data}/model.h5 --history {bad} -o {out}/t.html"),)
CASES = [
    *combine(MEME_SLOTS, MEME),
    *combine(TPM_SLOTS, tables(b"gene\t", b"g1\t")),
    *combine(COMPONENT_SLOTS, tables(b"", b"")),
    *combine(LABEL_SLOTS, LABEL_FILE),
    *combine(SCORE_SLOTS, SCORE),
    *combine(HISTORY_SLOTS, HISTORY),
]
