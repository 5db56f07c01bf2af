"""One small job for every program, with all kinds of outputs, on the bundled data."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "test-data"
OLDER = "an older output\n"  # what lies under the name of each output before some of the runs
OLDER_HUB = "hub deepgrn_older\n"


@dataclass(frozen=True)
class Job:
    """A command whose outputs are looked at after it was disturbed.

    Attributes:
        name: What it is called in the table.
        module: Module of `deepgrn_tool.cli`.
        options: The command line; `{data}` is the bundled data, `{inputs}` the folder of `make_inputs`, `{out}` the
            folder of outputs.
        outputs: Names of the files, or of the folder, that appear in `{out}`.
        prints: The program writes to standard output.
        adds: The program adds to its output, which must be there: file to begin with.
        goes_on: The program leaves a file to go on from where it is stopped.
        needs_tensorflow: So that it takes long.
    """

    name: str
    module: str
    options: str
    outputs: tuple[str, ...] = ()
    prints: bool = False
    adds: str = ""
    goes_on: str = ""
    needs_tensorflow: bool = False

    @property
    def program(self) -> str:
        """What the program calls itself in messages."""
        return f"deepgrn-{'import' if self.module == 'import_model' else self.module}"

    def argv(self, inputs: Path, out: Path) -> list[str]:
        """Give the command line after the program's name."""
        return [part.format(data=DATA, inputs=inputs, out=out) for part in self.options.split()]

    def prepare(self, inputs: Path, out: Path, older: bool) -> None:
        """Make the folder of outputs.

        Args:
            inputs: The folder of `make_inputs`.
            out: The folder to make.
            older: Put older outputs there, as of an earlier run.
        """
        out.mkdir()
        if self.adds:
            shutil.copy(self.adds.format(data=DATA, inputs=inputs), out / self.outputs[0])
        elif older and self.outputs == ("hub",):
            (out / "hub").mkdir()
            (out / "hub" / "hub.txt").write_text(OLDER_HUB)
        elif older:
            for name in self.outputs:
                (out / name).write_text(OLDER)


PEAKS = " ".join(
    f"--peaks {cell}={{data}}/{cell}.conservative.narrowPeak,{{data}}/{cell}.relaxed.narrowPeak"
    for cell in ("alpha", "gamma")
)
SMALL_NETWORK = (
    "--flank 60 --kernel-size 64 --filters 4 --lstm-units 2 --dense-units 4 --dense-layers 0 --negatives 1 "
    "--batch-size 64"
)
TRACKS = ("t.bw", "t.bedGraph", "t.bedGraph.gz")
INDEX = "t.bedGraph.gz.tbi"
TWO = "{data}/galaxy/features.h5 {data}/model.h5 --cell gamma"

