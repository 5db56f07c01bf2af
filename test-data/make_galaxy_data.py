"""Make the files in galaxy/ that tests of the Galaxy tools read, from the bundled genome and model.

Two chromosomes and two cell types, so that files are small and tests are quick; published.h5 is a network of random
weights as the published program saves them, and the parts of tracks are typed by hand. So are figure.svg and
history.tsv, which the tests of DeepGRN report read and which are not written here.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import pyBigWig
import pysam

from deepgrn_tool.cli import features, labels, predict

DATA = Path(__file__).resolve().parent
CHROMOSOMES = {"chr11": 150_037, "chr5": 177_973}  # bp, in the order of bigWigs
CELLS = ("alpha", "gamma")
PARTS = {
    "part1": [("chr11", 75, 125, 0.5), ("chr11", 125, 175, 0.25)],
    "part2": [("chr5", 75, 125, 0.75)],
    "overlap": [("chr11", 100, 150, 0.125)],
}
BIN_PARTS = {
    "part1": [("chr11", 0, 200, 0.5), ("chr11", 50, 250, 0.25)],
    "part2": [("chr5", 0, 200, 0.75)],
}


def write_rows(path: Path, rows: list[tuple[str | int | float, ...]]) -> None:
    """Write rows with tabs between columns."""
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


def write_parts(folder: Path) -> None:
    """Write tracks and tables of bins to be joined."""
    for name, rows in PARTS.items():
        write_rows(folder / f"{name}.bedGraph", rows)
    for name in BIN_PARTS:
        with pyBigWig.open(str(folder / f"{name}.bw"), "w") as track:
            track.addHeader(list(CHROMOSOMES.items()), maxZooms=0)
            for chrom, start, end, value in PARTS[name]:
                track.addEntries([chrom], [start], ends=[end], values=[value])
        plain = folder / f"{name}.tab"
        write_rows(plain, BIN_PARTS[name])
        pysam.tabix_compress(str(plain), f"{plain}.gz", force=True)
        plain.unlink()


def write_published(folder: Path) -> None:
    """Write a network as the published program does."""
    sys.path.insert(0, str(DATA.parent / "tests"))
    import published_files

    published_files.write_published(folder / "published.h5", published_files.PAIR)


def write_features(folder: Path) -> None:
    """Write features of both cell types, and their labels."""
    options = ["--assembly", "demo", "--chromosomes", "chr5,chr11"]
    for cell in CELLS:
        options += ["--accessibility", f"{cell}={DATA / cell}.accessibility.bw"]
    for option, name in {
        "genome": "genome.fa.gz",
        "uniqueness": "uniqueness.bw",
        "gtf": "genes.gtf",
        "cpg-islands": "cpg_islands.bed",
        "expression": "expression.tsv",
        "blacklist": "blacklist.bed",
    }.items():
        options += [f"--{option}", str(DATA / name)]
    features.main([*options, "--quiet", "-o", str(folder / "features.h5")])
    peaks = [f"{cell}={DATA / cell}.conservative.narrowPeak,{DATA / cell}.relaxed.narrowPeak" for cell in CELLS]
    options = [each for pair in peaks for each in ("--peaks", pair)]
    table = folder / "CTCF.labels.tsv.gz"
    labels.main([*options, "--features", str(folder / "features.h5"), "--quiet", "-o", str(table)])
    table.with_suffix("").write_bytes(gzip.decompress(table.read_bytes()))


def write_scores(folder: Path) -> None:
    """Write scores of chr11 in gamma, and a table of some bins."""
    inputs = [str(folder / "features.h5"), str(DATA / "model.h5"), "--cell", "gamma", "--quiet"]
    tracks = [each for suffix in ("bw", "bedGraph") for each in ("-o", str(folder / f"scores.{suffix}"))]
    predict.main([*inputs, "--chromosomes", "chr11", *tracks])
    table = folder / "bins.tab.gz"
    predict.main([*inputs, "--regions", str(folder / "regions.bed"), "-o", str(table)])
    table.with_suffix("").write_bytes(gzip.decompress(table.read_bytes()))
    table.unlink()


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DATA / "galaxy", help="folder (default: galaxy/ beside this)")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    index = (DATA / "genome.fa.gz.fai").read_text().splitlines()
    write_rows(folder / "chrom.sizes", [tuple(line.split("\t")[:2]) for line in index])
    write_rows(folder / "regions.bed", [("chr11", 24_000, 25_000)])
    write_rows(folder / "bins.bed", [("chr11", 24_241, 24_441), ("chr11", 30_007, 30_207)])
    table = [("#value", "dbkey", "name", "path"), ("demo", "hg19", "Demo genome", "${__HERE__}/../genome.fa.gz")]
    write_rows(folder / "fasta_indexes.loc", table)
    write_parts(folder)
    write_published(folder)
    write_features(folder)
    write_scores(folder)


if __name__ == "__main__":
    main()
