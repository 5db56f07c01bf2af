"""The text files of a UCSC track hub: hub.txt, genomes.txt, trackDb.txt and a page about each group of tracks.

A factor is a folder (superTrack) of a container (multiWig) of scores and one of attention, with a track per cell, drawn
over each other in the colours of the cells. Signals such as accessibility have a container each.

The library `trackhub` would write the same, but leaves a folder of its own in the working directory when there are
description pages, sets up logging for the whole program as soon as it is imported, and gives superTracks a type that
UCSC does not know. The tests use its table of UCSC's settings to check what is written here.

Source: UCSC, Hub Track Database Definition (v3), https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from deepgrn_tool import __version__
from deepgrn_tool.hub.folder import HUB_FILE, OWN_MARK
from deepgrn_tool.hub.tracks import ATTENTION, SCORES, red_green_blue, valid_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.hub.tracks import Track

GENOMES_FILE = "genomes.txt"
TRACKS_FILE = "trackDb.txt"
SHORT_LABEL, LONG_LABEL = 17, 76  # characters that UCSC shows
TYPES = {SCORES: "bigWig 0 1"}  # of others the range is not known before
RANGES = {SCORES: {"viewLimits": "0:1"}}
FREE_RANGE = {"autoScale": "on", "alwaysZero": "on"}
SUMMARIES = {
    SCORES: "predicted probability of binding",
    ATTENTION: "where the network finds its evidence, 1 is uniform",
}
ABOUT = {
    SCORES: "Probability, between 0 and 1, that the factor is bound in the 200 bp around a place, predicted by a "
    "DeepGRN network from DNA sequence and chromatin accessibility (deepgrn-predict). The value of each 200-bp bin is "
    "drawn over the 50 bp in its middle. Zoomed out, the highest score is shown, not the mean.",
    ATTENTION: "Where the network finds its evidence (deepgrn-attention): the attention of all windows over a base, "
    "relative to uniform attention. 1 is no more than every position gets, 5 is five times that.",
}
ABOUT_SIGNAL = "Signal of the cells, such as cut sites of DNase-seq or ATAC-seq per base."


def write_hub(
    folder: Path, tracks: Sequence[Track], colors: Mapping[str, str], assembly: str, title: str, email: str
) -> None:
    """Write the text files of the hub; the tracks' own files are to lie in the folder `assembly` within it.

    Args:
        folder: The hub; the folder of the assembly is there.
        tracks: bigWig tracks; others have no place in a hub.
        colors: Cell → `#RRGGBB`.
        assembly: UCSC's name of the assembly.
        title: What the hub is called.
        email: Whom to ask.
    """
    factors = list(dict.fromkeys(track.factor for track in tracks if track.factor is not None))
    hub = {
        "hub": OWN_MARK.removeprefix("hub ") + valid_name("_".join([assembly, *factors])),
        "shortLabel": _cut(title, SHORT_LABEL),
        "longLabel": _cut(title, LONG_LABEL),
        "genomesFile": GENOMES_FILE,
        "email": email,
    }
    (folder / HUB_FILE).write_text(_stanza(hub, 0))
    (folder / GENOMES_FILE).write_text(_stanza({"genome": assembly, "trackDb": f"{assembly}/{TRACKS_FILE}"}, 0))
    stanzas: list[str] = []
    for factor in factors:
        own = [track for track in tracks if track.factor == factor]
        stanzas += _factor(folder / assembly, factor, own, colors)
    signals = [track for track in tracks if track.factor is None]
    for group, members in _groups(signals).items():
        stanzas += _container(members, colors, None, 0)
        text = f"<p>{ABOUT_SIGNAL}</p>"
        (folder / assembly / f"{group}.html").write_text(_page(members[0].kind, text, members, colors))
    (folder / assembly / TRACKS_FILE).write_text("\n".join(stanzas))


def _cut(label: str, size: int) -> str:
    return label[:size].strip()


def _groups(tracks: Iterable[Track]) -> dict[str, list[Track]]:
    groups: dict[str, list[Track]] = {}
    for track in tracks:
        groups.setdefault(track.group, []).append(track)
    return groups


def _stanza(settings: Mapping[str, str], depth: int) -> str:
    return "".join(f"{'    ' * depth}{name} {value}\n" for name, value in settings.items())


def _factor(folder: Path, factor: str, tracks: Sequence[Track], colors: Mapping[str, str]) -> list[str]:
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
        stanzas += _container(members, colors, name, 1)
        kind = members[0].kind
        text += f"<h3>{kind.capitalize()}</h3>\n<p>{ABOUT[kind]}</p>\n"
    (folder / f"{name}.html").write_text(_page(factor, text, tracks, colors))
    return stanzas


def _container(tracks: Sequence[Track], colors: Mapping[str, str], parent: str | None, depth: int) -> list[str]:
    """Write the stanzas of tracks of one kind and factor, a cell each, and of what holds them."""
    first = tracks[0]
    data_type = TYPES.get(first.kind, "bigWig")
    label = " ".join(part for part in (first.factor, first.kind) if part)
    look = RANGES.get(first.kind, FREE_RANGE)
    settings = {
        "track": first.group,
        **({} if parent is None else {"parent": parent}),
        "container": "multiWig",
        "aggregate": "transparentOverlay",
        "showSubtrackColorOnUi": "on",
        "type": data_type,
        "shortLabel": _cut(label, SHORT_LABEL),
        "longLabel": _cut(f"{label}: {SUMMARIES.get(first.kind, 'signal of the cells')}", LONG_LABEL),
        "visibility": "full",
        **look,
        "windowingFunction": "maximum",
        "maxHeightPixels": "128:48:8",
        **({"html": first.group} if parent is None else {}),
    }
    stanzas = [_stanza(settings, depth)]
    for track in tracks:
        settings = {
            "track": track.name,
            "parent": track.group,
            "type": data_type,
            "bigDataUrl": track.file_name,
            "shortLabel": _cut(track.cell, SHORT_LABEL),
            "longLabel": _cut(track.title, LONG_LABEL),
            "color": ",".join(map(str, red_green_blue(colors[track.cell]))),
        }
        stanzas.append(_stanza(settings, depth + 1))
    return stanzas


def _page(title: str, text: str, tracks: Iterable[Track], colors: Mapping[str, str]) -> str:
    """Write the page about a group of tracks that UCSC shows beneath its settings."""
    cells = dict.fromkeys(track.cell for track in tracks)
    rows = "".join(
        f'<li><span style="color: {colors[cell]}">&#9632;</span> {html.escape(cell)}</li>\n' for cell in cells
    )
    return (
        f"<h2>{html.escape(title)}</h2>\n{text}\n<h3>Cells</h3>\n<ul>\n{rows}</ul>\n"
        f"<h3>Methods</h3>\n<p>Made by deepgrn-hub {__version__}. "
        "DeepGRN: Chen <i>et al.</i> 2021, BMC Bioinformatics 22:38, "
        '<a href="https://doi.org/10.1186/s12859-020-03952-1">doi:10.1186/s12859-020-03952-1</a>.</p>\n'
    )
