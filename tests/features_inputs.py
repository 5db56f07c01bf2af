"""Tiny inputs for the tests of features files, written with pysam and pyBigWig."""

import random

import numpy as np
import pyBigWig
import pysam

LENGTHS = {"chrA": 3000, "chrB": 1200}


def sequences(seed=1, lengths=LENGTHS):
    """Random DNA with lower case, N and another IUPAC letter in it."""
    draw = random.Random(seed)
    result = {name: "".join(draw.choices("ACGTacgt", k=length)) for name, length in lengths.items()}
    first = next(iter(result))
    if lengths[first] > 101:
        result[first] = "NNNN" + result[first][4:100] + "R" + result[first][101:]
    return result


def write_fasta(path, records, width=60):
    lines = []
    for name, text in records.items():
        lines.append(f">{name} a description")
        lines += [text[start : start + width] for start in range(0, len(text), width)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_bigwig(path, lengths, values):
    """Write `{chromosome: [(start, end, value), …]}`."""
    file = pyBigWig.open(str(path), "w")
    file.addHeader(list(lengths.items()))
    for chrom, rows in values.items():
        if rows:
            starts, ends, heights = (list(column) for column in zip(*rows, strict=True))
            file.addEntries([chrom] * len(rows), starts, ends=ends, values=[float(height) for height in heights])
    file.close()
    return path


def as_array(rows, length):
    """Paint intervals over zeros."""
    out = np.zeros(length, np.float32)
    for start, end, value in rows:
        out[start:end] = value
    return out


def write_bam(path, lengths, reads, order="coordinate", index=True, reference=None):
    """Write `(chromosome, start, CIGAR, flag)` reads, sorted; with `reference`, as CRAM."""
    names = list(lengths)
    header = {
        "HD": {"VN": "1.6", "SO": order},
        "SQ": [{"SN": name, "LN": length} for name, length in lengths.items()],
    }
    mode = "wb" if reference is None else "wc"
    with pysam.AlignmentFile(
        str(path), mode, header=header, reference_filename=None if reference is None else str(reference)
    ) as file:
        if order == "coordinate":
            reads = sorted(reads, key=lambda read: (names.index(read[0]), read[1]))
        for number, (chrom, start, cigar, flag) in enumerate(reads):
            read = pysam.AlignedSegment(file.header)
            read.query_name = f"read{number}"
            read.flag = flag
            read.reference_id = names.index(chrom)
            read.reference_start = start
            read.mapping_quality = 30
            read.cigarstring = cigar
            size = read.infer_query_length() or 10
            read.query_sequence = "A" * size
            read.query_qualities = pysam.qualitystring_to_array("I" * size)
            if flag & 1:
                read.next_reference_id = read.reference_id
                read.next_reference_start = start
                read.template_length = 100
            file.write(read)
    if index:
        pysam.index(str(path))
    return path


ANNOTATION_LINES = {
    "cpg-islands": "chrA\t0\t50\n",
    "cds": "chrA\t100\t200\nchrA\t150\t260\n",
    "introns": "chrA\t260\t400\nchrB\t0\t10\n",
    "promoters": "chrB\t5\t606\n",
    "utr5": "chrA\t90\t100\n",
    "utr3": "chrA\t400\t450\nchrA\t450\t500\n",
}
SCORES = "K562,liver,other\n" + "".join(f"{row}.5,-{row},0\n" for row in range(8))
LIVER = {"chrA": [(0, 10, 1.5), (20, 21, 3.0), (2990, 3000, 0.25)], "chrB": [(0, 1200, 2.0)]}
K562 = {"chrA": [(5, 7, 4.0)], "chrB": []}
UNIQUENESS = {"chrA": [(0, 3000, 1.0)], "chrB": [(0, 600, 0.5)]}
CONSERVATION = {"chrA": [(10, 20, -1.25)], "chrB": [(0, 1, 7.0)]}


class Inputs:
    """A folder with one good file of every kind, and the options that use them."""

    def __init__(self, folder):
        self.folder = folder
        self.sequences = sequences()
        self.genome = write_fasta(folder / "genome.fa", self.sequences)
        self.liver = write_bigwig(folder / "liver.bw", LENGTHS, LIVER)
        self.k562 = write_bigwig(folder / "k562.bw", LENGTHS, K562)
        self.uniqueness = write_bigwig(folder / "unique.bw", LENGTHS, UNIQUENESS)
        self.conservation = write_bigwig(folder / "cons.bw", LENGTHS, CONSERVATION)
        self.scores = folder / "scores.csv"
        self.scores.write_text(SCORES)
        self.blacklist = folder / "black.bed"
        self.blacklist.write_text("chrB\t100\t200\n")
        self.output = folder / "out" / "toy.h5"
        self.output.parent.mkdir()
        for option, text in ANNOTATION_LINES.items():
            (folder / f"{option}.bed").write_text(text)

    def minimal(self):
        return ["--genome", str(self.genome), "--accessibility", f"liver={self.liver}", "-o", str(self.output)]

    def annotation(self):
        return [part for name in ANNOTATION_LINES for part in (f"--{name}", str(self.folder / f"{name}.bed"))]

    def everything(self):
        return [
            *self.minimal(),
            *self.annotation(),
            *("--accessibility", f"K562={self.k562}", "--uniqueness", str(self.uniqueness)),
            *("--genome-track", f"conservation={self.conservation}"),
            *("--cell-track", f"liver:marks={self.conservation}"),
            *("--blacklist", str(self.blacklist), "--expression-scores", str(self.scores), "--assembly", "toy1"),
        ]
