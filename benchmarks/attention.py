"""Time of deepgrn-attention beside deepgrn-predict on the same bins: files in, bigWig out.

    python benchmarks/attention.py [--networks default EGR1_single …] [--megabases 10] [--threads 2] [--rounds 2]

Reads chromosome 20 of the hg19 data below $DEEPGRN_SHARED (default: ../shared beside the project). Random weights of
each architecture; both programs run in one process, after one that loads the compiler, and take turns. Run on a quiet
machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from engine import PUBLISHED, random_model
from numpy.typing import NDArray

from deepgrn_tool.attention.job import Wanted, attention
from deepgrn_tool.data.build import build_features
from deepgrn_tool.data.inputs import AnnotationInputs, CellInputs
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import save_model
from deepgrn_tool.predict import predict

CELL = "K562"
START = 10_000_000  # bp; no gap of the assembly follows for 15 million


def seconds(function: Callable[[], object]) -> NDArray[np.float64]:
    """Time one call: wall time, and processor time of all threads, which other programs disturb less."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return np.array([time.perf_counter() - wall, time.process_time() - cpu])


def measure(name: str, folder: Path, regions: Path, threads: int, rounds: int) -> None:
    """Print the times of one network."""
    # Without inputs that the data lack; they cost next to nothing.
    config = dataclasses.replace(
        PUBLISHED.get(name, NetworkConfig()), tracks=("accessibility",), transforms=(), meta=()
    )
    model, features = folder / f"{name}.h5", folder / "features.h5"
    save_model(random_model(config), model)
    options = {"cell": CELL, "regions": regions, "threads": threads}
    contestants: dict[str, Callable[[], int]] = {
        "predict": lambda: predict(features, model, [folder / "scores.bw"], **options),
        "both strands": lambda: attention(features, model, Wanted(both=[folder / "both.bw"]), **options),
        "all dimensions": lambda: attention(features, model, Wanted(both=[folder / "a.bw"]), share=1.0, **options),
        "each strand": lambda: attention(
            features, model, Wanted(forward=[folder / "f.bw"], reverse=[folder / "r.bw"]), **options
        ),
    }
    bins = contestants["predict"]()
    best = {contestant: np.full(2, np.inf) for contestant in contestants}
    for _ in range(rounds):
        for contestant, function in contestants.items():
            best[contestant] = np.minimum(best[contestant], seconds(function))
    print(f"{name}: {bins:,} bins, predict {bins / best['predict'][0]:,.0f}/s", flush=True)
    for contestant, (wall, cpu) in best.items():
        ratios = [one / base for one, base in zip((wall, cpu), best["predict"], strict=True)]
        print(
            f"  {contestant:15s} {wall:6.1f} s ({ratios[0]:.2f})  processor {cpu:6.1f} s ({ratios[1]:.2f})", flush=True
        )


def main() -> None:
    """Parse options, make the features, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["default", "EGR1_pair", "EGR1_single", "FOXA1_single"])
    parser.add_argument("--megabases", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    data = Path(os.environ.get("DEEPGRN_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "hg19"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        signal = str(data / "accessibility" / f"{CELL}.DNase_peaks.bw")
        cells = CellInputs(accessibility=[(CELL, signal)])
        features = str(folder / "features.h5")
        build_features(features, str(data / "genome.fa.gz"), cells, AnnotationInputs(), ["chr20"], "hg19", 1)
        regions = folder / "regions.bed"
        regions.write_text(f"chr20\t{START}\t{START + round(args.megabases * 1e6)}\n")
        for network in args.networks:
            measure(network, folder, regions, args.threads, args.rounds)


if __name__ == "__main__":
    main()
