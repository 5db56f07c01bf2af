"""Writes files as the published program's Keras 2.2.4 did: same layers, names, order, groups and leftovers.

Weights are random.
Facts: the published program's `get_model.py` (functions `make_model` and `make_model_original`), and how Keras 2.2.4
orders the layers of a model: by depth, counted from the output, then by a walk back from the output.
"""

import json
from dataclasses import dataclass

import h5py
import numpy as np
from published_layers import Graph, input_layer


@dataclass(frozen=True)
class Design:
    """One architecture in the published program's terms; the defaults are tiny, not the program's."""

    kind: str = "attention_after_lstm"  # the program's name of the attention
    channels: int = 6
    window: int = 300
    num_conv: int = 1
    filters: int = 6
    kernel_size: int = 12
    num_lstm: int = 1
    units: int = 4
    dense: int = 5
    extra_dense: int = 1  # hidden layers after meta, in all: one more than the program's option
    meta: int = 14
    merge: str = "ave"
    single: bool = False  # one attention vector for all dimensions
    cudnn: bool = False
    dropout: float = 0.3
    original: bool = False  # made by `make_model_original`: two Concatenate layers
    trig_layer: bool = False  # qkv_te with a TrigPosEmbedding layer; the program made a PositionEmbedding by mistake


PAIR = Design("qkv_pe_before_lstm", kernel_size=30, window=1002)  # small, but for its window


def both(layers, forward, reverse):
    """Pass both strands through shared layers: first every layer on one strand, then every layer on the other."""
    for layer in layers:
        forward = layer(forward)
    for layer in layers:
        reverse = layer(reverse)
    return forward, reverse


