"""Files made to do harm: nothing in them is run, nothing outside them is read, and a refusal is one line.

Each program reads its file twice. The first time it loads what it needs itself; the second time Python reports whatever
is executed, unpickled, imported or opened, and the kernel reports who opens the files that hostile links lead to.
"""

import base64
import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from guard import no_code
from hostile import (
    DATA,
    ENDLESS,
    FEATURES,
    HOSTILE,
    Place,
    external_link,
    huge,
    opaque,
    pickled,
    put,
    raw_file,
    region,
    soft_link,
    virtual,
)
from programs import exit_code
from published_files import PAIR, write_published

from deepgrn_tool.cli.import_model import main as import_model
from deepgrn_tool.cli.info import main as info
from deepgrn_tool.cli.predict import main as predict

KERNEL = "model_weights/conv1d_1/conv1d_1/kernel:0"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


PLAIN = "is not a plain array of floating-point numbers"


@pytest.mark.parametrize("program", [info, predict], ids=["info", "predict"])
@pytest.mark.parametrize("edit", HOSTILE)
def test_weights_of_a_model(place, capfd, program, edit):
    path = place.copy(DATA / "model.h5", "m.h5")
    put(place, path, "weights/logit/bias", edit)
    options = [path] if program is info else [FEATURES, path, "--cell", "gamma", "-o", place.out / "t.bw"]
    found = {
        external_link: "weight 'logit/bias' is missing",
        soft_link: "weight 'logit/bias' is missing",
        raw_file: f"'weights/logit/bias' {PLAIN}",
        virtual: f"'weights/logit/bias' {PLAIN}",
        pickled: "weight 'logit/bias' is object (1,); the network needs float32 (1,)",
        opaque: f"weight 'logit/bias' is |V{len(place.pickled)} (1,); the network needs float32 (1,)",
        region: "weight 'logit/bias' is object (1,); the network needs float32 (1,)",
        huge: f"weight 'logit/bias' is float32 ({1 << 44},); the network needs float32 (1,)",
    }[edit]
    assert place.refused(capfd, program, *options, allowed=[DATA]) == f"{path}: {found}"


@pytest.fixture
def network(place):
    """A published network, and the same elsewhere."""
    weights = write_published(place.secret, PAIR, canary=place.canary)
    place.values = sum(array.size for array in weights.values())
    return Path(shutil.copy(place.secret, place.inputs / "p.h5"))


@pytest.mark.parametrize("edit", HOSTILE)
def test_weights_of_a_published_network(place, network, capfd, edit):
    put(place, network, KERNEL, edit)
    found = {
        external_link: "layer 'conv1d_1' (Conv1D) lacks 'kernel'",
        soft_link: "layer 'conv1d_1' (Conv1D) lacks 'kernel'",
        huge: f"claims {place.values - 30 * 36 + (1 << 44) * 36:,} weights; at most 100,000,000 are read",
    }.get(edit, f"{KERNEL!r} {PLAIN}")
    assert place.refused(capfd, import_model, network, "-o", place.out / "m.h5") == f"{network}: {found}"


@pytest.mark.parametrize("edit", ENDLESS)
def test_groups_without_end_in_a_published_network(place, network, capfd, edit):
    with h5py.File(network, "r+") as file:
        edit(file["model_weights/conv1d_1"])
    said = place.refused(capfd, import_model, network, "-o", place.out / "m.h5")
    assert said.startswith(f"{network}: ") and said.endswith(ENDLESS[edit])
    assert "'model_weights/conv1d_1'" in said


def edit_graph(path, edit):
    with h5py.File(path, "r+") as file:
        graph = json.loads(file.attrs["model_config"])
        edit(graph)
        file.attrs["model_config"] = json.dumps(graph)


def layers_of(graph, kind):
    return [layer for layer in graph["config"]["layers"] if layer["class_name"] == kind]


def every_lambda(**changes):
    def edit(graph, place):
        given = {name: value(place) if callable(value) else value for name, value in changes.items()}
        for layer in layers_of(graph, "Lambda"):
            layer["config"] |= given

    return edit


def other_modules(graph, place):
    """What Keras 3 would import and call when it rebuilds objects."""
    for layer in graph["config"]["layers"]:
        layer |= {"module": "os", "registered_name": "os>system", "build_config": {"module": "os"}}
        layer["config"] |= {"module": "os", "__reduce__": ["os.mkdir", [str(place.canary)]]}


def initializers(graph, place):
    for layer in layers_of(graph, "Dense"):
        call = {"class_name": "function", "config": "os.system", "module": "builtins", "registered_name": "eval"}
        layer["config"] |= {"kernel_initializer": call, "bias_regularizer": call}


@pytest.mark.parametrize(
    "edit",
    [
        every_lambda(function=lambda place: [place.bytecode, None, None]),
        every_lambda(function=lambda place: [place.bytecode, None, [place.bytecode]], function_type="lambda"),
        every_lambda(function=lambda place: base64.b64encode(place.pickled).decode(), function_type="raw"),
        every_lambda(function="os.system", function_type="function", module="os"),
        every_lambda(output_shape=lambda place: place.bytecode, output_shape_type="lambda"),
        other_modules,
        initializers,
    ],
)
def test_code_in_a_published_network_is_passed_over(place, network, capfd, edit):
    edit_graph(network, lambda graph: edit(graph, place))
    assert place.run(capfd, import_model, network, "-o", place.out / "m.h5") == (0, "")
    assert [path.name for path in place.out.iterdir()] == ["m.h5"]
    assert place.canary.name.encode() not in (place.out / "m.h5").read_bytes()


