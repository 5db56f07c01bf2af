"""Time and peak memory of the programs on inputs as large as they come, at four sizes each: nothing may be quadratic.

    python benchmarks/load.py [genome regions cells contigs] [--largest 1.0] [--threads 2] [--work FOLDER]

genome   24 chromosomes of human proportions, 3.1 Gb: features, then a prediction on chr21 of the same file
regions  a BED of a million regions, scored on that genome
cells    a label file of 500 cells: written, then read for one of them
contigs  100,000 contigs of 2 kb: features, prediction of all of them, and their bigWig; labels, and the evaluation

The sequence is random, accessibility has a peak every 5 kb, and the network is small (8 filters, LSTM of 4), so that
what is measured is everything but the network. Sizes are an eighth, a quarter, a half and the whole; each line ends
with the time over that of half the size, which is 2 where time grows with size. Needs 8 GB of disk. Run on a quiet
machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARES = (0.125, 0.25, 0.5, 1.0)
LENGTHS = {
    **dict(zip((f"chr{number}" for number in range(1, 23)), (
        248.96, 242.19, 198.30, 190.21, 181.54, 170.81, 159.35, 145.14, 138.39, 133.80, 135.09, 133.28, 114.36, 107.04,
        101.99, 90.34, 83.26, 80.37, 58.62, 64.44, 46.71, 50.82), strict=True)),
    "chrX": 156.04, "chrY": 57.23,
}  # Mb, as in GRCh38  # fmt: skip
LINE = 1_000_000  # bases in a line of the FASTA file
PEAK_EVERY, PEAK = 5000, 150  # bp
CELLS = 500
CONTIGS, CONTIG = 100_000, 2000
REGIONS = 1_000_000
Step = tuple[str, list[str]]
STARTER = """
import os, sys, time
begin = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)
print(time.perf_counter() - begin, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def lengths_of(share: float) -> dict[str, int]:
    """Shrink the genome."""
    return {name: max(10_000, int(length * 1e6 * share)) for name, length in LENGTHS.items()}


def write_genome(path: Path, lengths: Mapping[str, int]) -> None:
    """Write random sequence, and its index."""
    rng = np.random.default_rng(1)
    letters = np.frombuffer(b"ACGT", np.uint8)
    with open(path, "wb") as stream, open(f"{path}.fai", "w") as index:
        for name, length in lengths.items():
            stream.write(f">{name}\n".encode())
            width = min(LINE, length)
            index.write(f"{name}\t{length}\t{stream.tell()}\t{width}\t{width + 1}\n")
            for start in range(0, length, LINE):
                stream.write(letters[rng.integers(0, 4, min(LINE, length - start), np.uint8)].tobytes() + b"\n")


def write_accessibility(path: Path, lengths: Mapping[str, int]) -> None:
    """Write a track with a peak every few thousand bases."""
    from deepgrn_tool.tracks.bigwig import BigWigWriter

    ordered = dict(sorted(lengths.items(), key=lambda item: item[0].encode()))
    with BigWigWriter(path, ordered) as writer:
        for name, length in ordered.items():
            starts = np.arange(min(500, length // 2), length - PEAK, PEAK_EVERY, dtype=np.int64)
            values = (1 + starts % 7).astype(np.float32)
            writer.add(name, starts, starts + PEAK, values)


def write_model(path: Path) -> None:
    """Save a small random network."""
    from deepgrn_tool.network.build import build_network
    from deepgrn_tool.network.config import NetworkConfig
    from deepgrn_tool.network.files import Model, save_model

    config = NetworkConfig(
        tracks=("accessibility",), filters=8, lstm_units=4, dense_units=8, dense_after_meta=(8,), meta=()
    )
    save_model(Model(config, build_network(config).get_weights()), path)


def measure(command: list[str]) -> tuple[float, float]:
    """Run a program; give wall time in seconds and peak memory in MB.

    A program's peak counts that of the process that starts it, so a small one does.
    """
    done = subprocess.run([sys.executable, "-S", "-c", STARTER, *command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    seconds, kilobytes = done.stdout.split()[-2:]
    return float(seconds), int(kilobytes) / 1024


class Load:
    """Makes inputs and names the programs to run on them.

    Args:
        work: Folder for all files.
        threads: Processor threads of each program.
        largest: Share of the genome that regions are drawn from.
    """

    def __init__(self, work: Path, threads: int, largest: float) -> None:
        """Make the network."""
        self._largest = largest
        self._work, self._threads = work, ["--threads", str(threads), "--quiet"]
        self._model = work / "model.h5"
        self._lengths: dict[str, int] = {}  # of the genome that is there
        subprocess.run([sys.executable, __file__, "--make-model", str(self._model)], check=True)

    def _file(self, name: str) -> str:
        return str(self._work / name)

    def _inputs(self, lengths: Mapping[str, int]) -> list[str]:
        """Write genome and track in a process of their own, and give the command that makes features of them."""
        self._lengths = dict(lengths)
        rows = "".join(f"{name}\t{size}\n" for name, size in lengths.items())
        (self._work / "sizes.tsv").write_text(rows)
        subprocess.run([sys.executable, __file__, "--make-genome", str(self._work)], check=True)
        command = ["deepgrn-features", "--genome", self._file("genome.fa")]
        return [*command, "--accessibility", f"a={self._file('a.bw')}", "-o", self._file("features.h5"), *self._threads]

    def _predict(self, *options: str) -> list[str]:
        files = [self._file("features.h5"), str(self._model), "-o", self._file("scores.bw")]
        return ["deepgrn-predict", *files, *options, *self._threads]

    def genome(self, share: float) -> Iterator[Step]:
        """Features of the genome, prediction of one chromosome."""
        lengths = lengths_of(share)
        yield f"features of {sum(lengths.values()) / 1e9:.2f} Gb", self._inputs(lengths)
        yield f"prediction of chr21, {lengths['chr21'] // 50:,} bins", self._predict("--chromosomes", "chr21")

    def regions(self, share: float) -> Iterator[Step]:
        """Regions all over the genome."""
        lengths = lengths_of(self._largest)
        if self._lengths != lengths:
            measure(self._inputs(lengths))
        count = int(REGIONS * share)
        rng = np.random.default_rng(2)
        names = np.array(list(lengths))
        picked = rng.choice(len(names), count, p=np.array(list(lengths.values())) / sum(lengths.values()))
        starts = (rng.random(count) * (np.array(list(lengths.values()))[picked] - 300)).astype(int)
        rows = zip(names[picked].tolist(), starts.tolist(), strict=True)
        Path(self._file("regions.bed")).write_text("".join(f"{name}\t{start}\t{start + 200}\n" for name, start in rows))
        yield f"prediction of {count:,} regions", self._predict("--regions", self._file("regions.bed"))

    def cells(self, share: float) -> Iterator[Step]:
        """Labels of many cells on one chromosome of 46.7 Mb."""
        count = max(1, int(CELLS * share))
        Path(self._file("labels.sizes")).write_text(f"chr21\t{int(LENGTHS['chr21'] * 1e6)}\n")
        rng = np.random.default_rng(3)
        peaks = []
        for number in range(count):
            starts = np.sort(rng.integers(0, 46_000_000, 1000))
            bed = Path(self._file(f"cell{number}.bed"))
            bed.write_text("".join(f"chr21\t{start}\t{start + 300}\n" for start in starts.tolist()))
            peaks += ["--peaks", f"cell{number}={bed}"]
        labels = self._file("labels.tsv.gz")
        yield (
            f"labels of {count} cells",
            ["deepgrn-labels", "--sizes", self._file("labels.sizes"), *peaks, "-o", labels, "--quiet"],
        )
        scores = self._file("scores.bedGraph")
        Path(scores).write_text(
            "".join(f"chr21\t{start}\t{start + 50}\t{start % 97 / 97}\n" for start in range(75, 46_709_850, 50))
        )
        yield (
            f"one of {count} cells evaluated",
            ["deepgrn-evaluate", scores, "--labels", labels, "--cell", "cell0", "--missing", "drop", "--quiet",
             "-o", self._file("metrics.tsv")],
        )  # fmt: skip

    def contigs(self, share: float) -> Iterator[Step]:
        """Many short chromosomes."""
        count = int(CONTIGS * share)
        yield f"features of {count:,} contigs", self._inputs({f"contig{number}": CONTIG for number in range(count)})
        yield f"prediction of {count:,} contigs", self._predict()
        Path(self._file("contigs.bed")).write_text("".join(f"contig{n}\t500\t900\n" for n in range(0, count, 3)))
        labels = self._file("contigs.tsv.gz")
        peaks = ["--peaks", f"a={self._file('contigs.bed')}", "--quiet"]
        yield (
            f"labels of {count:,} contigs",
            ["deepgrn-labels", "--features", self._file("features.h5"), *peaks, "-o", labels],
        )
        scores = ["a:any=" + self._file("scores.bw"), "--quiet", "-o", self._file("metrics.tsv")]
        yield f"evaluation of {count:,} contigs", ["deepgrn-evaluate", "--labels", labels, *scores]


def make_genome(work: Path) -> None:
    """Write genome and track of the lengths in sizes.tsv."""
    rows = (line.split("\t") for line in (work / "sizes.tsv").read_text().splitlines())
    lengths = {name: int(length) for name, length in rows}
    (work / "features.h5").unlink(missing_ok=True)
    write_genome(work / "genome.fa", lengths)
    write_accessibility(work / "a.bw", lengths)


def main() -> int:
    """Run the cases."""
    cases = ("genome", "regions", "cells", "contigs")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(cases)} (default: all)")
    parser.add_argument("--largest", type=float, default=1.0, help="share of the largest size (default: 1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, help="keep the files here")
    parser.add_argument("--make-model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make-genome", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.make_model:
        write_model(args.make_model)
        return 0
    if args.make_genome:
        make_genome(args.make_genome)
        return 0
    with tempfile.TemporaryDirectory() as name:
        work = args.work or Path(name)
        work.mkdir(exist_ok=True)
        load = Load(work, args.threads, args.largest)
        for case in args.cases or cases:
            run: Callable[[float], Iterator[Step]] = getattr(load, case)
            before: list[float] = []
            for share in SHARES:
                seconds = []
                for number, (what, command) in enumerate(run(share * args.largest)):
                    took, memory = measure(command)
                    seconds.append(took)
                    growth = f", {took / before[number]:.2f} times half the size" if before else ""
                    print(f"{what}: {took:.1f} s, {memory:,.0f} MB{growth}", flush=True)
                before = seconds
    return 0


if __name__ == "__main__":
    sys.exit(main())
