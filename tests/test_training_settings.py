"""Hyperparameters: the published defaults and presets, what overrides what, and what is refused."""

import pytest

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.training.build import network_config
from deepgrn_tool.training.presets import read_presets
from deepgrn_tool.training.settings import Settings, resolve_settings

# The published table: batch, learning rate, kernel, filters, LSTM units, dense units, dropout, LSTM dropout,
# recurrent dropout, merge, convolutions, LSTMs, extra dense layers, negatives per positive, RNA-seq, annotation,
# uniqueness, peaks as positives, CuDNN's LSTM, attention, averaged over dimensions.
PUBLISHED = """\
CTCF,64,0.0001,20,64,64,64,0.1,0.5,0.1,ave,2,2,0,1,TRUE,TRUE,TRUE,TRUE,TRUE,attention_after_lstm,FALSE
E2F1,64,1.00E-05,30,128,64,64,0.1,0.1,0.1,ave,0,1,1,1,TRUE,TRUE,TRUE,FALSE,FALSE,attention_before_lstm,TRUE
EGR1,64,0.001,30,64,32,64,0.5,0.5,0.5,ave,1,1,1,1,TRUE,TRUE,TRUE,FALSE,FALSE,attention_before_lstm,TRUE
FOXA1,64,0.001,34,128,64,128,0.5,0.5,0.1,max,1,1,0,10,TRUE,TRUE,TRUE,TRUE,FALSE,attention1d_after_lstm_original,TRUE
FOXA2,64,0.001,30,64,32,128,0.5,0,0,ave,1,1,1,1,TRUE,TRUE,TRUE,FALSE,FALSE,attention1d_after_lstm_original,TRUE
GABPA,64,0.001,20,64,64,64,0.1,0.5,0.1,ave,1,1,1,1,TRUE,TRUE,TRUE,FALSE,FALSE,attention_after_lstm,TRUE
HNF4A,32,0.001,34,64,64,128,0.5,0.5,0.1,ave,1,1,0,1,TRUE,TRUE,TRUE,TRUE,FALSE,attention1d_after_lstm_original,TRUE
JUND,32,0.01,20,64,64,128,0.1,0.1,0.1,ave,1,2,1,1,TRUE,TRUE,TRUE,TRUE,FALSE,attention_after_lstm,TRUE
MAX,32,0.001,34,64,64,64,0.1,0.1,0.1,max,1,1,0,1,TRUE,TRUE,TRUE,TRUE,FALSE,attention1d_after_lstm_original,TRUE
NANOG,128,0.0005,15,64,64,64,0.1,0,0,ave,1,1,1,15,FALSE,FALSE,FALSE,FALSE,FALSE,attention1d_after_lstm_original,TRUE
REST,32,0.001,34,128,32,128,0.1,0.1,0.1,max,1,1,0,10,TRUE,TRUE,TRUE,TRUE,FALSE,attention1d_after_lstm_original,TRUE
TAF1,64,0.001,34,64,64,64,0.1,0.5,0.1,ave,1,2,0,5,TRUE,TRUE,TRUE,FALSE,FALSE,attention_before_lstm,TRUE
"""
KINDS = {
    "attention_after_lstm": "after-lstm",
    "attention_before_lstm": "before-lstm",
    "attention1d_after_lstm_original": "weighted-sum",
}


@pytest.mark.parametrize("line", PUBLISHED.splitlines(), ids=lambda line: line.partition(",")[0])
def test_presets_are_the_published_hyperparameters(line):
    factor, *numbers = line.split(",")
    (batch, rate, kernel, filters, lstm, dense, drop, lstm_drop, state_drop, merge, convs, lstms, layers, negatives) = (
        numbers[:14]
    )
    rna, annotation, unique, peaks, cudnn, attention, averaged = numbers[14:]
    found = resolve_settings({}, factor)
    acts = attention.startswith("attention1d")  # the published program used the LSTM's dropouts for these alone
    assert (found.batch_size, found.learning_rate, found.kernel_size) == (int(batch), float(rate), int(kernel))
    assert (found.filters, found.lstm_units, found.dense_units) == (int(filters), int(lstm), int(dense))
    assert found.dropout == float(drop)
    assert (found.lstm_dropout, found.recurrent_dropout) == ((float(lstm_drop), float(state_drop)) if acts else (0, 0))
    assert found.merge == {"ave": "mean", "max": "max"}[merge]
    assert (found.convolutions, found.lstm_layers, found.dense_layers) == (int(convs), int(lstms), int(layers))
    assert found.negatives == float(negatives)
    assert (found.expression, found.annotation) == (rna == "TRUE", annotation == "TRUE")
    assert ("uniqueness" in found.tracks) == (unique == "TRUE")
    assert found.positives == ("peaks" if peaks == "TRUE" else "bins")
    assert found.gates == ("sigmoid" if cudnn == "TRUE" else "hard-sigmoid")
    assert found.attention == KINDS[attention]
    assert found.merge_attention == (averaged == "TRUE" and not acts)  # averaging has no effect on weighted sums
    assert (found.epochs, found.patience) == (60, 5)


