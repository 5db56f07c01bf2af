"""The whole of deepgrn-train beside plain Keras `fit`: the same network, number of windows, batches and epochs.

Run on a quiet machine after `make demo`: python benchmarks/training_whole.py demo/features.h5 demo/CTCF.labels.tsv.gz
[--threads 2]. deepgrn-train draws, reads and shuffles its windows, validates after each epoch and writes the file to go
on from; Keras has its windows in memory, and does nothing but fit.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OPTIONS = ["--cells", "alpha,beta", "--negatives", "3", "--test-chromosomes", "chr1"]
PROGRAM = "import sys; from deepgrn_tool.cli.train import main; sys.exit(main(sys.argv[1:]))"


def whole_program(features: str, labels: str, epochs: int, threads: int) -> tuple[list[float], int]:
    """Train with deepgrn-train.

    Returns:
        Seconds from the program's start to the end of each epoch and to its own end, and windows per epoch.
    """
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history.tsv"
        command = [sys.executable, "-c", PROGRAM, features, labels, *OPTIONS, "--epochs", str(epochs)]
        command += ["--patience", str(epochs), "--threads", str(threads)]  # as many epochs as Keras
        command += ["-o", f"{folder}/model.h5", "--history", str(history)]
        begin = time.perf_counter()
        ends = []
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr or ():
                if line.startswith("Epoch "):
                    ends.append(time.perf_counter() - begin)
        if process.returncode:
            raise SystemExit("deepgrn-train failed")
        ends.append(time.perf_counter() - begin)
        header, first, *_ = (line.split("\t") for line in history.read_text().splitlines())
        row = dict(zip(header, first, strict=True))
        return ends, int(row["positives"]) + int(row["negatives"])


def keras_fit(windows: int, epochs: int, threads: int) -> list[float]:
    """Train with Keras in a process of its own; returns the same times."""
    command = [sys.executable, __file__, "--keras", str(windows), "--epochs", str(epochs), "--threads", str(threads)]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        ends = [time.perf_counter() - begin for _ in process.stdout or ()]
    if process.returncode:
        raise SystemExit("Keras failed")
    return [*ends, time.perf_counter() - begin]


def run_keras(windows: int, epochs: int, threads: int) -> None:
    """Fit epoch after epoch, and print a line after each."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from training import keras_epoch, random_examples

    from deepgrn_tool.network.config import NetworkConfig

    config = NetworkConfig()
    epoch = keras_epoch(config, random_examples(config, windows), threads, jit=False)
    for number in range(epochs):
        epoch()
        print(number + 1, flush=True)


def show(name: str, ends: list[float], windows: int) -> None:
    """Print the times of one of the two."""
    rate = windows * (len(ends) - 2) / (ends[-2] - ends[0])
    print(
        f"{name:13s} {windows:,} windows per epoch; {rate:.0f} per second after the first epoch; first epoch done "
        f"after {ends[0]:.1f} s, all {len(ends) - 1} after {ends[-1]:.1f} s",
        flush=True,
    )


def main() -> None:
    """Parse options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", nargs="?", default="demo/features.h5")
    parser.add_argument("labels", nargs="?", default="demo/CTCF.labels.tsv.gz")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--keras", type=int, metavar="WINDOWS", help="what this program asks of itself")
    args = parser.parse_args()
    if args.keras:
        run_keras(args.keras, args.epochs, args.threads)
        return
    ours, windows = whole_program(args.features, args.labels, args.epochs, args.threads)
    show("deepgrn-train", ours, windows)
    theirs = keras_fit(windows, args.epochs, args.threads)
    show("Keras fit", theirs, windows)
    later, whole = (theirs[-2] - theirs[0]) / (ours[-2] - ours[0]), theirs[-1] / ours[-1]
    print(f"Keras takes {later:.2f} times as long after the first epoch, {whole:.2f} times from start to end")


if __name__ == "__main__":
    main()
