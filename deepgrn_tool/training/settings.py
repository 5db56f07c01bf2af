"""Every hyperparameter of a training run: given ones before those of a preset, those before the published defaults."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deepgrn_tool.errors import UsageError
from deepgrn_tool.network.config import MAX_LAYERS, MAX_SIZE, MIN_KERNEL_SIZE
from deepgrn_tool.training.presets import read_presets

if TYPE_CHECKING:
    from collections.abc import Mapping

MERGES = ("mean", "max", "best")
POSITIVES = ("bins", "peaks")
RATE_DECAYS = ("none", "cosine")
SCALED_KINDS = ("after-lstm", "before-lstm")  # those whose attention can be averaged over dimensions, too
PAIRWISE_KINDS = ("pairwise", "pairwise-before-lstm")
ACTING_DROPOUTS = {"lstm_dropout": 0.5, "recurrent_dropout": 0.1}  # with weighted-sum attention
# What a model that training starts from has already decided.
FIXED_BY_A_MODEL = (
    "attention",
    "merge_attention",
    "position_encoding",
    "convolutions",
    "filters",
    "kernel_size",
    "lstm_layers",
    "lstm_units",
    "gates",
    "dense_units",
    "dense_layers",
    "tracks",
    "transforms",
    "expression",
    "annotation",
    "flank",
)
LARGEST_SEED = 2**31 - 1


def _rule(check: str, default: Any) -> Any:
    return field(default=default, metadata={"rule": check})


@dataclass(frozen=True)
class Settings:
    """Hyperparameters under the names of the options of deepgrn-train, with their defaults.

    Sizes, rates and numbers are the published program's by default; that gates are plain sigmoids, attention is scaled
    and all inputs are read is not.

    Attributes:
        attention: Kind of attention, one of `network.config.ATTENTION_KINDS`.
        merge_attention: Average the attention over dimensions; for after-lstm and before-lstm only.
        position_encoding: Of pairwise attention only.
        scale_attention: Train with attended values times the number of steps, so that uniform attention changes
            nothing; the factor is folded into the weights that are saved. None: where the kind allows it.
        convolutions: Number of convolutions.
        filters: Width of the convolutions.
        kernel_size: bp.
        lstm_layers: Number of bidirectional LSTMs.
        lstm_units: Units per direction.
        gates: Activation of the LSTM's gates: "sigmoid" or "hard-sigmoid".
        dense_units: Width of all dense layers.
        dense_layers: Dense layers after the meta inputs beside the first one.
        dropout: Rate after convolutions, LSTMs and dense layers.
        lstm_dropout: Rate on the LSTM's inputs; None: 0.5 for weighted-sum attention and 0 for other kinds, which is
            how it acted in the published program.
        recurrent_dropout: Rate on the LSTM's state; None: 0.1 and 0 likewise.
        merge: How the strands are joined; "best": trained with the mean, the better one in validation kept.
        tracks: Signal tracks that the network reads.
        transforms: Pairs of track and transform (`deepgrn_tool.data.transforms`).
        expression: Whether the network reads expression.
        annotation: Whether the network reads annotation.
        flank: bp on each side of a bin.
        epochs: At most so many.
        patience: Stop when validation has not improved for so many epochs.
        batch_size: Windows per step.
        learning_rate: Of Adam.
        rate_decay: "cosine": the learning rate falls along half a cosine to 0 at the end of the last of `epochs`.
        weight_averaging: Share of the old average in the moving average of the weights that is validated and kept;
            0: the weights of the last step.
        negatives: Unbound bins per positive in each epoch, for each cell.
        open_negatives: Share of these that is drawn from bins as accessible as bound ones are.
        positives: "bins": all bound bins; "peaks": one random 200-bp region of each peak.
        positive_weight: Weight of a positive in the loss; a negative has 1.
        validation_negatives: Unbound bins per bound one in the validation sample, which has 50,000 in each cell at
            least.
        full_validation: Validate on all bins of the validation chromosomes.
        seed: Decides all that is random.

    Source: the published program's options and defaults; DeepGRN paper, section 2.4.
    """

    attention: str = "after-lstm"
    merge_attention: bool = False
    position_encoding: str = "none"
    scale_attention: bool | None = None
    convolutions: int = _rule(f"from 0 to {MAX_LAYERS}", 1)
    filters: int = _rule(f"from 1 to {MAX_SIZE}", 64)
    kernel_size: int = _rule(f"from {MIN_KERNEL_SIZE} to {MAX_SIZE}", 34)
    lstm_layers: int = _rule(f"from 1 to {MAX_LAYERS}", 1)
    lstm_units: int = _rule(f"from 1 to {MAX_SIZE}", 32)
    gates: str = "sigmoid"
    dense_units: int = _rule(f"from 1 to {MAX_SIZE}", 64)
    dense_layers: int = _rule(f"from 0 to {MAX_LAYERS - 1}", 1)
    dropout: float = _rule("at least 0 and below 1", 0.1)
    lstm_dropout: float | None = _rule("at least 0 and below 1", None)
    recurrent_dropout: float | None = _rule("at least 0 and below 1", None)
    merge: str = "mean"
    tracks: tuple[str, ...] = ("uniqueness", "accessibility")
    transforms: tuple[tuple[str, str], ...] = ()
    expression: bool = True
    annotation: bool = True
    flank: int = _rule(f"from 0 to {MAX_SIZE}", 401)
    epochs: int = _rule("at least 1", 60)
    patience: int = _rule("at least 1", 5)
    batch_size: int = _rule("at least 1", 64)
    learning_rate: float = _rule("greater than 0", 0.001)
    rate_decay: str = "none"
    weight_averaging: float = _rule("at least 0 and below 1", 0.0)
    negatives: float = _rule("greater than 0", 1.0)
    open_negatives: float = _rule("from 0 to 1", 0.0)
    positives: str = "bins"
    positive_weight: float = _rule("greater than 0", 1.0)
    validation_negatives: float = _rule("greater than 0", 5.0)
    full_validation: bool = False
    seed: int = _rule(f"from 0 to {LARGEST_SEED}", 1)

    def __post_init__(self) -> None:
        """Fill in what depends on the kind of attention, and refuse what cannot be.

        Raises:
            UsageError: A value is out of range or contradicts another one.
        """
        for each in dataclasses.fields(self):
            rule, value = each.metadata.get("rule"), getattr(self, each.name)
            if rule is not None and value is not None and not _obeys(value, rule):
                raise UsageError(f"{option(each.name)} must be {rule}, not {value}")
        if self.merge not in MERGES or self.positives not in POSITIVES:
            raise UsageError(f"--merge must be one of {', '.join(MERGES)}, --positives one of {', '.join(POSITIVES)}")
        if self.rate_decay not in RATE_DECAYS:
            raise UsageError(f"--rate-decay must be one of {', '.join(RATE_DECAYS)}, not {self.rate_decay}")
        self._check_attention()
        if self.scale_attention is None:
            object.__setattr__(self, "scale_attention", self.attention in SCALED_KINDS)
        for name, rate in ACTING_DROPOUTS.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, rate if self.attention == "weighted-sum" else 0.0)
        transformed = [track for track, _ in self.transforms]
        for track in transformed:
            if transformed.count(track) > 1:
                raise UsageError(
                    f"--transform names {track} twice; join its steps with commas, such as {track}=log1p,scale:0.3"
                )
            if track not in self.tracks:
                raise UsageError(f"--transform {track}: the network reads {', '.join(self.tracks) or 'no track'}")

    def _check_attention(self) -> None:
        """Refuse options that do nothing in the chosen kind of attention, and a width that its kind cannot have."""
        acting = {"scale_attention": SCALED_KINDS, "merge_attention": SCALED_KINDS, "position_encoding": PAIRWISE_KINDS}
        for name, kinds in acting.items():
            if getattr(self, name) not in (None, False, "none") and self.attention not in kinds:
                raise UsageError(f"{option(name)} works with {' and '.join(kinds)}, not with {self.attention}")
        if self.attention == "pairwise-before-lstm" and self.filters == 1:
            raise UsageError("--filters must be at least 2 with --attention pairwise-before-lstm, not 1")

    def to_json(self) -> dict[str, Any]:
        """Give the values as JSON types, by name."""
        values = dataclasses.asdict(self)
        return values | {"tracks": list(self.tracks), "transforms": [list(pair) for pair in self.transforms]}

    def of_training(self) -> dict[str, Any]:
        """Give, as JSON types, what the network's own configuration does not tell."""
        return {name: value for name, value in self.to_json().items() if name not in FIXED_BY_A_MODEL}