def test_pickles_beside_a_published_network_are_passed_over(place, network, capfd):
    with h5py.File(network, "r+") as file:
        file.attrs["custom_objects"] = np.void(place.pickled)
        file.attrs["training_config"] = np.void(place.pickled)
        data = file.create_dataset("optimizer_weights/pickle", (1,), h5py.vlen_dtype(np.uint8))
        data[0] = np.frombuffer(place.pickled, np.uint8)
        file["model_weights"].attrs["backend"] = "__import__('os')"
    assert place.run(capfd, import_model, network, "-o", place.out / "m.h5") == (0, "")


def change_first(kind, **changes):
    return lambda graph, place: layers_of(graph, kind)[0].update(changes)


def configure_first(kind, **changes):
    return lambda graph, place: layers_of(graph, kind)[0]["config"].update(changes)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            change_first("Flatten", class_name="os>system"),
            "layer 'flatten_1' is of kind os>system, which no published network has",
        ),
        (
            change_first("Flatten", class_name="a\0b"),
            "layer 'flatten_1' of kind 'a\\x00b' has a name that Keras never gives",
        ),
        (
            change_first("Flatten", name="../../canary\0.h5"),
            "layer '../../canary\\x00.h5' of kind 'Flatten' has a name that Keras never gives",
        ),
        (
            configure_first("Conv1D", activation="__import__('os').system('id')"),
            "layer 'conv1d_1' has activation = \"__import__('os').system('id')\"; published networks have 'relu'",
        ),
        (
            configure_first("Dropout", rate="exec('1')"),
            "a layer lacks what DeepGRN's layers have (ValueError: could not convert string to float: \"exec('1')\")",
        ),
    ],
)
def test_graphs_that_are_refused(place, network, capfd, edit, message):
    edit_graph(network, lambda graph: edit(graph, place))
    assert place.refused(capfd, import_model, network, "-o", place.out / "m.h5") == f"{network}: {message}"


@pytest.mark.parametrize("depth", [50, 500, 800, 900, 950, 980, 2000])
def test_deeply_nested_settings(place, network, capfd, depth):
    """The reader of JSON has a limit, and so has whatever shows the value; which comes first depends on Python."""
    text = "[" * depth + "]" * depth
    with h5py.File(network, "r+") as file:
        graph = file.attrs["model_config"]
        assert graph.count('"pool_size": [15]') == 1
        file.attrs["model_config"] = graph.replace('"pool_size": [15]', f'"pool_size": {text}')
    said = place.refused(capfd, import_model, network, "-o", place.out / "m.h5")
    assert said.startswith(f"{network}: ")
    assert any(part in said for part in ("RecursionError", "published networks have [[[["))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: "[" * 100_000, "its model configuration cannot be read (maximum recursion depth exceeded"),
        (lambda text: "9" * 5000, "its model configuration cannot be read ("),
        (lambda text: text.replace('"factor"', '"\\u0000"'), "its model configuration cannot be read ('factor')"),
        (
            lambda text: text.replace('"filters"', '"__reduce__": ["os.mkdir", ["x"]], "filters"'),
            "the network's configuration has unknown fields ['__reduce__'] and lacks []",
        ),
        (
            lambda text: text.replace('"merge": "mean"', '"merge": {"class_name": "Lambda", "module": "os"}'),
            "the network's configuration has merge = {'class_name': 'Lambda', 'module': 'os'}",
        ),
        (
            lambda text: text.replace('"record": {', '"record": {"deep": ' + '{"a": ' * 600 + "1" + "}" * 600 + ", "),
            "its record is nested deeper than any that the programs write",
        ),
        (
            lambda text: text.replace('"record": {', '"record": {"deep": ' + "[" * 600 + "]" * 600 + ", "),
            "its record is nested deeper than any that the programs write",
        ),
    ],
)
def test_configuration_of_a_model(place, capfd, edit, message):
    path = place.copy(DATA / "model.h5", "m.h5")
    with h5py.File(path, "r+") as file:
        text = file.attrs["config"]
        assert edit(text) != text
        file.attrs["config"] = edit(text)
    assert place.refused(capfd, info, path).startswith(f"{path}: {message}")


def test_records_are_shown_as_text(place, capfd):
    """What a record says of modules and classes is text; control characters are shown as what they are."""
    path = place.copy(DATA / "model.h5", "m.h5")
    with h5py.File(path, "r+") as file:
        text = json.loads(file.attrs["config"])
        text["record"] = {"module": "os", "__reduce__": [place.bytecode, "os.system"], "note": "a\0b\x1b[31m\n"}
        file.attrs["config"] = json.dumps(text)
    exit_code(info, path)
    with no_code(os.path.realpath(place.inputs)) as seen:
        assert exit_code(info, path, "--tsv") == 0
    assert seen == []
    assert "note\ta\\x00b\\x1b[31m\\n\n" in capfd.readouterr().out
