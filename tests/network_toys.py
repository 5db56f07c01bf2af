"""Every kind of attention, and weights for any network: what tests of the network and of the engine share."""

import numpy as np

from deepgrn_tool.network.weights import weight_shapes

ATTENTIONS = [
    {"attention": "none"},
    {"attention": "after-lstm"},
    {"attention": "after-lstm", "merge_attention": True},
    {"attention": "before-lstm"},
    {"attention": "before-lstm", "merge_attention": True},
    {"attention": "weighted-sum"},
    *(
        {"attention": kind, "position_encoding": encoding}
        for kind in ("pairwise", "pairwise-before-lstm")
        for encoding in ("none", "learned", "trigonometric")
    ),
]


def random_weights(config, seed):
    """Weights with which every layer still answers to its input; biases lean to the side where a ReLU lets through."""
    draw = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(config).items():
        scale = {"strand/kernel": 6.0, "logit/kernel": 2.0}.get(name, 0.9)
        values = draw.standard_normal(shape) * scale / np.sqrt(max(1, np.prod(shape[:-1])))
        if name.endswith("/bias") and not name.startswith(("attention", "logit")):
            values = np.abs(values) + 0.2
        weights[name] = values.astype(np.float32)
    return weights
