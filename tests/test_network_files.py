"""Model files: round trip, same bytes twice, and every wrong or hostile file refused in one line."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model, describe_model, describe_network, load_model, save_model
from deepgrn_tool.network.weights import weight_shapes

CONFIG = NetworkConfig(
    filters=4, kernel_size=40, lstm_units=3, dense_units=5, dense_after_meta=(6,), attention="pairwise", merge="max"
)


def random_model(config=CONFIG):
    random = np.random.default_rng(1)
    weights = {name: random.standard_normal(shape).astype(np.float32) for name, shape in weight_shapes(config).items()}
    return Model(config, weights, "CTCF", "hg38", {"training": {"epochs": 3, "rates": [0.5, 1e-3]}, "note": "größer"})


@pytest.fixture
def path(tmp_path):
    save_model(random_model(), tmp_path / "model.h5")
    return tmp_path / "model.h5"


@pytest.fixture
def editable(path):
    with h5py.File(path, "r+") as file:
        yield file


def refusal(path):
    with pytest.raises(InputError) as caught:
        load_model(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize("attention", ["none", "after-lstm", "before-lstm", "weighted-sum", "pairwise-before-lstm"])
@pytest.mark.parametrize("num_conv", [0, 2])
def test_round_trip(tmp_path, attention, num_conv):
    config = NetworkConfig(
        filters=4,
        lstm_units=3,
        attention=attention,
        num_conv=num_conv,
        num_lstm=2,
        position_encoding="learned",
        meta=(),
    )
    model = random_model(config)
    save_model(model, tmp_path / "model.h5")
    found = load_model(tmp_path / "model.h5")
    assert found.config == config
    assert (found.factor, found.assembly, found.record) == ("CTCF", "hg38", model.record)
    assert list(found.weights) == list(model.weights)
    for name, values in model.weights.items():
        assert np.array_equal(found.weights[name], values)
        assert found.weights[name].dtype == np.float32


def test_same_model_gives_the_same_bytes(tmp_path):
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_network_files import random_model\n"
        "from deepgrn_tool.network.files import save_model\n"
        "save_model(random_model(), sys.argv[1])\n"
    )
    contents = []
    for seed in ("1", "2"):  # of the hashes of texts, which decide the order of sets
        target = tmp_path / f"{seed}.h5"
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        command = [sys.executable, "-c", program, str(target)]
        subprocess.run(command, check=True, env=environment, timeout=60)
        contents.append(target.read_bytes())
    assert contents[0] == contents[1]
    assert str(tmp_path).encode() not in contents[0]


def test_layout(path):
    with h5py.File(path) as file:
        assert file.attrs["format"] == "deepgrn-model"
        assert file.attrs["format_version"] == "1.1"
        assert json.loads(file.attrs["config"])["network"]["tracks"] == ["uniqueness", "accessibility"]
        assert list(file) == ["weights"]
        assert file["weights/conv_1/kernel"].shape == (40, 6, 4)
        assert file["weights/conv_1/kernel"].dtype == np.float32


def test_a_later_minor_version_is_read(path):
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = "1.7"
    assert load_model(path).config == CONFIG


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", "deepgrn-features", "is not a deepgrn-model file (its format is 'deepgrn-features'); make one with"),
        ("format", None, "is not a deepgrn-model file (it names no format)"),
        ("format", 7, "is not a deepgrn-model file (it names no format)"),
        ("format_version", "2.0", "has deepgrn-model version 2.0, this program knows 1.1; update DeepGRN-tool"),
        ("format_version", "new", "its format version 'new' is not a version"),
        ("format_version", None, "its format version '' is not a version"),
        ("config", None, "its model configuration cannot be read"),
        ("config", "{", "its model configuration cannot be read"),
        ("config", "[]", "its model configuration cannot be read"),
        ("config", "{}", "its model configuration cannot be read ('network')"),
        ("config", "[" * 200_000, "its model configuration cannot be read"),
        ("config", 3, "its model configuration cannot be read"),
        ("config", h5py.Empty("f"), "its model configuration cannot be read"),
    ],
)
def test_wrong_attributes(path, name, value, message):
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
        if isinstance(value, str) and len(value) > 60_000:
            file.attrs.create(name, value, dtype=h5py.string_dtype())
        elif value is not None:
            file.attrs[name] = value
    assert message in refusal(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "has unknown fields ['colour'] and lacks []"),
        ({"filters": 0}, "every layer and bin size must be between 1 and 100,000"),
        ({"filters": "4"}, "has filters = '4'"),
        ({"attention": "os.system"}, "attention is 'os.system'; it must be one of"),
        (
            {"tracks": ["accessibility"], "transforms": ["none"]},
            "weight 'conv_1/kernel' is float32 (40, 6, 4); the network needs float32 (",
        ),
        ({"num_lstm": 2}, "weight 'lstm_2/forward_kernel' is missing"),
        ({"filters": 10**10}, "every layer and bin size"),
        ({"filters": 100_000, "lstm_units": 100_000}, "weights; at most 100,000,000 are read"),
    ],
)
def test_wrong_configurations(path, change, message):
    with h5py.File(path, "r+") as file:
        text = json.loads(file.attrs["config"])
        text["network"] |= change
        file.attrs["config"] = json.dumps(text)
    assert message in refusal(path)


def replaced(file, name, **options):
    del file[name]
    file.create_dataset(name, **options)


def test_weight_of_another_shape(editable, path):
    replaced(editable, "weights/logit/bias", data=np.zeros(2, np.float32))
    editable.flush()
    editable.close()
    assert "weight 'logit/bias' is float32 (2,); the network needs float32 (1,)" in refusal(path)


@pytest.mark.parametrize("dtype", ["f8", "f2", "i4", ">f4", "S4", "complex64"])
def test_weight_of_another_type(path, dtype):
    with h5py.File(path, "r+") as file:
        replaced(file, "weights/logit/bias", shape=(1,), dtype=dtype)
    assert "weight 'logit/bias' is " in refusal(path)


def test_objects_of_python_are_never_read(path):
    """Variable-length bytes are how pickles would be hidden."""
    with h5py.File(path, "r+") as file:
        replaced(file, "weights/logit/bias", shape=(1,), dtype=h5py.vlen_dtype(np.uint8))
    assert "weight 'logit/bias' is object (1,)" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weight_that_is_not_finite(path, value):
    with h5py.File(path, "r+") as file:
        file["weights/strand/kernel"][3, 2] = value
    assert "weight 'strand/kernel' holds values that are not finite numbers" in refusal(path)


def test_missing_weight(path):
    with h5py.File(path, "r+") as file:
        del file["weights/strand/kernel"]
    assert "weight 'strand/kernel' is missing" in refusal(path)


@pytest.mark.parametrize("place", ["weights", "weights/strand", "weights/strand/kernel"])
@pytest.mark.parametrize("soft", [True, False])
def test_links_are_not_followed(path, tmp_path, place, soft):
    with h5py.File(path, "r+") as file:
        if soft:
            file.move(place, "elsewhere")
            file[place] = h5py.SoftLink("/elsewhere")
        else:
            del file[place]
            file[place] = h5py.ExternalLink("other.h5", f"/{place}")
    save_model(random_model(), tmp_path / "other.h5")
    assert "is missing" in refusal(path)


def test_data_outside_the_file_is_not_read(path, tmp_path):
    (tmp_path / "secret").write_bytes(np.zeros(1, np.float32).tobytes())
    outside = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
    with h5py.File(path, "r+") as file:
        replaced(file, "weights/logit/bias", shape=(1,), dtype="f4", external=outside)
    assert "'weights/logit/bias' is not a plain array of floating-point numbers" in refusal(path)


def test_virtual_data_is_not_read(path, tmp_path):
    save_model(random_model(), tmp_path / "other.h5")
    layout = h5py.VirtualLayout((1,), "f4")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "weights/logit/bias", (1,))
    with h5py.File(path, "r+") as file:
        del file["weights/logit/bias"]
        file.create_virtual_dataset("weights/logit/bias", layout)
    assert "'weights/logit/bias' is not a plain array of floating-point numbers" in refusal(path)


def test_group_in_place_of_a_weight_and_weight_in_place_of_a_group(path):
    with h5py.File(path, "r+") as file:
        del file["weights/strand/kernel"]
        file.create_group("weights/strand/kernel")
    assert "weight 'strand/kernel' is missing" in refusal(path)
    with h5py.File(path, "r+") as file:
        del file["weights/conv_1"]
        file["weights/conv_1"] = 1.0
    assert "weight 'conv_1/kernel' is missing" in refusal(path)


DAMAGED = "is damaged or truncated HDF5; make or copy the file again"


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (0, "is empty"),
        (7, "is not HDF5; make it with deepgrn-import or deepgrn-train"),
        *((keep, DAMAGED) for keep in (8, 100, 2_000, -1)),
    ],
)
def test_truncated_files(path, keep, message):
    path.write_bytes(path.read_bytes()[:keep])
    assert refusal(path) == f"{path}: {message}"


def test_a_file_that_is_being_written_says_so(path):
    program = "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print(flush=True); input()"
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert refusal(path) == f"{path}: is being written by another program; wait for it to end"
        other.communicate(b"\n", timeout=60)


SWEEP = """
import sys
from pathlib import Path
from deepgrn_tool.errors import InputError
from deepgrn_tool.network.files import load_model
path = Path(sys.argv[1])
whole = path.read_bytes()
refused = 0
for place in range(8, len(whole), 41):
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    try:
        load_model(path)
    except InputError as error:
        refused += str(error).startswith(f"{path}: ") and "\\n" not in str(error)
