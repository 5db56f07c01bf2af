"""Text files that are wrong: intervals, tables of lengths, genes, motifs, numbers, labels and scores."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from bad_cases import DATA, LABELS, TWO, Slot, Spoilt, combine

CLIP = " (for a genome that is cut short on purpose, use --clip-intervals)"
BINARY = "is this a binary file?"
PIECE = gzip.compress(bytes(16 << 20))
BOMB = PIECE * 64  # a gigabyte of zeros in a megabyte
TOO_LONG = ", line 1: is longer than 1,048,576 characters; " + BINARY
BLACK = b"chr5\t1\t5\n"
GZIPPED = gzip.compress(BLACK * 999)


def damaged_gzip() -> bytes:
    """Compressed data with a changed byte in the middle."""
    data = bytearray(gzip.compress(os.urandom(5000)))
    data[2000] ^= 0xFF
    return bytes(data)


FILES = (
    Spoilt("not there", lambda path: None, ": No such file or directory"),
    Spoilt("a folder", Path.mkdir, ": Is a directory"),
    Spoilt("a link to itself", lambda path: path.symlink_to(path.name), ": Too many levels of symbolic links"),
    Spoilt("cut off gzip", GZIPPED[:-9], ": compressed data ends early; the file is truncated, copy it again"),
    Spoilt("a gzip bomb without line ends", BOMB, TOO_LONG),
    Spoilt("a line of 3 MB", b"x" * 3_000_000, TOO_LONG),
    Spoilt("a device without end", lambda path: path.symlink_to("/dev/zero"), TOO_LONG),
)
TEXT = (
    *FILES,
    Spoilt("a NUL byte", b"chr5\t1\t\x005\n", ", line 1: holds a NUL byte; " + BINARY),
    Spoilt("Latin-1", b"# caf\xe9\n", ", line 1: is not UTF-8 text; " + BINARY),
    Spoilt("UTF-16", "chr5\t1\t5\n".encode("utf-16"), ", line 1: holds a NUL byte; " + BINARY),
    Spoilt("BAM", (DATA / "alpha.bam").read_bytes(), ", line 1: holds a NUL byte; " + BINARY),
)
WHOLE = " is not a whole number"
BED = (
    *TEXT,
    Spoilt("empty", b"", ": holds no interval"),
    Spoilt("comments only", b"# nothing\n\ntrack name=x\n", ": holds no interval"),
    Spoilt("two columns", b"chr5\t1\n", ", line 1: has fewer than three columns (chromosome, start, end)"),
    Spoilt("commas", b"chr5,1,5\n", ", line 1: has fewer than three columns (chromosome, start, end)"),
    Spoilt("5e2", b"chr5\t1\t5e2\n", f", line 1: '5e2'{WHOLE}"),
    Spoilt("1_000", BLACK + b"chr5\t1_000\t2000\n", f", line 2: '1_000'{WHOLE}"),
    Spoilt("a fraction", b"chr5\t500.5\t700\n", f", line 1: '500.5'{WHOLE}"),
    Spoilt("nan", b"chr5\tnan\t5\n", f", line 1: 'nan'{WHOLE}"),
    Spoilt("inf", b"chr5\t1\tinf\n", f", line 1: 'inf'{WHOLE}"),
    Spoilt("digits of another script", "chr5\t1\t٣٣\n".encode(), f", line 1: '٣٣'{WHOLE}"),
    Spoilt("an empty field", b"chr5\t\t5\n", f", line 1: ''{WHOLE}"),
    Spoilt("escape codes", b"chr5\t\x1b[31m1\x1b[0m\t5\n", rf", line 1: '\x1b[31m1\x1b[0m'{WHOLE}"),
    Spoilt("carriage returns alone", b"chr5\t1\t5\rchr5\t6\t9\r", rf", line 1: '5\rchr5'{WHOLE}"),
    Spoilt("a very long field", b"chr5\t" + b"9" * 5000 + b"\t5\n", f", line 1: '{'9' * 5000}'{WHOLE}"),
    Spoilt("a negative start", b"chr5\t-1\t5\n", ", line 1: start (-1) is negative; BED counts from 0"),
    Spoilt("no bases", b"chr5\t5\t5\n", ", line 1: end (5) is not after start (5)"),
    Spoilt("start and end changed over", b"chr5\t9\t5", ", line 1: end (5) is not after start (9)"),
    Spoilt(
        "a number of 30 digits",
        b"chr5\t1\t" + b"9" * 30 + b"\n",
        f", line 1: end ({'9' * 30}) is past the end of chr5 (177973); is the file from another assembly?",
    ),
    Spoilt("names without chr", b"5\t1\t5\n", ": chromosome '5' is not in the genome; did you mean 'chr5'?"),
    Spoilt(
        "names in quotes",
        b'"chr5"\t1\t5\n',
        ": no line is on a chromosome of the genome: '\"chr5\"' is not in it; did you mean 'chr5'?",
    ),
    Spoilt(
        "a name that turns the writing",
        "x\u202ery\t1\t5\n".encode(),
        r": no line is on a chromosome of the genome: 'x\u202ery' is not in it (it has chr5, chr11)",
    ),
)
PAST = "{bad}, line 1: end (" + "9" * 30 + ") is past the end of chr5 (177973); is the file from another assembly?"
ALL_CHROMOSOMES = (
    (
        "a name that turns the writing",
        r"{bad}: no line is on a chromosome of the genome: 'x\u202ery' is not in it (it has chr1, chr2, chr3, chr5, "
        "chr11)",
    ),
    ("a number of 30 digits", PAST + CLIP),
)
ANNOTATION = " ".join(
    f"--{option} {{data}}/{name}.bed"
    for option, name in [
        ("cpg-islands", "cpg_islands"),
        ("introns", "intron"),
        ("promoters", "promoter"),
        ("utr5", "utr5"),
        ("utr3", "utr3"),
    ]
)
FEATURES = "--genome {data}/genome.fa.gz --accessibility a={data}/alpha.accessibility.bw -o {out}/f.h5"
LABELS_OF = "--sizes {data}/galaxy/chrom.sizes -o {out}/t.tsv.gz"
PEAKS = "{data}/alpha.conservative.narrowPeak"
HUB = "--scores a:b={data}/galaxy/scores.bw --assembly demo --email a@b.c -o {out}/hub"
TRAIN = "{data}/galaxy/features.h5 " + LABELS + " --validation-chromosomes chr11 --test-chromosomes none -o {out}/m.h5"
TRACKS = (
    (
        "a name that turns the writing",
        r"{bad}: no line is on a chromosome of the genome: 'x\u202ery' is not in it (it has chr11, chr5)",
    ),
)
BED_SLOTS = (
    Slot("features", f"{FEATURES} --blacklist {{bad}}", ALL_CHROMOSOMES),
    Slot("features", f"{FEATURES} {ANNOTATION} --cds {{bad}}", ALL_CHROMOSOMES),
    Slot("labels", f"{LABELS_OF} --peaks a={{bad}}", ALL_CHROMOSOMES),
    Slot("labels", f"{LABELS_OF} --peaks a={PEAKS} --blacklist {{bad}}", ALL_CHROMOSOMES),
    Slot("predict", f"{TWO} --regions {{bad}} -o {{out}}/t.bw"),
    Slot("attention", f"{TWO} --regions {{bad}} -o {{out}}/t.bw"),
    Slot("motifs", f"{TWO} --peaks {{bad}} -o {{out}}/t.fa"),
    Slot("train", f"{TRAIN} --peaks gamma={{bad}} --peaks alpha={PEAKS}"),
    Slot("hub", f"{HUB} --called a:b={{bad}}", TRACKS),
)
LATE_SLOTS = (  # where much is drawn before the file is read
    Slot(
        "report", "--scores {data}/galaxy/part1.bw --features {data}/galaxy/features.h5 --regions {bad} -o {out}/t.html"
    ),
)
SIZES = (
    *TEXT,
    Spoilt("empty", b"", ": holds no chromosome"),
    Spoilt("one column", b"chr5\n", ", line 1: has not two columns (chromosome, length)"),
    Spoilt("5e2", b"chr5\t5e2\n", ", line 1: length '5e2' is not a whole number above 0"),
    Spoilt("commas", b"chr5\t3,000\n", ", line 1: length '3,000' is not a whole number above 0"),
    Spoilt("a negative length", b"chr5\t-5\n", ", line 1: length '-5' is not a whole number above 0"),
    Spoilt("FASTA", b">chr5\nACGT\n", ", line 1: has not two columns (chromosome, length)"),
    Spoilt("no name", b"chr5\t9\n\t5\n", ", line 2: has not two columns (chromosome, length)"),
    Spoilt("HDF5", b"\x89HDF\r\n\x1a\n", ", line 1: is not UTF-8 text; " + BINARY),
    Spoilt("a length of 0", b"chr5\t0\n", ", line 1: length '0' is not a whole number above 0"),
    Spoilt("digits of another script", "chr5\t٣\n".encode(), ", line 1: length '٣' is not a whole number above 0"),
    Spoilt(
        "a length of 10 Gb",
        b"chr5\t10000000000\n",
        ", line 1: length 10000000000 is more than any chromosome has (2^32 bp)",
    ),
    Spoilt("a name twice", b"chr5\t9\nchr5\t9\n", ", line 2: chromosome 'chr5' is named twice"),
)
SIZES_SLOTS = (
    Slot("labels", f"--sizes {{bad}} --peaks a={PEAKS} -o {{out}}/t.tsv.gz"),
    Slot("merge", "{data}/galaxy/part1.bedGraph --sizes {bad} -o {out}/t.bw"),
)
GTF_LINE = "chr5\tx\texon\t{}\t{}\t.\t+\t.\t{}\n"
GTF = (
    *FILES,
    Spoilt("empty", b"", ": holds no interval"),
    Spoilt("eight columns", b"a\tb\tc\td\te\tf\tg\th\n", ", line 1: has 8 tab-separated columns where GTF has 9"),
    Spoilt("GFF3", b"##gff-version 3\n", ", line 1: is GFF3; convert it to GTF: gffread -T -o NEW.gtf FILE"),
    Spoilt(
        "1_000",
        GTF_LINE.format("1", "1_000", 'transcript_id "t"').encode(),
        ", line 1: '1' to '1_000' are not whole numbers",
    ),
    Spoilt(
        "a start of 0",
        GTF_LINE.format("0", "9", 'transcript_id "t"').encode(),
        ", line 1: start (0) and end (9) do not satisfy 1 <= start <= end",
    ),
    Spoilt(
        "no transcript",
        GTF_LINE.format("1", "9", "ID=t").encode(),
        ", line 1: has no transcript_id; is this GFF3? convert it: gffread -T",
    ),
)
GTF_SLOTS = (Slot("features", f"{FEATURES} --cpg-islands {{data}}/cpg_islands.bed --gtf {{bad}}"),)
FASTA = (
    *FILES[:3],
    Spoilt("empty", b"", ": is empty"),
    Spoilt("bases without a name", b"ACGT\n", ": is not FASTA: it does not begin with '>'"),
    Spoilt(
        "gzip",
        gzip.compress(b">chr5\nACGT\n"),
        ": is gzip, which cannot be read at random; recompress it: gunzip -c bad | bgzip > NEW.fa.gz",
    ),
    Spoilt(
        "cut off bgzip",
        (DATA / "genome.fa.gz").read_bytes()[:40_000],
        ": compressed data is damaged or truncated; copy the file again",
    ),
    Spoilt("a name twice", b">a\nAC\n>a\nAC\n", ": has two sequences named 'a'; remove it"),
    Spoilt("no bases", b">a\n>b\nAC\n", ": has a sequence without bases; remove it"),
    Spoilt(
        "escape codes", b">a\x1b[31m\nACGT\n", r": the name of sequence 'a\x1b[31m' holds control characters; rename it"
    ),
)
FASTA_SLOTS = (
    Slot("features", "--genome {bad} --accessibility a={data}/alpha.accessibility.bw -o {out}/f.h5"),
    Slot("hub", f"{HUB} --genome {{bad}}"),
)
CASES = [
    *combine(BED_SLOTS, BED),
    *combine(LATE_SLOTS, [*FILES, *BED[-10:]]),
    *combine(SIZES_SLOTS, SIZES),
    *combine(GTF_SLOTS, GTF),
    *combine(FASTA_SLOTS, FASTA),
]
