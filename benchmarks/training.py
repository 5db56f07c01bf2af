"""Training speed beside plain Keras `fit`: same network, same windows in memory, same batches, one process each.

Run on a quiet machine: python benchmarks/training.py [--threads 2] [--networks default FOXA1_single …]. The contestants
take turns, so that a disturbance meets all of them. Keras reads float32 windows as a user would prepare them; the
training step reads base codes and signals and cuts nothing, as in deepgrn-train.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from engine import PUBLISHED, random_model

from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.batch import Batch

BATCH_SIZE = 64
LEARNING_RATE = 0.001
KERAS = {"keras": False, "keras-xla": True}  # whether Keras compiles the step
CONTESTANTS = ("step", *KERAS)


def random_examples(config: NetworkConfig, count: int) -> Batch:
    """Draw windows whose labels mean nothing: the time of a step does not depend on them."""
    random = np.random.default_rng(1)
    return Batch(
        random.integers(0, 4, (count, config.window_size)).astype(np.uint8),
        random.random((count, config.window_size, len(config.tracks)), np.float32),
        random.random((count, config.meta_size), np.float32),
        (random.random(count) < 0.5).astype(np.float32),
        np.ones(count, np.float32),
    )


def keras_epoch(config: NetworkConfig, examples: Batch, threads: int, jit: bool) -> Callable[[], object]:
    """Prepare an epoch of `fit`."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    from deepgrn_tool.network.build import build_network

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    model = build_network(config).model
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss="binary_crossentropy", jit_compile=jit)
    bases = np.vstack([np.eye(4), np.zeros(4)]).astype(np.float32)[examples.codes]
    windows = np.concatenate([bases, examples.signals], axis=2)
    inputs = [windows, examples.meta] if config.meta else [windows]
    return lambda: model.fit(inputs, examples.labels, batch_size=BATCH_SIZE, verbose=0)


def step_epoch(config: NetworkConfig, examples: Batch, threads: int) -> Callable[[], object]:
    """Prepare an epoch of training steps, shuffled as `fit` does."""
    from deepgrn_tool.engine.keras_backend import keras_backend

    keras_backend(threads)
    from deepgrn_tool.training.compiled import set_threads
    from deepgrn_tool.training.step import TrainingStep

    set_threads(threads)
    weights = random_model(config).weights
    step = TrainingStep(config, weights, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE, seed=1, threads=threads)
    random = np.random.default_rng(2)

    def run() -> None:
        order = random.permutation(len(examples))
        for start in range(0, len(examples), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            loss = step.run(Batch(*(array[rows] for array in examples.arrays())))
        loss.numpy()

    return run


def compete(contestant: str, config: NetworkConfig, count: int, threads: int, connection: Connection) -> None:
    """Run one epoch whenever asked, and tell how long it took."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    examples = random_examples(config, count)
    begin = time.perf_counter()
    if contestant in KERAS:
        epoch = keras_epoch(config, examples, threads, KERAS[contestant])
    else:
        epoch = step_epoch(config, examples, threads)
    while True:
        epoch()
        connection.send((time.perf_counter() - begin, time.process_time()))
        connection.recv()
        begin = time.perf_counter()


def measure(name: str, config: NetworkConfig, contestants: list[str], count: int, threads: int, rounds: int) -> None:
    """Print the rates of one network."""
    context = multiprocessing.get_context("spawn")
    runners, seconds, cpu, last = {}, {}, {}, {}
    for contestant in contestants:
        here, there = context.Pipe()
        process = context.Process(target=compete, args=(contestant, config, count, threads, there), daemon=True)
        process.start()
        first, last[contestant] = here.recv()
        print(f"{name}: {contestant} ready, first epoch with compilation {first:.1f} s", flush=True)
        runners[contestant], seconds[contestant], cpu[contestant] = (process, here), [], []
    for _ in range(rounds):
        for contestant, (_, connection) in runners.items():
            connection.send(None)
            taken, total = connection.recv()
            seconds[contestant].append(taken)
            cpu[contestant].append(total - last[contestant])
            last[contestant] = total
    for process, _ in runners.values():
        process.terminate()
    for contestant in contestants:
        rates = [count / taken for taken in seconds[contestant]]
        base = [one / other for one, other in zip(seconds["keras"], seconds[contestant], strict=True)]
        print(
            f"{name:13s} {contestant:10s} best {max(rates):6.0f} samples/s, median {statistics.median(rates):6.0f}, "
            f"processor {min(cpu[contestant]) / count * 1e3:.2f} ms per sample, "
            f"times Keras: {min(seconds['keras']) / min(seconds[contestant]):.2f} (best rounds), "
            f"{statistics.median(base):.2f} (median round)"
        )


def main() -> None:
    """Parse options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=["step", "keras"])
    parser.add_argument("--networks", nargs="+", default=["default"])
    args = parser.parse_args()
    for name in args.networks:
        config = PUBLISHED.get(name, NetworkConfig())
        measure(name, config, args.contestants, args.samples, args.threads, args.rounds)


if __name__ == "__main__":
    main()
