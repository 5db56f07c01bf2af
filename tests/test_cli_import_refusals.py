"""Files that deepgrn-import refuses through its real main(): one line, the right exit code, no output."""

import json
import os

import h5py
import numpy as np
import pytest
from programs import exit_code
from published_files import PAIR, write_published

from deepgrn_tool.cli.import_model import main


def edit_layer(kind, **changes):
    """Change settings of the first layer of a kind."""

    def edit(model):
        layer = next(one for one in model["config"]["layers"] if one["class_name"] == kind)
        layer["config"] |= changes

    return edit


def edit_lstm(**changes):
    def edit(model):
        layer = next(one for one in model["config"]["layers"] if one["class_name"] == "Bidirectional")
        layer["config"]["layer"]["config"] |= changes

    return edit


def layer_named(model, name):
    return next(one for one in model["config"]["layers"] if one["name"] == name)


def rename_kind(old, new):
    def edit(model):
        for layer in model["config"]["layers"]:
            if layer["class_name"] == old:
                layer["class_name"] = new

    return edit


def circle(model):
    layer_named(model, "conv1d_1")["inbound_nodes"] = [[["average_1", 0, 0, {}]]]


def missing_source(model):
    layer_named(model, "conv1d_1")["inbound_nodes"] = [[["input_9", 0, 0, {}]]]


def swapped_concatenation(model):
    for call in layer_named(model, "concatenate_1")["inbound_nodes"]:
        call.reverse()


def lambda_after_pooling(model):
    extra = json.loads(json.dumps(layer_named(model, "lambda_1"))) | {"name": "lambda_9"}
    extra["inbound_nodes"] = [[["max_pooling1d_1", 0, 0, {}]]]
    layer_named(model, "position_embedding_1")["inbound_nodes"][0][0][0] = "lambda_9"
    model["config"]["layers"].append(extra)


def twice_the_same_name(model):
    model["config"]["layers"].append(layer_named(model, "flatten_1"))


def newline_in_a_name(model):
    layer_named(model, "dense_2")["name"] = "dense\nroot: error"


def many_layers(model):
    model["config"]["layers"] = [layer_named(model, "dense_2")] * 1001


def gpu_sequential(model):
    model["class_name"] = "Sequential"


def endless_pool(model):
    layer_named(model, "max_pooling1d_1")["config"] |= {"pool_size": [float("inf")], "strides": [float("inf")]}


def odd_window(model):
    for name in ("input_1", "input_2"):
        layer_named(model, name)["config"]["batch_input_shape"] = [None, 1001, 6]


def seven_channels(model):
    for name in ("input_1", "input_2"):
        layer_named(model, name)["config"]["batch_input_shape"] = [None, 1002, 7]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (gpu_sequential, "is a Keras model of class 'Sequential', which DeepGRN never wrote"),
        (rename_kind("Flatten", "BatchNormalization"), "layer 'flatten_1' is of kind BatchNormalization, which no"),
        (
            rename_kind("Flatten", "Activation"),
            "layer 'flatten_1' is of kind Activation, which no",
        ),
        (
            edit_layer("Conv1D", activation="selu"),
            "layer 'conv1d_1' has activation = 'selu'; published",
        ),
        (
            edit_layer("Conv1D", padding="same"),
            "layer 'conv1d_1' has padding = 'same'; published",
        ),
        (edit_layer("Permute", dims=[1, 2]), "layer 'permute_1' has dims = [1, 2]; published networks have [2, 1]"),
        (edit_layer("Concatenate", axis=1), "layer 'concatenate_1' has axis = 1; published networks have -1"),
        (edit_layer("PositionEmbedding", mode="concat"), "layer 'position_embedding_1' has mode = 'concat'"),
        (edit_lstm(activation="relu"), "layer 'bidirectional_1' is not a bidirectional LSTM with tanh"),
        (
            edit_lstm(recurrent_activation="linear"),
            "layer 'bidirectional_1' has gates of kind 'linear'; known are",
        ),
        (edit_lstm(return_sequences=False), "layer 'bidirectional_1' does not give both directions of every position"),
        (edit_lstm(go_backwards=True), "layer 'bidirectional_1' runs backwards or has no bias"),
        (circle, "its layers refer to each other in a circle or to layers that are not there"),
        (missing_source, "its layers refer to each other in a circle or to layers that are not there"),
        (
            swapped_concatenation,
            "layer 'concatenate_1' (Concatenate) reads InputLayer, Dense, as in no",
        ),
        (lambda_after_pooling, "layer 'lambda_9' (Lambda) reads MaxPooling1D, as in no published network"),
        (twice_the_same_name, "has two layers called 'flatten_1'"),
        (newline_in_a_name, r"layer 'dense\nroot: error' of kind 'Dense' has a name that Keras never gives"),
        (many_layers, "has 1,001 layers; a published network has fewer than 1,000"),
        (endless_pool, "a layer lacks what DeepGRN's layers have (OverflowError"),
        (odd_window, "its window of 1001 bp does not have a bin of 200 bp at its centre"),
        (seven_channels, "reads 7 channels and 14 meta inputs, unlike any published network"),
        (lambda model: model.pop("config"), "its layer graph cannot be read (KeyError: 'config')"),
        (lambda model: model["config"].update(layers=[]), "lacks layers that every DeepGRN network has"),
        (lambda model: model["config"].update(layers=7), "its layer graph cannot be read (TypeError"),
    ],
)
def test_wrong_graphs(tmp_path, output, capsys, edit, message):
    path = tmp_path / "published.h5"
    write_published(path, PAIR, edit=edit)
    check_refusal(path, output, capsys, message)