print(refused)
"""


def test_damaged_bytes_never_show_a_traceback(path):
    """Every 41st byte of the file turned over, one at a time: read as it was, or refused in one line.

    In a process of its own, since the HDF5 library itself may crash on a damaged file.
    """
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", SWEEP, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert (done.stderr, done.returncode) == ("", 0)
    assert int(done.stdout) > 20


def test_a_long_record_fits(tmp_path):
    model = Model(CONFIG, random_model().weights, record={"history": ["x" * 1000] * 1000})
    save_model(model, tmp_path / "model.h5")
    assert load_model(tmp_path / "model.h5").record == model.record


def test_a_model_that_does_not_fit_is_not_written(tmp_path):
    model = random_model()
    model.weights["logit/bias"] = np.zeros(2, np.float32)
    with pytest.raises(InputError, match=r"weight 'logit/bias' has shape \(2,\); the network needs \(1,\)"):
        save_model(model, tmp_path / "model.h5")
    assert list(tmp_path.iterdir()) == []


def test_saving_over_a_model_replaces_it_whole(path):
    other = Model(CONFIG, random_model().weights, "MAX", "hg19")
    save_model(other, path)
    assert load_model(path).factor == "MAX"
    assert [item.name for item in path.parent.iterdir()] == ["model.h5"]


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, "tests")
from test_network_files import random_model
from deepgrn_tool.network.files import save_model
model = random_model()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
try:
    save_model(model, sys.argv[2])
except OSError as error:
    print(type(error).__name__, error.errno)
else:
    print("written")
"""