def test_there_are_no_other_presets():
    assert list(read_presets()) == [line.partition(",")[0] for line in PUBLISHED.splitlines()]


def test_given_values_come_before_presets_and_presets_before_defaults():
    found = resolve_settings({"filters": 32, "negatives": None, "epochs": 3}, "FOXA1")
    assert (found.filters, found.negatives, found.epochs, found.patience) == (32, 10, 3, 5)


def test_another_kind_of_attention_takes_its_own_dropouts():
    assert resolve_settings({"attention": "none"}, "FOXA1").lstm_dropout == 0
    assert resolve_settings({"attention": "weighted-sum"}, "EGR1").lstm_dropout == 0.5
    assert resolve_settings({"attention": "pairwise"}, "EGR1").merge_attention is False


def test_the_default_network_is_the_published_program_s():
    assert network_config(Settings()) == NetworkConfig()


# MAX and REST have one dense layer after the meta inputs, FOXA2 and NANOG two: the table of published networks.
@pytest.mark.parametrize(
    ("factor", "widths", "steps"), [("MAX", (64,), 57), ("REST", (128,), 57), ("FOXA2", (128, 128), 64)]
)
def test_networks_of_presets(factor, widths, steps):
    config = network_config(resolve_settings({}, factor))
    assert (config.dense_after_meta, config.steps) == (widths, steps)
    assert config.meta == ("expression", "annotation")


def test_preset_without_meta_inputs():
    config = network_config(resolve_settings({}, "NANOG"))
    assert (config.tracks, config.meta, config.steps) == (("accessibility",), (), 141)


