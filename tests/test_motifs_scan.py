"""Scores, thresholds and matches of motifs, against Biopython and all possible sequences; p-values, against SciPy."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from Bio.motifs import matrix
from Bio.Seq import Seq
from scipy import stats

from deepgrn_tool.motifs.enrichment import Enrichment, benjamini_hochberg, enrichment, log10_fisher
from deepgrn_tool.motifs.meme import Motif, read_meme
from deepgrn_tool.motifs.scan import matching_sequences, motif_scores, score_threshold

CTCF = Path(__file__).parent.parent / "test-data" / "motifs.meme"
SKEWED = np.array([0.3, 0.2, 0.15, 0.35])


def random_motif(width, seed, sites=50.0):
    counts = np.random.default_rng(seed).gamma(0.4, size=(width, 4)) + 1e-3
    return Motif(f"M{seed}", "", counts / counts.sum(axis=1, keepdims=True), sites)


def biopython_scores(motif):
    """Log-odds in bits, (width, 4), from frequencies with FIMO's pseudocount."""
    weighted = (motif.probabilities * motif.sites + 0.1 * SKEWED) / (motif.sites + 0.1)
    counts = {base: weighted[:, n].tolist() for n, base in enumerate("ACGT")}
    weights = matrix.PositionWeightMatrix("ACGT", counts)
    return weights.log_odds(dict(zip("ACGT", SKEWED, strict=True)))


@pytest.mark.parametrize("motif", [read_meme(CTCF)[0], random_motif(8, 1), random_motif(1, 2, 1.0)])
def test_scores_are_log_odds(motif):
    wanted = biopython_scores(motif)
    found = motif_scores(motif, SKEWED) / 100
    np.testing.assert_allclose(found, np.array([wanted[base] for base in "ACGT"]).T, rtol=0, atol=0.00501)


@pytest.mark.parametrize("probability", [0.2, 0.01, 1e-3, 1e-4])
def test_thresholds_against_all_sequences(probability):
    """Of 4**7 sequences, those that score enough are together no likelier than asked; with the next score they are."""
    motif = random_motif(7, 5)
    table = motif_scores(motif, SKEWED)
    every = np.array(list(itertools.product(range(4), repeat=7)))
    scores = table[np.arange(7), every].sum(axis=1)
    likely = SKEWED[every].prod(axis=1)
    threshold = score_threshold(table, SKEWED, probability)
    assert likely[scores >= threshold].sum() <= probability
    assert likely[scores >= threshold - 1].sum() > probability


def test_a_short_motif_cannot_match_what_is_rare():
    flat = np.full(4, 0.25)
    table = motif_scores(Motif("AAA", "", np.eye(4)[[0, 0, 0]], 20), flat)
    best, second = 3 * table.max(), 2 * table.max() + table.min()
    assert second < score_threshold(table, flat, 1 / 64) <= best  # AAA alone
    assert score_threshold(table, flat, 1 / 64.1) is None
    assert score_threshold(table, flat, 10 / 64) <= second  # and the nine with one other base


def test_matches_against_biopython():
    """Motifs of widths 1 to 19, many sequences: a match counts where its middle base is one of the inner ones."""
    draw = np.random.default_rng(3)
    width, margin = 12, 11
    codes = draw.integers(0, 4, (400, width + 2 * margin)).astype(np.uint8)
    codes[draw.random(codes.shape) < 0.004] = 4
    motifs = [read_meme(CTCF)[0], *(random_motif(size, size) for size in (1, 2, 5, 5, 8, 14, 21))]
    tables = [motif_scores(motif, SKEWED) for motif in motifs]
    thresholds = [score_threshold(table, SKEWED, 0.01) for table in tables]
    found = matching_sequences(codes, width, tables, thresholds)
    assert thresholds[1] is None  # one base, which is not so rare
    assert not found[1].any()
    for motif, table, threshold, row in zip(motifs, tables, thresholds, found, strict=True):
        if threshold is None:
            continue
        size = len(motif.probabilities)
        counts = {base: table[:, n].tolist() for n, base in enumerate("ACGT")}
        weights = matrix.PositionSpecificScoringMatrix("ACGT", counts)
        first = margin - (size - 1) // 2
        wanted = []
        for sequence in codes:
            inner = Seq("".join("ACGTN"[code] for code in sequence[first : first + width + size - 1]))
            both = np.array([weights.calculate(inner), weights.reverse_complement().calculate(inner)])
            wanted.append(bool((both >= threshold - 0.1).any()))  # NaN where there is an N
        assert row.tolist() == wanted
        assert 5 < sum(wanted) < 200


