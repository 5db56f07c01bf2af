"""The architectures of published networks, what the importer should find in their files, and how to run the result."""

import json

import h5py
import keras
import numpy as np
from published_files import Design

from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.config import NetworkConfig

# Rows of the table of published networks: 64×30, pool 15, …; two dense sizes after meta are `extra_dense=2`.
ORIGINAL = "attention1d_after_lstm_original"
TABLE = {
    "EGR1_pair": Design("qkv_pe_before_lstm", 6, 1002, 1, 64, 30, 1, 32, 64, 2, dropout=0.5),
    "EGR1_single": Design("attention_before_lstm", 6, 1002, 1, 64, 30, 1, 32, 64, 2, single=True, dropout=0.5),
    "FOXA1_single": Design(ORIGINAL, 6, 1002, 1, 128, 34, 1, 64, 128, 1, 14, "max", dropout=0.5, original=True),
    "FOXA2_single": Design(ORIGINAL, 6, 1002, 1, 64, 30, 1, 32, 128, 2, dropout=0.5),
    "HNF4A_single": Design(ORIGINAL, 6, 1002, 1, 64, 34, 1, 64, 128, 1, dropout=0.5, original=True),
    "MAX_single": Design(ORIGINAL, 6, 1002, 1, 64, 34, 1, 64, 64, 1, 14, "max", dropout=0.1, original=True),
    "NANOG_single": Design(ORIGINAL, 5, 1002, 1, 64, 15, 1, 64, 64, 2, 0, dropout=0.1),
    "REST_single": Design(ORIGINAL, 6, 1002, 1, 128, 34, 1, 32, 128, 1, 14, "max", dropout=0.1, original=True),
}
AFTER, BEFORE = "attention_after_lstm", "attention_before_lstm"
SMALL = {
    "ctcf-cudnn": Design(AFTER, num_conv=2, num_lstm=2, cudnn=True, extra_dense=1),
    "cudnn-one-layer": Design("lstm", cudnn=True),
    "e2f1-no-convolution": Design(BEFORE, num_conv=0, single=True, extra_dense=2),
    "no-convolution-cudnn": Design(ORIGINAL, num_conv=0, cudnn=True),
    "jund-two-lstms": Design(AFTER, num_lstm=2, single=True, extra_dense=2),
    "taf1-before-two-lstms": Design(BEFORE, num_lstm=2),
    "lstm": Design("lstm"),
    "lstm-two-two": Design("lstm", num_conv=2, num_lstm=2, merge="max"),
    "lstm-no-dropout": Design("lstm", dropout=0.0),
    "after": Design(AFTER),
    "after-single": Design(AFTER, single=True),
    "before": Design(BEFORE),
    "before-single": Design(BEFORE, single=True, merge="max"),
    "attention1d": Design("attention1d_after_lstm"),
    "attention1d-two-lstms": Design("attention1d_after_lstm", num_conv=2, num_lstm=2, extra_dense=3),
    "attention1d-original": Design(ORIGINAL),
    "attention1d-original-cudnn": Design(ORIGINAL, cudnn=True, num_lstm=2),
    "qkv_ne": Design("qkv_ne"),
    "qkv_pe": Design("qkv_pe"),
    "qkv_te": Design("qkv_te"),
    "qkv_te-trigonometric": Design("qkv_te", trig_layer=True),
    "qkv_ne-before": Design("qkv_ne_before_lstm"),
    "qkv_pe-before": Design("qkv_pe_before_lstm", num_conv=2),
    "qkv_te-before": Design("qkv_te_before_lstm", num_lstm=2),
    "qkv_te-before-trigonometric": Design("qkv_te_before_lstm", trig_layer=True),
    "qkv_pe-no-convolution": Design("qkv_pe", num_conv=0, channels=5),
    "expression-only": Design(AFTER, meta=8),
    "annotation-only": Design(AFTER, meta=6),
    "no-meta": Design(AFTER, meta=0),
    "five-channels": Design(AFTER, channels=5),
    "original-program-no-hidden-dense": Design(ORIGINAL, original=True, extra_dense=0),
}


def expected_config(design):
    """Say by hand what the importer should find in a file of this design."""
    if design.kind == "lstm":
        attention = "none"
    elif design.kind.startswith("attention1d"):
        attention = "weighted-sum"
    elif design.kind.startswith("qkv"):
        attention = "pairwise-before-lstm" if design.kind.endswith("before_lstm") else "pairwise"
    else:
        attention = {AFTER: "after-lstm", BEFORE: "before-lstm"}[design.kind]
    encoding = "none"
    if design.kind.startswith(("qkv_pe", "qkv_te")):
        encoding = "trigonometric" if design.trig_layer else "learned"
    dropouts = (0.5, 0.1) if design.kind.startswith("attention1d") and not design.cudnn else (0.0, 0.0)
    return NetworkConfig(
        tracks=("uniqueness", "accessibility")[6 - design.channels :],
        num_conv=design.num_conv,
        filters=design.filters,
        kernel_size=design.kernel_size,
        attention=attention,
        merge_attention=design.single,
        position_encoding=encoding,
        lstm_units=design.units,
        num_lstm=design.num_lstm,
        gate_activation="sigmoid" if design.cudnn else "hard-sigmoid",
        dense_units=design.dense,
        dense_after_meta=(design.dense,) * design.extra_dense,
        meta={14: ("expression", "annotation"), 8: ("expression",), 6: ("annotation",), 0: ()}[design.meta],
        merge={"ave": "mean", "max": "max"}[design.merge],
        dropout=design.dropout,
        lstm_dropout=dropouts[0],
        recurrent_dropout=dropouts[1],
        flank=(design.window - 200) // 2,
    )


def ours(windows):
    """A, T, G, C, tracks -> A, C, G, T, tracks."""
    return windows[:, :, [0, 3, 2, 1, *range(4, windows.shape[2])]]


def inspect(model, windows, meta):
    network = build_network(model.config)
    network.set_weights(model.weights)
    outputs = network.inspector([windows] if meta is None else [windows, meta])
    return {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in outputs.items()}


def model_config(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["model_config"])["config"]
