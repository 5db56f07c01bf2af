"""Import of published DeepGRN networks (Keras 2 HDF5) into our configuration and weights.

The architecture is found from the layer graph, not from names or order in the file: layers stand in the file in the
order in which they were made, K before Q for example. Lambda layers hold marshalled bytecode, which is never looked
at: what they do follows from their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.checksum import sha256
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.network.graph import PublishedLayer, read_graph
from deepgrn_tool.network.keras2_arrays import from_cudnn, from_published_order
from deepgrn_tool.network.weights import Weights, check_weights

TRACKS = {5: ("accessibility",), 6: ("uniqueness", "accessibility")}  # by number of channels
META = {8: ("expression",), 6: ("annotation",), 14: ("expression", "annotation")}  # by number of meta inputs
GATES = {"sigmoid": "sigmoid", "hard_sigmoid": "hard-sigmoid"}
MERGES = {"Average": "mean", "Maximum": "max"}


def import_published(path: str | Path, *, factor: str = "", assembly: str = "hg19") -> Model:
    """Read a published network; its scores equal those of the original program.

    Args:
        path: Keras 2 HDF5 file with architecture and weights.
        factor: Transcription factor, for the record.
        assembly: Genome assembly that it was trained on, for the record.

    Raises:
        InputError: The file is not such a network, or has layers that no published network has.
        OSError: The file cannot be read.
    """
    layers = read_graph(path)
    try:
        reading = _Reading({layer.name: layer for layer in layers})
        for layer in layers:
            reading.take(layer)
        config = reading.config()
        weights = reading.weights
        check_weights(weights, config)
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
        text = f"a layer lacks what DeepGRN's layers have ({type(error).__name__}: {error})"
        raise InputError(text, path) from error
    except InputError as error:
        raise InputError(error.message, path) from error
    record = {"imported_from": Path(path).name, "imported_sha256": sha256(path)}
    return Model(config, weights, factor, assembly, record)


@dataclass
class _Reading:
    """What has been understood of a graph so far; `take` is called once per layer, in order of computation."""

    layers: dict[str, PublishedLayer]
    weights: Weights = field(default_factory=dict)
    window: tuple[int, int] | None = None
    meta_size: int = 0
    kernel_size: int = 0
    num_conv: int = 0
    pool_size: int = 0
    num_lstm: int = 0
    units: set[int] = field(default_factory=set)
    gates: set[str] = field(default_factory=set)
    attention: str = "none"
    merge_attention: bool = False
    position_encoding: str = "none"
    dense: list[int] = field(default_factory=list)
    merge: str = ""
    dropouts: list[float] = field(default_factory=list)
    lstm_dropouts: tuple[float, float] = (0.0, 0.0)

    def take(self, layer: PublishedLayer) -> None:
        """Understand one layer, or refuse it."""
        readers: dict[str, Callable[[PublishedLayer], None]] = {
            "InputLayer": self._input,
            "Conv1D": self._convolution,
            "Dropout": lambda layer: self.dropouts.append(float(layer.options["rate"])),
            "TimeDistributed": self._per_position,
            "MaxPooling1D": self._pool,
            "PositionEmbedding": self._position_embedding,
            "TrigPosEmbedding": self._position_embedding,
            "Bidirectional": self._lstm,
            "Attention1D": self._weighted_sum,
            "Dense": self._dense,
            "Softmax": self._softmax,
            "Permute": lambda layer: self._expect(layer, dims=[2, 1]),
            "Concatenate": lambda layer: self._expect(layer, axis=-1),
            "Lambda": self._lambda,
            "Average": self._merge,
            "Maximum": self._merge,
        }
        reader = readers.get(layer.kind)
        if reader is None:  # the others have neither weights nor settings, and one place only in the graph
            return
        try:
            reader(layer)
        except KeyError as error:
            raise InputError(f"layer '{layer.name}' ({layer.kind}) lacks {error}") from error

    def config(self) -> NetworkConfig:
        """Put together what was understood."""
        if self.window is None or not self.pool_size or not self.num_lstm or not self.merge or not self.dense:
            raise InputError("lacks layers that every DeepGRN network has (inputs, max-pool, LSTM, dense, merge)")
        if self.num_conv and self.kernel_size // 2 != self.pool_size:
            raise InputError(f"pools {self.pool_size} positions after kernels of {self.kernel_size}; half is expected")
        if len(self.units) != 1 or len(self.gates) != 1:
            raise InputError("its LSTM layers differ from each other, which no published network's do")
        window, channels = self.window
        if channels not in TRACKS or (self.meta_size and self.meta_size not in META):
            raise InputError(
                f"reads {channels} channels and {self.meta_size} meta inputs, unlike any published network"
            )
        if window % 2:
            raise InputError(f"its window of {window} bp does not have a bin of 200 bp at its centre")
        return NetworkConfig(
            tracks=TRACKS[channels],
            num_conv=self.num_conv,
            filters=self.weights["per_position/bias"].shape[0],
            kernel_size=self.kernel_size or 2 * self.pool_size,
            attention=self.attention,
            merge_attention=self.merge_attention,
            position_encoding=self.position_encoding,
            lstm_units=self.units.pop(),
            num_lstm=self.num_lstm,
            gate_activation=self.gates.pop(),
            dense_units=self.dense[0],
            dense_after_meta=tuple(self.dense[1:]),
            meta=META[self.meta_size] if self.meta_size else (),
            merge=self.merge,
            dropout=max(self.dropouts, default=0.0),
            lstm_dropout=self.lstm_dropouts[0],
            recurrent_dropout=self.lstm_dropouts[1],
            flank=(window - 200) // 2,
        )

    def _expect(self, layer: PublishedLayer, **wanted: object) -> None:
        for name, value in wanted.items():
            found = layer.options.get(name, value)
            if found != value:
                raise InputError(f"layer '{layer.name}' has {name} = {found!r}; published networks have {value!r}")

    def _store(self, name: str, layer: PublishedLayer, *keys: str) -> None:
        for key in keys or layer.weights:
            self.weights[f"{name}/{key}"] = layer.weights[key]

    def _consumers(self, layer: PublishedLayer) -> list[PublishedLayer]:
        return [other for other in self.layers.values() if layer.name in other.sources]

    def _input(self, layer: PublishedLayer) -> None:
        shape = layer.options["batch_input_shape"]
        if len(shape) == 2:
            self.meta_size = int(shape[1])
            return
        if self.window not in (None, (shape[1], shape[2])):
            raise InputError("its two strands' windows differ in shape")
        self.window = (int(shape[1]), int(shape[2]))

    def _convolution(self, layer: PublishedLayer) -> None:
        self._expect(layer, padding="valid", activation="relu", strides=[1], dilation_rate=[1], use_bias=True)
        size = int(layer.options["kernel_size"][0])
        if self.kernel_size not in (0, size):
            raise InputError("its convolutions differ in width")
        self.kernel_size = size
        self.num_conv += 1
        self._store(f"conv_{self.num_conv}", layer, "kernel", "bias")
        if self.num_conv == 1:
            self.weights["conv_1/kernel"] = from_published_order(self.weights["conv_1/kernel"])

    def _per_position(self, layer: PublishedLayer) -> None:
        inner = layer.options["layer"]
        if inner["class_name"] != "Dense" or inner["config"]["activation"] != "relu":
            raise InputError(f"layer '{layer.name}' is not the per-position dense layer that is expected there")
        self._store("per_position", layer, "kernel", "bias")
        if self.num_conv == 0:
            self.weights["per_position/kernel"] = from_published_order(self.weights["per_position/kernel"])

    def _pool(self, layer: PublishedLayer) -> None:
        self._expect(layer, padding="valid", strides=layer.options["pool_size"])
        self.pool_size = int(np.ravel(layer.options["pool_size"])[0])

    def _position_embedding(self, layer: PublishedLayer) -> None:
        self._expect(layer, mode="add")
        self.position_encoding = "trigonometric" if layer.kind == "TrigPosEmbedding" else "learned"
        if layer.weights:
            self.weights["attention/position"] = layer.weights["embeddings"]

    def _lstm(self, layer: PublishedLayer) -> None:
        inner = layer.options["layer"]
        options = inner["config"]
        cudnn = inner["class_name"] == "CuDNNLSTM"
        if not cudnn and (inner["class_name"] != "LSTM" or options["activation"] != "tanh"):
            raise InputError(f"layer '{layer.name}' is not a bidirectional LSTM with tanh")
        if layer.options.get("merge_mode", "concat") != "concat" or not options["return_sequences"]:
            raise InputError(f"layer '{layer.name}' does not give both directions of every position")
        if options.get("go_backwards", False) or not options.get("use_bias", True):
            raise InputError(f"layer '{layer.name}' runs backwards or has no bias")
        gate = "sigmoid" if cudnn else options["recurrent_activation"]
        if gate not in GATES:
            raise InputError(f"layer '{layer.name}' has gates of kind {gate!r}; known are {', '.join(GATES)}")
        if self.num_lstm and self.attention != "none" and not self.attention.endswith("before-lstm"):
            raise InputError(f"layer '{layer.name}' is an LSTM behind the attention that follows the LSTMs")
        self.num_lstm += 1
        self.units.add(int(options["units"]))
        self.gates.add(GATES[gate])
        self.lstm_dropouts = (float(options.get("dropout", 0)), float(options.get("recurrent_dropout", 0)))
        for direction in ("forward", "backward"):
            arrays = tuple(layer.weights[f"{direction}/{key}"] for key in ("kernel", "recurrent_kernel", "bias"))
            kernel, recurrent, bias = from_cudnn(*arrays) if cudnn else arrays
            prefix = f"lstm_{self.num_lstm}/{direction}"
            self.weights |= {f"{prefix}_kernel": kernel, f"{prefix}_recurrent": recurrent, f"{prefix}_bias": bias}

    def _attend(self, kind: str) -> None:
        if self.attention not in ("none", kind):
            raise InputError(f"has two kinds of attention, {self.attention} and {kind}")
        self.attention = kind

    def _weighted_sum(self, layer: PublishedLayer) -> None:
        self._attend("weighted-sum")
        self.weights["attention/kernel"] = layer.weights["kernel"]

    def _softmax(self, layer: PublishedLayer) -> None:
        """Over positions of the states themselves (axis 1), or of pairwise scores (axis 2)."""
        if int(layer.options["axis"]) == 1:
            self._attend("weighted-sum")
        else:
            self._attend("pairwise" if self.num_lstm else "pairwise-before-lstm")

    def _lambda(self, layer: PublishedLayer) -> None:
        """A Lambda between the softmax of a position attention and its use averages over dimensions."""
        sources = [self.layers[name] for name in layer.sources]
        if len(sources) == 1 and sources[0].options.get("activation") == "softmax":
            self.merge_attention = True

    def _dense(self, layer: PublishedLayer) -> None:
        activation, biased = layer.options["activation"], layer.options["use_bias"]
        if activation == "softmax":
            self._attend("after-lstm" if self.num_lstm else "before-lstm")
            self._store("attention", layer, "kernel", "bias")
        elif activation == "linear" and not biased:
            self.weights[f"attention/{self._pairwise_part(layer)}"] = layer.weights["kernel"]
        elif activation == "relu" and not biased:
            self.weights["attention/kernel"] = layer.weights["kernel"]
        elif activation == "relu":
            self.dense.append(int(layer.options["units"]))
            self._store(f"dense_{len(self.dense) - 1}" if len(self.dense) > 1 else "strand", layer, "kernel", "bias")
        elif activation == "sigmoid" and layer.options["units"] == 1:
            self._store("logit", layer, "kernel", "bias")
        else:
            raise InputError(f"layer '{layer.name}' is a dense layer of a kind that no published network has")

    def _pairwise_part(self, layer: PublishedLayer) -> str:
        """Tell query, key and value apart by who reads them: keys are transposed, values meet the softmax."""
        for consumer in self._consumers(layer):
            if consumer.kind == "Permute":
                return "key"
            if any(self.layers[name].kind == "Softmax" for name in consumer.sources):
                return "value"
            if consumer.kind == "Lambda" and consumer.sources[0] == layer.name:
                return "query"
        raise InputError(f"layer '{layer.name}' takes no part in an attention")

    def _merge(self, layer: PublishedLayer) -> None:
        self.merge = MERGES[layer.kind]
