"""Options that are wrong: numbers, names, and outputs that cannot be."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from bad_cases import DATA, LABELS, SCORES, TWO, Case
from bad_text import FEATURES, HUB, LABELS_OF, PEAKS, TRAIN

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = ("5e2", "1_000", "٣", "nan", "1.0", "", "0x10", "\x1b[31m7")
REAL = ("1_000", "٣", "x", "", "0x10", "\x1b[31m7")
WHOLE_OPTIONS = {
    "predict": (f"{TWO} -o {{out}}/t.bw", ["--threads"]),
    "attention": (f"{TWO} -o {{out}}/t.bw", ["--rows"]),
    "motifs": (f"{TWO} --above 0.5 -o {{out}}/t.fa", ["--width", "--order"]),
    "importance": (f"{TWO.partition(' --')[0]} --labels {LABELS} -o {{out}}/t.tsv", ["--negatives"]),
    "evaluate": (f"{SCORES} --labels {LABELS} --cell gamma -o {{out}}/t.tsv", ["--seed"]),
    "features": (FEATURES, ["--effective-genome-size"]),
    "hub": (HUB, ["--count", "--flank"]),
    "report": (f"--scores {SCORES} -o {{out}}/t.html", ["--places"]),
    "train": (TRAIN, ["--filters", "--epochs", "--seed"]),
}
REAL_OPTIONS = {
    "predict": (f"{TWO} -o {{out}}/t.bed", ["--threshold"]),
    "motifs": (f"{TWO} --above 0.5 -o {{out}}/t.fa", ["--match"]),
    "train": (TRAIN, ["--learning-rate", "--memory"]),
}


def shown(text: str) -> str:
    """Write a value as messages show it."""
    return text.replace("\x1b", r"\x1b")


def numbers(options: dict[str, tuple[str, list[str]]], values: tuple[str, ...], words: str) -> list[Case]:
    """Give every value to every option of numbers."""
    return [
        Case(
            program,
            f"{name} '{shown(value)}'",
            f"{command} {name}='{value}'",
            f"argument {name}: '{shown(value)}' is not {words}",
            code=2,
        )
        for program, (command, names) in options.items()
        for name in names
        for value in values
    ]


# Every program with outputs: a good command line without them, and an option of an output with a name that it takes.
OUTPUTS = {
    "features": (FEATURES.replace(" -o {out}/f.h5", ""), "-o", "f.h5"),
    "labels": (f"--sizes {{data}}/galaxy/chrom.sizes --peaks a={PEAKS}", "-o", "t.tsv.gz"),
    "train": (TRAIN.replace(" -o {out}/m.h5", ""), "-o", "m.h5"),
    "import": ("{data}/galaxy/published.h5", "-o", "m.h5"),
    "predict": (TWO, "-o", "t.bw"),
    "attention": (TWO, "-o", "t.bedGraph"),
    "motifs": (f"{TWO} --above 0.5", "-o", "t.fa"),
    "importance": (f"{TWO.partition(' --')[0]} --labels {LABELS}", "-o", "t.tsv"),
    "evaluate": (f"{SCORES} --labels {LABELS} --cell gamma", "-o", "t.tsv"),
    "merge": ("{data}/galaxy/part1.bedGraph", "-o", "t.bedGraph"),
    "report": (f"--scores {SCORES}", "-o", "t.html"),
}
SECOND = {
    "labels": "--summary",
    "train": "--history",
    "predict": "--summary",
    "attention": "--forward",
    "motifs": "--bed",
    "importance": "--tests",
}


def in_the_way(path: Path) -> None:
    """Put a folder where the output is to go."""
    path.mkdir()


def outputs() -> list[Case]:
    """Outputs that cannot be written."""
    cases = []
    for program, (command, option, name) in OUTPUTS.items():
        cases += [
            Case(
                program,
                "output in a folder that is not there",
                f"{command} {option} none/{name}",
                f"none/{name}: its folder does not exist; create it first",
            ),
            Case(
                program,
                "output is a folder",
                f"{command} {option} {{bad}}",
                "{bad}: is a folder, not a file name to write to",
                make=in_the_way,
                name=name,
            ),
            Case(
                program,
                "output is a pipe",
                f"{command} {option} {{bad}}",
                "{bad}: is a device or a pipe; outputs are files, so give a file name",
                make=os.mkfifo,
                name=name,
            ),
            Case(
                program,
                "output is a device",
                f"{command} {option} {{bad}}",
                "{bad}: is a device or a pipe; outputs are files, so give a file name",
                make=lambda path: path.symlink_to("/dev/null"),
                name=name,
            ),
        ]
    for program, option in SECOND.items():
        command, first, name = OUTPUTS[program]
        if program == "importance":
            command += " --compare sequence:accessibility"
        cases += [
            Case(
                program,
                "two outputs of one name",
                f"{command} {first} {{out}}/{name} {option} {{out}}/{name}",
                f"output out/{name} is named twice",
                code=2,
            ),
            Case(
                program,
                "two outputs of one name, written otherwise",
                f"{command} {first} {{out}}/{name} {option} ./{{out}}/../{{out}}/{name}",
                f"output ./out/../out/{name} is named twice",
                code=2,
            ),
        ]
    return cases


# Every program: an input that is copied to {bad}, and the command line that reads it and would write over it.
OVERWRITE = {
    "features": ("alpha.accessibility.bw", FEATURES.replace("{data}/alpha.accessibility.bw", "{bad}"), "f.h5"),
    "labels": ("alpha.conservative.narrowPeak", f"{LABELS_OF} --peaks a={{bad}}", "t.tsv.gz"),
    "train": ("galaxy/CTCF.labels.tsv.gz", TRAIN.replace(LABELS, "{bad}"), "m.h5"),
    "import": ("galaxy/published.h5", "{bad} -o {out}/m.h5", "m.h5"),
    "predict": ("galaxy/features.h5", "{bad} {data}/model.h5 --cell gamma -o {out}/t.bw", "t.bw"),
    "attention": ("model.h5", "{data}/galaxy/features.h5 {bad} --cell gamma -o {out}/t.bw", "t.bw"),
    "motifs": ("model.h5", "{data}/galaxy/features.h5 {bad} --cell gamma --above 0.5 -o {out}/t.fa", "t.fa"),
    "importance": (
        "galaxy/CTCF.labels.tsv.gz",
        f"{TWO.partition(' --')[0]} --labels {{bad}} -o {{out}}/t.tsv",
        "t.tsv",
    ),
    "evaluate": (
        "galaxy/CTCF.labels.tsv.gz",
        f"{SCORES} --labels {{bad}} --cell gamma -o {{out}}/t.tsv",
        "t.tsv",
    ),
    "merge": ("galaxy/part1.bedGraph", "{bad} -o {out}/t.bedGraph", "t.bedGraph"),
    "report": ("galaxy/scores.bw", "--scores {bad} -o {out}/t.html", "t.html"),
}
NAMES = {"predict": "bad.bw", "attention": "bad.bw", "merge": "bad.bedGraph", "report": "bad.bw"}


def copied(name: str):
    """Copy a good file, with a link to it beside it."""

    def make(path: Path) -> None:
        shutil.copyfile(DATA / name, path)
        os.symlink(path, f"link-{path}")

    return make


def overwriting() -> list[Case]:
    """Outputs that are inputs, by the same name, another way to it, and a link."""
    cases = []
    for program, (good, command, output) in OVERWRITE.items():
        name = NAMES.get(program, "bad")
        ways = {"by its name": "{bad}", "by another way": "./{out}/../{bad}", "by a link": f"link-{name}"}
        for what, way in ways.items():
            options = command.replace(f"{{out}}/{output}", way)
            line = f"output {way.format(out='out', bad=name)} is also the input {name}; choose another name"
            cases.append(Case(program, f"output is an input, {what}", options, line, 2, copied(good), name))
    return cases


# A place of every kind of file that is read at random. Nobody writes to the pipe: opening it would last forever.
AT_RANDOM = {
    "features": FEATURES.replace("{data}/alpha.accessibility.bw", "{bad}"),
    "hub": f"{HUB} --genome {{bad}}",
    "predict": "{bad} {data}/model.h5 --cell gamma -o {out}/t.bw",
    "attention": "{data}/galaxy/features.h5 {bad} --cell gamma -o {out}/t.bw",
    "motifs": "{bad} {data}/model.h5 --cell gamma --above 0.5 -o {out}/t.fa",
    "importance": f"{{data}}/galaxy/features.h5 {{bad}} --labels {LABELS} -o {{out}}/t.tsv",
    "train": f"{{bad}} {LABELS} --validation-chromosomes chr11 --test-chromosomes none -o {{out}}/m.h5",
    "labels": f"--features {{bad}} --peaks a={PEAKS} -o {{out}}/t.tsv.gz",
    "evaluate": f"{{bad}} --labels {LABELS} --cell gamma -o {{out}}/t.tsv",
    "import": "{bad} -o {out}/m.h5",
    "info": "{bad}",
    "merge": "{bad} -o {out}/t.bw",
    "report": "--model {bad} -o {out}/t.html",
}
NO_PIPE = "{bad}: is a pipe or a device, and must be read at random; write it to a file first"
PIPES = [
    Case(program, what, options, NO_PIPE, make=make, name="bad.bw")
    for program, options in AT_RANDOM.items()
    for what, make in [
        ("a pipe", os.mkfifo),
        ("a device", lambda path: path.symlink_to("/dev/zero")),
    ]
]
NAMES_OF_THINGS = [
    Case(
        "predict",
        "cell with escape codes",
        TWO.replace("gamma", "'a\x1b[31mb'") + " -o {out}/t.bw",
        r"{data}/galaxy/features.h5: has no cell 'a\x1b[31mb' (it has alpha, gamma)",
    ),
    Case(
        "labels",
        "cell with a line end",
        f"{LABELS_OF} --peaks 'a\nb={PEAKS}'",
        r"cell name 'a\nb' is empty or holds a tab, a line end or the like",
        code=2,
    ),
    Case(
        "features",
        "cell with escape codes",
        FEATURES.replace("a={data}", "'a\x1b'={data}"),
        r"cell name 'a\x1b' cannot be used: no '/', no spaces around it, not '.' or '..'",
        code=2,
    ),
    Case(
        "features",
        "track with a tab",
        f"{FEATURES} --genome-track 'a\tb={{data}}/uniqueness.bw'",
        r"track name 'a\tb' cannot be used: no '/', no spaces around it, not '.' or '..'",
        code=2,
    ),
    Case(
        "evaluate",
        "prediction whose suffix is a line end",
        f"'x.bw\n' --labels {LABELS} -o {{out}}/t.tsv",
        r"the name 'x.bw\n' holds a tab or another character that cannot be printed",
        code=2,
    ),
    Case(
        "merge",
        "unknown option with escape codes",
        "a.bw -o {out}/t.bw --x\x1b[5m",
        r"unrecognized arguments: --x\x1b[5m",
        code=2,
    ),
    Case(
        "hub",
        "assembly with a line end",
        HUB.replace("demo", "'de\nmo'"),
        r"--assembly de\nmo: write the name as UCSC does, such as hg19 or mm10, without spaces",
        code=2,
    ),
    Case(
        "hub",
        "address with a line end",
        HUB.replace("a@b.c", "'a@b.c\nx'"),
        r"--email a@b.c\nx: this is no address; UCSC wants one in every hub",
        code=2,
    ),
]
ADDED = "--add-to none.h5 --accessibility a={data}/alpha.accessibility.bw"
STAYS = "--add-to takes signal and expression only; annotation and chromosomes stay as they are"
IMPORTANCE = f"{TWO.partition(' --')[0]} -o {{out}}/t.tsv"
CALLED = "--threshold belongs to called regions; give an output that ends in .bed, too"
TRACKS = "--summarize belongs to tracks; give an output that ends in .bw or .bedGraph, too"
ALIGNED = "--effective-genome-size belongs to BAM and CRAM, and no --accessibility is one; leave it out"
CONTROLS = "--control, --accessibility, --accessibility-plot, --enrichment, --logos or --summary"
AVERAGES = "--dimensions averages attention; leave it out with --method gradient"
WITHOUT_EFFECT = [
    Case(program, what, options, line, code=2)
    for program, what, options, line in [
        ("predict", "threshold of a table", f"{TWO} -o {{out}}/t.tab.gz --threshold 0.123", CALLED),
        ("predict", "threshold of counts, the default", f"{TWO} --summary {{out}}/t.tsv --threshold 0.5", CALLED),
        ("predict", "a look of tables", f"{TWO} -o {{out}}/t.tab.gz -o {{out}}/t.bed --summarize max", TRACKS),
        ("predict", "a look of a table, the default", f"{TWO} -o {{out}}/T.TAB.GZ --summarize center", TRACKS),
        (
            "evaluate",
            "a seed of nothing",
            f"{SCORES} --labels {LABELS} --cell gamma -o {{out}}/t.tsv --seed 7",
            "--seed belongs to --subsamples; give that, too",
        ),
        ("features", "a style of genes without genes, added", f"{ADDED} --gtf-style published", STAYS),
        ("features", "clipping of what is not added", f"{ADDED} --clip-intervals", STAYS),
        ("features", "genome size of a bigWig, added", f"{ADDED} --effective-genome-size 9", ALIGNED),
        ("features", "genome size of a bigWig", f"{FEATURES} --effective-genome-size 9", ALIGNED),
        (
            "features",
            "genome size without accessibility",
            "--genome {data}/genome.fa.gz -o {out}/f.h5 --effective-genome-size 9",
            ALIGNED,
        ),
        (
            "features",
            "a style of genes without genes",
            f"{FEATURES} --gtf-style standard",
            "--gtf-style belongs to --gtf; give that, too",
        ),
        (
            "features",
            "clipping of no intervals",
            f"{FEATURES} --clip-intervals",
            "--clip-intervals belongs to annotation and --blacklist; give one of them, too",
        ),
        (
            "motifs",
            "order of no background",
            f"{TWO} --above 0.5 -o {{out}}/t.fa --order 5",
            "--order belongs to --background; give that, too",
        ),
        (
            "motifs",
            "matches of no motifs",
            f"{TWO} --above 0.5 -o {{out}}/t.fa --match 0.5",
            "--match belongs to --enrichment or --logos; give one of these, too",
        ),
        (
            "motifs",
            "number of no logos",
            f"{TWO} --above 0.5 --known m.meme --enrichment {{out}}/t.tsv --top 3",
            "--top belongs to --logos; give that, too",
        ),
        (
            "motifs",
            "a seed of no controls",
            f"{TWO} --above 0.5 -o {{out}}/t.fa --bed {{out}}/t.bed --background {{out}}/b.txt --seed 0",
            f"--seed belongs to {CONTROLS}; give one of these, too",
        ),
        (
            "motifs",
            "dimensions of gradients",
            f"{TWO} --above 0.5 -o {{out}}/t.fa --method gradient --dimensions all",
            AVERAGES,
        ),
        ("attention", "dimensions of gradients", f"{TWO} -o {{out}}/t.bw --method gradient --dimensions top", AVERAGES),
        (
            "importance",
            "labels of no model",
            f"{IMPORTANCE} --labels model={LABELS} --labels b.tsv",
            "--labels b.tsv: every model has labels of its own; leave this out",
        ),
    ]
]
CASES = [
    *numbers(WHOLE_OPTIONS, WHOLE, "a whole number"),
    *numbers(REAL_OPTIONS, REAL, "a number"),
    *outputs(),
    *overwriting(),
    *PIPES,
    *NAMES_OF_THINGS,
    *WITHOUT_EFFECT,
]
