"""The hyperparameters of deepgrn-train as options, in groups; the help tells the defaults of `training.settings`."""

from __future__ import annotations

import argparse
from typing import Any

from deepgrn_tool.cli._common import number, whole

KINDS = ("none", "after-lstm", "before-lstm", "weighted-sum", "pairwise", "pairwise-before-lstm")
ENCODINGS = ("none", "learned", "trigonometric")
GATES = ("sigmoid", "hard-sigmoid")
MERGES = ("mean", "max", "best")
DECAYS = ("none", "cosine")
ON_OFF = argparse.BooleanOptionalAction

Table = list[tuple[str, dict[str, Any], str]]  # name, keywords, help

NETWORK: Table = [
    ("attention", {"choices": KINDS}, "kind of attention (default: after-lstm)"),
    ("merge-attention", {"action": ON_OFF}, "one attention weight per position, the same for all dimensions"),
    ("position-encoding", {"choices": ENCODINGS}, "of pairwise attention (default: none)"),
    ("convolutions", {"type": whole}, "convolutions (default: 1)"),
    ("filters", {"type": whole}, "filters of each convolution (default: 64)"),
    ("kernel-size", {"type": whole}, "width of a filter in bp; the max-pool spans half of it (default: 34)"),
    ("lstm-layers", {"type": whole}, "bidirectional LSTMs (default: 1)"),
    ("lstm-units", {"type": whole}, "units per direction (default: 32)"),
    ("gates", {"choices": GATES}, "activation of the LSTM's gates (default: sigmoid)"),
    ("dense-units", {"type": whole}, "width of all dense layers (default: 64)"),
    ("dense-layers", {"type": whole}, "dense layers after the meta inputs beside the first one (default: 1)"),
    ("merge", {"choices": MERGES}, "how the strands are joined; best: by validation auPRC (default: mean)"),
    ("flank", {"type": whole}, "bp on each side of the bin that the network sees (default: 401)"),
    ("expression", {"action": ON_OFF}, "whether the network reads expression (default: yes)"),
    ("annotation", {"action": ON_OFF}, "whether the network reads annotation (default: yes)"),
]
LEARNING: Table = [
    ("epochs", {"type": whole}, "at most so many (default: 60)"),
    ("patience", {"type": whole}, "stop after so many epochs without better validation (default: 5)"),
    ("batch-size", {"type": whole}, "windows per step (default: 64)"),
    ("learning-rate", {"type": number}, "of Adam (default: 0.001)"),
    (
        "rate-decay",
        {"choices": DECAYS},
        "cosine: it falls to 0 over --epochs, which settles the network (default: none)",
    ),
    (
        "weight-averaging",
        {"type": number},
        "validate and keep a moving average of the weights, of which each step leaves this share, such as 0.995: "
        "steadier than the last step's (default: 0)",
    ),
    ("negatives", {"type": number}, "unbound bins per positive, drawn anew each epoch (default: 1)"),
    ("open-negatives", {"type": number}, "share of them drawn from bins as accessible as bound ones (default: 0)"),
    ("positives", {"choices": ("bins", "peaks")}, "all bound bins, or of each peak a random 200 bp (default: bins)"),
    ("positive-weight", {"type": number}, "weight of a positive in the loss, a negative having 1 (default: 1)"),
    ("dropout", {"type": number}, "rate after convolutions, LSTMs and dense layers (default: 0.1)"),
    ("lstm-dropout", {"type": number}, "rate on the LSTM's input (default: 0.5 with weighted-sum, else 0)"),
    ("recurrent-dropout", {"type": number}, "rate on the LSTM's state (default: 0.1 with weighted-sum, else 0)"),
    (
        "scale-attention",
        {"action": ON_OFF},
        "learn with attended values times the number of positions: after-lstm and before-lstm attention start "
        "faster; the saved weights have the paper's form all the same (default: yes, for these two)",
    ),
    ("seed", {"type": whole}, "decides all that is random (default: 1)"),
]
VALIDATION: Table = [
    (
        "validation-negatives",
        {"type": number},
        "unbound bins per bound one, at least 50,000 per cell if there are as many; weighted (default: 5)",
    ),
    ("full-validation", {"action": "store_true", "default": None}, "score all bins of the validation chromosomes"),
]
# Names of all hyperparameters among the parsed options.
SETTINGS = [name.replace("-", "_") for name, _, _ in [*NETWORK, *LEARNING, *VALIDATION]] + ["tracks", "transforms"]
