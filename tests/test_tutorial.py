"""Every command of the tutorial is run, in its order, on the real data of yeast; training is cut short.

What so short a training does not find, bins with high scores, is put into the track afterwards. The preparation of
downloaded files runs on a few made-up lines, with a stand-in for liftOver.
"""

import gzip
import importlib
import os
import re
import shlex
import subprocess
from pathlib import Path

import pyBigWig
import pytest
from programs import exit_code
from test_documents import MODULES, ROOT, commands
from test_documents_run import SHORTER, files_of

TUTORIAL = ROOT / "docs" / "tutorial.md"
YEAST = Path(os.environ.get("DEEPGRN_SHARED", ROOT.parent / "shared")) / "data" / "sacCer3"
needs_data = pytest.mark.skipif(not YEAST.is_dir(), reason="needs the real data of ../shared/data (or $DEEPGRN_SHARED)")
MATRICES = "JASPAR2024_CORE_fungi_non-redundant_pfms_meme.txt"
FRAGMENTS = "chrII\t5\t9\nchrI\t100\t150\nchrM\t1\t90\nchrI\t100\t180\n"
# Per base, both ends of each fragment: two begin at chrI:100, the others lie alone; mitochondria are left out.
CUTS = "chrI\t100\t101\t2\nchrI\t149\t150\t1\nchrI\t179\t180\t1\nchrII\t5\t6\t1\nchrII\t8\t9\t1\n"
SITES = "# Chorm\tPeak coor\tCW distance\nchrI\t52\t28\t3\t123\t-\t3 mismatches\t-\tsecondary\nchrIV\t38361\t25\n"
PEAKS = "chrI\t0\t126\nchrIV\t38285\t38435\n"  # 75 bp before and from the 0-based positions 51 and 38360
LIFT = 'liftOver() { cp "$1" "$3" && touch "$4"; }\n'


def shell_blocks():
    """List the commands that prepare files: blocks marked `sh`, lines with our programs left out."""
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(), flags=re.DOTALL)
    return "".join(line for block in blocks for line in block.splitlines(keepends=True) if "deepgrn-" not in line)


def test_preparation(tmp_path):
    with gzip.open(tmp_path / "yeast_500k_SRR1822137.bedpe.gz", "wt") as stream:
        stream.write(FRAGMENTS)
    (tmp_path / "reb1.saccer2.chipexo.tsv").write_text(SITES)
    subprocess.run(["bash", "-euo", "pipefail", "-c", LIFT + shell_blocks()], check=True, cwd=tmp_path)
    assert (tmp_path / "ATAC_cuts.bedGraph").read_text() == CUTS
    assert (tmp_path / "Reb1.bed").read_text() == PEAKS
    assert (tmp_path / "blacklist.bed").read_text() == "chrXII\t0\t1078177\n"


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """A folder with everything that the commands begin with, which becomes the working directory."""
    (tmp_path / "sacCer3.fa").write_bytes(gzip.decompress((YEAST / "sacCer3.fa.gz").read_bytes()))
    lengths = [line.split("\t")[:2] for line in (YEAST / "sacCer3.fa.gz.fai").read_text().splitlines()]
    (tmp_path / "sacCer3.chrom.sizes").write_text("".join(f"{chrom}\t{length}\n" for chrom, length in lengths))
    with pyBigWig.open(str(YEAST / "ATAC_cuts.bw")) as track, (tmp_path / "ATAC_cuts.bedGraph").open("w") as stream:
        for chrom in sorted(track.chroms()):
            stream.writelines(f"{chrom}\t{start}\t{end}\t{value:g}\n" for start, end, value in track.intervals(chrom))
    peaks = [line.split("\t")[:3] for line in (YEAST / "Reb1.narrowPeak").read_text().splitlines()]
    (tmp_path / "Reb1.bed").write_text("".join("\t".join(row) + "\n" for row in peaks))
    (tmp_path / "blacklist.bed").write_text("chrXII\t0\t1078177\n")
    write_matrices(tmp_path / MATRICES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_matrices(path):
    """Write JASPAR's matrices of fungi in MEME format."""
    from pyjaspar import jaspardb

    database = jaspardb(release="JASPAR2024")
    motifs = database.fetch_motifs(collection="CORE", tax_group=["fungi"])
    database.conn.close()  # else Python 3.13 warns, some time later
    lines = ["MEME version 4\n", "ALPHABET= ACGT\n"]
    for motif in motifs:
        lines += [f"MOTIF {motif.matrix_id} {motif.name}", f"letter-probability matrix: alength= 4 w= {motif.length}"]
        columns = zip(*(motif.counts[base] for base in "ACGT"), strict=True)
        lines += [" ".join(f"{count / sum(column):.6f}" for count in column) for column in columns]
        lines.append("")
    path.write_text("\n".join(lines))


def raise_scores(track, called):
    """Let the bins around the first sites of chrIV score 0.9, as after a whole training, and call them."""
    sites = [line.split("\t") for line in Path("Reb1.bed").read_text().splitlines() if line.startswith("chrIV\t")]
    places = sorted(
        {int(start) // 50 * 50 + 75 for _, start, _ in sites[:20]}
    )  # a bin's score stands on its middle 50 bp
    with pyBigWig.open(track) as file:
        lengths, rows = file.chroms(), file.intervals("chrIV")
    scores = {start: 0.9 if start in places else value for start, _, value in rows}
    os.unlink(track)
    with pyBigWig.open(track, "w") as file:
        file.addHeader(list(lengths.items()))
        ends = [end for _, end, _ in rows]
        file.addEntries(["chrIV"] * len(rows), list(scores), ends=ends, values=list(scores.values()))
    bins = [f"chrIV\t{place - 75}\t{place + 125}\tregion_{number}\n" for number, place in enumerate(places)]
    Path(called).write_text("".join(bins))


@needs_data
def test_commands(downloads, capfd):
    text = " ".join(TUTORIAL.read_text().split())
    for command in commands(TUTORIAL.read_text()):
        program, *arguments = shlex.split(command)
        name = MODULES.get(program, program.removeprefix("deepgrn-"))
        code = exit_code(
            importlib.import_module(f"deepgrn_tool.cli.{name}").main, *arguments, *SHORTER.get(program, [])
        )
        said = capfd.readouterr()
        assert code == 0, f"{command}\n{said.err}"
        for file in files_of(arguments):
            assert Path(file).exists(), f"{command} made no {file}"
        if program == "deepgrn-predict":
            raise_scores("yeast.Reb1.bw", "yeast.Reb1.bed")
        if program == "deepgrn-labels":  # what the page says of the labels is so
            counts = re.search(r"yeast: ([\d,]+) bins bound, ([\d,]+) ambiguous, ([\d,]+) unbound", said.err)
            assert counts.group(0).removeprefix("yeast: ") in text
    with pyBigWig.open("ATAC_cuts.bw") as made, pyBigWig.open(str(YEAST / "ATAC_cuts.bw")) as given:
        assert made.intervals("chrIV") == given.intervals("chrIV")
