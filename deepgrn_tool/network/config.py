"""The network's shape as plain data: what is stored in model files, and the geometry that follows from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from deepgrn_tool.data.bins import BIN_SIZE, STRIDE
from deepgrn_tool.data.transforms import NONE, check_transform
from deepgrn_tool.errors import InputError

BASES = ("A", "C", "G", "T")
FLANK = 401  # bp on each side of a bin
META_SIZES = {"expression": 8, "annotation": 6}  # inputs per bin, in the order in which networks read them
ATTENTION_KINDS = ("none", "after-lstm", "before-lstm", "weighted-sum", "pairwise", "pairwise-before-lstm")
AVERAGED_KINDS = ("after-lstm", "before-lstm")  # where averaging over dimensions acts
POSITION_ENCODINGS = ("none", "learned", "trigonometric")
GATE_ACTIVATIONS = ("sigmoid", "hard-sigmoid")
MERGES = ("mean", "max")
OPTIONAL_FIELDS = {"transforms"}  # absent from model files of version 1.0
MAX_SIZE = 100_000  # bound on every size in a configuration: a file cannot ask for absurd amounts of memory
MAX_LAYERS = 16  # of each kind: convolutions, LSTMs, dense layers after the meta inputs
MIN_KERNEL_SIZE = 2  # the max-pool spans half of it


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that decides the network's layers; the defaults are those of the published program.

    Attributes:
        tracks: Signal channels after the four base channels, in order: names of genome or cell tracks.
        num_conv: Number of convolutions; with 0 the per-position dense layer reads the channels themselves.
        filters: Width of the convolutions and of the per-position dense layer.
        kernel_size: Width of a convolution in positions; the max-pool spans half of it.
        attention: One of `ATTENTION_KINDS`.
        merge_attention: Average the attention over dimensions, leaving one weight per position
            (`after-lstm` and `before-lstm`; paper, equations 1-4); becomes False for other kinds.
        position_encoding: For the pairwise kinds, one of `POSITION_ENCODINGS`; becomes "none" for other kinds.
        lstm_units: Units per direction of each bidirectional LSTM.
        num_lstm: Number of bidirectional LSTMs.
        gate_activation: "sigmoid", or "hard-sigmoid" as Keras 2 defined it: clip(0.2 x + 0.5, 0, 1).
        dense_units: Width of the dense layer that sums up a strand.
        dense_after_meta: Widths of the dense layers after the meta inputs are joined.
        meta: Inputs per bin, a subset of `META_SIZES` in its order.
        merge: How the two strands' probabilities are joined: "mean" or "max".
        dropout: Rate after convolutions, LSTMs and dense layers, in training.
        lstm_dropout: Rate on the LSTM's inputs, in training.
        recurrent_dropout: Rate on the LSTM's state, in training.
        bin_size: bp.
        stride: bp between neighbouring bins of the grid.
        flank: bp on each side of a bin.
        transforms: What is done to each track before the network reads it (`deepgrn_tool.data.transforms`), one
            text per track; left empty, it becomes "none" for every track.

    Source: DeepGRN paper, section 2.3, and the published program's defaults.
    """

    tracks: tuple[str, ...] = ("uniqueness", "accessibility")
    num_conv: int = 1
    filters: int = 64
    kernel_size: int = 34
    attention: str = "after-lstm"
    merge_attention: bool = False
    position_encoding: str = "none"
    lstm_units: int = 32
    num_lstm: int = 1
    gate_activation: str = "sigmoid"
    dense_units: int = 64
    dense_after_meta: tuple[int, ...] = (64, 64)
    meta: tuple[str, ...] = ("expression", "annotation")
    merge: str = "mean"
    dropout: float = 0.1
    lstm_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    bin_size: int = BIN_SIZE
    stride: int = STRIDE
    flank: int = FLANK
    transforms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse configurations that no network can have.

        Raises:
            InputError: A value is of the wrong kind, out of range, or contradicts another one.
        """
        _check_kinds(self)
        if not self.transforms:
            object.__setattr__(self, "transforms", (NONE,) * len(self.tracks))
        _check_choice("attention", self.attention, ATTENTION_KINDS)
        _check_choice("position_encoding", self.position_encoding, POSITION_ENCODINGS)
        _check_choice("gate_activation", self.gate_activation, GATE_ACTIVATIONS)
        _check_choice("merge", self.merge, MERGES)
        # Files may hold values that do nothing in their kind of attention; nobody shall take these at their word.
        if self.attention not in AVERAGED_KINDS:
            object.__setattr__(self, "merge_attention", False)
        if not self.is_pairwise:
            object.__setattr__(self, "position_encoding", "none")
        known = [name for name in META_SIZES if name in self.meta]
        if list(self.meta) != known:
            raise InputError(f"meta inputs {list(self.meta)} are not a subset of {list(META_SIZES)} in this order")
        if len(set(self.tracks)) != len(self.tracks) or "" in self.tracks:
            raise InputError(f"tracks {list(self.tracks)} hold an empty or repeated name")
        if len(self.transforms) != len(self.tracks):
            raise InputError(f"there are {len(self.transforms)} transforms for {len(self.tracks)} tracks")
        for transform in self.transforms:
            check_transform(transform)
        sizes = (self.filters, self.lstm_units, self.dense_units, self.bin_size, self.stride, *self.dense_after_meta)
        if not all(1 <= size <= MAX_SIZE for size in sizes):
            raise InputError(f"every layer and bin size must be between 1 and {MAX_SIZE:,}")
        if self.is_pairwise and self.attended_width < 2:
            raise InputError(
                f"filters must be at least 2 with {self.attention} attention, whose queries have half as many"
            )
        if not (MIN_KERNEL_SIZE <= self.kernel_size <= MAX_SIZE and 0 <= self.flank <= MAX_SIZE):
            raise InputError(f"kernel_size must be at least {MIN_KERNEL_SIZE} and flank at least 0")
        most, layers = MAX_LAYERS, len(self.dense_after_meta)
        if not (0 <= self.num_conv <= most and 1 <= self.num_lstm <= most and layers <= most):
            text = f"num_conv must be 0 to {most}, num_lstm 1 to {most}, with at most {most} dense layers after meta"
            raise InputError(text)
        if not all(0 <= rate < 1 for rate in (self.dropout, self.lstm_dropout, self.recurrent_dropout)):
            raise InputError("dropout rates must be at least 0 and less than 1")
        if self.steps < 1:
            raise InputError(f"a window of {self.window_size} bp is too short for kernel size {self.kernel_size}")

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels, in order: A, C, G, T, then the tracks."""
        return BASES + self.tracks

    @property
    def meta_size(self) -> int:
        """Number of meta inputs per bin."""
        return sum(META_SIZES[name] for name in self.meta)

    @property
    def window_size(self) -> int:
        """The model's input in bp: the bin and its two flanks."""
        return self.bin_size + 2 * self.flank

    @property
    def receptive_field(self) -> int:
        """Bases seen by one output of the last convolution; 1 without convolutions."""
        return self.num_conv * (self.kernel_size - 1) + 1

    @property
    def pool_size(self) -> int:
        """Positions joined by the max-pool, also its stride."""
        return self.kernel_size // 2

    @property
    def conv_length(self) -> int:
        """Outputs of the last convolution per window."""
        return self.window_size - self.receptive_field + 1

    @property
    def steps(self) -> int:
        """Pooled positions that the recurrent and attention layers see; the pool drops an incomplete tail."""
        return max(self.conv_length, 0) // self.pool_size

    @property
    def attends_before_lstm(self) -> bool:
        """Whether the attention reads the pooled positions rather than the LSTM's output."""
        return self.attention.endswith("before-lstm")

    @property
    def is_pairwise(self) -> bool:
        """Whether every position attends to every other one."""
        return self.attention.startswith("pairwise")

    @property
    def attended_width(self) -> int:
        """Dimensions of what the attention reads."""
        return self.filters if self.attends_before_lstm else 2 * self.lstm_units

    def to_json(self) -> dict[str, Any]:
        """Give the fields as JSON types."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: object) -> NetworkConfig:
        """Read what `to_json` gave.

        Raises:
            InputError: A field is unknown, missing, or has an impossible value.
        """
        if not isinstance(values, dict):
            raise InputError("the network's configuration is not a table of names and values")
        names = {field.name for field in dataclasses.fields(cls)}
        unknown, missing = sorted(set(values) - names), sorted(names - set(values) - OPTIONAL_FIELDS)
        if unknown or missing:
            raise InputError(f"the network's configuration has unknown fields {unknown} and lacks {missing}")
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**fields)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")


def _check_kinds(config: NetworkConfig) -> None:
    """Check every field against the type of its default, since files hold whatever somebody wrote."""
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), field.default
        if isinstance(default, tuple):
            item = int if field.name == "dense_after_meta" else str
            good = isinstance(value, tuple) and all(type(one) is item for one in value)
        elif isinstance(default, bool) or isinstance(default, str):
            good = isinstance(value, type(default))
        elif isinstance(default, float):
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
        else:
            good = isinstance(value, int) and not isinstance(value, bool)
        if not good:
            raise InputError(f"the network's configuration has {field.name} = {value!r}")
