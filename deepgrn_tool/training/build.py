"""From hyperparameters to a network and its training step."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.network.config import META_SIZES, NetworkConfig
from deepgrn_tool.network.weights import MAX_WEIGHTS, Weights, count_weights
from deepgrn_tool.pairing import load_grid_model
from deepgrn_tool.training.checkpoint import State
from deepgrn_tool.training.settings import Settings, refuse_network, resolve_settings

if TYPE_CHECKING:
    from deepgrn_tool.training.step import TrainingStep

TRAINED_FIELDS = ("merge", "dropout", "lstm_dropout", "recurrent_dropout")  # of a network: change no weight's shape


def settings_for(
    given: Mapping[str, Any], *, preset: str | None = None, start_from: str | Path | None = None
) -> Settings:
    """Put given hyperparameters over those of a preset, or of the model that training starts from.

    Args:
        given: Setting → value; None where it was not given.
        preset: Factor whose published hyperparameters are taken.
        start_from: Model whose network is kept.

    Raises:
        UsageError: A value is out of range or contradicts another one.
        InputError: The model cannot be read.
    """
    if start_from is None:
        return resolve_settings(given, preset)
    refuse_network(given, preset)
    config = load_grid_model(start_from).config
    kept = {name: getattr(config, name) for name in ("attention", *TRAINED_FIELDS)}
    return resolve_settings(kept | {name: value for name, value in given.items() if value is not None})


def network_config(settings: Settings, origin: NetworkConfig | None = None) -> NetworkConfig:
    """Give the network of a run.

    Args:
        settings: Hyperparameters.
        origin: Network of the model that training starts from, whose shape is then kept.

    Raises:
        UsageError: No network can have these hyperparameters.
    """
    training: dict[str, Any] = {name: getattr(settings, name) for name in TRAINED_FIELDS}
    if settings.merge == "best":
        training["merge"] = "mean"
    if origin is not None:
        return dataclasses.replace(origin, **training)
    transforms = dict(settings.transforms)
    try:
        config = NetworkConfig(
            tracks=settings.tracks,
            num_conv=settings.convolutions,
            filters=settings.filters,
            kernel_size=settings.kernel_size,
            attention=settings.attention,
            merge_attention=settings.merge_attention,
            position_encoding=settings.position_encoding,
            lstm_units=settings.lstm_units,
            num_lstm=settings.lstm_layers,
            gate_activation=settings.gates,
            dense_units=settings.dense_units,
            dense_after_meta=(settings.dense_units,) * (1 + settings.dense_layers),
            meta=tuple(name for name in META_SIZES if getattr(settings, name)),
            flank=settings.flank,
            transforms=tuple(transforms.get(track, "none") for track in settings.tracks),
            **training,
        )
    except InputError as error:
        raise UsageError(error.message) from error
    count = count_weights(config)
    if count > MAX_WEIGHTS:  # which no model file can have, as would come to light after the whole training
        text = f"the network would have {count:,} weights; at most {MAX_WEIGHTS:,} are possible"
        raise UsageError(f"{text}: lower --filters, --kernel-size, --lstm-units, --dense-units or --flank")
    return config


def make_step(
    config: NetworkConfig, weights: Weights | None, settings: Settings, threads: int, state: State | None = None
) -> TrainingStep:
    """Load TensorFlow and make the training step, with fresh weights if none are given."""
    from deepgrn_tool.engine.keras_backend import keras_backend

    keras_backend(threads)
    # A process that trains several networks compiles functions for each: TensorFlow warns of functions made in a loop.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from deepgrn_tool.network.build import fresh_weights
    from deepgrn_tool.training.compiled import set_threads
    from deepgrn_tool.training.parameters import scaled_start
    from deepgrn_tool.training.step import TrainingStep

    set_threads(threads)
    if weights is None:
        weights = fresh_weights(config, settings.seed)
        weights = scaled_start(weights, config) if settings.scale_attention else weights
    step = TrainingStep(
        config,
        weights,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        threads=threads,
        scale_attention=bool(settings.scale_attention),
        averaging=settings.weight_averaging,
    )
    if state is not None:
        step.restore(state)
    return step
