"""Whether a model and a features file go together, and for which cell type."""

from __future__ import annotations

import logging
from pathlib import Path

from deepgrn_tool.data.bins import BIN_SIZE, STRIDE
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError, UsageError
from deepgrn_tool.network.files import Model, load_model

logger = logging.getLogger(__name__)


def load_grid_model(path: str | Path) -> Model:
    """Read a model that scores bins of the grid.

    Raises:
        InputError: The file is not a model, or its bins have another size or stride.
        OSError: The file cannot be read.
    """
    model = load_model(path)
    if (model.config.bin_size, model.config.stride) != (BIN_SIZE, STRIDE):
        raise InputError(f"scores bins of {model.config.bin_size} bp; only {BIN_SIZE} bp are supported", path)
    return model


def choose_cell(features: FeaturesFile, cell: str | None) -> str:
    """Give the cell type that is named, or the only one there is.

    Raises:
        UsageError: None is named and there are several, or none.
        InputError: The features lack the cell.
    """
    if cell is not None:
        features.cell_tracks(cell)
        return cell
    if len(features.cells) != 1:
        raise UsageError(f"choose a cell with --cell; {features.path} has {', '.join(features.cells) or 'none'}")
    return features.cells[0]


def compare_assemblies(model: Model, features: FeaturesFile) -> None:
    """Warn of a model that was trained on another assembly."""
    if model.assembly and features.assembly and model.assembly != features.assembly:
        logger.warning(
            "warning: the model was trained on %s, the features are of %s", model.assembly, features.assembly
        )
