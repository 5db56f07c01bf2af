import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import describe_network
from deepgrn_tool.network.weights import weight_shapes


def test_defaults_are_the_published_program_s():
    config = NetworkConfig()
    assert config.window_size == 1002  # 200 + 2 · 401
    assert config.channels == ("A", "C", "G", "T", "uniqueness", "accessibility")
    assert (config.filters, config.kernel_size, config.lstm_units, config.dense_units) == (64, 34, 32, 64)
    assert (config.attention, config.merge, config.num_conv, config.num_lstm) == ("after-lstm", "mean", 1, 1)
    assert (config.meta_size, config.dense_after_meta, config.dropout) == (14, (64, 64), 0.1)


# Steps as the table of published networks lists them: (1002 - k + 1) // (k // 2).
@pytest.mark.parametrize(("kernel", "pool", "steps"), [(30, 15, 64), (34, 17, 57), (15, 7, 141)])
def test_geometry_of_published_networks(kernel, pool, steps):
    config = NetworkConfig(kernel_size=kernel)
    assert (config.receptive_field, config.pool_size, config.steps) == (kernel, pool, steps)


@pytest.mark.parametrize(
    ("num_conv", "field", "length", "steps"),
    [(0, 1, 1002, 100), (1, 20, 983, 98), (2, 39, 964, 96)],  # k = 20: every convolution takes 19 positions
)
def test_geometry_by_number_of_convolutions(num_conv, field, length, steps):
    config = NetworkConfig(kernel_size=20, num_conv=num_conv)
    assert (config.receptive_field, config.conv_length, config.steps) == (field, length, steps)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attention": "self"}, "attention is 'self'; it must be one of none, after-lstm, before-lstm, weighted-sum"),
        ({"position_encoding": "sine"}, "position_encoding is 'sine'; it must be one of none, learned, trigonometric"),
        ({"gate_activation": "tanh"}, "gate_activation is 'tanh'; it must be one of sigmoid, hard-sigmoid"),
        ({"merge": "ave"}, "merge is 'ave'; it must be one of mean, max"),
        ({"merge": "a\nb"}, r"merge is 'a\nb'; it must be"),
        ({"meta": ("annotation", "expression")}, "are not a subset of ['expression', 'annotation'] in this order"),
        ({"meta": ("age",)}, "meta inputs ['age'] are not a subset"),
        ({"tracks": ("a", "a")}, "tracks ['a', 'a'] hold an empty or repeated name"),
        ({"tracks": ("",)}, "hold an empty or repeated name"),
        ({"filters": 0}, "every layer and bin size must be between 1 and 100,000"),
        ({"lstm_units": 100_001}, "every layer and bin size must be between 1 and 100,000"),
        ({"dense_units": -1}, "every layer and bin size"),
        ({"dense_after_meta": (64, 0)}, "every layer and bin size"),
        ({"bin_size": 0}, "every layer and bin size"),
        ({"stride": 0}, "every layer and bin size"),
        ({"filters": 1, "attention": "pairwise-before-lstm"}, "filters must be at least 2 with pairwise-before-lstm"),
        ({"kernel_size": 1}, "kernel_size must be at least 2 and flank at least 0"),
        ({"flank": -1}, "kernel_size must be at least 2 and flank at least 0"),
        ({"num_conv": 17}, "num_conv must be 0 to 16, num_lstm 1 to 16"),
        ({"num_conv": -1}, "num_conv must be 0 to 16"),
        ({"num_lstm": 0}, "num_lstm 1 to 16"),
        ({"dense_after_meta": (8,) * 17}, "at most 16 dense layers after meta"),
        ({"dropout": 1.0}, "dropout rates must be at least 0 and less than 1"),
        ({"lstm_dropout": -0.1}, "dropout rates"),
        ({"recurrent_dropout": float("nan")}, "dropout rates"),
        ({"kernel_size": 1003}, "a window of 1002 bp is too short for kernel size 1003"),
        ({"num_conv": 16, "kernel_size": 80}, "a window of 1002 bp is too short for kernel size 80"),
        ({"filters": 64.0}, "has filters = 64.0"),
        ({"filters": True}, "has filters = True"),
        ({"merge_attention": 1}, "has merge_attention = 1"),
        ({"dropout": "0.1"}, "has dropout = '0.1'"),
        ({"dropout": True}, "has dropout = True"),
        ({"tracks": "accessibility"}, "has tracks = 'accessibility'"),
        ({"tracks": (1,)}, "has tracks = (1,)"),
        ({"dense_after_meta": (True,)}, "has dense_after_meta = (True,)"),
        ({"attention": None}, "has attention = None"),
        ({"transforms": ("log1p",)}, "there are 1 transforms for 2 tracks"),
        ({"transforms": ("log1p", "sqrt")}, "transform 'sqrt' has the step 'sqrt'; steps are none, log1p, clip:LIMIT"),
        ({"transforms": ("none", "log1p,clip:0")}, "transform 'log1p,clip:0' has the step 'clip:0'"),
        ({"transforms": ("none", "clip")}, "has the step 'clip'"),
        ({"transforms": ("none", "clip:nan")}, "has the step 'clip:nan'"),
        ({"transforms": ("none", "scale:1e31")}, "has the step 'scale:1e31'"),
        ({"transforms": ("none", "log1p:2")}, "has the step 'log1p:2'"),
        ({"transforms": ("none", "")}, "transform '' has the step ''"),
        ({"transforms": "log1p"}, "has transforms = 'log1p'"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(InputError) as caught:
        NetworkConfig(**change)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# The bounds themselves are allowed; kernel 500 twice leaves 1002 - 998 = 4 positions, less than one pool of 250.
def test_limits_are_inclusive():
    NetworkConfig(kernel_size=2, flank=0, filters=100_000)
    assert NetworkConfig(kernel_size=401, num_conv=1, flank=201).steps == 1  # 602 - 400 = 202 = one pool of 200
    with pytest.raises(InputError, match="too short"):
        NetworkConfig(kernel_size=500, num_conv=2)


CONFIGS = st.fixed_dictionaries(
    {
        "tracks": st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=4).map(tuple),
        "num_conv": st.integers(0, 3),
        "filters": st.integers(2, 200),
        "kernel_size": st.integers(2, 60),
        "attention": st.sampled_from(
            ["none", "after-lstm", "before-lstm", "weighted-sum", "pairwise", "pairwise-before-lstm"]
        ),
        "merge_attention": st.booleans(),
        "position_encoding": st.sampled_from(["none", "learned", "trigonometric"]),
        "lstm_units": st.integers(1, 100),
        "num_lstm": st.integers(1, 3),
        "gate_activation": st.sampled_from(["sigmoid", "hard-sigmoid"]),
        "dense_after_meta": st.lists(st.integers(1, 100), max_size=4).map(tuple),
        "meta": st.sampled_from([(), ("expression",), ("annotation",), ("expression", "annotation")]),
        "merge": st.sampled_from(["mean", "max"]),
        "dropout": st.floats(0, 1, exclude_max=True),
        "flank": st.integers(100, 500),
    }
)


