"""Two windows over one binding site, shifted against each other: the attention stays on the site (paper, figure 3).

With the bundled network on the bundled genome, in the cell and on the chromosome that it never saw.
"""

from pathlib import Path

import numpy as np
import pytest

from deepgrn_tool.attention.attended import attended_windows
from deepgrn_tool.attention.bins import choose_bins
from deepgrn_tool.attention.geometry import mean_over_bases, strand_profiles
from deepgrn_tool.attention.reduce import relative_attention
from deepgrn_tool.data.build import build_features
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.inputs import AnnotationInputs, CellInputs
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.network.files import load_model

DATA = Path(__file__).parent.parent / "test-data"
SHIFT = 300  # bp


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """The bundled genome with the cell gamma."""
    path = tmp_path_factory.mktemp("shift") / "features.h5"
    cells = CellInputs(
        accessibility=[("gamma", str(DATA / "gamma.accessibility.bw"))],
        uniqueness=str(DATA / "uniqueness.bw"),
        expression=str(DATA / "expression.tsv"),
    )
    annotation = AnnotationInputs({"cpg_island": str(DATA / "cpg_islands.bed")}, str(DATA / "genes.gtf"))
    build_features(str(path), str(DATA / "genome.fa.gz"), cells, annotation, ["chr1"], "demo", 1)
    return path


def bound_sites():
    """Middles of the three motifs of each site on chr1 that is bound in gamma."""
    rows = [line.split("\t") for line in (DATA / "planted_sites.bed").read_text().splitlines()]
    motifs = [(int(row[1]) + int(row[2])) // 2 for row in rows if row[0] == "chr1" and "gamma" in row[3]]
    clusters = np.split(motifs, np.flatnonzero(np.diff(motifs) > 200) + 1)
    return [cluster for cluster in clusters if len(cluster) == 3]


def test_the_attention_moves_with_the_site(features, tmp_path):
    model = load_model(DATA / "model.h5")
    sites = bound_sites()
    assert len(sites) > 20
    # Bins whose middle lies half a shift before the site's, and half a shift behind.
    starts = np.array([[int(site[1]) - 100 - SHIFT // 2, int(site[1]) - 100 + SHIFT // 2] for site in sites])
    bed = tmp_path / "bins.bed"
    bed.write_text("".join(f"chr1\t{start}\t{start + 200}\n" for start in np.sort(starts.ravel())))
    peaks = {}
    with FeaturesFile(features) as file:
        reader = InputReader(file, model.config, "gamma")
        for windows in attended_windows(model, reader, choose_bins(file, "gamma", bins=bed)):
            parts = strand_profiles(relative_attention(windows.attention, model.config), model.config)
            bases = np.nan_to_num(mean_over_bases(parts, model.config.window_size))
            peaks |= dict(zip(windows.starts.tolist(), bases.argmax(axis=1).tolist(), strict=True))
    # Place of the peak in the first window and in the second one, 300 bp on.
    places = np.array([[peaks[start] for start in pair] for pair in starts.tolist()])
    moved = places[:, 0] - places[:, 1]
    assert np.median(np.abs(moved - SHIFT)) <= 20
    assert (np.abs(moved - SHIFT) <= 60).mean() >= 0.8
    # On the genome the peak lies on the site: 60 bp around the middle motif are 12 % of what a window's steps cover.
    summits = places + starts - model.config.flank
    middles = np.array([site[1] for site in sites])[:, np.newaxis]
    assert (np.abs(summits - middles) <= 60).mean() >= 0.8
