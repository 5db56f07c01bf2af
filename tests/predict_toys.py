"""A small genome with two cell types and a small network, as files, and what the network says of each bin."""

from functools import cached_property

import numpy as np
from engine_toys import random_model
from features_inputs import as_array, sequences
from reference_network import reference
from toy_genomes import ToyGenome, write_bed

from deepgrn_tool.network.files import Model, save_model

# The genome's own order is not the C-locale order: chr10, chr2, chrU, tiny. `tiny` is shorter than a bin.
LENGTHS = {"chr2": 2420, "tiny": 150, "chr10": 1300, "chrU": 900}
ORDER = ("chr10", "chr2", "chrU")
SIGNALS = {
    "uniqueness": {"chr2": [(0, 2000, 1.0)], "chr10": [(100, 1300, 0.5)], "chrU": [(0, 900, 1.0)]},
    "liver": {"chr2": [(300, 420, 1.5), (800, 1400, 0.75)], "chr10": [(0, 50, 4.0)], "chrU": [(850, 900, 2.0)]},
    "K562": {"chr2": [(1000, 1050, 3.0)], "chr10": [(600, 900, 1.0)], "chrU": [(0, 900, 0.25)]},
}
ANNOTATION = {
    "cpg-islands": [("chr2", 0, 50), ("chrU", 500, 700)],
    "cds": [("chr2", 100, 260), ("chr2", 1000, 1001)],
    "introns": [("chr2", 260, 400)],
    "promoters": [("chr10", 5, 606)],
    "utr5": [("chr2", 90, 100)],
    "utr3": [("chr10", 900, 1300)],
}
EXPRESSION = {"liver": [0.5 * row for row in range(8)], "K562": [-0.25 * row for row in range(8)]}
# Half-open: bins that start at 1000 - 199 = 801 … 1039 share a base with the second interval.
BLACKLIST = [("chr2", 0, 20), ("chr2", 1000, 1040), ("chrU", 0, 900)]


class Toy:
    """The files, made once.

    Attributes:
        features: features.h5 with both cells; its assembly is toy1.
        model: model.h5, trained (so it says) on toy1.
        network: What is in model.h5.
    """

    def __init__(self, folder):
        self.folder = folder
        self.sequences = sequences(seed=3, lengths=LENGTHS)
        self.features = folder / "features.h5"
        self.model = folder / "model.h5"
        config = {"filters": 6, "kernel_size": 30, "lstm_units": 4, "dense_units": 8, "attention": "none"}
        made = random_model(seed=4, dense_after_meta=(8,), **config)
        made.weights["conv_1/kernel"] *= 3  # the sequence decides as much as the meta inputs do
        made.weights["strand/kernel"] *= 2
        # Move the scores to both sides of 0.5, so that some bins are called and others not.
        weights = dict(made.weights)
        weights["logit/bias"] = weights["logit/bias"] - np.float32(self.middle(made))
        self.network = Model(made.config, weights, "TOY", "toy1")
        save_model(self.network, self.model)
        self.write_features(self.features)

    def middle(self, made):
        """Logit of the median bin."""
        self.network = made
        probability = np.concatenate([self.expected("liver", chrom, self.grid(chrom)) for chrom in ORDER])
        return np.log(np.median(probability) / (1 - np.median(probability)))

    def write_features(self, path, cells=("liver", "K562"), skip=()):
        """Write features of some cells, without some options."""
        genome = ToyGenome(self.folder, self.sequences, LENGTHS, ANNOTATION, EXPRESSION, BLACKLIST)
        return genome.write_features(path, SIGNALS, cells, skip)

    def bed(self, name, rows):
        return write_bed(self.folder / name, rows)

    def bins(self, name, bins):
        """Write a BED of 200-bp bins."""
        return self.bed(name, [(chrom, start, start + 200) for chrom, start in bins])

    def grid(self, chrom):
        return range(0, LENGTHS[chrom] - 199, 50)

    @cached_property
    def painted(self):
        """One-hot bases and signals by cell and chromosome, with 401 bp of nothing at both ends."""
        tables = {}
        for cell in EXPRESSION:
            for chrom, length in LENGTHS.items():
                text = self.sequences[chrom].upper()
                columns = [np.array([base == letter for letter in text], np.float32) for base in "ACGT"]
                columns += [as_array(SIGNALS[name].get(chrom, []), length) for name in ("uniqueness", cell)]
                tables[cell, chrom] = np.pad(np.stack(columns, axis=1), ((401, 401), (0, 0)))
        return tables

    def expected(self, cell, chrom, starts):
        """Probability of bins by the float64 network, without the blacklist."""
        starts = list(starts)
        table = self.painted[cell, chrom]
        windows = np.stack([table[start : start + 1002] for start in starts])
        bits = [
            [any(c == chrom and a < start + 200 and start < b for c, a, b in rows) for rows in ANNOTATION.values()]
            for start in starts
        ]
        meta = np.concatenate([np.tile(EXPRESSION[cell], (len(starts), 1)), np.array(bits, float)], axis=1)
        return reference(self.network.config, self.network.weights, windows, meta).probability[:, 0]

    def with_blacklist(self, cell, chrom, starts):
        """Probability of bins, 0 where they share a base with the blacklist."""
        starts = list(starts)
        banned = [any(c == chrom and a < start + 200 and start < b for c, a, b in BLACKLIST) for start in starts]
        return np.where(banned, 0, self.expected(cell, chrom, starts))


def is_banned(chrom, start):
    return any(c == chrom and a < start + 200 and start < b for c, a, b in BLACKLIST)
