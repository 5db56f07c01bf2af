"""Expression tables: TPM values, or ready component scores, of several cell types."""

from __future__ import annotations

import csv
import logging
import math
from typing import TYPE_CHECKING

import numpy as np

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.textfile import read_lines, real_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


def _rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Go through the rows of a comma- or tab-separated table; the header decides which."""
    delimiter = ""
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        if not delimiter:
            delimiter = "\t" if "\t" in line or "," not in line else ","
        try:
            fields = next(csv.reader([line], delimiter=delimiter))
        except csv.Error as error:
            wrong = f"it holds a carriage return, or a field of more than {csv.field_size_limit():,} characters"
            raise InputError(f"cannot be split into columns: {wrong}", path, number) from error
        yield number, [field.strip() for field in fields]


def _number(text: str, path: str | Path, line: int) -> float:
    try:
        value = real_number(text)
    except ValueError as error:
        raise InputError(f"'{text}' is not a number", path, line) from error
    if not math.isfinite(value):
        raise InputError(f"'{text}' is not a finite number", path, line)
    return value


def _read_matrix(path: str | Path, gene_column: bool) -> tuple[list[str], NDArray[np.float64], list[int]]:
    """Read a table of numbers under a header of cell names.

    Args:
        path: The table.
        gene_column: Whether the header names the first column of the rows too.

    Returns:
        Cell names, the numbers (rows, cells), and the line number of each row.
    """
    header: list[str] | None = None
    rows: list[list[float]] = []
    lines: list[int] = []
    for number, fields in _rows(path):
        if header is None:
            header = fields
            continue
        if not rows and (gene_column and len(fields) == len(header)):
            header = header[1:]
        skip = len(fields) - len(header)
        if skip not in (0, 1) or (gene_column and skip == 0):
            raise InputError(f"has {len(fields)} columns where the header names {len(header)} cells", path, number)
        rows.append([_number(text, path, number) for text in fields[skip:]])
        lines.append(number)
    if not rows or not header:
        raise InputError("holds no table: a header with cell names and rows of numbers are expected", path)
    if "" in header:
        raise InputError("a column of the header has no cell name", path, 1)
    return header, np.array(rows), lines


def read_scores(path: str | Path, components: int) -> dict[str, NDArray[np.float64]]:
    """Read ready expression scores: a header of cell names, then one row per component.

    Args:
        path: CSV or TSV, plain or gzip.
        components: Rows expected.

    Returns:
        Cell name → float64, shape (components,).

    Raises:
        InputError: The table has another number of rows, names a cell twice, or holds something else than numbers.
    """
    cells, matrix, _ = _read_matrix(path, gene_column=False)
    if len(matrix) != components:
        raise InputError(f"has {len(matrix)} rows of scores where {components} are expected", path)
    twice = next((cell for cell in cells if cells.count(cell) > 1), None)
    if twice is not None:
        raise InputError(f"names cell '{twice}' twice", path, 1)
    return {cell: matrix[:, column].copy() for column, cell in enumerate(cells)}


def principal_components(tpm: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Score the columns of an expression table on its first principal components.

    The scores are the unit-length loadings of the columns (R: `prcomp(log2(tpm + 1))$rotation`): genes are the
    observations, and each column is centred. So the first component is nearly the same for all columns, as in the
    published scores. Signs are made definite: the first component's sum is negative, as in the published scores, and
    the largest value of every other component is positive.

    Args:
        tpm: Non-negative, shape (genes, columns).
        components: Number of components wanted.

    Returns:
        float64, shape (components, columns); components that the table is too small for are 0.
    """
    logged = np.log2(tpm + 1)
    centred = logged - logged.mean(axis=0)
    _, strengths, loadings = np.linalg.svd(centred, full_matrices=False)
    enough = strengths > strengths[0] * np.finfo(np.float64).eps * max(tpm.shape)
    scores = np.zeros((components, tpm.shape[1]))
    for number, loading in enumerate(loadings[enough][:components]):
        reference = -loading.sum() if number == 0 else loading[np.argmax(np.abs(loading))]
        scores[number] = loading if reference >= 0 else -loading
    return scores


def read_tpm(path: str | Path, components: int) -> dict[str, NDArray[np.float64]]:
    """Compute expression scores from a TPM table: first column gene, one further column per cell or replicate.

    Columns of the same name are replicates: their scores are averaged.

    Args:
        path: CSV or TSV with a header, plain or gzip.
        components: Number of components.

    Returns:
        Cell name → float64, shape (components,).

    Raises:
        InputError: The table holds a negative value, text, or nothing that varies.
    """
    cells, tpm, lines = _read_matrix(path, gene_column=True)
    if (tpm < 0).any():
        row = int(np.argmax((tpm < 0).any(axis=1)))
        raise InputError(f"TPM {tpm[row].min():g} is negative", path, lines[row])
    if (tpm == tpm[0]).all():
        raise InputError("expression does not differ between genes; principal components need that", path)
    scores = principal_components(tpm, components)
    rank = int(np.count_nonzero(scores.any(axis=1)))
    if rank < components:
        logger.warning(
            "%s: %s columns give %s components; the other %s are 0", path, len(cells), rank, components - rank
        )
    names = np.array(cells)
    return {cell: scores[:, names == cell].mean(axis=1) for cell in dict.fromkeys(cells)}
