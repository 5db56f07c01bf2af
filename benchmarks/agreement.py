"""How far scores differ between threads, pieces of work, compilers, backends of Keras and installations.

    python benchmarks/agreement.py [--python INTERPRETER …] [--bins 4000]

Every way is a run of deepgrn-predict on the bundled genome with a random network of each kind of attention; all are
compared with what Keras itself predicts in the first interpreter, not compiled. `--python` adds interpreters of other
environments that hold the package, such as one with JAX in place of TensorFlow, or with the lowest versions that
pyproject.toml allows. Exit code 1 where a difference exceeds 1e-5. Last, one training with the same seed is run twice.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
LIMIT = 1e-5
CELL = "gamma"
CHROMOSOME = "chr5"
ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "test-data"
# Run as `python -c CODE ARGUMENTS`: the program as it is, which takes NumPy for so few bins; with Keras all the same;
# and with every TensorFlow function taken step by step.
PROGRAM = "import sys; from deepgrn_tool.cli.predict import main; code = main(sys.argv[1:]); "
NUMPY = PROGRAM + "assert 'keras' not in sys.modules; sys.exit(code)"
KERAS = (
    "from deepgrn_tool.engine import choose_backend; choose_backend.SHORT_RUN = 0; "
    + PROGRAM
    + "assert 'keras' in sys.modules; sys.exit(code)"
)
UNCOMPILED = "import tensorflow; tensorflow.config.run_functions_eagerly(True); " + KERAS
VERSIONS = (
    "import importlib.metadata as m, sys; "
    "names = ('keras', 'tensorflow', 'jax', 'numpy'); "
    "have = {d.metadata['Name'].lower() for d in m.distributions()}; "
    "print('Python', sys.version.split()[0], *(f'{n} {m.version(n)}' for n in names if n in have), sep=', ')"
)


def build_features(folder: Path) -> Path:
    """Make features of the bundled genome."""
    path = folder / "features.h5"
    command = ["deepgrn-features", "--genome", DATA / "genome.fa.gz", "--uniqueness", DATA / "uniqueness.bw"]
    command += ["--accessibility", f"{CELL}={DATA / f'{CELL}.accessibility.bw'}", "--gtf", DATA / "genes.gtf"]
    command += ["--cpg-islands", DATA / "cpg_islands.bed", "--expression-scores", DATA / "expression_scores.csv"]
    subprocess.run([*map(str, command), "--quiet", "-o", str(path)], check=True)
    return path


def build_models(folder: Path) -> dict[str, Path]:
    """Save random networks of the published size, one of each kind of attention."""
    import keras

    from deepgrn_tool.network.build import build_network
    from deepgrn_tool.network.config import ATTENTION_KINDS, NetworkConfig
    from deepgrn_tool.network.files import Model, save_model

    keras.utils.set_random_seed(1)
    models = {}
    for kind in ATTENTION_KINDS:
        config = NetworkConfig(attention=kind, meta=("expression", "annotation"))
        weights = {
            name: values * 2 for name, values in build_network(config).get_weights().items()
        }  # for scores that differ
        models[kind] = folder / f"{kind}.h5"
        save_model(Model(config, weights), models[kind])
    return models


def keras_scores(features: Path, model: Path, starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Let Keras predict whole windows, without any of our engine."""
    from deepgrn_tool.attention.gradient import cut_windows
    from deepgrn_tool.data.features_file import FeaturesFile
    from deepgrn_tool.engine.inputs import InputReader
    from deepgrn_tool.engine.segments import cut_into_segments
    from deepgrn_tool.network.build import build_network
    from deepgrn_tool.network.files import load_model

    loaded = load_model(model)
    config = loaded.config
    network = build_network(config)
    network.set_weights(loaded.weights)
    network.model.compile(jit_compile=False)
    scores = []
    with FeaturesFile(features) as file:
        reader = InputReader(file, config, CELL)
        for segment in cut_into_segments(starts - config.flank, config.window_size, 60_000, 1000, 1):
            one = reader.read(CHROMOSOME, starts, segment)
            scores.append(network.model.predict([cut_windows(one, config), one.meta], verbose=0)[:, 0])
    return np.concatenate(scores)


