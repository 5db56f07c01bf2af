"""The toy genome of prediction with a network that attends, and what its attention must be, base by base."""

import numpy as np
from engine_toys import random_model
from predict_toys import ANNOTATION, EXPRESSION, LENGTHS, Toy
from reference_network import reference, sigmoid

from deepgrn_tool.network.files import Model, save_model

SIZES = {"filters": 6, "kernel_size": 30, "lstm_units": 4, "dense_units": 8, "dense_after_meta": (8,)}
STEPS, STEP = 64, 15  # 973 outputs of 30-bp kernels, 15 to a step; 13 are left over
# First base of every step in its window: (30 - 1) // 2 = 14 bases in, and mirrored in 1,002 bp.
PLACES = (
    [14 + STEP * step for step in range(STEPS)],
    [1002 - 14 - STEP * (step + 1) for step in range(STEPS)],
)
FLANK = 401


class AttentionToy(Toy):
    """Toy files, and model.h5 with another network than prediction's.

    Attributes:
        attended: The network in model.h5.
    """

    def __init__(self, folder, **options):
        super().__init__(folder)
        self.attended = self.save(self.model, **options)

    def save(self, path, **options):
        """Write a network with random weights to a file."""
        made = random_model(seed=6, **SIZES, **options)
        # A step's attention answers to the sequence and the signal that it sees.
        made.weights["conv_1/kernel"] *= 2
        made = Model(made.config, made.weights, "TOY", "toy1")
        save_model(made, path)
        return made

    def windows(self, cell, chrom, starts):
        table = self.painted[cell, chrom]
        return np.stack([table[start : start + 1002] for start in starts])

    def attention(self, cell, chrom, starts, network=None):
        """Attention of windows by the float64 network, (2, n, steps, d); it does not depend on meta inputs."""
        network = network or self.attended
        meta = np.zeros((len(starts), network.config.meta_size))
        found = reference(network.config, network.weights, self.windows(cell, chrom, starts), meta)
        return found.attention.reshape(2, len(starts), *found.attention.shape[1:])

    def meta(self, cell, chrom, starts):
        """Meta inputs of bins: expression, then the annotation classes that share a base."""
        bits = [
            [any(c == chrom and a < start + 200 and start < b for c, a, b in rows) for rows in ANNOTATION.values()]
            for start in starts
        ]
        return np.concatenate([np.tile(EXPRESSION[cell], (len(starts), 1)), np.array(bits, float)], axis=1)

    def contributions(self, cell, chrom, starts, base, step=1e-5):
        """What a base contributes to the forward strand's, the reverse strand's and the merged probability.

        Every channel of the base is moved up and down by a tiny step, in the window of each bin.

        Returns:
            The three means over the windows, and whether no slope has a kink there.
        """
        windows, meta = self.windows(cell, chrom, starts).astype(np.float64), self.meta(cell, chrom, starts)
        values, smooth = np.zeros(3), True
        for window, bits, start in zip(windows, meta, starts, strict=True):
            place = base - (start - FLANK)
            channels = np.flatnonzero(window[place])
            moved = np.tile(window, (3, len(channels), 1, 1))
            for number, channel in enumerate(channels):
                moved[:, number, place, channel] += (-step, 0, step)
            moved = moved.reshape(-1, *window.shape)
            found = reference(self.attended.config, self.attended.weights, moved, np.tile(bits, (len(moved), 1)))
            probability = np.stack([*sigmoid(found.logits).reshape(2, 3, -1), found.probability.reshape(3, -1)])
            left, right = np.diff(probability, axis=1).transpose(1, 0, 2) / step
            smooth = smooth and bool((np.abs(right - left) < 1e-7).all())
            values += np.abs((left + right) / 2 * window[place, channels]).sum(axis=1) / len(starts)
        return values, smooth


def means_per_base(chrom, starts, strands):
    """Average what windows say of each base.

    Args:
        chrom: Name of the chromosome.
        starts: Starts of the bins.
        strands: For each strand that counts: its places in a window, (steps,), and values, (bins, steps).

    Returns:
        float64, shape (length,), NaN where no step lies.
    """
    total, count = np.zeros(LENGTHS[chrom]), np.zeros(LENGTHS[chrom])
    for places, values in strands:
        for start, row in zip(starts, values, strict=True):
            for place, value in zip(places, row, strict=True):
                for base in range(start - FLANK + place, start - FLANK + place + STEP):
                    if 0 <= base < LENGTHS[chrom]:
                        total[base] += value
                        count[base] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def varying_most(weights, kept):
    """Mean of the dimensions with the highest variance over the steps, for each window on its own: (…, steps, d)."""
    order = np.argsort(weights.var(axis=-2), axis=-1)[..., -kept:]
    return np.take_along_axis(weights, order[..., np.newaxis, :], axis=-1).mean(axis=-1)


def paint(rows, length):
    """Values by base of one chromosome's intervals (start, end, value), NaN where there is none."""
    table = np.full(length, np.nan)
    for start, end, value in rows:
        assert np.isnan(table[start:end]).all(), "intervals overlap"
        table[start:end] = value
    return table
