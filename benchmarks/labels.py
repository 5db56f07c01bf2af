"""Labelling beside a bedtools pipeline of the same rule, and a whole human genome in seven cells.

    python benchmarks/labels.py [--whole-genome]

Needs bedtools and the real data of ../shared/data (or $DEEPGRN_SHARED). Without the option: peaks of TAF1 in three
cells, hg19 chr20; deepgrn-labels and `labels_bedtools.sh` run turn about, each as processes of their own, best of
three, and their files must hold the same text. With it: the challenge's bins of hg19 and random peaks; the label file
is written and read back, each in a process of its own that tells its peak memory.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("DEEPGRN_SHARED", ROOT.parent / "shared")) / "data" / "hg19"
BLACKLIST = DATA / "annotation" / "blacklist.bed.gz"
CELLS = ("K562", "GM12878", "HeLa-S3")
REPEATS = 3
HG19 = {  # bp
    **{"chr1": 249250621, "chr2": 243199373, "chr3": 198022430, "chr4": 191154276, "chr5": 180915260},
    **{"chr6": 171115067, "chr7": 159138663, "chr8": 146364022, "chr9": 141213431, "chr10": 135534747},
    **{"chr11": 135006516, "chr12": 133851895, "chr13": 115169878, "chr14": 107349540, "chr15": 102531392},
    **{"chr16": 90354753, "chr17": 81195210, "chr18": 78077248, "chr19": 59128983, "chr20": 63025520},
    **{"chr21": 48129895, "chr22": 51304566, "chrX": 155270560},
}
RANDOM_CELLS = 7
RANDOM_PEAKS = 100_000  # per cell, of which every third is conservative
TELL_PEAK = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
LABEL = f"import sys; from deepgrn_tool.cli.labels import main; code = main(sys.argv[1:]); {TELL_PEAK}; sys.exit(code)"
READ = (
    "import sys; from deepgrn_tool.labels.reader import read_labels; labels = read_labels(sys.argv[1]); "
    f"print(*[sum(a) for a in zip(*[(len(c.starts), c.starts.nbytes + c.codes.nbytes) for c in "
    f"labels.chromosomes.values()])]); {TELL_PEAK}"
)


def run(*command: str | Path) -> tuple[float, list[str]]:
    """Run a program; returns the seconds that it took and the words that it printed."""
    begin = time.perf_counter()
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return time.perf_counter() - begin, done.stdout.split()


def compare(folder: Path) -> None:
    """Label chr20 in both ways and print the table."""
    sizes, ours, theirs = folder / "chrom.sizes", folder / "ours.tsv.gz", folder / "bedtools.tsv.gz"
    sizes.write_text(f"chr20\t{HG19['chr20']}\n")
    sets = [
        (cell, *(DATA / "peaks" / f"TAF1.{cell}.{kind}.narrowPeak.gz" for kind in ("conservative", "relaxed")))
        for cell in CELLS
    ]
    options = [part for cell, *files in sets for part in ("--peaks", f"{cell}={','.join(map(str, files))}")]
    command = (sys.executable, "-c", LABEL, "--quiet", "--sizes", sizes, "--blacklist", BLACKLIST, "-o", ours, *options)
    pipeline = ROOT / "benchmarks" / "labels_bedtools.sh"
    times: list[tuple[float, float]] = []
    for _ in range(REPEATS):
        slow, _ = run(pipeline, sizes, BLACKLIST, theirs, *(part for one in sets for part in one))
        fast, _ = run(*command)
        times.append((fast, slow))
    text = gzip.decompress(ours.read_bytes())
    if gzip.decompress(theirs.read_bytes()) != text:
        raise SystemExit("the two files differ")
    fast, slow = map(min, zip(*times, strict=True))
    bins = text.count(b"\n") - 1
    print(f"{bins:,} bins, {len(sets)} cells: deepgrn-labels {fast:.2f} s, bedtools {slow:.2f} s", end="")
    print(f", ratio {slow / fast:.1f}")


def write_random_peaks(folder: Path) -> list[str]:
    """Write peaks of 50 to 1,000 bp all over the genome; returns the options that name them."""
    draw = np.random.default_rng(1)
    names, lengths = list(HG19), np.array(list(HG19.values()))
    options = []
    for cell in range(RANDOM_CELLS):
        chosen = draw.choice(len(names), RANDOM_PEAKS, p=lengths / lengths.sum())
        starts = (draw.random(RANDOM_PEAKS) * (lengths[chosen] - 1000)).astype(int)
        ends = starts + draw.integers(50, 1001, RANDOM_PEAKS)
        rows = [f"{names[n]}\t{a}\t{b}\n" for n, a, b in zip(chosen, starts.tolist(), ends.tolist(), strict=True)]
        conservative, relaxed = folder / f"{cell}.conservative.bed", folder / f"{cell}.relaxed.bed"
        conservative.write_text("".join(rows[::3]))
        relaxed.write_text("".join(rows))
        options += ["--peaks", f"cell{cell}={conservative},{relaxed}"]
    return options


def whole_genome(folder: Path) -> None:
    """Label hg19 in seven cells, read the file back, and print the figures."""
    sizes, output = folder / "chrom.sizes", folder / "labels.tsv.gz"
    sizes.write_text("".join(f"{name}\t{length}\n" for name, length in HG19.items()))
    peaks = write_random_peaks(folder)
    options = ("--quiet", "--sizes", sizes, "--blacklist", BLACKLIST, "--grid", "official", "-o", output)
    seconds, (memory,) = run(sys.executable, "-c", LABEL, *options, *peaks)
    size = output.stat().st_size / 1e6
    print(f"written in {seconds:.1f} s, peak memory {int(memory) / 1024:.0f} MB, file {size:.0f} MB")
    seconds, (bins, held, memory) = run(sys.executable, "-c", READ, output)
    print(
        f"read in {seconds:.1f} s, peak memory {int(memory) / 1024:.0f} MB, of which arrays {int(held) / 2**20:.0f} MB"
    )
    print(f"{int(bins):,} bins, {RANDOM_CELLS} cells")


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole-genome", action="store_true")
    whole = parser.parse_args().whole_genome
    if not DATA.is_dir():
        print(f"{DATA} is not there", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        (whole_genome if whole else compare)(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
