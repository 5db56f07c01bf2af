"""The whole network in float64 NumPy, slow and plain: what the Keras network and the importer are compared with.

Written from the paper's equations and the description of the published networks; it uses the fields of a NetworkConfig
that a user sets, none of its computed sizes.
"""

from typing import NamedTuple

import numpy as np

COMPLEMENTS = {"ACGT": "TGCA", "ATGC": "TACG"}


class Outcome(NamedTuple):
    """Probability (n, 1); logits of both strands (2n, 1), forward strands first; attention (2n, …) or None."""

    probability: np.ndarray
    logits: np.ndarray
    attention: np.ndarray | None


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def hard_sigmoid(x):
    """Keras 2's: a straight line through (0, 0.5) that reaches 0 at -2.5 and 1 at 2.5."""
    return np.minimum(1.0, np.maximum(0.0, 0.2 * x + 0.5))


def relu(x):
    return np.where(x > 0, x, 0.0)


def softmax(x, axis):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def reverse_complement(windows, bases="ACGT"):
    """Write every window's other strand: the channel of a base takes over the positions of its complement."""
    flipped = windows[:, ::-1, :].copy()
    for channel, partner in enumerate(COMPLEMENTS[bases]):
        flipped[:, :, channel] = windows[:, ::-1, bases.index(partner)]
    return flipped


def convolution(x, kernel, bias):
    """Valid: output t sees the inputs t … t + k - 1."""
    k = kernel.shape[0]
    outputs = [np.tensordot(x[:, t : t + k], kernel, axes=((1, 2), (0, 1))) for t in range(x.shape[1] - k + 1)]
    return np.stack(outputs, axis=1) + bias


def max_pool(x, size):
    return np.stack([x[:, t : t + size].max(axis=1) for t in range(0, x.shape[1] - size + 1, size)], axis=1)


def lstm(x, kernel, recurrent, bias, gate):
    """One direction; the columns of the weights hold the gates input, forget, cell, output."""
    units = recurrent.shape[0]
    hidden = cell = np.zeros((x.shape[0], units))
    states = []
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + hidden @ recurrent + bias
        i, f, c, o = (z[:, number * units : (number + 1) * units] for number in range(4))
        cell = gate(f) * cell + gate(i) * np.tanh(c)
        hidden = gate(o) * np.tanh(cell)
        states.append(hidden)
    return np.stack(states, axis=1)


def cudnn_lstm(x, kernel, recurrent, bias):
    """One direction, on the arrays of Keras 2's CuDNNLSTM.

    cuDNN reads each gate's block as plain memory, as the matrix of a product W x with one row per unit, and adds a bias
    to each of the two products. The blocks lie side by side in the columns; bias: all four input ones, then all four
    recurrent ones. Source: cuDNN's documentation of CUDNN_LSTM; published networks' description.
    """
    width, units = x.shape[2], recurrent.shape[0]
    blocks = [slice(number * units, (number + 1) * units) for number in range(4)]
    inputs = [np.frombuffer(kernel[:, block].astype(np.float64).tobytes()).reshape(units, width) for block in blocks]
    states = [np.frombuffer(recurrent[:, block].astype(np.float64).tobytes()).reshape(units, units) for block in blocks]
    hidden = cell = np.zeros((x.shape[0], units))
    outputs = []
    for t in range(x.shape[1]):
        i, f, c, o = (
            np.einsum("um,nm->nu", w, x[:, t])
            + bias[block]
            + np.einsum("um,nm->nu", r, hidden)
            + bias[4 * units :][block]
            for w, r, block in zip(inputs, states, blocks, strict=True)
        )
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.stack(outputs, axis=1)


def bidirectional(x, weights, name, gate, cudnn):
    """Both directions side by side, the backward one turned round again."""
    results = []
    for direction, step in (("forward", 1), ("backward", -1)):
        arrays = [weights[f"{name}/{direction}_{part}"] for part in ("kernel", "recurrent", "bias")]
        turned = x[:, ::step]
        states = cudnn_lstm(turned, *arrays) if cudnn else lstm(turned, *arrays, gate)
        results.append(states[:, ::step])
    return np.concatenate(results, axis=2)