def test_a_match_must_have_its_middle_in_the_sequence():
    exact = Motif("ACC", "", np.eye(4)[[0, 1, 1]], 20)
    flat = np.full(4, 0.25)
    table = motif_scores(exact, flat)
    threshold = score_threshold(table, flat, 1 / 64)
    rows = []
    for place in range(8):  # ACC along TTTTTTTTTT, of which the inner four are 3 … 6
        codes = np.full(10, 3, np.uint8)
        codes[place : place + 3] = 0, 1, 1
        rows.append(codes)
    found = matching_sequences(np.array(rows), 4, [table], [threshold])[0]
    assert np.flatnonzero(found).tolist() == [2, 3, 4, 5]  # the middle C lies at 3 … 6
    turned = matching_sequences(3 - np.array(rows)[:, ::-1], 4, [table], [threshold])[0]
    assert turned.tolist() == found.tolist()


HITS = np.array([30, 0, 100, 55, 12, 12])
CONTROL_HITS = np.array([10, 0, 80, 60, 0, 12])


def test_p_values_against_fishers_exact_test():
    found = log10_fisher(HITS, 100, CONTROL_HITS, 80)
    tables = [[[a, 100 - a], [b, 80 - b]] for a, b in zip(HITS.tolist(), CONTROL_HITS.tolist(), strict=True)]
    wanted = [stats.fisher_exact(table, alternative="greater").pvalue for table in tables]
    np.testing.assert_allclose(10**found, wanted, rtol=1e-9)


def test_p_values_beyond_what_a_float_can_hold():
    """All of n sites and none of n controls: one of (2n choose n) ways."""
    n = 2000
    ways = sum(np.log10(np.arange(n + 1, 2 * n + 1))) - sum(np.log10(np.arange(1, n + 1)))
    np.testing.assert_allclose(log10_fisher(np.array([n]), n, np.array([0]), n), [-ways], rtol=1e-9)


def test_adjusted_p_values():
    p = np.array([0.01, 0.04, 0.5, 0.04, 1.0, 0.9, 1e-12])
    np.testing.assert_allclose(10 ** benjamini_hochberg(np.log10(p)), stats.false_discovery_control(p), rtol=1e-12)


def test_fold_enrichment():
    assert Enrichment(random_motif(3, 1), 99, 49, 199, 9, 0, 0).fold == pytest.approx((49.5 / 100) / (9.5 / 200))
    assert np.isfinite(Enrichment(random_motif(3, 1), 10, 10, 10, 0, 0, 0).fold)


def test_the_planted_motif_is_ranked_first():
    """50 of 100 sites of A and T hold ACGTACGT; another motif is in as many sites as controls."""
    draw = np.random.default_rng(9)
    sites, controls = (3 * draw.integers(0, 2, (100, 36)).astype(np.uint8) for _ in range(2))
    sites[:50, 14:22] = [0, 1, 2, 3, 0, 1, 2, 3]
    common = [0, 0, 0, 0, 2, 2, 2, 2]
    sites[60:80, 14:22] = controls[60:80, 14:22] = common
    known = [Motif("common", "", np.eye(4)[common], 20), Motif("planted", "", np.eye(4)[[0, 1, 2, 3, 0, 1, 2, 3]], 20)]
    found = enrichment(known, sites, controls, 20, np.full(4, 0.25), 1.1 / 4**8)  # no mismatch
    assert [entry.motif.name for entry in found] == ["planted", "common"]
    assert [(entry.matching_sites, entry.matching_controls) for entry in found] == [(50, 0), (20, 20)]
