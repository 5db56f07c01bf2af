"""An IGV session: every track with its name, colour and range, by paths relative to the session.

Source: IGV desktop user guide, "Sessions"; version 8 of the format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from deepgrn_tool.hub.tracks import SCORES, red_green_blue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deepgrn_tool.hub.regions import Region
    from deepgrn_tool.hub.tracks import Track

SESSION_FILE = "igv_session.xml"
VERSION = "8"
HEIGHT = "60"  # pixels


def write_session(
    folder: Path,
    tracks: Sequence[Track],
    colors: Mapping[str, str],
    assembly: str,
    genome: str,
    regions: Sequence[Region],
) -> None:
    """Write the session.

    Args:
        folder: The hub, in which the tracks' files lie in the folder `assembly`.
        tracks: bigWig and BED tracks.
        colors: Cell → `#RRGGBB`.
        assembly: Name of the assembly.
        genome: What IGV is to open as genome: a name that it knows, or a file relative to the session.
        regions: Places to go to; the first one is shown at the begin.
    """
    first = regions[0]
    place = f"{first.chrom}:{first.start + 1}-{first.end}"
    root = ElementTree.Element(
        "Session", genome=genome, hasGeneTrack="true", hasSequenceTrack="true", locus=place, version=VERSION
    )
    resources = ElementTree.SubElement(root, "Resources")
    panel = ElementTree.SubElement(root, "Panel", name="DataPanel", height=str(100 * len(tracks)), width="1200")
    scales = {group: str(number) for number, group in enumerate(dict.fromkeys(track.group for track in tracks), 1)}
    for track in tracks:
        path = f"{assembly}/{track.file_name}"
        ElementTree.SubElement(resources, "Resource", path=path)
        _add_track(panel, track, path, colors[track.cell], scales[track.group])
    places = ElementTree.SubElement(root, "Regions")
    for region in regions:
        ElementTree.SubElement(
            places,
            "Region",
            chromosome=region.chrom,
            start=str(region.start),
            end=str(region.end),
            description=region.name,
        )
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(folder / SESSION_FILE, encoding="UTF-8", xml_declaration=True)


def _add_track(panel: ElementTree.Element, track: Track, path: str, color: str, scale: str) -> None:
    """Describe a track; those of the same scale get the same range, unless they are scores."""
    look = {
        "id": path,
        "name": track.title,
        "attributeKey": track.title,
        "color": ",".join(map(str, red_green_blue(color))),
        "visible": "true",
    }
    if track.is_bed:
        ElementTree.SubElement(panel, "Track", look | {"displayMode": "COLLAPSED"})
        return
    look |= {"renderer": "BAR_CHART", "windowFunction": "max", "height": HEIGHT}
    if track.kind == SCORES:
        element = ElementTree.SubElement(panel, "Track", look | {"autoScale": "false"})
        ElementTree.SubElement(element, "DataRange", minimum="0.0", baseline="0.0", maximum="1.0", type="LINEAR")
    else:
        ElementTree.SubElement(panel, "Track", look | {"autoScale": "true", "autoscaleGroup": scale})
