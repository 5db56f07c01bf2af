"""A small genome with two cell types, labels of its bins, and a network that trains on it in a second."""

import gzip

import numpy as np
from features_inputs import as_array, sequences
from toy_genomes import ToyGenome, write_bed

from deepgrn_tool.cli.train import main
from deepgrn_tool.network.weights import weight_shapes
from deepgrn_tool.training.settings import Settings

# In the order of the genome, which is not that of names. Learn from chr9 and chr2, validate on chrV, test on chrT.
LENGTHS = {"chr9": 5230, "chr2": 3000, "chrV": 4000, "chrT": 1000}
SIGNALS = {
    "uniqueness": {"chr9": [(0, 5000, 1.0)], "chr2": [(100, 3000, 0.5)], "chrV": [(0, 4000, 1.0)]},
    "liver": {"chr9": [(700, 1300, 1.5), (3000, 3600, 3.0)], "chr2": [(0, 500, 4.0)], "chrV": [(900, 1500, 2.0)]},
    "K562": {"chr9": [(2000, 2600, 2.5), (5100, 5230, 1.0)], "chr2": [(2600, 3000, 1.0)], "chrV": [(2000, 2500, 9.0)]},
}
ANNOTATION = {
    "cpg-islands": [("chr9", 0, 50), ("chr2", 500, 700)],
    "cds": [("chr9", 100, 260), ("chr9", 1000, 1001)],
    "introns": [("chr9", 260, 400)],
    "promoters": [("chr2", 5, 606)],
    "utr5": [("chr9", 90, 100)],
    "utr3": [("chr2", 900, 1300)],
}
EXPRESSION = {"liver": [0.5 * row for row in range(8)], "K562": [-0.25 * row for row in range(8)]}
BLACKLIST = [("chr9", 1000, 1040), ("chr2", 0, 20), ("chrV", 3300, 3400)]
# What is bound, by cell: regions whose bins, if wholly inside, are B; bins that only touch them are A.
BOUND = {
    "liver": {"chr9": [(750, 1300), (3000, 3550)], "chr2": [(0, 450)], "chrV": [(950, 1450), (3200, 3600)]},
    "K562": {"chr9": [(2050, 2550)], "chr2": [(2600, 3000)], "chrV": [(2000, 2500)]},
}
NETWORK = {
    "filters": 3,
    "kernel_size": 64,
    "lstm_units": 2,
    "dense_units": 4,
    "dense_layers": 0,
    "flank": 60,  # windows of 320 bp, 8 steps
}
CHOICE = ["--validation-chromosomes", "chrV", "--test-chromosomes", "chrT"]


def letter(cell, chrom, start):
    """B, A or U by `BOUND`."""
    regions = BOUND[cell].get(chrom, [])
    if any(first <= start and start + 200 <= last for first, last in regions):
        return "B"
    return "A" if any(first < start + 200 and start < last for first, last in regions) else "U"


def is_banned(chrom, start):
    return any(c == chrom and first < start + 200 and start < last for c, first, last in BLACKLIST)


def grid(chrom):
    return range(0, LENGTHS[chrom] - 199, 50)


def label_rows(cells=("liver", "K562"), chromosomes=LENGTHS):
    rows = [["chr", "start", "stop", *cells]]
    for chrom in chromosomes:
        rows += [[chrom, s, s + 200, *(letter(cell, chrom, s) for cell in cells)] for s in grid(chrom)]
    return rows


def write_labels(path, rows):
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


class Toy:
    """The files, made once.

    Attributes:
        features: features.h5 with both cells, assembly toy1.
        labels: Label file of the factor TOY.
        sequences: The genome.
    """

    def __init__(self, folder):
        self.folder = folder
        self.sequences = sequences(seed=3, lengths=LENGTHS)
        self.features = self.write_features(folder / "features.h5")
        self.labels = write_labels(folder / "TOY.labels.tsv.gz", label_rows())

    def write_features(self, path, cells=("liver", "K562"), skip=(), signals=SIGNALS):
        genome = ToyGenome(self.folder, self.sequences, LENGTHS, ANNOTATION, EXPRESSION, BLACKLIST)
        return genome.write_features(path, signals, cells, skip)

    def bed(self, name, rows):
        return write_bed(self.folder / name, rows)

    def window(self, cell, chrom, start, flank):
        """Base letters and signals (uniqueness, accessibility) of the window around a bin; N and 0 off the ends."""
        text = "N" * flank + self.sequences[chrom].upper() + "N" * flank
        bases = "".join(base if base in "ACGT" else "N" for base in text[start : start + 200 + 2 * flank])
        columns = [as_array(SIGNALS[name].get(chrom, []), LENGTHS[chrom]) for name in ("uniqueness", cell)]
        padded = np.pad(np.stack(columns, axis=1), ((flank, flank), (0, 0)))
        return bases, padded[start : start + 200 + 2 * flank]

    @staticmethod
    def meta(cell, chrom, start):
        bits = [any(c == chrom and a < start + 200 and start < b for c, a, b in rows) for rows in ANNOTATION.values()]
        return [*EXPRESSION[cell], *map(float, bits)]


def toy_settings(**options):
    return Settings(**{**NETWORK, "epochs": 2, "batch_size": 16, **options})


def network_options():
    return [part for name, value in NETWORK.items() for part in ("--" + name.replace("_", "-"), str(value))]


def run(*argv):
    """Exit code of the program; argparse leaves by SystemExit."""
    try:
        return main([str(item) for item in argv])
    except SystemExit as error:
        return error.code


class PlainStep:
    """Stands in for the training step where only the run around it is tested: no TensorFlow, exact, in microseconds.

    Every weight moves with the learning rate, what the batch holds and all batches before it, so that weights tell
    apart any two courses of training. `on_batch` is called with the number of the step before each one.
    """

    on_batch = None

    def __init__(self, config, weights, settings, threads, state=None):
        draw = np.random.default_rng(settings.seed)
        if weights is None:
            shapes = weight_shapes(config)
            weights = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        self._weights = {name: values.copy() for name, values in weights.items()}
        self._steps = np.zeros((), np.int64)
        self._trace = np.zeros(3)
        if state is not None:
            self._steps, self._trace = state["steps"], state["trace"]
            self._weights = {name.removeprefix("of/"): value for name, value in state.items() if name.startswith("of/")}

    def run(self, batch, learning_rate):
        if PlainStep.on_batch is not None:
            PlainStep.on_batch(int(self._steps))
        self._steps = self._steps + 1
        sums = [batch.signals.sum(dtype=np.float64), batch.labels @ np.arange(len(batch)), batch.codes[:, 7].sum()]
        self._trace = 0.9 * self._trace + np.array(sums) / 1000
        for number, name in enumerate(sorted(self._weights)):
            self._weights[name] = self._weights[name] + np.float32(10 * learning_rate * np.sin(self._trace[number % 3]))
        return 1 / (1 + float(self._steps)) + 1e-3 * float(self._trace[1])

    def weights(self):
        return {name: values.copy() for name, values in self._weights.items()}

    def state(self):
        of = {f"of/{name}": values for name, values in self._weights.items()}
        return {"steps": self._steps, "trace": self._trace, **of}
