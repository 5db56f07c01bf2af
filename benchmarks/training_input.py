"""What the preparation of input costs training: time, memory, and the rate of steps beside windows ready in memory.

Run on a quiet machine:
    python benchmarks/training_input.py features.h5 CTCF.labels.tsv.gz [--cells K562,HeLa-S3] [--chromosomes …]
    python benchmarks/training_input.py --whole-genome 7

First an epoch is drawn and read without a network. Then the same network takes its steps in turn on windows that lie in
memory and on those that come from the files, in a thread beside it, as in deepgrn-train.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import BOUND
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.batch import Batch
from deepgrn_tool.training.build import make_step, network_config
from deepgrn_tool.training.examples import ChromosomeExamples, Examples, make_examples
from deepgrn_tool.training.sampling import Sampler
from deepgrn_tool.training.settings import Settings
from deepgrn_tool.training.stream import BatchStream
from deepgrn_tool.training.train import GIGABYTE
from deepgrn_tool.training.windows import WindowReader, window_bytes

GENOME_BINS = 51_676_736  # for training in the challenge
GENOME_CHROMOSOMES = 20
BOUND_SHARE = 0.005


def peak() -> str:
    """Tell the most memory that was ever in use."""
    return f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


def prepare(args: argparse.Namespace, config: NetworkConfig) -> Examples:
    """Read the labels."""
    begin = time.perf_counter()
    with FeaturesFile(args.features) as features:
        labels = read_labels(args.labels, cells=args.cells, chromosomes=args.chromosomes)
        examples = make_examples(labels, features, list(labels.chromosomes))
    bins = sum(len(each.starts) for each in examples.chromosomes)
    print(f"labels: {bins:,} bins of {len(examples.cells)} cells in {time.perf_counter() - begin:.1f} s, {peak()}")
    return examples


def read_epoch(reader: WindowReader, sampler: Sampler, size: int) -> None:
    """Draw and read an epoch, with the time of each part in one thread."""
    begin = time.process_time()
    plan = sampler.draw(1)
    groups = sampler.groups(plan, 1, size)
    drawn = time.process_time()
    for group in groups:
        reader.read(group)
    read = time.process_time()
    print(
        f"an epoch: {len(plan):,} windows in {len(groups)} groups; processor time drawing {drawn - begin:.1f} s, "
        f"reading {read - drawn:.1f} s, together {(read - begin) / len(plan) * 1e6:.0f} us per window, {peak()}"
    )


def compare(args: argparse.Namespace, config: NetworkConfig, reader: WindowReader, sampler: Sampler, size: int) -> None:
    """Take steps in turn on windows in memory and on windows from the files."""
    settings = Settings()
    step = make_step(config, None, settings, args.threads)
    epochs = 1 + 2 * args.rounds
    stream = BatchStream(
        sampler, reader, batch_size=settings.batch_size, group_size=size, positive_weight=1.0, epochs=epochs
    )
    held: list[Batch] = []
    rates: dict[str, list[float]] = {"memory": [], "files": []}
    number, batches = 1, iter(stream.epoch(1)[1])

    def from_files() -> Batch:
        nonlocal number, batches
        for batch in batches:
            return batch
        number += 1
        batches = stream.epoch(number)[1]
        return next(batches)

    for _ in range(args.steps):
        held.append(from_files())
        step.run(held[-1])
    for _ in range(args.rounds):
        for source in rates:
            begin = time.perf_counter()
            windows = 0
            for index in range(args.steps):
                batch = held[index] if source == "memory" else from_files()
                loss = step.run(batch)
                windows += len(batch)
            loss.numpy()
            rates[source].append(windows / (time.perf_counter() - begin))
    stream.close()
    ratios = [one / other for one, other in zip(rates["files"], rates["memory"], strict=True)]
    for source, found in rates.items():
        print(f"steps on windows from {source}: best {max(found):.0f}/s, median {statistics.median(found):.0f}/s")
    print(f"ratio files to memory, median of {args.rounds} rounds: {statistics.median(ratios):.3f}; {peak()}")


def whole_genome(cells: int, negatives: float) -> None:
    """Draw and divide an epoch of made-up labels on the bins of a human genome, without windows."""
    random = np.random.default_rng(1)
    chromosomes = []
    for number in range(GENOME_CHROMOSOMES):
        starts = np.arange(600, 600 + 50 * (GENOME_BINS // GENOME_CHROMOSOMES), 50, dtype=np.int32)
        codes = np.zeros((cells, len(starts)), np.uint8)
        codes[random.random(codes.shape) < BOUND_SHARE] = BOUND
        chromosomes.append(ChromosomeExamples(f"chr{number}", starts, codes))
    examples = Examples(tuple(f"cell{number}" for number in range(cells)), tuple(chromosomes))
    offsets = np.arange(GENOME_CHROMOSOMES, dtype=np.int64) * 50 * (GENOME_BINS // GENOME_CHROMOSOMES + 20)
    print(f"labels of {GENOME_BINS:,} bins in {cells} cells: {peak()}")
    sampler = Sampler(examples, negatives, 0.0, 1, offsets)
    begin = time.process_time()
    plan = sampler.draw(1)
    drawn = time.process_time()
    groups = sampler.groups(plan, 1, GIGABYTE // window_bytes(NetworkConfig()))
    print(
        f"an epoch of {len(plan):,} windows drawn in {drawn - begin:.1f} s of processor time, divided into "
        f"{len(groups)} groups in {time.process_time() - drawn:.1f} s; {peak()}"
    )


def main() -> None:
    """Parse options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", nargs="?")
    parser.add_argument("labels", nargs="?")
    parser.add_argument("--whole-genome", type=int, metavar="CELLS", help="draw from made-up labels of a human genome")
    parser.add_argument("--cells", type=lambda text: text.split(","))
    parser.add_argument("--chromosomes", type=lambda text: text.split(","))
    parser.add_argument("--tracks", type=lambda text: tuple(text.split(",")), default=("accessibility",))
    parser.add_argument("--negatives", type=float, default=5.0)
    parser.add_argument("--memory", type=float, default=2.0, help="GB for windows")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60, help="of a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only-reading", action="store_true")
    args = parser.parse_args()
    if args.whole_genome:
        whole_genome(args.whole_genome, args.negatives)
        return
    config = network_config(Settings(tracks=args.tracks))
    examples = prepare(args, config)
    reader = WindowReader(args.features, config, examples.cells, [each.chrom for each in examples.chromosomes])
    sampler = Sampler(examples, args.negatives, 0.0, 1, reader.offsets)
    size = int(args.memory * GIGABYTE / 2) // window_bytes(config)
    read_epoch(reader, sampler, size)
    if not args.only_reading:
        compare(args, config, reader, sampler, size)
    reader.close()


if __name__ == "__main__":
    main()