@given(CONFIGS)
def test_json_round_trip(values):
    config = NetworkConfig(**values)
    assert NetworkConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@given(CONFIGS)
def test_pooled_steps_fill_the_convolved_window(values):
    config = NetworkConfig(**values)
    used = config.steps * config.pool_size
    assert used <= config.conv_length < used + config.pool_size
    assert config.conv_length + config.num_conv * (config.kernel_size - 1) == config.window_size


@given(CONFIGS)
def test_widths_of_weights_follow_one_another(values):
    config = NetworkConfig(**values)
    shapes = weight_shapes(config)
    for name, shape in shapes.items():
        if name.endswith("/bias"):
            assert shape == shapes[name.replace("/bias", "/kernel")][-1:]
    first = shapes["conv_1/kernel"][1] if config.num_conv else shapes["per_position/kernel"][0]
    assert first == 4 + len(config.tracks)
    assert shapes["logit/kernel"][0] == [config.dense_units + config.meta_size, *config.dense_after_meta][-1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "is not a table of names and values"),
        ({**NetworkConfig().to_json(), "layers": 3}, "has unknown fields ['layers'] and lacks []"),
        ({"filters": 64}, "has unknown fields [] and lacks ['attention', 'bin_size', "),
    ],
)
def test_json_refusals(values, message):
    with pytest.raises(InputError) as caught:
        NetworkConfig.from_json(values)
    assert message in str(caught.value)


# Averaging acts in two kinds, position codes in two others; what else a file says of them has no effect.
@pytest.mark.parametrize(
    ("kind", "averaged", "encoding", "words"),
    [
        ("none", False, "none", "none"),
        ("after-lstm", True, "none", "after-lstm, averaged over dimensions"),
        ("before-lstm", True, "none", "before-lstm, averaged over dimensions"),
        ("weighted-sum", False, "none", "weighted-sum"),
        ("pairwise", False, "learned", "pairwise, learned position encoding"),
        ("pairwise-before-lstm", False, "learned", "pairwise-before-lstm, learned position encoding"),
    ],
)
def test_values_count_only_in_the_kinds_that_they_act_in(kind, averaged, encoding, words):
    values = {**NetworkConfig(attention=kind).to_json(), "merge_attention": True, "position_encoding": "learned"}
    config = NetworkConfig.from_json(values)
    assert (config.merge_attention, config.position_encoding) == (averaged, encoding)
    assert dict(describe_network(config))["attention"] == words


def test_without_transforms_none_is_done_to_every_track():
    assert NetworkConfig().transforms == ("none", "none")
    assert NetworkConfig() == NetworkConfig(transforms=("none", "none"))
    assert NetworkConfig(tracks=()).transforms == ()


def test_configurations_of_version_1_0_have_no_transforms():
    values = NetworkConfig().to_json()
    del values["transforms"]
    assert NetworkConfig.from_json(values) == NetworkConfig()


def test_transforms_are_told():
    config = NetworkConfig(transforms=("none", "log1p,clip:5"))
    assert dict(describe_network(config))["transforms"] == "accessibility log1p,clip:5"
    assert dict(describe_network(NetworkConfig()))["transforms"] == "none"


def test_number_of_weights_of_the_published_pair_network():
    # EGR1_pair: conv 30·6·64 + 64; dense 64² + 64; q, k 2·64·32, v 64², positions 64²; LSTM 2·((64 + 32)·128 + 128);
    # strand 64·64·64 + 64; dense 78·64 + 64, 64² + 64; logit 65.
    config = NetworkConfig(
        attention="pairwise-before-lstm", position_encoding="learned", kernel_size=30, gate_activation="hard-sigmoid"
    )
    expected = 11584 + 4160 + 4096 + 4096 + 4096 + 24832 + 262208 + 5056 + 4160 + 65
    total = 0
    for shape in weight_shapes(config).values():
        size = 1
        for length in shape:
            size *= length
        total += size
    assert total == expected
