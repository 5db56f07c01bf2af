"""Input times gradient: how much each base contributes to the score, by the network's own derivative.

The value of a base is the sum over its channels of |d score / d input · input|: the base that is there and every
signal as the network reads it. Of one strand, the score is that strand's probability; merged, it is the probability
that deepgrn-predict writes. Inputs per bin, such as annotation, have no place on bases and stand still.

The network is that of training, on TensorFlow, which loads only when this is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepgrn_tool.attention.bins import ChosenBins
from deepgrn_tool.data.intervals import Positions
from deepgrn_tool.engine.bins import check_scores
from deepgrn_tool.engine.engine import SegmentInput
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.errors import UsageError
from deepgrn_tool.network.config import BASES, NetworkConfig
from deepgrn_tool.network.files import Model

BATCH = 64  # windows whose gradients are computed together
COMPLEMENT = (3, 2, 1, 0)

Floats = NDArray[np.float32]
Gradients = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class ContributedWindows:
    """Windows of one chromosome and the contributions of their bases.

    Attributes:
        chrom: Name of the chromosome.
        starts: int64, shape (windows,), starts of the bins.
        probability: float32, shape (windows,).
        merged: float32, shape (windows, window_size), contributions to the score.
        strands: float32, shape (2, windows, window_size), to the probability of each strand, forward strand first;
            both in the direction of the chromosome.
    """

    chrom: str
    starts: Positions
    probability: Floats
    merged: Floats
    strands: Floats


def contributed_windows(
    model: Model, reader: InputReader, bins: ChosenBins, threads: int = 1
) -> Iterator[ContributedWindows]:
    """Compute the contributions of the bases of chosen bins' windows.

    Args:
        model: Any network.
        reader: Reader of the network's inputs.
        bins: The bins.
        threads: Processor threads.

    Yields:
        All bins, in order, a batch at a time.

    Raises:
        UsageError: Keras is set to another backend than TensorFlow.
        InputError: A score is not a number, or the features file is damaged.
    """
    config = model.config
    gradients = strand_gradients(model, threads)
    for group in bins:
        most_bases = BATCH * 2 * config.window_size
        for segment in cut_into_segments(group.starts - config.flank, config.window_size, most_bases, BATCH, 1):
            starts = group.starts[segment.first : segment.first + len(segment)]
            one = reader.read(group.chrom, group.starts, segment)
            windows = cut_windows(one, config)
            probability, slopes = gradients(windows, one.meta)
            merged, score = merge_strands(probability, slopes, config)
            check_scores(reader.path, group.chrom, starts, score)
            yield ContributedWindows(
                group.chrom, starts, score, contribution(merged, windows), contribution(slopes, windows)
            )


def merge_strands(probability: Floats, slopes: Floats, config: NetworkConfig) -> tuple[Floats, Floats]:
    """Join both strands' gradients and probabilities as the network joins its scores.

    Args:
        probability: float32, shape (2, windows).
        slopes: float32, shape (2, windows, window_size, channels).
        config: The network's shape.

    Returns:
        Gradients of the score, float32, shape (windows, window_size, channels), and the score, float32, (windows,).
    """
    if config.merge == "max":
        forward_wins = probability[0] >= probability[1]
        return np.where(forward_wins[:, np.newaxis, np.newaxis], slopes[0], slopes[1]), probability.max(axis=0)
    return slopes.mean(axis=0), probability.mean(axis=0)


def contribution(slopes: Floats, windows: Floats) -> Floats:
    """Sum |gradient · input| over the channels: (..., positions, channels) -> (..., positions)."""
    return np.abs(slopes * windows).sum(axis=-1)


def cut_windows(one: SegmentInput, config: NetworkConfig) -> Floats:
    """Cut a segment into windows with one column per channel.

    Returns:
        float32, shape (windows, window_size, channels).
    """
    places = one.segment.offsets[:, np.newaxis] + np.arange(config.window_size)
    one_hot = np.vstack([np.eye(len(BASES), dtype=np.float32), np.zeros((1, len(BASES)), np.float32)])
    return np.concatenate([one_hot[one.codes[places]], one.signals[places]], axis=2)


def strand_gradients(model: Model, threads: int = 1) -> Gradients:
    """Load TensorFlow and build the network.

    Args:
        model: The network.
        threads: Processor threads.

    Returns:
        A function of windows, float32 (n, window_size, channels), and meta inputs, float32 (n, meta inputs), n <= 64.
        It gives both strands' probabilities, float32 (2, n), and their gradients with respect to the windows, float32
        (2, n, window_size, channels), the reverse strand's turned back to the forward one.

    Raises:
        UsageError: Keras is set to another backend than TensorFlow.
    """
    from deepgrn_tool.engine.keras_backend import keras_backend

    if keras_backend(threads).name != "tensorflow":
        raise UsageError("--method gradient needs TensorFlow; unset KERAS_BACKEND")
    import keras
    import tensorflow as tf

    from deepgrn_tool.network.build import build_network

    config = model.config
    network = build_network(config)
    network.set_weights(model.weights)
    # From here on the strands are separate rows of a batch, so that one derivative gives each strand its own.
    strands = network.inspector.get_layer("both_strands").output
    tower = keras.Model([strands, *network.inspector.inputs[1:]], network.inspector.output["logits"])

    @tf.function
    def derivative(both: Any, meta: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(both)
            probability = tf.sigmoid(tower([both, meta] if config.meta else [both]))[:, 0]
        return probability, tape.gradient(probability, both)

    order = [*COMPLEMENT, *range(len(BASES), len(config.channels))]

    def gradients(windows: Floats, meta: Floats) -> tuple[Floats, Floats]:
        count = len(windows)
        both = np.zeros((2, BATCH, *windows.shape[1:]), np.float32)  # of one shape, for which it is compiled once
        both[0, :count], both[1, :count] = windows, windows[:, ::-1, order]
        both_meta = np.zeros((BATCH, config.meta_size), np.float32)
        both_meta[:count] = meta
        probability, slopes = derivative(tf.constant(both.reshape(-1, *windows.shape[1:])), tf.constant(both_meta))
        slopes = slopes.numpy().reshape(both.shape)[:, :count]
        return probability.numpy().reshape(2, BATCH)[:, :count], np.stack([slopes[0], slopes[1][:, ::-1, order]])

    return gradients
