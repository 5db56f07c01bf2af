"""The text files of a UCSC track hub: hub.txt, genomes.txt, trackDb.txt and a page about each group of tracks.

A factor is a folder (superTrack) of a container (multiWig) of scores and one of attention, with a track per cell, drawn
over each other in the colours of the cells, and of a list (compositeTrack) of called regions. Signals such as
accessibility have a container each.

The library `trackhub` would write the same, but leaves a folder of its own in the working directory when there are
description pages, sets up logging for the whole program as soon as it is imported, and gives superTracks a type that
UCSC does not know. The tests use its table of UCSC's settings to check what is written here.

Source: UCSC, Hub Track Database Definition (v3), https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepgrn_tool import __version__
from deepgrn_tool.hub.folder import HUB_FILE, OWN_MARK
from deepgrn_tool.hub.tracks import ATTENTION, CALLED, SCORES, red_green_blue, valid_name
from deepgrn_tool.output import write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.hub.tracks import Track

GENOMES_FILE = "genomes.txt"
TRACKS_FILE = "trackDb.txt"
SHORT_LABEL, LONG_LABEL = 17, 76  # characters that UCSC shows
TYPES = {SCORES: "bigWig 0 1"}  # of others the range is not known before
RANGES = {SCORES: {"viewLimits": "0:1"}}
# How tracks of one kind are held together: bigWigs are drawn over each other, regions one above the other.
OVERLAY = {
    "container": "multiWig",
    "aggregate": "transparentOverlay",
    "showSubtrackColorOnUi": "on",
    "visibility": "full",
    "windowingFunction": "maximum",
    "maxHeightPixels": "128:48:8",
}
LIST = {"compositeTrack": "on", "visibility": "dense"}
FREE_RANGE = {"autoScale": "on", "alwaysZero": "on"}
SUMMARIES = {
    SCORES: "predicted probability of binding",
    ATTENTION: "where the network finds its evidence, 1 is uniform",
    CALLED: "regions that score above a threshold",
}
ABOUT = {
    SCORES: "Probability, between 0 and 1, that the factor is bound in the 200 bp around a place, predicted by a "
    "DeepGRN network from DNA sequence and chromatin accessibility (deepgrn-predict). The value of each 200-bp bin is "
    "drawn over the 50 bp in its middle. Zoomed out, the highest score is shown, not the mean.",
    ATTENTION: "Where the network finds its evidence (deepgrn-attention): the attention of all windows over a base, "
    "relative to uniform attention. 1 is no more than every position gets, 5 is five times that.",
    CALLED: "Bins that score at least a threshold, joined where they overlap or touch (deepgrn-predict).",
}
ABOUT_SIGNAL = "Signal of the cells, such as cut sites of DNase-seq or ATAC-seq per base."


@dataclass(frozen=True)
class Hub:
    """What a hub is, beside its tracks.

    Attributes:
        assembly: Name of the assembly; the tracks' own files lie in a folder of this name.
        title: What the hub is called.
        email: Whom to ask.
        colors: Cell → `#RRGGBB`.
        bed_types: Types of the BED tracks at UCSC, by their names.
        genome: Further settings of genomes.txt, for an assembly that UCSC does not know.
    """

    assembly: str
    title: str
    email: str
    colors: Mapping[str, str]
    bed_types: Mapping[str, str]
    genome: Mapping[str, str]


def write_hub(folder: Path, hub: Hub, tracks: Sequence[Track]) -> None:
    """Write the text files.

    Args:
        folder: The hub; the folder of the assembly is there.
        hub: What the hub is.
        tracks: All tracks.
    """
    factors = list(dict.fromkeys(track.factor for track in tracks if track.factor is not None))
    first = {
        "hub": OWN_MARK.removeprefix("hub ") + valid_name("_".join([hub.assembly, *factors])),
        "shortLabel": _cut(hub.title, SHORT_LABEL),
        "longLabel": _cut(hub.title, LONG_LABEL),
        "genomesFile": GENOMES_FILE,
        "email": hub.email,
    }
    genome = {"genome": hub.assembly, "trackDb": f"{hub.assembly}/{TRACKS_FILE}", **hub.genome}
    write_file(folder / HUB_FILE, _stanza(first, 0))
    write_file(folder / GENOMES_FILE, _stanza(genome, 0))
    inner = folder / hub.assembly
    stanzas: list[str] = []
    for factor in factors:
        stanzas += _factor(inner, hub, factor, [track for track in tracks if track.factor == factor])
    for group, members in _groups(track for track in tracks if track.factor is None).items():
        stanzas += _container(hub, members, None, 0)
        _write_about(inner / f"{group}.html", hub, members[0].kind, f"<p>{ABOUT_SIGNAL}</p>", members)
    write_file(inner / TRACKS_FILE, "\n".join(stanzas))


def _cut(label: str, size: int) -> str:
    return label[:size].strip()


def _groups(tracks: Iterable[Track]) -> dict[str, list[Track]]:
    groups: dict[str, list[Track]] = {}
    for track in tracks:
        groups.setdefault(track.group, []).append(track)
    return groups


def _stanza(settings: Mapping[str, str], depth: int) -> str:
    return "".join(f"{'    ' * depth}{name} {value}\n" for name, value in settings.items())


def _factor(folder: Path, hub: Hub, factor: str, tracks: Sequence[Track]) -> list[str]:
    """Write the stanzas of a factor and the page about it."""
    name = f"factor_{valid_name(factor)}"
    settings = {
        "track": name,
        "superTrack": "on show",
        "shortLabel": _cut(factor, SHORT_LABEL),
        "longLabel": _cut(f"{factor} binding, predicted from sequence and accessibility", LONG_LABEL),
        "html": name,
    }
    stanzas = [_stanza(settings, 0)]
    text = ""
    for members in _groups(tracks).values():
        stanzas += _container(hub, members, name, 1)
        kind = members[0].kind
        text += f"<h3>{kind.capitalize()}</h3>\n<p>{ABOUT[kind]}</p>\n"
    _write_about(folder / f"{name}.html", hub, factor, text, tracks)
    return stanzas


def _container(hub: Hub, tracks: Sequence[Track], parent: str | None, depth: int) -> list[str]:
    """Write the stanzas of tracks of one kind and factor, a cell each, and of what holds them."""
    first = tracks[0]
    label = " ".join(part for part in (first.factor, first.kind) if part)
    settings = {
        "track": first.group,
        **({} if parent is None else {"parent": parent}),
        "type": _type(hub, first),
        "shortLabel": _cut(label, SHORT_LABEL),
        "longLabel": _cut(f"{label}: {SUMMARIES.get(first.kind, 'signal of the cells')}", LONG_LABEL),
        **(LIST if first.is_bed else OVERLAY | RANGES.get(first.kind, FREE_RANGE)),
        **({"html": first.group} if parent is None else {}),
    }
    stanzas = [_stanza(settings, depth)]
    for track in tracks:
        settings = {
            "track": track.name,
            "parent": f"{track.group} on" if track.is_bed else track.group,
            "type": _type(hub, track),
            "bigDataUrl": track.hub_file_name,
            "shortLabel": _cut(track.cell, SHORT_LABEL),
            "longLabel": _cut(track.title, LONG_LABEL),
            "color": ",".join(map(str, red_green_blue(hub.colors[track.cell]))),
        }
        stanzas.append(_stanza(settings, depth + 1))
    return stanzas


def _type(hub: Hub, track: Track) -> str:
    return hub.bed_types[track.name] if track.is_bed else TYPES.get(track.kind, "bigWig")


def _write_about(path: Path, hub: Hub, title: str, text: str, tracks: Iterable[Track]) -> None:
    """Write the page about a group of tracks that UCSC shows beneath its settings."""
    cells = dict.fromkeys(track.cell for track in tracks)
    rows = "".join(
        f'<li><span style="color: {hub.colors[cell]}">&#9632;</span> {html.escape(cell)}</li>\n' for cell in cells
    )
    write_file(
        path,
        f"<h2>{html.escape(title)}</h2>\n{text}\n<h3>Cells</h3>\n<ul>\n{rows}</ul>\n"
        f"<h3>Methods</h3>\n<p>Made by deepgrn-hub {__version__}. "
        "DeepGRN: Chen <i>et al.</i> 2021, BMC Bioinformatics 22:38, "
        '<a href="https://doi.org/10.1186/s12859-020-03952-1">doi:10.1186/s12859-020-03952-1</a>.</p>\n',
    )
