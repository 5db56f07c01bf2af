"""Import of published networks: synthetic files of every architecture."""

import base64
import hashlib
import json
import marshal
import pickle

import h5py
import numpy as np
import pytest
from published_designs import SMALL, TABLE, expected_config, inspect, model_config, ours
from published_files import write_published
from reference_network import cudnn_lstm, lstm, reference, sigmoid

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.keras2_arrays import from_cudnn, from_published_order
from deepgrn_tool.network.published import import_published


def random_inputs(design, count):
    """Windows in the published channel order, and meta inputs or None."""
    random = np.random.default_rng(11)
    windows = random.random((count, design.window, design.channels))
    windows[:, :, :4] = np.eye(4)[random.integers(0, 4, windows.shape[:2])]
    meta = random.standard_normal((count, design.meta)).astype(np.float32) if design.meta else None
    return windows.astype(np.float32), meta


@pytest.mark.parametrize("design", [*TABLE.values(), *SMALL.values()], ids=[*TABLE, *SMALL])
def test_scores_equal_the_original_s_formulas(tmp_path, design):
    path, canary = tmp_path / "published.h5", tmp_path / "canary"
    weights = write_published(path, design, canary=canary)
    model = import_published(path, factor="TF1", assembly="hg38")
    assert model.config == expected_config(design)
    assert (model.factor, model.assembly) == ("TF1", "hg38")
    windows, meta = random_inputs(design, 2)
    expected = reference(model.config, weights, windows, meta, bases="ATGC", cudnn=design.cudnn)
    found = inspect(model, ours(windows), meta)
    np.testing.assert_allclose(found["probability"], expected.probability, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["logits"], expected.logits, rtol=0, atol=2e-5)
    if expected.attention is not None:
        np.testing.assert_allclose(found["attention"], expected.attention, rtol=0, atol=1e-5)
    assert not canary.exists()


def test_base_order_matters_in_these_tests(tmp_path):
    design = SMALL["after"]
    weights = write_published(tmp_path / "p.h5", design)
    model = import_published(tmp_path / "p.h5")
    windows, meta = random_inputs(design, 2)
    expected = reference(model.config, weights, windows, meta, bases="ATGC")
    assert np.abs(inspect(model, windows, meta)["logits"] - expected.logits).max() > 1e-3


def test_key_comes_before_query_in_the_file(tmp_path):
    """The trap that the tests of the pairwise kinds hold: both have the same shape, and key is listed first."""
    write_published(tmp_path / "p.h5", SMALL["qkv_pe-before"])
    names = [layer["name"] for layer in model_config(tmp_path / "p.h5")["layers"]]
    assert names.index("dense_3") < names.index("dense_2")


def shuffled(seed):
    def edit(model):
        np.random.default_rng(seed).shuffle(model["config"]["layers"])

    return edit


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["qkv_pe-before", "ctcf-cudnn", "attention1d", "original-program-no-hidden-dense"])
def test_order_of_layers_in_the_file_does_not_matter(tmp_path, name, seed):
    write_published(tmp_path / "p.h5", SMALL[name])
    write_published(tmp_path / "shuffled.h5", SMALL[name], edit=shuffled(seed))
    plain, other = (import_published(tmp_path / file) for file in ("p.h5", "shuffled.h5"))
    assert plain.config == other.config
    assert plain.weights.keys() == other.weights.keys()
    assert all(np.array_equal(values, other.weights[key]) for key, values in plain.weights.items())


def test_other_spellings_of_the_model_s_text(tmp_path):
    design = SMALL["after"]
    write_published(tmp_path / "p.h5", design)
    write_published(tmp_path / "bytes.h5", design, text_type=bytes)
    write_published(tmp_path / "newer.h5", design, edit=lambda model: model.update(class_name="Functional"))
    first, *others = (import_published(tmp_path / name) for name in ("p.h5", "bytes.h5", "newer.h5"))
    for other in others:
        assert first.config == other.config
        assert all(np.array_equal(values, other.weights[key]) for key, values in first.weights.items())