JOBS = (
    Job(
        "features",
        "features",
        "--genome {inputs}/genome.fa --assembly demo --accessibility alpha={data}/alpha.bam "
        "--effective-genome-size 1080000 --accessibility beta={data}/beta.accessibility.bw "
        "--uniqueness {data}/uniqueness.bw --gtf {data}/genes.gtf --cpg-islands {data}/cpg_islands.bed "
        "--expression {data}/expression.tsv --blacklist {data}/blacklist.bed -o {out}/features.h5",
        ("features.h5",),
    ),
    Job(
        "features --add-to",
        "features",
        "--add-to {out}/features.h5 --accessibility beta={data}/beta.accessibility.bw "
        "--genome-track again={data}/uniqueness.bw --expression {data}/expression.tsv",
        ("features.h5",),
        adds="{data}/galaxy/features.h5",
    ),
    Job(
        "labels",
        "labels",
        f"--features {{data}}/galaxy/features.h5 {PEAKS} -o {{out}}/t.labels.tsv.gz --summary {{out}}/counts.tsv",
        ("t.labels.tsv.gz", "counts.tsv"),
    ),
    Job(
        "train",
        "train",
        "{data}/galaxy/features.h5 {inputs}/few.labels.tsv.gz --resume --checkpoint-minutes 0.001 --epochs 2 "
        f"--validation-chromosomes chr11 --test-chromosomes none {SMALL_NETWORK} -o {{out}}/model.h5 "
        "--history {out}/history.tsv --curves {out}/curves.png --curves {out}/curves.svg",
        ("model.h5", "history.tsv", "curves.png", "curves.svg"),
        goes_on="model.h5.training",
        needs_tensorflow=True,
    ),
    Job("import", "import_model", "{data}/galaxy/published.h5 -o {out}/model.h5", ("model.h5",), prints=True),
    Job(
        "predict",
        "predict",
        f"{TWO} --bins {{inputs}}/bins.bed {' '.join(f'-o {{out}}/{name}' for name in TRACKS)} "
        "-o {out}/t.tab.gz -o {out}/t.bed --summary {out}/summary.tsv",
        (*TRACKS, INDEX, "t.tab.gz", "t.bed", "summary.tsv"),
    ),
    Job(
        "predict --resume",
        "predict",
        f"{TWO} --bins {{inputs}}/bins.bed -o {{out}}/t.bw -o {{out}}/t.tab.gz --resume",
        ("t.bw", "t.tab.gz"),
        goes_on="t.bw.scoring",
    ),
    Job(
        "attention",
        "attention",
        f"{TWO} --bins {{inputs}}/bins.bed {' '.join(f'-o {{out}}/{name}' for name in TRACKS)} "
        "--forward {out}/forward.bw --reverse {out}/reverse.bedGraph --matrix {out}/matrix.h5 "
        "--heatmap {out}/heatmap.png --fold-change {data}/gamma.accessibility.bw",
        (*TRACKS, INDEX, "forward.bw", "reverse.bedGraph", "matrix.h5", "heatmap.png"),
    ),
    Job(
        "motifs",
        "motifs",
        f"{TWO} --labels {{data}}/galaxy/CTCF.labels.tsv.gz --chromosomes chr11 --known {{data}}/motifs.meme "
        "-o {out}/sites.fa --bed {out}/sites.bed --control {out}/control.fa --background {out}/background.txt "
        "--accessibility {out}/profile.tsv --accessibility-plot {out}/profile.svg --enrichment {out}/known.tsv "
        "--logos {out}/logos.png --summary {out}/summary.tsv",
        (
            *("sites.fa", "sites.bed", "control.fa", "background.txt", "profile.tsv", "profile.svg"),
            *("known.tsv", "logos.png", "summary.tsv"),
        ),
    ),
    Job(
        "importance",
        "importance",
        "{data}/galaxy/features.h5 {data}/model.h5 --labels {inputs}/few.labels.tsv.gz --cells gamma "
        "--chromosomes chr11 --repeats 2 --compare accessibility:sequence --tests {out}/tests.tsv "
        "-o {out}/table.tsv --plot {out}/bars.png --plot {out}/bars.pdf",
        ("table.tsv", "bars.png", "bars.pdf", "tests.tsv"),
    ),
    Job(
        "evaluate",
        "evaluate",
        "gamma:one={data}/galaxy/scores.bw gamma:two={data}/galaxy/scores.bedGraph "
        "--labels {data}/galaxy/CTCF.labels.tsv.gz -o {out}/metrics.tsv --curves {out}/curves.png "
        "--curves {out}/curves.pdf",
        ("metrics.tsv", "curves.png", "curves.pdf"),
    ),
    Job(
        "merge",
        "merge",
        f"{{inputs}}/left.bedGraph {{inputs}}/right.bedGraph {' '.join(f'-o {{out}}/{name}' for name in TRACKS)} "
        "--sizes {data}/galaxy/chrom.sizes",
        (*TRACKS, INDEX),
    ),
    Job(
        "hub",
        "hub",
        "--scores gamma:CTCF={data}/galaxy/scores.bw --accessibility gamma={data}/gamma.accessibility.bw "
        "--features {data}/galaxy/features.h5 --own-genome --email me@lab.org --count 3 -o {out}/hub --overwrite",
        ("hub",),
    ),
    Job(
        "report",
        "report",
        "--scores gamma:CTCF={data}/galaxy/scores.bw --labels {data}/galaxy/CTCF.labels.tsv.gz "
        "--features {data}/galaxy/features.h5 --model {data}/model.h5 -o {out}/report.html",
        ("report.html",),
    ),
    Job("info", "info", "{data}/galaxy/features.h5", prints=True),
)


def make_inputs(folder: Path) -> Path:
    """Make what the jobs need beside the bundled data.

    Args:
        folder: An empty folder.

    Returns:
        The folder.
    """
    with gzip.open(DATA / "genome.fa.gz") as packed:  # without an index beside it
        (folder / "genome.fa").write_bytes(packed.read())
    rows = (DATA / "galaxy" / "CTCF.labels.tsv").read_text().splitlines(keepends=True)
    kept = [row for row in rows[1:] if "B" in row or row.split()[1].endswith("000")]
    (folder / "few.labels.tsv.gz").write_bytes(gzip.compress("".join([rows[0], *kept]).encode(), mtime=0))
    bins = [row.split()[:3] for row in kept if row.startswith("chr5")][:100]
    (folder / "bins.bed").write_text("".join("\t".join(row) + "\n" for row in bins))
    track = (DATA / "galaxy" / "scores.bedGraph").read_text().splitlines(keepends=True)
    half = len(track) // 2
    (folder / "left.bedGraph").write_text("".join(track[:half]))
    (folder / "right.bedGraph").write_text("".join(track[half:]))
    return folder
