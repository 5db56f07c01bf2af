"""Wall time, rate and peak memory of the real commands on real data: features, then import, then predict.

    python benchmarks/end_to_end.py [--cells K562 …] [--chromosomes chr20 …] [--threads 2] [--keep FOLDER]

Reads the hg19 data and the published EGR1_single network below $DEEPGRN_SHARED (default: ../shared beside the project).
Run on a quiet machine. The DNase tracks there are peak-level, not the 1x coverage that the network was trained on: this
shows the path and its cost, not accuracy.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ANNOTATION = ("cpg-islands", "cds", "introns", "promoters", "utr5", "utr3")
FILES = ("cpgisland", "cds", "intron", "promoter", "utr5", "utr3")
ORIGINAL = (480, 520)  # windows/s of the original program, EGR1_single, two cores, quiet machine


def run(*command: str) -> tuple[float, float]:
    """Run a command; give its wall time in seconds and its peak memory in MB."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def build_features(data: Path, cells: list[str], chromosomes: list[str], threads: int, output: Path) -> None:
    """Run deepgrn-features on the hg19 set and print what it took."""
    annotation = [
        part
        for option, name in zip(ANNOTATION, FILES, strict=True)
        for part in (f"--{option}", str(data / "annotation" / f"{name}.bed.gz"))
    ]
    tracks = [
        part
        for cell in cells
        for part in ("--accessibility", f"{cell}={data / 'accessibility' / f'{cell}.DNase_peaks.bw'}")
    ]
    # There is no uniqueness track in the set; the network needs one, so every base counts as unique where it is known.
    seconds, memory = run(
        "deepgrn-features", "--genome", str(data / "genome.fa.gz"), "-o", str(output), "--assembly", "hg19",
        "--chromosomes", ",".join(chromosomes), "--clip-intervals", "--threads", str(threads), *tracks, *annotation,
        "--blacklist", str(data / "annotation" / "blacklist.bed.gz"),
        "--expression-scores", str(data / "expression_scores.csv"),
        "--uniqueness", str(output.with_name("uniqueness.bw")), "--quiet",
    )  # fmt: skip
    size = output.stat().st_size / 1e6
    print(
        f"features {'+'.join(chromosomes)}, {len(cells)} cells: {seconds:.1f} s, {memory:,.0f} MB, file {size:.1f} MB"
    )


def write_uniqueness(data: Path, chromosomes: list[str], path: Path) -> None:
    """Write a bigWig that is 1 wherever a base is known.

    In a process of its own: the kernel counts what this process held before a command started as that command's peak.
    """
    work = multiprocessing.get_context("spawn").Process(target=_write_uniqueness, args=(data, chromosomes, path))
    work.start()
    work.join()
    if work.exitcode:
        sys.exit("could not write the uniqueness track")


def _write_uniqueness(data: Path, chromosomes: list[str], path: Path) -> None:
    import numpy as np
    import pyBigWig
    import pysam

    with pysam.FastaFile(str(data / "genome.fa.gz")) as fasta, pyBigWig.open(str(path), "w") as track:
        track.addHeader([(name, fasta.get_reference_length(name)) for name in sorted(chromosomes)])
        for name in sorted(chromosomes):
            known = np.frombuffer(fasta.fetch(name).upper().encode(), np.uint8) != ord("N")
            edges = np.flatnonzero(np.diff(np.concatenate([[0], known.view(np.int8), [0]])))
            starts, ends = edges[::2], edges[1::2]
            track.addEntries([name] * len(starts), starts.tolist(), ends=ends.tolist(), values=[1.0] * len(starts))


def main() -> None:
    """Parse options, run and print one line per step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", default=["K562", "GM12878", "HeLa-S3"])
    parser.add_argument("--chromosomes", nargs="+", default=["chr20", "chr22", "chrX"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the outputs (default: a temporary one)")
    args = parser.parse_args()
    shared = Path(os.environ.get("DEEPGRN_SHARED", Path(__file__).parents[2] / "shared"))
    data = shared / "data" / "hg19"
    if not data.is_dir():
        sys.exit(f"{data} is not there; set DEEPGRN_SHARED")
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        features, model = folder / "features.h5", folder / "EGR1.model.h5"
        write_uniqueness(data, args.chromosomes, folder / "uniqueness.bw")
        build_features(data, args.cells, args.chromosomes, args.threads, features)
        run("deepgrn-import", str(shared / "published" / "EGR1_single.h5"), "-o", str(model), "--factor", "EGR1")
        for cell in args.cells:
            summary, track = folder / f"EGR1.{cell}.tsv", folder / f"EGR1.{cell}.bw"
            seconds, memory = run(
                "deepgrn-predict", str(features), str(model), "--cell", cell, "--threads", str(args.threads),
                "-o", str(track), "--summary", str(summary), "--quiet",
            )  # fmt: skip
            bins = int(summary.read_text().splitlines()[-1].split("\t")[1])
            rate = bins / seconds
            print(
                f"predict {cell}: {bins:,} bins in {seconds:.1f} s, {rate:,.0f} windows/s in all "
                f"({rate / ORIGINAL[1]:.0f}-{rate / ORIGINAL[0]:.0f} times the original), {memory:,.0f} MB, "
                f"file {track.stat().st_size / 1e6:.1f} MB"
            )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest peak memory of any command: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
