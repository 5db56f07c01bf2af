"""Whether a run goes on with what an earlier one left: only where all that the result depends on is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepgrn_tool.errors import InputError

ANEW = "delete it to start anew"
CHECKSUM_LENGTH, SHOWN = 64, 8  # hexadecimal digits


def refuse_other_run(before: Mapping[str, Any], terms: Mapping[str, Any], path: str | Path) -> None:
    """Refuse to go on with a file that another run left.

    Args:
        before: All that the result of the earlier run depends on, as JSON types, under names that mean something to
            the user.
        terms: The same of this run.
        path: The file that the earlier run left.

    Raises:
        InputError: Something differs; all of it is named.
    """
    changes = [
        f"{name} was {_show(before.get(name))}, is {_show(terms.get(name))}"
        for name in sorted(before.keys() | terms.keys())
        if before.get(name) != terms.get(name)
    ]
    if changes:
        raise InputError(f"belongs to another run: {'; '.join(changes)}; give what was given then, or {ANEW}", path)


def _show(value: object) -> str:
    if isinstance(value, str) and len(value) == CHECKSUM_LENGTH:
        return f"{value[:SHOWN]}…"
    return json.dumps(value)
