"""What a hub shows: its tracks, their names, colours and files.

Names are made of kind, factor and cell alone, so that a track keeps its name, and with it the settings that people
saved, when others join it. UCSC takes letters, digits and underscores, beginning with a letter; anything else becomes
an underscore.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deepgrn_tool.errors import UsageError
from deepgrn_tool.plots.style import COLORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCORES, ATTENTION, CALLED = "scores", "attention", "called"
ACCESSIBILITY = "accessibility"
COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
ASSEMBLY = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z")
_DARKER = 0.62  # of each colour, for the cells beyond the seventh


@dataclass(frozen=True)
class Track:
    """One track.

    Attributes:
        kind: `SCORES`, `ATTENTION`, `CALLED`, or the name of a signal such as `ACCESSIBILITY`.
        cell: Cell type.
        path: The user's file; None where the signal comes from a features file.
        factor: Transcription factor; None for signals of the cell.
    """

    kind: str
    cell: str
    path: Path | None
    factor: str | None = None

    @property
    def group(self) -> str:
        """The name of what holds the same kind of track of all cells: `scores_CTCF`, `signal_accessibility`."""
        if self.factor is None:
            return f"signal_{valid_name(self.kind)}"
        return f"{self.kind}_{valid_name(self.factor)}"

    @property
    def name(self) -> str:
        """The name at UCSC, such as `scores_CTCF_K562`."""
        return f"{self.group}_{valid_name(self.cell)}"

    @property
    def title(self) -> str:
        """The name for people, such as `K562 CTCF scores`."""
        return " ".join(part for part in (self.cell, self.factor, self.kind) if part)

    @property
    def is_bed(self) -> bool:
        """Whether the file is BED; else it is bigWig."""
        return self.kind == CALLED

    @property
    def file_name(self) -> str:
        """The name of the file that IGV opens, without folder."""
        packed = self.path is not None and self.path.name.lower().endswith(".gz")
        return self.name + ((".bed.gz" if packed else ".bed") if self.is_bed else ".bw")

    @property
    def hub_file_name(self) -> str:
        """The name of the file that UCSC opens, without folder."""
        return f"{self.name}.bb" if self.is_bed else self.file_name


def valid_name(text: str) -> str:
    """Make a word that UCSC takes within a name.

    >>> valid_name("H1-hESC")
    'H1_hESC'
    """
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def check_tracks(tracks: Sequence[Track]) -> None:
    """Refuse tracks that could not be told apart; cheap, for use before any work.

    Raises:
        UsageError: There is no track of scores or attention, two tracks have the same names, or names that differ by
            nothing that UCSC or a file system that ignores case would see.
    """
    if not any(track.kind in (SCORES, ATTENTION) for track in tracks):
        raise UsageError("nothing to show: give --scores or --attention")
    titles: dict[str, Track] = {}
    names: dict[str, str] = {}
    for track in tracks:
        if track.factor is None and track.kind in (SCORES, ATTENTION, CALLED):
            raise UsageError(f"--track {track.cell}:{track.kind}: this name is taken; call the signal something else")
        other = titles.setdefault(track.title, track)
        if other is not track:
            raise UsageError(f"two tracks are called '{track.title}': {other.path} and {track.path}; rename one")
        holder = " ".join(part for part in (track.factor, track.kind) if part)
        for name, title in ((track.name, track.title), (track.group, holder)):
            known = names.setdefault(name.casefold(), title)
            if known != title:
                text = f"'{known}' and '{title}' would both be {name} at UCSC"
                raise UsageError(f"{text}; let their names differ in letters or digits")


def cell_colors(cells: Iterable[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Give each cell a colour that is told apart in every common kind of colour blindness.

    Args:
        cells: Cell types, in the order in which the user named them; a cell keeps its colour when others follow.
        chosen: Colours that the user wants, `#RRGGBB`, by cell.

    Returns:
        Cell → `#RRGGBB`. Beyond seven cells the colours come again, darker.

    Raises:
        UsageError: A chosen colour is none, or of a cell that has no track.
    """
    colors: dict[str, str] = {}
    for cell in cells:
        if cell not in colors:
            number = len(colors)
            color = COLORS[number % len(COLORS)]
            colors[cell] = color if number < len(COLORS) else _darker(color)
    for cell, color in chosen.items():
        if cell not in colors:
            raise UsageError(f"--color {cell}={color}: no track is of the cell '{cell}' (cells: {', '.join(colors)})")
        if not COLOR.match(color):
            raise UsageError(f"--color {cell}={color}: write the colour as #RRGGBB, such as #0072B2, and in quotes")
    return colors | dict(chosen)


def red_green_blue(color: str) -> tuple[int, int, int]:
    """Split `#RRGGBB`.

    >>> red_green_blue("#0072B2")
    (0, 114, 178)
    """
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _darker(color: str) -> str:
    red, green, blue = (round(part * _DARKER) for part in red_green_blue(color))
    return f"#{red:02X}{green:02X}{blue:02X}"


def check_assembly(name: str) -> None:
    """Refuse what cannot be the name of an assembly: it becomes a folder, and a word in genomes.txt.

    Raises:
        UsageError: It cannot.
    """
    if not ASSEMBLY.match(name):
        raise UsageError(f"--assembly {name}: write the name as UCSC does, such as hg19 or mm10, without spaces")


def names_from_file(path: str) -> tuple[str, str] | None:
    """Read cell and factor from a file name such as `K562.CTCF.bw` or `K562.CTCF.attention.bw`.

    Returns:
        Cell and factor, or None where the name does not tell.

    >>> names_from_file("runs/K562.CTCF.bw"), names_from_file("scores.bw")
    (('K562', 'CTCF'), None)
    """
    parts = Path(path).name.split(".")
    while parts and parts[-1].casefold() in {"bw", "bigwig", "bed", "gz", SCORES, ATTENTION, CALLED}:
        parts.pop()
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None