def program_scores(
    interpreter: str, code: str, arguments: Sequence[str], output: Path, environment: dict[str, str]
) -> NDArray[np.float64]:
    """Run deepgrn-predict and read its table."""
    command = [interpreter, "-c", code, *arguments, "--quiet", "-o", str(output)]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    with gzip.open(output, "rt") as stream:
        return np.loadtxt(stream, usecols=3)


def ways(pythons: Sequence[str], bed: Path) -> Iterator[tuple[str, str, str, list[str], dict[str, str]]]:
    """List what is compared: name, interpreter, code, options, environment."""
    here = sys.executable
    whole = ["--bins", str(bed)]
    yield "NumPy", here, NUMPY, [*whole, "--threads", "1"], {}
    yield "TensorFlow, 1 thread, compiled by XLA", here, KERAS, [*whole, "--threads", "1"], {}
    yield "TensorFlow, 2 threads, compiled by XLA", here, KERAS, [*whole, "--threads", "2"], {}
    yield "TensorFlow, not compiled", here, UNCOMPILED, [*whole, "--threads", "1"], {}
    for python in pythons:
        done = subprocess.run([python, "-c", VERSIONS], check=True, capture_output=True, text=True)
        environment = {} if "tensorflow" in done.stdout else {"KERAS_BACKEND": "jax"}
        yield done.stdout.strip(), python, KERAS, [*whole, "--threads", "2"], environment


def same_training(folder: Path, features: Path) -> bool:
    """Train twice with the same seed; tell whether the files are the same, byte by byte."""
    labels = folder / "labels.tsv.gz"
    peaks = f"{CELL}={DATA / f'{CELL}.conservative.narrowPeak'}"
    subprocess.run(
        ["deepgrn-labels", "--features", features, "--peaks", peaks, "--grid", "whole", "-o", labels, "--quiet"],
        check=True,
    )
    digests = set()
    for name in ("one.h5", "two.h5"):
        command = ["deepgrn-train", str(features), str(labels), "--epochs", "2", "--threads", "2", "--seed", "3"]
        subprocess.run([*command, "--quiet", "-o", str(folder / name)], check=True)
        digests.add(hashlib.sha256((folder / name).read_bytes()).hexdigest())
    return len(digests) == 1


def main() -> int:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=[], metavar="INTERPRETER", help="of other environments")
    parser.add_argument("--bins", type=int, default=4000, help="how many to score (default: 4000)")
    args = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        features = build_features(folder)
        models = build_models(folder)
        bed = folder / "bins.bed"
        starts = np.arange(args.bins, dtype=np.int64) * 37 % 177_000  # off the grid, and over both ends
        starts = np.unique(starts)
        bed.write_text("".join(f"{CHROMOSOME}\t{start}\t{start + 200}\n" for start in starts.tolist()))
        expected = {kind: keras_scores(features, model, starts) for kind, model in models.items()}
        for title, python, code, options, environment in ways(args.python, bed):
            found = {}
            for kind, model in models.items():
                arguments = [str(features), str(model), "--cell", CELL, *options]
                scores = program_scores(python, code, arguments, folder / "scores.tab.gz", environment)
                found[kind] = float(np.abs(scores - expected[kind]).max())
            worst = max(worst, *found.values())
            print(f"{title}: " + ", ".join(f"{kind} {value:.1e}" for kind, value in found.items()), flush=True)
        spread = ", ".join(f"{kind} {values.min():.2f} to {values.max():.2f}" for kind, values in expected.items())
        print(f"scores of {len(starts):,} bins: {spread}")
        same = same_training(folder, features)
    print(
        f"largest difference {worst:.1e}; two trainings with the same seed: {'the same' if same else 'DIFFERENT'} bytes"
    )
    return 0 if worst <= LIMIT and same else 1


if __name__ == "__main__":
    sys.exit(main())