def test_scaling_is_for_two_kinds_of_attention():
    scaled = {
        kind: Settings(attention=kind).scale_attention for kind in ("after-lstm", "before-lstm", "none", "pairwise")
    }
    assert scaled == {"after-lstm": True, "before-lstm": True, "none": False, "pairwise": False}
    assert Settings(scale_attention=False).scale_attention is False


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "--epochs must be at least 1, not 0"),
        ({"patience": 0}, "--patience must be at least 1, not 0"),
        ({"batch_size": -1}, "--batch-size must be at least 1, not -1"),
        ({"learning_rate": 0.0}, "--learning-rate must be greater than 0, not 0.0"),
        ({"learning_rate": float("nan")}, "--learning-rate must be greater than 0, not nan"),
        ({"negatives": float("inf")}, "--negatives must be greater than 0, not inf"),
        ({"open_negatives": 1.1}, "--open-negatives must be from 0 to 1, not 1.1"),
        ({"positive_weight": -1.0}, "--positive-weight must be greater than 0, not -1.0"),
        ({"validation_negatives": 0.0}, "--validation-negatives must be greater than 0, not 0.0"),
        ({"seed": -1}, "--seed must be from 0 to 2147483647, not -1"),
        ({"dense_layers": -7}, "--dense-layers must be from 0 to 15, not -7"),
        ({"dense_layers": 16}, "--dense-layers must be from 0 to 15, not 16"),
        ({"convolutions": 17}, "--convolutions must be from 0 to 16, not 17"),
        ({"convolutions": -1}, "--convolutions must be from 0 to 16, not -1"),
        ({"lstm_layers": 0}, "--lstm-layers must be from 1 to 16, not 0"),
        ({"lstm_layers": 17}, "--lstm-layers must be from 1 to 16, not 17"),
        ({"filters": 0}, "--filters must be from 1 to 100000, not 0"),
        ({"filters": 10**400}, f"--filters must be from 1 to 100000, not 1{'0' * 400}"),
        ({"lstm_units": 100_001}, "--lstm-units must be from 1 to 100000, not 100001"),
        ({"dense_units": -1}, "--dense-units must be from 1 to 100000, not -1"),
        ({"kernel_size": 1}, "--kernel-size must be from 2 to 100000, not 1"),
        ({"flank": -1}, "--flank must be from 0 to 100000, not -1"),
        ({"dropout": 1.0}, "--dropout must be at least 0 and below 1, not 1.0"),
        ({"lstm_dropout": -0.1}, "--lstm-dropout must be at least 0 and below 1, not -0.1"),
        ({"recurrent_dropout": float("nan")}, "--recurrent-dropout must be at least 0 and below 1, not nan"),
        (
            {"attention": "pairwise", "scale_attention": True},
            "--scale-attention works with after-lstm and before-lstm, not with pairwise",
        ),
        (
            {"attention": "weighted-sum", "merge_attention": True},
            "--merge-attention works with after-lstm and before-lstm, not with weighted-sum",
        ),
        (
            {"attention": "pairwise", "merge_attention": True},
            "--merge-attention works with after-lstm and before-lstm, not with pairwise",
        ),
        (
            {"attention": "none", "merge_attention": True},
            "--merge-attention works with after-lstm and before-lstm, not with none",
        ),
        (
            {"position_encoding": "learned"},
            "--position-encoding works with pairwise and pairwise-before-lstm, not with after-lstm",
        ),
        (
            {"attention": "pairwise-before-lstm", "filters": 1},
            "--filters must be at least 2 with --attention pairwise-before-lstm, not 1",
        ),
        ({"transforms": (("marks", "log1p"),)}, "--transform marks: the network reads uniqueness, accessibility"),
    ],
)
def test_refusals(values, message):
    with pytest.raises(UsageError) as caught:
        Settings(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "bounds",
    [
        {"convolutions": 0, "lstm_layers": 1, "dense_layers": 0, "filters": 1, "lstm_units": 1, "dense_units": 1},
        {"convolutions": 16, "lstm_layers": 16, "dense_layers": 15, "kernel_size": 2, "dropout": 0.0},
        {"flank": 0, "lstm_dropout": 0.0, "recurrent_dropout": 0.999, "attention": "none"},
    ],
)
def test_bounds_are_those_of_networks(bounds):
    assert network_config(Settings(**({"filters": 4, "lstm_units": 2, "dense_units": 2, "dense_layers": 0} | bounds)))


def test_a_sample_of_validation_or_all():
    assert resolve_settings({"validation_negatives": 2.0, "full_validation": None}).validation_negatives == 2
    assert resolve_settings({"validation_negatives": None, "full_validation": True}).full_validation
    text = "^--full-validation scores all bins: leave out --validation-negatives, or give it alone$"
    with pytest.raises(UsageError, match=text):
        resolve_settings({"validation_negatives": 5.0, "full_validation": True})


def test_options_that_act_in_their_kind_of_attention():
    assert Settings(attention="before-lstm", merge_attention=True).merge_attention
    assert Settings(attention="weighted-sum", merge_attention=False, position_encoding="none").filters == 64
    # Queries and keys have half the width of what is attended to: 2 filters, or 2 · 1 units of the LSTM.
    widths = [
        network_config(Settings(attention=kind, position_encoding="learned", **narrow)).attended_width
        for kind, narrow in (("pairwise-before-lstm", {"filters": 2}), ("pairwise", {"filters": 1, "lstm_units": 1}))
    ]
    assert widths == [2, 2]


def test_an_option_over_a_preset_must_act_as_well():
    with pytest.raises(UsageError, match=r"^--merge-attention works with .*, not with weighted-sum$"):
        resolve_settings({"merge_attention": True}, "FOXA1")


def test_networks_that_cannot_be_are_mistakes_of_the_options():
    with pytest.raises(UsageError, match="a window of 1002 bp is too short for kernel size 1100"):
        network_config(Settings(kernel_size=1100))
    with pytest.raises(UsageError, match="transform 'log2' has the step 'log2'"):
        network_config(Settings(transforms=(("accessibility", "log2"),)))
    with pytest.raises(InputError):
        NetworkConfig(kernel_size=1100)
