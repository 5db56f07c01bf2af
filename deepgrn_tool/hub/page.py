"""One web page with igv.js, the regions' signals and their sequence inside: works without network and from a folder.

Web pages that are opened from a folder may not read other files there, so that the bigWigs beside the page are out of
reach. What is shown is therefore part of the page: for the regions only, each signal as steps of equal value, and the
bases as FASTA of slices, whose headers tell igv.js where they belong (`>chr1:101-200 @len=248956422`).
"""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from deepgrn_tool import __version__
from deepgrn_tool.data.intervals import merge
from deepgrn_tool.hub.tracks import SCORES
from deepgrn_tool.output import write_file
from deepgrn_tool.tracks.text import shortest_decimals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from deepgrn_tool.data.intervals import Positions
    from deepgrn_tool.hub.igvjs import Browser
    from deepgrn_tool.hub.inputs import Inputs
    from deepgrn_tool.hub.regions import Region
    from deepgrn_tool.hub.tracks import Track

PAGE_FILE = "index.html"
TEMPLATE = "page.html"
BASES = b"ACGTN"
HEIGHTS = {SCORES: 70}  # pixels
OTHER_HEIGHT = 50
BED_HEIGHT = 40


def write_page(
    folder: Path,
    inputs: Inputs,
    browser: Browser,
    colors: Mapping[str, str],
    assembly: str,
    title: str,
    regions: Sequence[Region],
) -> None:
    """Write the page.

    Args:
        folder: The hub.
        inputs: The open files; tracks are drawn in this order.
        browser: igv.js.
        colors: Cell → `#RRGGBB`.
        assembly: Name of the assembly, for display.
        title: Heading of the page.
        regions: What can be looked at; the first one is shown at the begin.

    Raises:
        InputError: A track or the sequence cannot be read.
    """
    pieces = _union(regions)
    content = {
        "assembly": assembly,
        "fasta": "data:text/plain;base64," + base64.b64encode(_fasta(inputs, pieces)).decode(),
        "hasSequence": bool(inputs.sequence_lengths),
        "tracks": [_track(inputs, track, colors[track.cell], pieces) for track in inputs.tracks],
        "regions": [_region(region) for region in regions],
    }
    template = Template(files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    text = template.substitute(
        title=html.escape(title),
        assembly=html.escape(assembly),
        version=__version__,
        license=html.escape(browser.license),
        igv=browser.script,
        content=_script_text(content),
    )
    write_file(folder / PAGE_FILE, text)


def _script_text(content: Any) -> str:
    """Write JSON that cannot end the script element it stands in."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _region(region: Region) -> dict[str, Any]:
    locus = f"{region.chrom}:{region.start + 1}-{region.end}"
    return {"locus": locus, "text": str(region), "name": region.name}


def _union(regions: Sequence[Region]) -> dict[str, list[tuple[int, int]]]:
    """Join regions that overlap or touch, so that nothing is in the page twice."""
    union = {}
    for chrom in dict.fromkeys(region.chrom for region in regions):
        own = np.array([(region.start, region.end) for region in regions if region.chrom == chrom], np.int64)
        starts, ends = merge(own[:, 0], own[:, 1])
        union[chrom] = list(zip(starts.tolist(), ends.tolist(), strict=True))
    return union


def _fasta(inputs: Inputs, pieces: Mapping[str, Sequence[tuple[int, int]]]) -> bytes:
    """Write the pieces' sequence; igv.js learns names and lengths of the chromosomes from it, too."""
    letters = np.frombuffer(BASES, np.uint8)
    records = []
    for chrom, spans in pieces.items():
        for start, end in spans:
            bases = letters[inputs.sequence(chrom, start, end)].tobytes()
            records.append(f">{chrom}:{start + 1}-{end} @len={inputs.lengths[chrom]}\n".encode() + bases + b"\n")
    return b"".join(records)


def _track(inputs: Inputs, track: Track, color: str, pieces: Mapping[str, Sequence[tuple[int, int]]]) -> dict[str, Any]:
    """Describe a track with its content: per chromosome starts, ends and, unless it is BED, values."""
    if track.is_bed:
        called = {chrom: _called(inputs, track, chrom, spans) for chrom, spans in pieces.items()}
        return {
            "type": "annotation",
            "name": track.title,
            "color": color,
            "displayMode": "COLLAPSED",
            "height": BED_HEIGHT,
            "data": called,
        }
    data = {}
    for chrom, spans in pieces.items():
        parts = [steps(start, inputs.signal(track, chrom, start, end)) for start, end in spans]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        data[chrom] = [column.tolist() for column in (*columns[:2], shortest_decimals(columns[2]))]
    look: dict[str, Any] = {"type": "wig", "name": track.title, "color": color}
    look["height"] = HEIGHTS.get(track.kind, OTHER_HEIGHT)
    # The same signal of all cells has one scale, so that heights can be compared.
    look |= {"min": 0, "max": 1} if track.kind == SCORES else {"autoscaleGroup": track.group}
    return look | {"data": data}


def steps(start: int, values: NDArray[np.float32]) -> tuple[Positions, Positions, NDArray[np.float32]]:
    """Join neighbouring bases of equal value, and leave out those of value 0.

    Args:
        start: 0-based position of the first value.
        values: float32, shape (n,), n >= 1.

    Returns:
        Starts and ends (int64, exclusive) and values (float32), shape (m,) each.

    >>> [column.tolist() for column in steps(100, np.array([0, 2, 2, 1], np.float32))]
    [[101, 103], [103, 104], [2.0, 1.0]]
    """
    first = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(first[1:], len(values))
    kept = values[first] != 0
    return start + first[kept], start + ends[kept], values[first][kept]


def _called(inputs: Inputs, track: Track, chrom: str, spans: Sequence[tuple[int, int]]) -> list[list[int]]:
    """List the intervals of a BED track that share a base with the regions."""
    if chrom not in inputs.called[track.name]:
        return [[], []]
    starts, ends = inputs.called[track.name][chrom]
    shown = np.zeros(len(starts), bool)
    for start, end in spans:
        shown |= (starts < end) & (ends > start)
    return [starts[shown].tolist(), ends[shown].tolist()]
