"""Labels against bedtools, on invented and on real peaks, and the counts of bins of the challenge."""

import gzip
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from deepgrn_tool.cli.labels import main
from deepgrn_tool.labels.inputs import count_bins, read_genome

ROOT = Path(__file__).parents[1]
HG19_FOLDER = Path(os.environ.get("DEEPGRN_SHARED", ROOT.parent / "shared")) / "data" / "hg19"
PIPELINE = ROOT / "benchmarks" / "labels_bedtools.sh"
needs_bedtools = pytest.mark.skipif(shutil.which("bedtools") is None, reason="needs bedtools, an independent program")
needs_data = pytest.mark.skipif(
    not HG19_FOLDER.is_dir(), reason="needs the real data of ../shared/data (or $DEEPGRN_SHARED)"
)
HG19 = {  # bp
    **{"chr1": 249250621, "chr2": 243199373, "chr3": 198022430, "chr4": 191154276, "chr5": 180915260},
    **{"chr6": 171115067, "chr7": 159138663, "chr8": 146364022, "chr9": 141213431, "chr10": 135534747},
    **{"chr11": 135006516, "chr12": 133851895, "chr13": 115169878, "chr14": 107349540, "chr15": 102531392},
    **{"chr16": 90354753, "chr17": 81195210, "chr18": 78077248, "chr19": 59128983, "chr20": 63025520},
    **{"chr21": 48129895, "chr22": 51304566, "chrX": 155270560},
}
TEST_CHROMOSOMES = ("chr1", "chr8", "chr21")


def compare_with_bedtools(folder, sizes, blacklist, cells):
    """Make the same label file in both ways; `cells` are cell, conservative, relaxed. Returns the text."""
    ours, theirs = folder / "ours.tsv", folder / "theirs.tsv.gz"
    peaks = [part for cell, *files in cells for part in ("--peaks", f"{cell}={files[0]},{files[1]}")]
    options = ["--sizes", str(sizes), "--blacklist", str(blacklist), "--clip-intervals", "--quiet"]
    assert main([*options, *peaks, "-o", str(ours)]) == 0
    arguments = [sizes, blacklist, theirs, *(part for one in cells for part in one)]
    subprocess.run([PIPELINE, *arguments], check=True)
    text = ours.read_bytes()
    assert gzip.decompress(theirs.read_bytes()) == text
    return text.decode()


@needs_bedtools
@pytest.mark.parametrize("seed", range(3))
def test_equals_bedtools_on_crowded_invented_peaks(tmp_path, seed):
    draw = random.Random(seed)
    lengths = {"chr1": 50_030, "chr10": 9_999, "chr2": 20_000}

    def write(name, count):
        rows = []
        for _ in range(count):
            chrom = draw.choice(list(lengths))
            start = draw.randrange(0, lengths[chrom] - 900)
            rows.append(f"{chrom}\t{start}\t{start + draw.choice([1, 2, 49, 50, 99, 100, 101, 199, 200, 201, 450])}\n")
        (tmp_path / name).write_text("".join(rows))
        return tmp_path / name

    sizes = tmp_path / "chrom.sizes"
    sizes.write_text("".join(f"{name}\t{length}\n" for name, length in lengths.items()))
    cells = [(cell, write(f"{cell}.a", 150), write(f"{cell}.b", 120)) for cell in ("liver", "K562")]
    text = compare_with_bedtools(tmp_path, sizes, write("black", 6), cells)
    columns = list(zip(*(line.split("\t")[3:] for line in text.splitlines()[1:]), strict=True))
    assert all(column.count(letter) > 30 for column in columns for letter in "BUA")


@needs_bedtools
@needs_data
def test_equals_bedtools_on_real_peaks(tmp_path):
    (tmp_path / "chrom.sizes").write_text(f"chr20\t{HG19['chr20']}\n")
    kinds = ("conservative", "relaxed")
    cells = [
        (cell, *(HG19_FOLDER / "peaks" / f"TAF1.{cell}.{kind}.narrowPeak.gz" for kind in kinds))
        for cell in ("K562", "GM12878", "HeLa-S3")
    ]
    blacklist = HG19_FOLDER / "annotation" / "blacklist.bed.gz"
    text = compare_with_bedtools(tmp_path, tmp_path / "chrom.sizes", blacklist, cells)
    assert text.startswith("chr\tstart\tstop\tK562\tGM12878\tHeLa-S3\nchr20\t0\t200\tU\tU\tU\n")
    assert text.count("\n") > 1_250_000


@needs_data
def test_counts_of_bins_of_the_challenge(tmp_path):
    # As regenerated with bedtools from the challenge's rules; its own files list a few more.
    (tmp_path / "hg19.sizes").write_text("".join(f"{name}\t{length}\n" for name, length in HG19.items()))
    blacklist = HG19_FOLDER / "annotation" / "blacklist.bed.gz"
    genome = read_genome(tmp_path / "hg19.sizes", None, blacklist, clip=False)
    counts = count_bins(genome, HG19, "official")
    assert sum(counts[chrom] for chrom in TEST_CHROMOSOMES) == 8_843_010
    assert sum(counts[chrom] for chrom in HG19 if chrom not in TEST_CHROMOSOMES) == 51_676_733
