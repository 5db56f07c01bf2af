"""HDF5 files that are wrong, that claim what is not so, or that point elsewhere."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import h5py
from bad_cases import DATA, LABELS, SCORES, Slot, Spoilt, combine
from bad_text import HUB, PEAKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Edit = Callable[[h5py.File], object]

FEATURES_FILE = DATA / "galaxy" / "features.h5"
MODEL_FILE = DATA / "model.h5"
BASES = 328_010  # of the features file
TRACK = "cells/gamma/tracks/accessibility"
AGAIN = "; make the file again with deepgrn-features"
HUGE = 1 << 50


def edited(good: Path, edit: Edit) -> Callable[[Path], object]:
    """Make a changed copy of a good file."""

    def make(path: Path) -> None:
        shutil.copyfile(good, path)
        with h5py.File(path, "r+") as file:
            edit(file)

    return make


def replace(name: str, *args: Any, **keywords: Any) -> Edit:
    """Put another dataset in the place of one."""

    def edit(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, *args, **keywords)

    return edit


def link(name: str, target: object) -> Edit:
    """Put a link in the place of something."""

    def edit(file: h5py.File) -> None:
        del file[name]
        file[name] = target

    return edit


def attribute(name: str, value: object) -> Edit:
    """Set an attribute of the file."""

    def edit(file: h5py.File) -> None:
        file.attrs[name] = value

    return edit


def virtual(name: str) -> Edit:
    """Let a dataset be a view of another file."""

    def edit(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(file[name].shape, file[name].dtype)
        layout[...] = h5py.VirtualSource(str(FEATURES_FILE), name, file[name].shape)
        del file[name]
        file.create_virtual_dataset(name, layout)

    return edit


def value(name: str, place: object, new: object) -> Edit:
    """Set a value of a dataset."""

    def edit(file: h5py.File) -> None:
        file[name][place] = new

    return edit


def rename(old: str, new: str) -> Edit:
    """Give something another name."""
    return lambda file: file.move(old, new)


def files(good: Path, other: Path, maker: str, is_other: str) -> tuple[Spoilt, ...]:
    """Files that are wrong as a whole."""
    content = good.read_bytes()
    return (
        Spoilt("not there", lambda path: None, ": No such file or directory"),
        Spoilt("a folder", lambda path: path.mkdir(), ": Is a directory"),
        Spoilt("empty", b"", ": is empty"),
        Spoilt("text", b"chr5\t1\t5\n", f": is not HDF5; make it with {maker}"),
        Spoilt(
            "cut in half", content[: len(content) // 2], ": is damaged or truncated HDF5; make or copy the file again"
        ),
        Spoilt("the signature alone", content[:8], ": is damaged or truncated HDF5; make or copy the file again"),
        Spoilt("another kind of file", other.read_bytes(), is_other),
    )


def lacks(name: str) -> str:
    return f": lacks the dataset '{name}'{AGAIN}"


FOREIGN = ": is not a deepgrn-features file (its format is 'deepgrn-model'); make one with deepgrn-features"
FEATURES = (
    *files(FEATURES_FILE, MODEL_FILE, "deepgrn-features", FOREIGN),
    *(
        Spoilt(what, edited(FEATURES_FILE, edit), line)
        for what, edit, line in [
            (
                "a newer version",
                attribute("format_version", "2.0"),
                ": has deepgrn-features version 2.0, this program knows 1.0; update DeepGRN-tool",
            ),
            (
                "a version that is none",
                attribute("format_version", "\x1b[31m"),
                r": its format version '\x1b[31m' is not a version; make the file again with deepgrn-features",
            ),
            ("a number for the assembly", attribute("assembly", 7), f": lacks the attribute 'assembly', a text{AGAIN}"),
            ("bases behind an external link", link("sequence", h5py.ExternalLink("/dev/null", "/")), lacks("sequence")),
            ("a track behind a soft link", link(TRACK, h5py.SoftLink("/genome_tracks/uniqueness")), lacks(TRACK)),
            (
                "a group that holds itself",
                link("cells/gamma/tracks", h5py.SoftLink("/cells")),
                f": lacks the group 'cells/gamma/tracks'{AGAIN}",
            ),
            (
                "bases in another file",
                replace("sequence", (BASES,), "u1", external=[("/dev/zero", 0, BASES)]),
                f": the values of dataset 'sequence' are in another file{AGAIN}",
            ),
            (
                "a view of another file",
                virtual(TRACK),
                f": the values of dataset '{TRACK}' are in another file{AGAIN}",
            ),
            (
                "a type that does not fit",
                replace(TRACK, (BASES,), "f8"),
                f": dataset '{TRACK}' is float64 {BASES} where float32 {BASES} is expected{AGAIN}",
            ),
            (
                "a shape that does not fit",
                replace("blacklist", (3,), "i8"),
                f": dataset 'blacklist' is int64 3 where int64 nx3 is expected{AGAIN}",
            ),
            (
                "a petabyte of bases",
                replace("sequence", (HUGE,), "u1", chunks=(1 << 16,)),
                f": dataset 'sequence' is uint8 {HUGE} where uint8 {BASES} is expected{AGAIN}",
            ),
            (
                "a quadrillion intervals",
                replace("blacklist", (HUGE, 3), "i8", chunks=(1 << 12, 3)),
                f": dataset 'blacklist' claims {HUGE:,} intervals; at most 50,000,000 are read{AGAIN}",
            ),
            (
                "a chromosome of 1 Tb",
                value("chromosomes/lengths", 0, 1 << 40),
                f": a chromosome of {1 << 40} bp is longer than any (2^32 bp){AGAIN}",
            ),
            (
                "a negative length",
                value("chromosomes/lengths", 0, -1),
                f": chromosome names repeat or a length is not positive{AGAIN}",
            ),
            (
                "escape codes in a name",
                value("chromosomes/names", 0, "chr\x1b[5m"),
                f": a chromosome name is empty or holds control characters{AGAIN}",
            ),
            (
                "a line end in the name of a cell",
                rename("cells/alpha", "cells/al\npha"),
                rf": the name 'al\npha' in group 'cells' holds control characters{AGAIN}",
            ),
            (
                "names that are numbers",
                replace("chromosomes/names", data=[1, 2]),
                f": dataset 'chromosomes/names' holds no text{AGAIN}",
            ),
            (
                "no tracks of a cell",
                lambda file: file["cells/gamma"].pop("tracks"),
                f": lacks the group 'cells/gamma/tracks'{AGAIN}",
            ),
        ]
    ),
)
FEATURE_SLOTS = (
    Slot("predict", "{bad} {data}/model.h5 --cell gamma -o {out}/t.bw"),
    Slot("attention", "{bad} {data}/model.h5 --cell gamma -o {out}/t.bw"),
    Slot("motifs", "{bad} {data}/model.h5 --cell gamma --above 0.5 -o {out}/t.fa"),
    Slot("importance", f"{{bad}} {{data}}/model.h5 --labels {LABELS} -o {{out}}/t.tsv"),
    Slot("train", f"{{bad}} {LABELS} --validation-chromosomes chr11 --test-chromosomes none -o {{out}}/m.h5"),
    Slot("labels", f"--features {{bad}} --peaks a={PEAKS} -o {{out}}/t.tsv.gz"),
    Slot("hub", f"{HUB} --features {{bad}}"),
    Slot("report", f"--scores {SCORES} --features {{bad}} -o {{out}}/t.html"),
    Slot(
        "info",
        "{bad}",
        (
            ("text", "{bad}: is not HDF5; make it with deepgrn-features or deepgrn-import"),
            ("another kind of file", ""),  # which is a model
        ),
    ),
    Slot(
        "features",
        "--add-to {bad} --genome-track x={data}/galaxy/scores.bw",
        (("a folder", "{bad}: is a folder, not a file name to write to"),),
    ),
)


CASES = combine(FEATURE_SLOTS, FEATURES)
