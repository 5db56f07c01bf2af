"""Model files and published networks that are wrong, that claim what is not so, or that point elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import h5py
import numpy as np
from bad_cases import DATA, LABELS, Case, Slot, Spoilt, combine
from bad_hdf5 import FEATURES, FEATURES_FILE, HUGE, MODEL_FILE, attribute, edited, files, link, replace, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from bad_hdf5 import Edit

PUBLISHED_FILE = DATA / "galaxy" / "published.h5"


def config(**changes: object) -> Edit:
    """Change the network's configuration."""

    def edit(file: h5py.File) -> None:
        text = json.loads(file.attrs["config"])
        text["network"] |= changes
        file.attrs["config"] = json.dumps(text)

    return edit


def weight(name: str) -> str:
    return f"weights/{name}"


NO_FORMAT = (
    ": is not a deepgrn-model file (its format is 'deepgrn-features'); make one with deepgrn-import or deepgrn-train"
)
MODEL = (
    *files(MODEL_FILE, FEATURES_FILE, "deepgrn-import or deepgrn-train", NO_FORMAT),
    *(
        Spoilt(what, edited(MODEL_FILE, edit), line)
        for what, edit, line in [
            (
                "a newer version",
                attribute("format_version", "9.0"),
                ": has deepgrn-model version 9.0, this program knows 1.1; update DeepGRN-tool",
            ),
            (
                "another format by name",
                attribute("format", "x\x1b[2J\n"),
                r": is not a deepgrn-model file (its format is 'x\x1b[2J\n'); make one with deepgrn-import or "
                "deepgrn-train",
            ),
            (
                "no JSON",
                attribute("config", ""),
                ": its model configuration cannot be read (Expecting value: line 1 column 1 (char 0))",
            ),
            (
                "a list for its configuration",
                attribute("config", '{"network": []}'),
                ": the network's configuration is not a table of names and values",
            ),
            ("filters of -1", config(filters=-1), ": every layer and bin size must be between 1 and 100,000"),
            ("filters of 10^30", config(filters=10**30), ": every layer and bin size must be between 1 and 100,000"),
            ("a text for a number", config(filters="x\n"), r": the network's configuration has filters = 'x\n'"),
            ("a rate that is nan", config(dropout=float("nan")), ": dropout rates must be at least 0 and less than 1"),
            (
                "another attention",
                config(attention="\x1b[1m"),
                r": attention is '\x1b[1m'; it must be one of none, "
                "after-lstm, before-lstm, weighted-sum, pairwise, pairwise-before-lstm",
            ),
            (
                "a field too many",
                config(code="import os"),
                ": the network's configuration has unknown fields ['code'] and lacks []",
            ),
            ("a weight less", lambda file: file["weights/logit"].pop("bias"), ": weight 'logit/bias' is missing"),
            (
                "a weight behind an external link",
                link(weight("logit/bias"), h5py.ExternalLink("/dev/null", "/")),
                ": weight 'logit/bias' is missing",
            ),
            (
                "a weight that is nan",
                value(weight("logit/bias"), 0, np.nan),
                ": weight 'logit/bias' holds values that are not finite numbers",
            ),
            (
                "a weight of another type",
                replace(weight("logit/bias"), (1,), "f8"),
                ": weight 'logit/bias' is float64 (1,); the network needs float32 (1,)",
            ),
            (
                "a weight of another shape",
                replace(weight("logit/bias"), (HUGE,), "f4", chunks=(1 << 12,)),
                f": weight 'logit/bias' is float32 ({HUGE},); the network needs float32 (1,)",
            ),
            (
                "a weight in another file",
                replace(weight("logit/bias"), (1,), "f4", external=[("/dev/zero", 0, 4)]),
                ": 'weights/logit/bias' is not a plain array of floating-point numbers",
            ),
        ]
    ),
)
MODEL_SLOTS = (
    Slot("predict", "{data}/galaxy/features.h5 {bad} --cell gamma -o {out}/t.bw"),
    Slot("attention", "{data}/galaxy/features.h5 {bad} --cell gamma -o {out}/t.bw"),
    Slot("motifs", "{data}/galaxy/features.h5 {bad} --cell gamma --above 0.5 -o {out}/t.fa"),
    Slot("importance", f"{{data}}/galaxy/features.h5 {{bad}} --labels {LABELS} -o {{out}}/t.tsv"),
    Slot("report", "--model {bad} -o {out}/t.html"),
    Slot(
        "train",
        f"{{data}}/galaxy/features.h5 {LABELS} --validation-chromosomes chr11 --test-chromosomes none "
        "--start-from {bad} -o {out}/m.h5",
    ),
)
INFO_MODEL = [spoilt for spoilt in MODEL if spoilt.what not in {case.what for case in FEATURES}]


def graph(change: Callable[[dict], object]) -> Edit:
    """Change the layers of a published network."""

    def edit(file: h5py.File) -> None:
        text = file.attrs["model_config"]
        model = json.loads(text)
        change(model)
        file.attrs["model_config"] = json.dumps(model)

    return edit


def first(kind: str, **changes: object) -> Edit:
    """Change the settings of the first layer of a kind."""

    def change(model: dict) -> None:
        layer = next(one for one in model["config"]["layers"] if one["class_name"] == kind)
        layer["config"] |= changes

    return graph(change)


PUBLISHED = (
    *files(
        PUBLISHED_FILE,
        MODEL_FILE,
        "the published DeepGRN program",
        ": is a deepgrn-model file: it is imported already, use it as it is",
    ),
    *(
        Spoilt(what, edited(PUBLISHED_FILE, edit), line)
        for what, edit, line in [
            (
                "weights only",
                lambda file: file.attrs.pop("model_config"),
                ": holds no network, at most its weights; import the file that was saved with its architecture",
            ),
            (
                "a class that is none",
                graph(lambda model: model.update(class_name="os.system")),
                ": is a Keras model of class 'os.system', which DeepGRN never wrote",
            ),
            (
                "2,000 layers",
                graph(lambda model: model["config"].update(layers=model["config"]["layers"][:1] * 2000)),
                ": has 2,000 layers; a published network has fewer than 1,000",
            ),
            ("weights behind a link", link("model_weights", h5py.ExternalLink("/dev/null", "/")), ": holds no weights"),
            (
                "other padding",
                first("Conv1D", padding="\n"),
                r": layer 'conv1d_1' has padding = '\n'; published networks have 'valid'",
            ),
        ]
    ),
)
CASES = [
    *combine(MODEL_SLOTS, MODEL),
    *(
        Case("info", f"a model: {spoilt.what}", "{bad}", f"{{bad}}{spoilt.line}", make=spoilt.make)
        for spoilt in INFO_MODEL
        if "format" not in spoilt.what
    ),
    *combine([Slot("import", "{bad} -o {out}/m.h5")], PUBLISHED),
]