def _obeys(value: float, rule: str) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if rule == "greater than 0":
        return value > 0
    if rule == "at least 1":
        return value >= 1
    if rule == "at least 0 and below 1":
        return 0 <= value < 1
    low, high = rule.removeprefix("from ").split(" to ")
    return int(low) <= value <= int(high)


def option(name: str, value: object = None) -> str:
    """Name the command-line option of a setting, as it is given for a value.

    >>> option("learning_rate"), option("expression", False)
    ('--learning-rate', '--no-expression')
    """
    return ("--no-" if value is False else "--") + {"transforms": "transform"}.get(name, name).replace("_", "-")


def resolve_settings(given: Mapping[str, Any], preset: str | None = None) -> Settings:
    """Put given values over those of a preset.

    Args:
        given: Setting → value; None where it was not given.
        preset: Factor whose published hyperparameters are taken.

    Raises:
        UsageError: A value is out of range, or there is no such preset.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    base: dict[str, Any] = {}
    if preset is not None:
        presets = read_presets()
        if preset not in presets:
            raise UsageError(f"there is no preset '{preset}'; there are {', '.join(presets)}")
        base = presets[preset]
        if chosen.get("attention", base["attention"]) != base["attention"]:
            # These were chosen for the preset's kind of attention, and may mean nothing for another.
            base = {name: value for name, value in base.items() if name not in (*ACTING_DROPOUTS, "merge_attention")}
    if chosen.get("full_validation") and "validation_negatives" in chosen:
        raise UsageError("--full-validation scores all bins: leave out --validation-negatives, or give it alone")
    return Settings(**{**base, **chosen})


def refuse_network(given: Mapping[str, Any], preset: str | None) -> None:
    """Refuse settings that contradict a model that training starts from.

    Raises:
        UsageError: The network's architecture was given as well.
    """
    wrong = [option(name, given[name]) for name in FIXED_BY_A_MODEL if given.get(name) is not None]
    wrong += ["--preset"] if preset is not None else []
    if wrong:
        raise UsageError(f"--start-from takes the network of the model; leave out {', '.join(wrong)}")
