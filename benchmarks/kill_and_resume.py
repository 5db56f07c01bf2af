"""Kill deepgrn-train with SIGKILL at random moments, go on each time, and compare with a run that nobody disturbed.

Usage: python benchmarks/kill_and_resume.py features.h5 TF.labels.tsv.gz [--kills 20] [OPTIONS OF deepgrn-train]

After each kill the model must be absent or whole, and the file to go on from absent or readable. At the end all weights
and the record must be the same, to the last bit. A run that ends before its kill is begun anew, so that kills meet all
parts of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from deepgrn_tool.network.files import load_model


def state_of(output: Path, checkpoint: Path) -> str:
    """Read whatever is there, and put it in words; damaged files raise."""
    if output.exists():
        load_model(output)
    if not checkpoint.exists():
        return "model written" if output.exists() else "nothing written yet"
    with h5py.File(checkpoint) as file:
        arrays = [file["state"][name][()] for name in file["state"]]
        text = file["course"].asstr()[()]
    course = json.loads(text)
    return f"{len(arrays)} arrays, epoch {course['epoch']}, {course['batches']} batches of it"


def main() -> None:
    """Parse options, kill, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("labels")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args, options = parser.parse_known_args()
    draw = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, output = Path(folder) / "whole.h5", Path(folder) / "model.h5"
        checkpoint = Path(f"{output}.training")
        command = [
            "deepgrn-train",
            args.features,
            args.labels,
            "--quiet",
            "--checkpoint-minutes",
            "0.02",
            *options,
        ]
        process = subprocess.Popen([*command, "-o", whole])
        length = wait(process, float("inf"))
        if process.returncode:
            raise SystemExit("the undisturbed run failed")
        print(f"undisturbed: {length:.1f} s of processor time", flush=True)
        kills = 0
        while kills < args.kills:
            process = subprocess.Popen([*command, "-o", output, "--resume"], stderr=subprocess.DEVNULL)
            moment = draw.uniform(0, length)
            wait(process, moment)
            if process.returncode is None:
                process.kill()
                process.wait()
                kills += 1
                print(f"kill {kills} after {moment:.1f} s: {state_of(output, checkpoint)}", flush=True)
                if output.exists() and not checkpoint.exists():  # killed after its last act
                    compare(whole, output)
                    output.unlink()
                continue
            if process.returncode:
                raise SystemExit(f"deepgrn-train ended with {process.returncode}")
            compare(whole, output)
            print("ended before its kill, the same; begun anew", flush=True)
            output.unlink()
        subprocess.run([*command, "-o", output, "--resume"], check=True)
        compare(whole, output)
        print(f"after {kills} kills: weights and record are the same; left behind: {left(folder)}")


def wait(process: subprocess.Popen[bytes], seconds: float) -> float:
    """Wait until a process has ended or used so much processor time; gives the time that it was last seen with."""
    used = 0.0
    while process.poll() is None and used < seconds:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time
        time.sleep(0.02)
    return used


def compare(one: Path, other: Path) -> None:
    """Compare two models to the last bit."""
    first, second = load_model(one), load_model(other)
    for name, value in first.record.items():
        if value != second.record[name]:
            raise SystemExit(f"record: {name} is {second.record[name]} instead of {value}")
    for name, values in first.weights.items():
        if not np.array_equal(values, second.weights[name]):
            raise SystemExit(f"weight {name} differs")


def left(folder: str) -> str:
    """Name files that are neither of the models."""
    names = [path.name for path in Path(folder).iterdir() if path.name not in ("whole.h5", "model.h5")]
    return ", ".join(names) or "nothing"


if __name__ == "__main__":
    main()