def position_attention(x, kernel, bias, merged):
    """Paper, equations 1-4 without the sum: for every dimension d, α = softmax over positions of W h_d + b."""
    weights = np.empty_like(x)
    for d in range(x.shape[2]):
        weights[:, :, d] = softmax(x[:, :, d] @ kernel + bias, axis=1)
    if merged:
        weights[:] = weights.mean(axis=2, keepdims=True)
    return weights * x, weights


def weighted_sum(x, kernel):
    weights = softmax(x, axis=1)
    return relu((weights * x).sum(axis=1) @ kernel), weights


def trigonometric(steps, width):
    codes = np.zeros((steps, width))
    for t in range(steps):
        for d in range(width):
            angle = t / 10000.0 ** ((d - d % 2) / width)
            codes[t, d] = np.cos(angle) if d % 2 else np.sin(angle)
    return codes


def pairwise(x, weights, encoding):
    coded = x
    if encoding == "learned":
        coded = x + weights["attention/position"]
    elif encoding == "trigonometric":
        coded = x + trigonometric(*x.shape[1:])
    query, key, value = (coded @ weights[f"attention/{part}"] for part in ("query", "key", "value"))
    scores = np.einsum("nik,njk->nij", query, key) / np.sqrt(key.shape[2])
    shares = softmax(scores, axis=2)
    return x + np.einsum("nij,njd->nid", shares, value), shares


def attend(config, weights, x):
    if config.attention.startswith("pairwise"):
        return pairwise(x, weights, config.position_encoding)
    if config.attention == "weighted-sum":
        return weighted_sum(x, weights["attention/kernel"])
    return position_attention(x, weights["attention/kernel"], weights["attention/bias"], config.merge_attention)


def strand_logits(config, weights, windows, meta, cudnn):
    """One strand's windows to (logits, attention or None)."""
    gate = {"sigmoid": sigmoid, "hard-sigmoid": hard_sigmoid}[config.gate_activation]
    x = windows
    for number in range(1, config.num_conv + 1):
        x = relu(convolution(x, weights[f"conv_{number}/kernel"], weights[f"conv_{number}/bias"]))
    x = relu(x @ weights["per_position/kernel"] + weights["per_position/bias"])
    x = max_pool(x, config.kernel_size // 2)
    attention = None
    if config.attention in ("before-lstm", "pairwise-before-lstm"):
        x, attention = attend(config, weights, x)
    for number in range(1, config.num_lstm + 1):
        x = bidirectional(x, weights, f"lstm_{number}", gate, cudnn)
    if config.attention in ("after-lstm", "weighted-sum", "pairwise"):
        x, attention = attend(config, weights, x)
    x = x.reshape(len(x), -1)
    x = relu(x @ weights["strand/kernel"] + weights["strand/bias"])
    if meta is not None:
        x = np.concatenate([x, meta], axis=1)
    for number in range(1, len(config.dense_after_meta) + 1):
        x = relu(x @ weights[f"dense_{number}/kernel"] + weights[f"dense_{number}/bias"])
    return x @ weights["logit/kernel"] + weights["logit/bias"], attention


def reference(config, weights, windows, meta=None, *, bases="ACGT", cudnn=False):
    """Score windows in float64.

    Args:
        config: NetworkConfig, or anything with its settings.
        weights: Arrays by `layer/weight`; with `cudnn`, those of LSTMs as CuDNNLSTM stores them.
        windows: (n, window, channels), channels in the order of `bases`, then the tracks; so are the weights.
        meta: (n, m), or None.
        bases: Order of the base channels.
        cudnn: Read the LSTMs' weights as cuDNN does.
    """
    weights = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    windows = np.asarray(windows, np.float64)
    meta = None if meta is None else np.asarray(meta, np.float64)
    forward, attention = strand_logits(config, weights, windows, meta, cudnn)
    reverse, other = strand_logits(config, weights, reverse_complement(windows, bases), meta, cudnn)
    if config.merge == "max":
        probability = np.maximum(sigmoid(forward), sigmoid(reverse))
    else:
        probability = (sigmoid(forward) + sigmoid(reverse)) / 2
    both = None if attention is None else np.concatenate([attention, other])
    return Outcome(probability, np.concatenate([forward, reverse]), both)
