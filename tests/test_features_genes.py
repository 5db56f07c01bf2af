import gzip

import pytest

from deepgrn_tool.data.genes import read_gtf
from deepgrn_tool.errors import InputError

LENGTHS = {"chr1": 10_000}

# 0-based, half-open. Transcript F is forward, R its mirror (length 10,000), N has no CDS.
#
#   F:  exon [1000, 1200)   exon [1500, 1900)   exon [2500, 2600)
#       CDS  [1100, 1200)   CDS  [1500, 1697), stop codon [1697, 1700)
F_EXONS = [(1000, 1200), (1500, 1900), (2500, 2600)]
F_CODING = [(1100, 1200), (1500, 1697)]
STOP = (1697, 1700)
# Worked out by hand from the drawing.
F_EXPECTED = {
    "cds": [(1100, 1200), (1500, 1700)],
    "intron": [(1200, 1500), (1900, 2500)],
    "utr5": [(1000, 1100)],
    "utr3": [(1700, 1900), (2500, 2600)],
    "promoter": [(499, 1100)],
}


def mirror(intervals, length=10_000):
    return sorted((length - end, length - start) for start, end in intervals)


def line(kind, interval, strand, name, attributes='gene_id "g"; transcript_id "{}"; note "x"'):
    start, end = interval
    return "\t".join(["chr1", "src", kind, str(start + 1), str(end), ".", strand, ".", attributes.format(name)]) + "\n"


def records(style, strand, name, turn=lambda intervals: intervals):
    exons, coding, [stop] = turn(F_EXONS), turn(F_CODING), turn([STOP])
    utr5, utr3 = turn(F_EXPECTED["utr5"]), turn(F_EXPECTED["utr3"])
    text = line("CDS", coding[0], strand, name) + "".join(line("CDS", part, strand, name) for part in coding[1:])
    text += line("stop_codon", stop, strand, name) + line("gene", (0, 9000), strand, name)
    if style == "gencode":  # UTR lines contain the stop codon
        text += "".join(line("exon", part, strand, name) for part in exons)
        text += "".join(line("UTR", part, strand, name) for part in [*utr5, *utr3, stop])
    elif style == "ensembl":
        text += "".join(line("exon", part, strand, name) for part in exons)
        text += "".join(line("five_prime_utr", part, strand, name) for part in utr5)
        text += "".join(line("three_prime_utr", part, strand, name) for part in utr3)
    elif style == "ucsc":
        text += "".join(line("5UTR", part, strand, name) for part in utr5)
        text += "".join(line("3UTR", part, strand, name) for part in utr3)
    else:
        text += "".join(line("exon", part, strand, name) for part in exons)
    return text


def plain(classes):
    return {
        name: list(zip(*(column.tolist() for column in by_chrom["chr1"]), strict=True))
        for name, by_chrom in classes.items()
    }


@pytest.mark.parametrize("style", ["gencode", "ensembl", "ucsc", "exons only"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_forward_transcript(tmp_path, style, pack):
    (tmp_path / "a.gtf").write_bytes(pack(("#!genome x\n" + records(style, "+", "F")).encode()))
    assert plain(read_gtf(tmp_path / "a.gtf", LENGTHS)) == F_EXPECTED


@pytest.mark.parametrize("style", ["gencode", "ensembl", "ucsc", "exons only"])
def test_reverse_transcript_is_the_mirror_image(tmp_path, style):
    (tmp_path / "a.gtf").write_text(records(style, "-", "R", mirror))
    assert plain(read_gtf(tmp_path / "a.gtf", LENGTHS)) == {name: mirror(parts) for name, parts in F_EXPECTED.items()}


def test_noncoding_transcript_has_no_utr_and_classes_of_transcripts_are_merged(tmp_path):
    text = records("gencode", "+", "F") + line("exon", (1150, 1600), "+", "N") + line("exon", (1800, 2000), "+", "N")
    (tmp_path / "a.gtf").write_text(text)
    found = plain(read_gtf(tmp_path / "a.gtf", LENGTHS))
    assert found["intron"] == [(1200, 1500), (1600, 1800), (1900, 2500)]
    assert found["promoter"] == [(499, 1250)]
    assert (found["utr5"], found["utr3"], found["cds"]) == (F_EXPECTED["utr5"], F_EXPECTED["utr3"], F_EXPECTED["cds"])


def test_published_style(tmp_path):
    """As promoter.bed of the published annotation: FAM138A, reverse, left end 34553, is at [34452, 35053)."""
    text = line("exon", (3453, 4000), "-", "R") + line("exon", (6000, 6100), "+", "N")
    (tmp_path / "a.gtf").write_text(text)
    found = plain(read_gtf(tmp_path / "a.gtf", LENGTHS, published=True))
    assert found["promoter"] == [(3352, 3953), (5499, 6100)]
    assert found["utr5"] == [(3453, 4000)]
    assert found["utr3"] == [(6000, 6100)]


def test_promoters_stay_within_the_chromosome(tmp_path):
    text = line("exon", (100, 300), "+", "F") + line("exon", (9800, 9950), "-", "R")
    (tmp_path / "a.gtf").write_text(text)
    assert plain(read_gtf(tmp_path / "a.gtf", LENGTHS))["promoter"] == [(0, 200), (9850, 10_000)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("##gff-version 3\n", "is GFF3; convert it to GTF"),
        ("chr1\tx\texon\t1\t5\n", "line 1: has 5 tab-separated columns"),
        (line("exon", (5, 9), "+", "", "ID=a;Parent=b"), "line 1: has no transcript_id; is this GFF3"),
        (line("exon", (9, 9), "+", "x"), r"start \(10\) and end \(9\)"),
        (line("exon", (9, 10_001), "+", "x"), r"end \(10001\) is past the end of chr1"),
        (line("exon", (9, 20), "+", "x").replace("\t10\t", "\tten\t"), "'ten' to '20' are not whole numbers"),
        (line("exon", (9, 20), "+", "x").replace("chr1", "1"), "'1' is not in the genome; did you mean 'chr1'"),
        (line("gene", (9, 20), "+", "x"), "holds no interval"),
    ],
)
def test_refused(tmp_path, text, message):
    (tmp_path / "a.gtf").write_text(text)
    with pytest.raises(InputError, match=message):
        read_gtf(tmp_path / "a.gtf", LENGTHS)