def check_refusal(path, output, capsys, message, code=1):
    assert exit_code(main, path, "-o", output) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"deepgrn-import: error: {path}: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert os.listdir(output.parent) == []


KERNEL = "model_weights/conv1d_1/conv1d_1/kernel:0"


def without(place):
    def edit(file):
        del file[place]

    return edit


def with_value(value):
    def edit(file):
        file[KERNEL][3, 2, 1] = value

    return edit


def with_data(**options):
    def edit(file):
        del file[KERNEL]
        file.create_dataset(KERNEL, **options)

    return edit


def linked(place, link):
    def edit(file):
        del file[place]
        file[place] = link

    return edit


def graph_text(value):
    def edit(file):
        del file.attrs["model_config"]
        file.attrs.create("model_config", value)

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda file: file.attrs.__delitem__("model_config"),
            "holds no network, at most its weights; import",
        ),
        (without("model_weights"), "holds no weights"),
        (without("model_weights/bidirectional_1"), "layer 'bidirectional_1' (Bidirectional) lacks 'forward/kernel'"),
        (without("model_weights/dense_2"), "layer 'dense_2' (Dense) lacks 'kernel'"),
        (without(KERNEL), "layer 'conv1d_1' (Conv1D) lacks 'kernel'"),
        (with_value(np.nan), "weight 'conv_1/kernel' holds values that are not finite numbers"),
        (with_value(np.inf), "weight 'conv_1/kernel' holds values that are not finite numbers"),
        (
            with_data(data=np.zeros((30, 6, 7), "f4")),
            "weight 'conv_1/kernel' has shape (30, 6, 7); the network",
        ),
        (with_data(data=np.zeros((30, 6), "f4")), "weight 'conv_1/kernel' has shape (30, 6)"),
        (with_data(data=np.zeros((30, 6, 6), "i4")), "is not a plain array of floating-point numbers"),
        (with_data(data=np.full((30, 6, 6), 1e300)), "weight 'conv_1/kernel' holds values that are not finite numbers"),
        (with_data(shape=(10**6, 10**6), dtype="f4", chunks=(64, 64)), "weights; at most 100,000,000 are read"),
        (linked(KERNEL, h5py.ExternalLink("other.h5", KERNEL)), "layer 'conv1d_1' (Conv1D) lacks 'kernel'"),
        (
            linked("model_weights/conv1d_1", h5py.ExternalLink("other.h5", "model_weights/conv1d_1")),
            "the weights of layer 'conv1d_1' are a link, not data in this file",
        ),
        (linked("model_weights", h5py.ExternalLink("other.h5", "model_weights")), "holds no weights"),
        (
            linked("model_weights/conv1d_1", h5py.SoftLink("/model_weights")),
            "layer 'conv1d_1' are a link",
        ),
        (graph_text("{"), "its layer graph cannot be read (JSONDecodeError"),
        (graph_text("[]"), "its layer graph cannot be read (TypeError"),
        (graph_text("[" * 100_000), "its layer graph cannot be read (RecursionError"),
        (graph_text(3), "its layer graph cannot be read (TypeError"),
    ],
)
def test_wrong_content(published, output, tmp_path, capsys, edit, message):
    write_published(tmp_path / "other.h5", PAIR)
    with h5py.File(published, "r+") as file:
        edit(file)
    check_refusal(published, output, capsys, message)


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (0, "is empty"),
        (5, "is not HDF5; make it with the published DeepGRN program"),
        (3_000, "is damaged or truncated HDF5; make or copy the file again"),
        (-1, "is damaged or truncated HDF5; make or copy the file again"),
    ],
)
def test_truncated(published, output, capsys, keep, message):
    published.write_bytes(published.read_bytes()[:keep])
    check_refusal(published, output, capsys, message)


def test_features_file(tmp_path, output, capsys):
    with h5py.File(tmp_path / "features.h5", "w") as file:
        file.attrs["format"] = "deepgrn-features"
    check_refusal(tmp_path / "features.h5", output, capsys, "is a 'deepgrn-features' file, not a network")