@pytest.mark.parametrize("limit", [0, 100, 4_000, 12_000])
def test_full_disk_leaves_nothing(tmp_path, limit):
    """A limit on the size of files stands in for a full disk; it needs a process of its own."""
    command = [sys.executable, "-c", FULL_DISK, str(limit), str(tmp_path / "model.h5")]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.stdout, done.stderr, done.returncode) == ("OSError 27\n", "", 0)
    assert list(tmp_path.iterdir()) == []


def test_description(path):
    rows = dict(describe_model(path))
    assert rows["factor"] == "CTCF"
    assert rows["assembly"] == "hg38"
    assert rows["window"] == "1002 bp (bin 200, flanks 401), both strands"
    assert rows["channels"] == "A, C, G, T, uniqueness, accessibility"
    assert rows["convolutions"] == "1 × (4 filters × 40 bp)"
    assert rows["max-pool"] == "20 bp, 48 steps"  # (1002 - 39) // 20
    assert rows["attention"] == "pairwise, none position encoding"
    assert rows["LSTM"] == "1 × 3 units per direction, sigmoid gates"
    assert rows["dense"] == "5 / after meta: 6"
    assert rows["meta inputs"] == "expression, annotation"
    assert rows["strands merged by"] == "max"


def test_description_of_the_smallest_network():
    config = NetworkConfig(num_conv=0, meta=(), dense_after_meta=(), merge_attention=True)
    rows = dict(describe_network(config))
    assert rows["convolutions"] == "none; per-position dense layer of 64"
    assert rows["attention"] == "after-lstm, averaged over dimensions"
    assert rows["meta inputs"] == "none"
    assert rows["dense"] == "64 / after meta: none"
