"""Single layers as the published program's Keras 2.2.4 described them, with automatic names and random weights."""

import base64
import marshal
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Layer:
    kind: str
    name: str
    config: dict
    weights: dict = field(default_factory=dict)  # path below the layer's group -> array
    calls: list = field(default_factory=list)  # one list of (layer, call number) per call

    def __call__(self, *inputs):
        self.calls.append(list(inputs))
        return self, len(self.calls) - 1


class Graph:
    """Makes layers with Keras' automatic names and remembers the random weights under the names of the reference."""

    def __init__(self, seed, canary):
        self.random = np.random.default_rng(seed)
        self.counts = {}
        self.canonical = {}
        self.canary = canary

    def layer(self, kind, prefix, name=None, **config):
        if name is None:
            self.counts[prefix] = self.counts.get(prefix, 0) + 1
            name = f"{prefix}_{self.counts[prefix]}"
        return Layer(kind, name, {"name": name, "trainable": True, **config})

    def array(self, canonical, shape, scale):
        values = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.canonical[canonical] = values
        return values

    def dense_config(self, units, activation, bias):
        return {"units": units, "activation": activation, "use_bias": bias, **initializers("kernel", "bias")}

    def dense(self, canonical, width, units, activation="relu", bias=True):
        made = self.layer("Dense", "dense", **self.dense_config(units, activation, bias))
        # The reference calls the projections attention/query, …; all other layers have a kernel and perhaps a bias.
        kernel = canonical if canonical.count("/") else f"{canonical}/kernel"
        made.weights[f"{made.name}/kernel:0"] = self.array(kernel, (width, units), 1.5 / np.sqrt(width))
        if bias:
            made.weights[f"{made.name}/bias:0"] = self.array(f"{canonical}/bias", units, 0.3)
        return made

    def convolution(self, number, kernel_size, width, filters):
        made = self.layer(
            "Conv1D",
            "conv1d",
            filters=filters,
            kernel_size=[kernel_size],
            strides=[1],
            padding="valid",
            data_format="channels_last",
            dilation_rate=[1],
            activation="relu",
            use_bias=True,
            **initializers("kernel", "bias"),
        )
        shape, scale = (kernel_size, width, filters), 1.5 / np.sqrt(kernel_size * width)
        made.weights[f"{made.name}/kernel:0"] = self.array(f"conv_{number}/kernel", shape, scale)
        made.weights[f"{made.name}/bias:0"] = self.array(f"conv_{number}/bias", filters, 0.3)
        return made

    def per_position(self, width, filters):
        inner = self.layer("Dense", "dense", **self.dense_config(filters, "relu", True))
        config = {"layer": {"class_name": "Dense", "config": inner.config}}
        made = self.layer("TimeDistributed", "time_distributed", **config)
        made.weights[f"{made.name}/kernel:0"] = self.array(
            "per_position/kernel", (width, filters), 1.5 / np.sqrt(width)
        )
        made.weights[f"{made.name}/bias:0"] = self.array("per_position/bias", filters, 0.3)
        return made

    def lstm(self, number, width, design, dropouts):
        kind = "CuDNNLSTM" if design.cudnn else "LSTM"
        config = {"return_sequences": True, "return_state": False, "go_backwards": False, "stateful": False}
        config |= {"units": design.units, **initializers("kernel", "recurrent", "bias"), "unit_forget_bias": True}
        if not design.cudnn:
            config |= {"unroll": False, "activation": "tanh", "recurrent_activation": "hard_sigmoid", "use_bias": True}
            config |= {"dropout": dropouts[0], "recurrent_dropout": dropouts[1], "implementation": 1}
        inner = self.layer(kind, "cu_dnnlstm" if design.cudnn else "lstm", **config)
        made = self.layer(
            "Bidirectional",
            "bidirectional",
            layer={"class_name": kind, "config": inner.config},
            merge_mode="concat",
        )
        columns = 4 * design.units
        for direction in ("forward", "backward"):
            group = f"{made.name}/{direction}_{inner.name}"
            name = f"lstm_{number}/{direction}"
            made.weights[f"{group}/kernel:0"] = self.array(f"{name}_kernel", (width, columns), 1.5 / np.sqrt(width))
            recurrent = self.array(f"{name}_recurrent", (design.units, columns), 1.0 / np.sqrt(design.units))
            made.weights[f"{group}/recurrent_kernel:0"] = recurrent
            made.weights[f"{group}/bias:0"] = self.array(f"{name}_bias", columns * (1 + design.cudnn), 0.5)
        return made

    def lambda_(self, name=None, closure=None):
        """A Lambda layer with real bytecode that would leave a file behind if it ever ran."""
        code = compile(f"open({str(self.canary)!r}, 'w').close()", "get_model.py", "exec")
        text = base64.encodebytes(marshal.dumps(code)).decode("ascii")
        options = {"function": [text, None, closure], "function_type": "lambda", "output_shape": None}
        return self.layer("Lambda", "lambda", name, **options, output_shape_type="raw", arguments={})

    def dropout(self, rate):
        return self.layer("Dropout", "dropout", rate=rate, noise_shape=None, seed=None)


def initializers(*names):
    uniform = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
    found = {}
    for name in names:
        found[f"{name}_initializer"] = {"class_name": "VarianceScaling", "config": uniform}
        found[f"{name}_regularizer"] = found[f"{name}_constraint"] = None
    return found


def input_layer(graph, *shape):
    made = graph.layer("InputLayer", "input", batch_input_shape=[None, *shape], dtype="float32", sparse=False)
    made.config.pop("trainable")
    return made()
