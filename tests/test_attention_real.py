"""The real published networks through features file, engine and matrix, against the original program's attention.

Each of the original's 64 windows becomes a chromosome of its own, whose bin lies behind the flank.
"""

import h5py
import numpy as np
import pyBigWig
import pytest
from features_inputs import write_fasta
from published_designs import ours
from test_network_published_real import REAL, real_file, rounding_of_pairwise_attention

from deepgrn_tool.attention.geometry import step_starts
from deepgrn_tool.cli.attention import main
from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.network.files import save_model
from deepgrn_tool.network.published import import_published

WINDOW, FLANK = 1002, 401


def write_windows(folder, windows):
    """Write windows (n, 1002, 6) as features.h5, chromosomes c00, c01, …; what follows attention is made up."""
    names = [f"c{number:02}" for number in range(len(windows))]
    letters = np.array(list("ACGTN"))
    codes = np.where(windows[:, :, :4].any(axis=2), windows[:, :, :4].argmax(axis=2), 4)
    write_fasta(folder / "genome.fa", {name: "".join(letters[row]) for name, row in zip(names, codes, strict=True)})
    for column, name in ((4, "uniqueness"), (5, "accessibility")):
        with pyBigWig.open(str(folder / f"{name}.bw"), "w") as file:
            file.addHeader([(chrom, WINDOW) for chrom in names])
            for chrom, row in zip(names, windows, strict=True):
                file.addEntries(chrom, 0, values=row[:, column].astype(float).tolist(), span=1, step=1)
    (folder / "one.bed").write_text("c00\t0\t1\n")
    (folder / "scores.csv").write_text("cell\n" + "0.5\n" * 8)
    beds = ("cpg-islands", "cds", "introns", "promoters", "utr5", "utr3")
    options = {"genome": "genome.fa", "uniqueness": "uniqueness.bw", "expression-scores": "scores.csv"}
    options |= dict.fromkeys(beds, "one.bed")
    argv = [part for name, file in options.items() for part in (f"--{name}", str(folder / file))]
    path = folder / "features.h5"
    assert not make_features(
        [*argv, "--accessibility", f"cell={folder / 'accessibility.bw'}", "-o", str(path), "--quiet"]
    )
    (folder / "bins.bed").write_text("".join(f"{name}\t{FLANK}\t{FLANK + 200}\n" for name in names))
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The folder and the windows, in our order of channels."""
    windows = ours(np.load(real_file("EGR1_pair").parent / "inputs.npz")["windows"])
    folder = tmp_path_factory.mktemp("windows")
    write_windows(folder, windows)
    return folder, windows


@pytest.mark.parametrize("name", REAL)
def test_matrix_holds_the_original_attention(inputs, name, tmp_path):
    """Within 1e-5, for EGR1_pair but for what rounding to float32 explains (see `test_real_attention`)."""
    folder, windows = inputs
    model = import_published(real_file(name))
    save_model(model, tmp_path / "model.h5")
    wanted = np.load(real_file(name).parent / f"{name}.expected.npz")["attention_forward"]
    argv = [folder / "features.h5", tmp_path / "model.h5", "--bins", folder / "bins.bed", "--quiet"]
    assert main([*map(str, argv), "--matrix", str(tmp_path / "m.h5"), "-o", str(tmp_path / "t.bg")]) == 0
    with h5py.File(tmp_path / "m.h5") as file:
        assert file["start"][:].tolist() == [FLANK] * len(windows)
        found = file["attention"][:, 0]
    difference = np.abs(found - wanted)
    if name == "EGR1_pair":
        assert (difference > 1e-5).mean() < 0.0002
        assert (difference <= 1e-5 + 4 * rounding_of_pairwise_attention(model, windows)).all()
        return
    assert difference.max() < 1e-5
    if name == "EGR1_single":
        # One weight per step: the track shows it on the first base, which only the forward strand's step 0 covers.
        first = step_starts(model.config)[0, 0]
        rows = [line.split("\t") for line in (tmp_path / "t.bg").read_text().splitlines()]
        shown = {chrom: float(value) for chrom, start, end, value in rows if int(start) <= first < int(end)}
        alone = [shown[f"c{number:02}"] for number in range(len(windows))]
        np.testing.assert_allclose(alone, model.config.steps * wanted[:, 0, 0], rtol=0, atol=64e-5)