def before_attention(graph, design, strands):
    layers = []
    width = design.channels
    for number in range(1, design.num_conv + 1):
        layers.append(graph.convolution(number, design.kernel_size, width, design.filters))
        if design.dropout > 0:
            layers.append(graph.dropout(design.dropout))
        width = design.filters
    layers.append(graph.per_position(width, design.filters))
    size = [design.kernel_size // 2]
    pool = {"strides": size, "pool_size": size, "padding": "valid", "data_format": "channels_last"}
    layers.append(graph.layer("MaxPooling1D", "max_pooling1d", **pool))
    return both(layers, *strands)


def lstms(graph, design, strands):
    dropouts = (0.5, 0.1) if design.kind.startswith("attention1d") else (0.0, 0.0)
    layers = []
    for number in range(1, design.num_lstm + 1):
        width = design.filters if number == 1 else 2 * design.units
        layers += [graph.lstm(number, width, design, dropouts), graph.dropout(design.dropout)]
    return both(layers, *strands)


def position_attention(graph, design, steps, width, strands):
    layers = [
        graph.layer("Permute", "permute", dims=[2, 1]),
        graph.dense("attention", steps, steps, activation="softmax"),
    ]
    if design.single:
        layers += [graph.lambda_("dim_reduction"), graph.layer("RepeatVector", "repeat_vector", n=width)]
    layers.append(graph.layer("Permute", "permute", "attention_vec", dims=[2, 1]))
    alphas = both(layers, *strands)
    multiply = graph.layer("Multiply", "multiply")
    return tuple(multiply(strand, alpha) for strand, alpha in zip(strands, alphas, strict=True))


def pairwise_attention(graph, design, steps, width, strands):
    coded = strands
    if design.kind.startswith("qkv_te") and design.trig_layer:
        embedding = graph.layer("TrigPosEmbedding", "trig_pos_embedding", output_dim=width, mode="add")
        coded = [embedding(strand) for strand in strands]
    elif not design.kind.startswith("qkv_ne"):
        config = {"input_dim": steps, "output_dim": width, "mode": "add", "mask_zero": False}
        embedding = graph.layer("PositionEmbedding", "position_embedding", **config)
        codes = graph.array("attention/position", (steps, width), 0.5)
        embedding.weights[f"{embedding.name}/embeddings:0"] = codes
        coded = [embedding(strand) for strand in strands]
    query = graph.dense("attention/query", width, width // 2, "linear", bias=False)
    key = graph.dense("attention/key", width, width // 2, "linear", bias=False)
    value = graph.dense("attention/value", width, width, "linear", bias=False)
    product = graph.lambda_(closure=[width // 2])
    softmax = graph.layer("Softmax", "softmax", "attention_score", axis=2)
    output = graph.lambda_()
    add = graph.layer("Add", "add")
    queries, keys, values = ([part(strand) for strand in coded] for part in (query, key, value))
    permute = graph.layer("Permute", "permute", dims=[2, 1])
    turned = [permute(one) for one in keys]
    products = [product(*pair) for pair in zip(queries, turned, strict=True)]
    shares = [softmax(one) for one in products]
    outputs = [output(*pair) for pair in zip(shares, values, strict=True)]
    return tuple(add(*pair) for pair in zip(strands, outputs, strict=True))


def weighted_sum(graph, design, strands):
    width = 2 * design.units
    if design.kind.endswith("original"):
        attention = graph.layer("Attention1D", "attention1d")
        attention.config = {"name": "Attention1D", "output_dim": design.dense}
        kernel = graph.array("attention/kernel", (width, design.dense), 1.5 / np.sqrt(width))
        attention.weights[f"{attention.name}/kernel:0"] = kernel
        return both([attention], *strands)
    projection = graph.dense("attention", width, design.dense, bias=False)
    total = graph.lambda_()
    softmaxes = [graph.layer("Softmax", "softmax", axis=1) for _ in strands]
    alphas = [softmax(strand) for softmax, strand in zip(softmaxes, strands, strict=True)]
    multiplies = [graph.layer("Multiply", "multiply") for _ in strands]
    contexts = [one(alpha, strand) for one, alpha, strand in zip(multiplies, alphas, strands, strict=True)]
    sums = [total(context) for context in contexts]
    return tuple(projection(one) for one in sums)


def to_dense(graph, design, steps, strands):
    """From the pooled positions to what is flattened, or summed, for the dense layer of a strand."""
    if design.kind == "attention_before_lstm":
        strands = position_attention(graph, design, steps, design.filters, strands)
        return lstms(graph, design, strands)
    if design.kind.startswith("qkv") and design.kind.endswith("before_lstm"):
        strands = pairwise_attention(graph, design, steps, design.filters, strands)
        return lstms(graph, design, strands)
    strands = lstms(graph, design, strands)
    if design.kind == "attention_after_lstm":
        return position_attention(graph, design, steps, 2 * design.units, strands)
    if design.kind.startswith("qkv"):
        return pairwise_attention(graph, design, steps, 2 * design.units, strands)
    if design.kind.startswith("attention1d"):
        return weighted_sum(graph, design, strands)
    return strands


def head(graph, design, strands):
    """Meta inputs, the dense layers after them and the merge; the sigmoid layer is made before the last hidden one."""
    width = design.dense
    if design.meta:
        meta = input_layer(graph, design.meta)
        if design.original:
            strands = tuple(graph.layer("Concatenate", "concatenate", axis=-1)(strand, meta) for strand in strands)
        else:
            concatenate = graph.layer("Concatenate", "concatenate", axis=-1)
            strands = tuple(concatenate(strand, meta) for strand in strands)
        width += design.meta
    layers = [graph.dropout(design.dropout)] if design.dropout > 0 else []
    ready = 0 if design.original else 1  # hidden layers that exist before the sigmoid layer
    widths = [width, *[design.dense] * design.extra_dense]
    hidden = []
    for number in range(1, design.extra_dense + 1):
        if number == ready + 1:
            sigmoid = graph.dense("logit", widths[-1], 1, "sigmoid")
        hidden.append(graph.dense(f"dense_{number}", widths[number - 1], design.dense))
    if design.extra_dense <= ready:
        sigmoid = graph.dense("logit", widths[-1], 1, "sigmoid")
    for layer in hidden:
        layers += [layer, *([graph.dropout(design.dropout)] if design.dropout > 0 else [])]
    strands = both([*layers, sigmoid], *strands)
    kind = "Average" if design.merge == "ave" else "Maximum"
    return graph.layer(kind, kind.lower())(*strands)


def build_graph(design, seed, canary):
    """Give (output, graph) of a design."""
    graph = Graph(seed, canary)
    strands = tuple(input_layer(graph, design.window, design.channels) for _ in range(2))
    pooled = before_attention(graph, design, strands)
    length = design.window - design.num_conv * (design.kernel_size - 1)
    steps = length // (design.kernel_size // 2)
    strands = to_dense(graph, design, steps, pooled)
    summed = design.kind.startswith("attention1d")
    width = design.dense if summed else steps * 2 * design.units
    layers = [] if summed else [graph.layer("Flatten", "flatten", data_format="channels_last")]
    strands = both([*layers, graph.dense("strand", width, design.dense)], *strands)
    return head(graph, design, strands), graph


def keras_order(output):
    """Layers as Keras 2.2.4 lists them: deepest first; equal depths in the order of a walk back from the output."""
    index, depth = {}, {}

    def walk(layer, call):
        index.setdefault(layer.name, (len(index), layer))
        for source, number in layer.calls[call]:
            walk(source, number)

    def descend(layer, call, level):
        depth[layer.name] = max(depth.get(layer.name, 0), level)
        for source, number in layer.calls[call]:
            descend(source, number, depth[layer.name] + 1)

    walk(*output)
    for _ in range(2):  # a layer may get deeper through its other call
        descend(*output, 0)
    return [layer for number, layer in sorted(index.values(), key=lambda item: (-depth[item[1].name], item[0]))]


def layer_entry(layer):
    calls = [] if layer.kind == "InputLayer" else layer.calls
    nodes = [[[source.name, number, 0, {}] for source, number in call] for call in calls]
    return {"name": layer.name, "class_name": layer.kind, "config": layer.config, "inbound_nodes": nodes}


def write_published(path, design, *, seed=1, canary="canary", edit=None, text_type=str):
    """Write one file.

    Args:
        path: The file to write.
        design: The architecture.
        seed: Of the random weights.
        canary: A file that the bytecode in Lambda layers would make.
        edit: Called with the model's JSON as Python objects before it is written.
        text_type: `str`, or `bytes` as h5py of that time stored texts.

    Returns:
        Weights by the names of the reference, in the published order of channels (and as CuDNNLSTM stores them).
    """
    output, graph = build_graph(design, seed, canary)
    layers = keras_order(output)
    inputs = [layer for layer in layers if layer.kind == "InputLayer"]
    config = {
        "name": "model_1",
        "layers": [layer_entry(layer) for layer in layers],
        "input_layers": [[layer.name, 0, 0] for layer in sorted(inputs, key=lambda layer: layer.name)],
        "output_layers": [[output[0].name, 0, 0]],
    }
    model = {"class_name": "Model", "config": config}
    if edit is not None:
        edit(model)
    with h5py.File(path, "w") as file:
        for name, text in {
            "keras_version": "2.2.4",
            "backend": "tensorflow",
            "model_config": json.dumps(model),
            "training_config": json.dumps({"optimizer_config": {"class_name": "Adam"}, "loss": "binary_crossentropy"}),
        }.items():
            file.attrs[name] = text if text_type is str else np.bytes_(text.encode())
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [np.bytes_(layer.name) for layer in layers]
        for layer in layers:
            group = root.create_group(layer.name)
            group.attrs["weight_names"] = [np.bytes_(name) for name in layer.weights]
            for name, values in layer.weights.items():
                group[name] = values
        optimizer = file.create_group("optimizer_weights/training/Adam")
        for number, values in enumerate(graph.canonical.values()):
            optimizer[f"Variable_{number}:0"] = values * 0 + 7
    return graph.canonical
