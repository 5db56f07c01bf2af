"""Building a features file, beside reading the same inputs with the bare libraries.

    python benchmarks/features.py

Needs the real data of ../shared/data (or $DEEPGRN_SHARED). "Bare" is pysam's fetch of each chromosome and pyBigWig's
values(numpy=True) of each chromosome and cell, nothing else. Both run in this process, turn about, best of five;
peak memory is that of fresh processes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyBigWig
import pysam

from deepgrn_tool.cli.features import main as features_main

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("DEEPGRN_SHARED", ROOT.parent / "shared")) / "data" / "hg19"
CELLS = ("K562", "GM12878", "HeLa-S3")
CHROMOSOMES = ("chr20", "chr22", "chrX")
REPEATS = 5


def signal_path(cell: str) -> str:
    """Find the accessibility of a cell."""
    return str(DATA / "accessibility" / f"{cell}.DNase_peaks.bw")


def options(output: Path, chromosomes: tuple[str, ...], annotation: bool) -> list[str]:
    """List the options of deepgrn-features."""
    result = ["--genome", str(DATA / "genome.fa.gz"), "-o", str(output), "--quiet"]
    result += ["--chromosomes", ",".join(chromosomes), "--assembly", "hg19"]
    for cell in CELLS:
        result += ["--accessibility", f"{cell}={signal_path(cell)}"]
    if annotation:
        names = {"cpg-islands": "cpgisland", "cds": "cds", "introns": "intron", "promoters": "promoter"}
        for option, name in {**names, "utr5": "utr5", "utr3": "utr3", "blacklist": "blacklist"}.items():
            result += [f"--{option}", str(DATA / "annotation" / f"{name}.bed.gz")]
        # The genome's chrX is cut short.
        result += ["--clip-intervals", "--expression-scores", str(DATA / "expression_scores.csv")]
    return result


def read_bare(chromosomes: tuple[str, ...]) -> int:
    """Read every base and every value; returns the number of bases."""
    bases = 0
    with pysam.FastaFile(str(DATA / "genome.fa.gz")) as fasta:
        for chrom in chromosomes:
            bases += len(fasta.fetch(chrom))
            for cell in CELLS:
                with pyBigWig.open(signal_path(cell)) as file:
                    file.values(chrom, 0, file.chroms(chrom), numpy=True)
    return bases


def seconds(action: Callable[..., object], *args: object) -> float:
    """Time one call."""
    begin = time.perf_counter()
    action(*args)
    return time.perf_counter() - begin


def peak_memory(argv: list[str]) -> float:
    """Run deepgrn-features in a process of its own; returns its peak memory in MB."""
    program = (
        "import sys; from deepgrn_tool.cli.features import main; code = main(sys.argv[1:]); "
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *argv], check=True, capture_output=True, text=True, cwd=ROOT)
    return int(done.stdout.split()[-1]) / 1024


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not DATA.is_dir():
        print(f"{DATA} is not there", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "features.h5"
        print("chromosomes        bases          bare     build   ratio   build+annotation   peak MB   file MB")
        for chromosomes in (("chr20",), CHROMOSOMES):
            times: dict[str, list[float]] = {"bare": [], "build": [], "whole": []}
            for _ in range(REPEATS):
                times["bare"].append(seconds(read_bare, chromosomes))
                times["build"].append(seconds(features_main, options(output, chromosomes, False)))
                times["whole"].append(seconds(features_main, options(output, chromosomes, True)))
            bases = read_bare(chromosomes)
            bare, build, whole = (min(times[name]) for name in ("bare", "build", "whole"))
            peak = peak_memory(options(output, chromosomes, True))
            size = output.stat().st_size / 1e6
            print(
                f"{','.join(chromosomes):18} {bases:11,}   {bare:6.2f} s  {build:6.2f} s   {build / bare:5.2f}"
                f"           {whole:6.2f} s   {peak:7.0f}   {size:7.1f}"
            )
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB (bare reading included)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
