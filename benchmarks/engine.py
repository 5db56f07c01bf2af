"""Engine speed beside Keras' own `predict` and the processor's matrix products, same weights, same windows, in memory.

Run on a quiet machine: python benchmarks/engine.py [--threads 2] [--networks default EGR1_single …]. Rates are the best
of several rounds, in which the contestants take turns, so that a disturbance meets all of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from deepgrn_tool.engine.engine import Engine, SegmentInput
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.network.weights import weight_shapes

SHARED_WORK = 10.8e6  # floating-point operations per window of the default network, both strands
PUBLISHED = {
    "EGR1_pair": NetworkConfig(
        kernel_size=30, attention="pairwise-before-lstm", position_encoding="learned", gate_activation="hard-sigmoid"
    ),
    "EGR1_single": NetworkConfig(
        kernel_size=30, attention="before-lstm", merge_attention=True, gate_activation="hard-sigmoid"
    ),
    "FOXA1_single": NetworkConfig(
        filters=128, attention="weighted-sum", lstm_units=64, dense_units=128, dense_after_meta=(128,), merge="max",
        gate_activation="hard-sigmoid",
    ),
    "FOXA2_single": NetworkConfig(
        kernel_size=30, attention="weighted-sum", dense_units=128, dense_after_meta=(128, 128),
        gate_activation="hard-sigmoid",
    ),
    "HNF4A_single": NetworkConfig(
        attention="weighted-sum", lstm_units=64, dense_units=128, dense_after_meta=(128,),
        gate_activation="hard-sigmoid",
    ),
    "MAX_single": NetworkConfig(
        attention="weighted-sum", lstm_units=64, dense_after_meta=(64,), merge="max", gate_activation="hard-sigmoid"
    ),
    "NANOG_single": NetworkConfig(
        tracks=("accessibility",), kernel_size=15, attention="weighted-sum", lstm_units=64, meta=(),
        gate_activation="hard-sigmoid",
    ),
    "REST_single": NetworkConfig(
        filters=128, attention="weighted-sum", lstm_units=32, dense_units=128, dense_after_meta=(128,), merge="max",
        gate_activation="hard-sigmoid",
    ),
}  # fmt: skip


def random_model(config: NetworkConfig) -> Model:
    """Draw weights small enough that no gate is saturated."""
    random = np.random.default_rng(1)
    weights = {
        name: (random.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    return Model(config, weights)


def best_rates(contestants: dict[str, tuple[int, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Let contestants take turns; give each one's best rate in units of its own amount of work per second."""
    best = dict.fromkeys(contestants, float("inf"))
    for _, function in contestants.values():
        function()
    for _ in range(rounds):
        for name, (_, function) in contestants.items():
            begin = time.perf_counter()
            function()
            best[name] = min(best[name], time.perf_counter() - begin)
    return {name: amount / best[name] for name, (amount, _) in contestants.items()}


def matrix_products(threads: int, size: int = 2048) -> Callable[[], object]:
    """Multiply square matrices, one product per thread."""
    import tensorflow as tf

    matrix = tf.random.normal((size, size))

    def run() -> None:
        with ThreadPoolExecutor(threads) as workers:
            for product in [workers.submit(tf.matmul, matrix, matrix) for _ in range(threads)]:
                product.result().numpy()

    return run


def measure(name: str, config: NetworkConfig, threads: int, bins: int, rounds: int) -> None:
    """Print the rates of one network."""
    model = random_model(config)
    random = np.random.default_rng(2)
    starts = np.arange(bins, dtype=np.int64) * config.stride
    bases = int(starts[-1]) + config.window_size
    codes = random.integers(0, 4, bases).astype(np.uint8)
    signals = random.random((bases, len(config.tracks)), np.float32)
    meta = random.random((bins, config.meta_size), np.float32)
    engine = Engine(model, threads=threads)
    inputs = []
    for segment in engine.cut(starts + config.flank):
        begin, end, _ = segment.pieces[0]
        rows = slice(segment.first, segment.first + len(segment))
        inputs.append(SegmentInput(segment, codes[begin:end], signals[begin:end], meta[rows]))

    from deepgrn_tool.network.build import build_network

    # One network per thread: TensorFlow has threads as the engine wants them, perhaps one per operation.
    networks = [build_network(config) for _ in range(threads)]
    for network in networks:
        network.set_weights(model.weights)
    some = min(bins, 2048)
    channels = np.concatenate([np.eye(5, dtype=np.float32)[codes][:, :4], signals], axis=1)
    windows = np.stack([channels[start : start + config.window_size] for start in starts[:some]])
    shares = np.array_split(np.arange(some), threads)
    keras_scores: list[np.ndarray] = []

    def predict_share(number: int) -> np.ndarray:
        rows = shares[number]
        network_inputs = [windows[rows], meta[rows]] if config.meta else [windows[rows]]
        return networks[number].model.predict(network_inputs, batch_size=512, verbose=0)

    def keras_predict() -> None:
        with ThreadPoolExecutor(threads) as workers:
            keras_scores[:] = workers.map(predict_share, range(threads))

    rates = best_rates(
        {
            "matrix products": (2 * 2048**3 * threads, matrix_products(threads)),
            "engine": (bins, lambda: list(engine.score(inputs))),
            "keras": (some, keras_predict),
        },
        rounds,
    )
    scores = np.concatenate([segment.probability for segment in engine.score(inputs)])[:some]
    difference = np.abs(scores - np.concatenate(keras_scores)[:, 0])
    print(
        f"{name:13s} engine {rates['engine']:8,.0f} windows/s, Keras predict {rates['keras']:6,.0f}, "
        f"ratio {rates['engine'] / rates['keras']:5.1f}, largest difference {difference.max():.1e}"
    )
    if name == "default":
        share = rates["engine"] * SHARED_WORK / rates["matrix products"]
        print(f"{'':13s} matrix products {rates['matrix products'] / 1e9:.0f} GFLOP/s; engine at {share:.0%} of that")


def main() -> None:
    """Parse options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bins", type=int, default=16_384)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", default=["default", *PUBLISHED])
    args = parser.parse_args()
    if len(args.networks) == 1:
        name = args.networks[0]
        measure(name, PUBLISHED.get(name, NetworkConfig()), args.threads, args.bins, args.rounds)
        return
    # TensorFlow's threads are set once per process, as the engine wants them for the network.
    numbers = [f"--threads={args.threads}", f"--bins={args.bins}", f"--rounds={args.rounds}"]
    for name in args.networks:
        subprocess.run([sys.executable, __file__, *numbers, "--networks", name], check=True)


if __name__ == "__main__":
    main()
