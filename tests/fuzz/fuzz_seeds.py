"""Good files to begin with, small, made when they are asked for; and words that parsers look for."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np
from engine_toys import random_model
from features_inputs import Inputs, sequences, write_bigwig, write_fasta
from published_files import Design, write_published

from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.network.files import save_model

LENGTHS = {"chr1": 3000, "chr2": 1000, "chrM": 300}
BED = "chr1\t500\t700\tname\t5\t+\nchr2\t0\t200\n# comment\nchrX\t5\t9\n"
NARROW_PEAK = (
    "chr1\t500\t701\tregion_1\t1000\t.\t0.9\t600\t3\nchr1\t900\t1000\tp\t10\t.\t5.5\t-1\t2.25\t50\nchr2\t1\t20\tq\n"
)
LABELS = "chr\tstart\tstop\tK562\tHepG2\nchr1\t0\t200\tB\tU\nchr1\t50\t250\tA\tU\nchr2\t0\t200\tU\tU\n"
SCORES = "chr1\t0\t200\t0.5\nchr1\t50\t250\t1e-05\nchr2\t0\t200\t0\n"
BEDGRAPH = "track type=bedGraph\nchr1\t75\t125\t0.5\nchr1\t125\t175\t1\n"
SIZES = "chr1\t3000\t6\t60\t61\nchr2\t1000\n"
TPM = "gene\tK562\tK562\tliver\ng1\t5\t6.5\t0\ng2\t0.1\t1e2\t7\n"
READY_SCORES = "K562,liver\n" + "".join(f"{row}.5,-{row}\n" for row in range(8))
MEME = """MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.25 C 0.25 G 0.25 T 0.25

MOTIF MA0139.1 CTCF
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0
 0.1 0.2 0.3 0.4
 1 0 0 0
URL http://jaspar.genereg.net

MOTIF two
letter-probability matrix:
0.25 0.25 0.25 0.25
"""
GTF = "".join(
    f'chr1\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id "g"; transcript_id "{name}";\n'
    for kind, start, end, strand, name in [
        ("exon", 101, 200, "+", "t1"),
        ("exon", 301, 500, "+", "t1"),
        ("CDS", 151, 400, "+", "t1"),
        ("stop_codon", 401, 403, "+", "t1"),
        ("exon", 900, 1400, "-", "t2"),
        ("gene", 1, 2000, "-", "t2"),
    ]
)
HISTORY = (
    "epoch\tloss\tvalidation_auprc\tvalidation_auroc\tmerge\tpositives\tnegatives\tlearning_rate\tkept\n"
    "1\t0.5\t0.25\t0.75\tmean\t10\t20\t0.001\tno\n2\t0.25\t0.5\t0.875\tmax\t10\t20\t0.001\tyes\n"
)
NUMBERS = (
    "0",
    "-0",
    "-1",
    "5e2",
    "1_000",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "0x10",
    "99999999999999999999",
    "٣",
    "+7",
    ".5",
)
WORDS = (
    "\t",
    "\n",
    "\r\n",
    "\0",
    "\ufeff",
    "\x1b[31m",
    "#",
    "track ",
    "browser ",
    '"',
    "'",
    ",",
    "chr1",
    "chr2",
    "2",
    ";",
)
EDITS = (b"\0\1\2\3", b"\1\5\7", b"\2\1\0\3\2\4\0\3", b"\3\4\1\0", b"\6\7\1", b"\10\3\1\2\7", bytes(range(40)))


def _in_folder(make) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make(Path(folder)).read_bytes()


def _features(folder: Path) -> Path:
    inputs = Inputs(folder)
    if make_features([*inputs.everything(), "--quiet"]):
        raise RuntimeError("the good features file could not be made")
    return inputs.output


def _model(folder: Path) -> Path:
    made = random_model(filters=2, kernel_size=30, lstm_units=2, dense_units=2, dense_after_meta=(2,), flank=60)
    save_model(made, folder / "model.h5")
    return folder / "model.h5"


def _published(folder: Path) -> Path:
    write_published(folder / "published.h5", Design(filters=2, units=2, dense=2), canary=folder / "canary")
    return folder / "published.h5"


def _bigwig(folder: Path) -> Path:
    rows = {
        "chr1": [(0, 50, 0.5), (60, 61, 1.0), (500, 900, 2.0)],
        "chr2": [(start, start + 1, 1.0) for start in range(300)],
    }
    return write_bigwig(folder / "a.bw", LENGTHS, rows)


def _fasta(folder: Path) -> Path:
    return write_fasta(folder / "a.fa", sequences(lengths={"chr1": 150, "chr2": 61}))


@cache
def good_file(kind: str) -> bytes:
    """Give a good file: features, model or published; made once."""
    return _in_folder({"features": _features, "model": _model, "published": _published}[kind])


def _config_text() -> bytes:
    with h5py.File(io.BytesIO(good_file("model"))) as file:
        return str(file.attrs["config"]).encode()


def model_with_config(text: bytes) -> bytes:
    """Give the good model file with another text for its configuration."""
    stream = io.BytesIO(good_file("model"))
    with h5py.File(stream, "r+") as file:
        file.attrs["config"] = (
            np.bytes_(text) if b"\0" not in text and text else text.decode("latin-1").replace("\0", " ")
        )
    return stream.getvalue()


def _configs() -> list[bytes]:
    """The good one, and ones with a value of another kind."""
    text = _config_text()
    good = json.loads(text)
    found = [text, b"[]", b"{}", b"[" * 3000]
    for name in ("tracks", "filters", "kernel_size", "flank", "meta", "dropout", "dense_after_meta"):
        for value in (None, -1, 10**30, 1e400, [], {}, "x", [1, "a"], True):
            found.append(json.dumps({**good, "network": {**good["network"], name: value}}).encode())
    return found


@cache
def seeds() -> dict[str, list[bytes]]:
    """Give the files to begin with, by target."""
    texts = {
        "bed": [BED, NARROW_PEAK],
        "gtf": [GTF],
        "history": [HISTORY],
        "labels": [LABELS],
        "meme": [MEME],
        "narrowpeak": [NARROW_PEAK, BED],
        "predictions": [SCORES, BEDGRAPH],
        "regions": [NARROW_PEAK, BED],
        "sizes": [SIZES],
        "tpm": [TPM, READY_SCORES, TPM.replace("\t", ",")],
    }
    found = {name: [text.encode() for text in group] for name, group in texts.items()}
    for group in found.values():
        group += [gzip.compress(group[0], mtime=0), group[0].replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + group[0], b""]
    fasta = _in_folder(_fasta)
    found |= {
        "bigwig": [_in_folder(_bigwig)],
        "config": _configs(),
        "fasta": [fasta, gzip.compress(fasta, mtime=0), b""],
    }
    found |= {kind: [good_file(kind)] for kind in ("features", "model", "published")}
    return found | {f"{name}-edits": [b"", *EDITS] for name in ("features", "model", "published")}