@pytest.mark.parametrize("group", ["attention1d_1", "Attention1D"])
def test_attention_layer_that_was_renamed_when_it_was_loaded(tmp_path, group):
    """Saved again after loading, the layer is called as its class; its weights may keep the first name."""
    path = tmp_path / "p.h5"

    def rename(model):
        text = json.dumps(model["config"]).replace('"attention1d_1"', '"Attention1D"')
        model["config"] = json.loads(text)

    weights = write_published(path, SMALL["attention1d-original"], edit=rename)
    if group != "attention1d_1":
        with h5py.File(path, "r+") as file:
            file["model_weights"].move("attention1d_1", group)
    found = import_published(path).weights["attention/kernel"]
    assert np.array_equal(found, weights["attention/kernel"])


def test_nothing_in_the_file_is_unpickled_or_run(tmp_path, monkeypatch):
    path, canary = tmp_path / "p.h5", tmp_path / "canary"
    write_published(path, SMALL["qkv_pe-before"], canary=canary)

    def refuse(*args, **options):
        raise AssertionError("code from the file was loaded")

    with monkeypatch.context() as patch:
        for module, name in ((marshal, "loads"), (marshal, "load"), (pickle, "loads"), (pickle, "load")):
            patch.setattr(module, name, refuse)
        import_published(path)
    assert not canary.exists()
    # The bytecode is real: run by hand, it does leave the file.
    layer = next(one for one in model_config(path)["layers"] if one["class_name"] == "Lambda")
    exec(marshal.loads(base64.b64decode(layer["config"]["function"][0])))
    assert canary.exists()


def test_optimizer_weights_are_ignored(tmp_path):
    path = tmp_path / "p.h5"
    write_published(path, SMALL["after"])
    before = import_published(path)
    with h5py.File(path, "r+") as file:
        assert len(file["optimizer_weights/training/Adam"]) > 5
        del file["optimizer_weights"]
        del file.attrs["training_config"]
    after = import_published(path)
    assert all(np.array_equal(values, after.weights[key]) for key, values in before.weights.items())


def test_record_names_the_source_without_its_folder(tmp_path):
    path = tmp_path / "p.h5"
    write_published(path, SMALL["after"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert import_published(path).record == {"imported_from": "p.h5", "imported_sha256": digest}


def test_channel_order_of_a_kernel():
    kernel = np.array([[0, 1, 2, 3, 4, 5]], np.float32).T[np.newaxis]  # A T G C uniqueness accessibility
    assert from_published_order(kernel).ravel().tolist() == [0, 3, 2, 1, 4, 5]
    assert from_published_order(kernel[0, :5]).ravel().tolist() == [0, 3, 2, 1, 4]


def test_cudnn_conversion_by_hand():
    # One gate of 2 units on 3 inputs fills its (3, 2) block row by row with w = 1 … 6; cuDNN reads rows of 3:
    # W = [[1, 2, 3], [4, 5, 6]], one row per unit, so the plain kernel (inputs × units) is its transpose.
    block = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    state = np.array([[1, 2], [3, 4]], np.float32)
    kernel = np.concatenate([block + 10 * gate for gate in range(4)], axis=1)
    recurrent = np.concatenate([state + 10 * gate for gate in range(4)], axis=1)
    bias = np.arange(16, dtype=np.float32)
    plain = from_cudnn(kernel, recurrent, bias)
    for gate in range(4):
        columns = slice(2 * gate, 2 * gate + 2)
        assert (plain[0][:, columns] - 10 * gate).tolist() == [[1, 4], [2, 5], [3, 6]]
        assert (plain[1][:, columns] - 10 * gate).tolist() == [[1, 3], [2, 4]]
    assert plain[2].tolist() == [8, 10, 12, 14, 16, 18, 20, 22]  # 0 + 8, 1 + 9, …


def test_cudnn_conversion_gives_the_same_states():
    random = np.random.default_rng(12)
    arrays = [random.standard_normal(shape) for shape in ((3, 20), (5, 20), (40,))]
    x = random.standard_normal((2, 6, 3))
    np.testing.assert_allclose(lstm(x, *from_cudnn(*arrays), sigmoid), cudnn_lstm(x, *arrays), rtol=0, atol=1e-12)


def test_refusals_name_the_file(tmp_path):
    path = tmp_path / "broken.h5"
    write_published(path, SMALL["after"])
    with h5py.File(path, "r+") as file:
        del file["model_weights/conv1d_1"]
    with pytest.raises(InputError) as caught:
        import_published(path)
    assert str(caught.value) == f"{path}: layer 'conv1d_1' (Conv1D) lacks 'kernel'"
