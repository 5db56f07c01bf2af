import os
import subprocess
import sys

import numpy as np
import pyBigWig
import pysam
import pytest
from features_inputs import sequences, write_bam, write_fasta

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.alignments import CutSites, is_alignment_file

LENGTHS = {"chrA": 260_000, "chrB": 30_000, "chrEmpty": 5_000}
EFFECTIVE = 200_000
BAM_COVERAGE = "import sys; from deeptools.bamCoverage import main; main(sys.argv[1:])"


def some_reads(count, seed):
    """Both strands, clips, deletions, insertions, introns, duplicates, secondary, supplementary, failed, paired."""
    draw = np.random.default_rng(seed)
    cigars = [
        "36M",
        "5S31M",
        "31M5S",
        "3H20M",
        "10M3D20M",
        "10M2I24M",
        "15M500N21M",
        "4S20M2D10M6S",
        "2I30M",
        "20=1X15=",
    ]
    flags = [0, 16, 0, 16, 1024, 1040, 256, 272, 2048, 2064, 512, 67 + 32, 131 + 16, 1 + 64]
    reads = []
    for _ in range(count):
        chrom = "chrA" if draw.random() < 0.8 else "chrB"
        start = int(draw.integers(0, LENGTHS[chrom] - 700))
        reads.append((chrom, start, str(draw.choice(cigars)), int(draw.choice(flags))))
    reads += [("chrA", 40, "36M", 0)] * 25 + [("chrB", 0, "36M", 0), ("chrB", 29_964, "36M", 16)]
    reads += [("chrA", 49_990, "36M", 16), ("chrA", 49_999, "20M", 0)]
    return reads


def bam_coverage(path, tmp_path):
    """The same by deepTools, as arrays."""
    output = tmp_path / "deeptools.bw"
    options = f"-b {path} -o {output} --Offset 1 --binSize 1 --normalizeUsing RPGC --effectiveGenomeSize {EFFECTIVE}"
    subprocess.run([sys.executable, "-c", BAM_COVERAGE, *options.split()], check=True, capture_output=True)
    with pyBigWig.open(str(output)) as file:
        return {name: np.nan_to_num(file.values(name, 0, length, numpy=True)) for name, length in LENGTHS.items()}


@pytest.mark.parametrize(("count", "seed"), [(300, 1), (4000, 2)])
def test_equals_deeptools(tmp_path, count, seed):
    path = write_bam(tmp_path / "a.bam", LENGTHS, some_reads(count, seed))
    expected = bam_coverage(path, tmp_path)
    with CutSites(path) as cuts:
        factor = cuts.scaling(EFFECTIVE).factor
        for name, length in LENGTHS.items():
            whole = cuts.counts(name, 0, length)
            # bamCoverage writes six digits.
            np.testing.assert_allclose(whole * factor, expected[name], rtol=1e-5)
            pieces = [cuts.counts(name, at, min(at + 997, length)) for at in range(0, length, 997)]
            np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert expected["chrA"].max() > 20 * factor


def test_positions_by_hand(tmp_path):
    """Forward 10, reverse 10+20-1, clip skipped: 30, reverse with deletion 50+10+3+7-1, leading insertion 80."""
    reads = [("chrA", 10, "20M", 0), ("chrA", 10, "20M", 16), ("chrA", 30, "5S15M", 0), ("chrA", 50, "10M3D7M3S", 16)]
    reads += [("chrA", 80, "2I18M", 1024), ("chrA", 90, "20M", 4)]
    with CutSites(write_bam(tmp_path / "a.bam", {"chrA": 200}, reads)) as cuts:
        counts = cuts.counts("chrA", 0, 200)
        scaling = cuts.scaling(1000)
    assert {int(place): int(counts[place]) for place in np.flatnonzero(counts)} == {10: 1, 29: 1, 30: 1, 69: 1, 80: 1}
    # Five mapped reads of 20 bp: 1000 / (5 x 20).
    assert (scaling.mapped, scaling.read_length, scaling.factor) == (5, 20, 10.0)


def test_cram_equals_bam(tmp_path):
    reads = some_reads(500, 5)
    genome = write_fasta(tmp_path / "g.fa", sequences(lengths=LENGTHS))
    bam = write_bam(tmp_path / "a.bam", LENGTHS, reads)
    cram = tmp_path / "a.cram"
    pysam.view("-C", "-T", str(genome), "-o", str(cram), str(bam), catch_stdout=False)
    pysam.index(str(cram))
    with CutSites(bam) as one, CutSites(cram, genome) as two:
        assert one.scaling(EFFECTIVE) == two.scaling(EFFECTIVE)
        np.testing.assert_array_equal(one.counts("chrA", 0, 260_000), two.counts("chrA", 0, 260_000))
    with pytest.raises(InputError, match="is CRAM, which is decoded with its reference"):
        CutSites(cram)


def test_refused(tmp_path):
    unsorted = write_bam(tmp_path / "u.bam", LENGTHS, [("chrA", 9, "20M", 0)], order="unsorted", index=False)
    with pytest.raises(InputError, match="samtools sort"):
        CutSites(unsorted)
    bare = write_bam(tmp_path / "n.bam", LENGTHS, [("chrA", 9, "20M", 0)], index=False)
    with pytest.raises(InputError, match=r"has no index that fits; run: samtools index n\.bam"):
        CutSites(bare)
    whole = write_bam(tmp_path / "t.bam", LENGTHS, some_reads(3000, 1))
    whole.write_bytes(whole.read_bytes()[:-500])
    with pytest.raises(InputError, match="truncated"):
        CutSites(whole)
    empty = write_bam(tmp_path / "e.bam", LENGTHS, [])
    with CutSites(empty) as cuts, pytest.raises(InputError, match="no mapped alignment"):
        cuts.scaling(1000)


def test_kind_is_told_by_content(tmp_path):
    bam = write_bam(tmp_path / "a.bigwig", LENGTHS, [])
    assert is_alignment_file(bam)
    pysam.tabix_compress(str(bam), str(tmp_path / "b.bam"), force=True)
    assert not is_alignment_file(tmp_path / "b.bam")


@pytest.mark.parametrize("kind", ["bam", "cram"])
def test_further_threads_and_the_same_counts(tmp_path, kind):
    genome = write_fasta(tmp_path / "g.fa", sequences(lengths=LENGTHS))
    path = write_bam(tmp_path / f"a.{kind}", LENGTHS, some_reads(300, 5), reference=genome if kind == "cram" else None)
    with CutSites(path, genome) as file:
        expected = file.counts("chrA", 0, 260_000)
    alone = len(os.listdir("/proc/self/task"))
    with CutSites(path, genome, threads=3) as file:
        assert alone < len(os.listdir("/proc/self/task")) <= alone + 3
        np.testing.assert_array_equal(file.counts("chrA", 0, 260_000), expected)
    assert expected.sum() > 200
