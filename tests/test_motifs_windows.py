"""What is told of windows and sites: background model, accessibility peaks, signal around sites, controls."""

import itertools

import numpy as np
import pytest

from deepgrn_tool.data.selection import BinGroup
from deepgrn_tool.motifs import background
from deepgrn_tool.motifs.accessibility import mean_around, profile_table, window_peaks
from deepgrn_tool.motifs.background import TupleCounts, background_text, count_windows
from deepgrn_tool.motifs.control import matched_controls
from deepgrn_tool.motifs.sequences import fasta_records, site_codes
from deepgrn_tool.motifs.sites import Sites

TURNED = str.maketrans("ACGT", "TGCA")


class Genome:
    """Stands for a features file with one chromosome."""

    def __init__(self, text, signal=()):
        self.text, self.values = text, np.array(signal, np.float32)

    def sequence(self, chrom, start, end):
        letters = [self.text[at] if 0 <= at < len(self.text) else "N" for at in range(start, end)]
        return np.array(["ACGTN".index(letter) for letter in letters], np.uint8)

    def signal(self, track, chrom, start, end, cell):
        places = range(start, end)
        return np.array([self.values[at] if 0 <= at < len(self.values) else 0 for at in places], np.float32)


def random_text(length, seed=1, weights=(3, 2, 2, 3)):
    draw = np.random.default_rng(seed)
    return "".join(draw.choice(list("ACGT"), length, p=np.array(weights) / sum(weights)))


def counted(texts, size):
    """Shares of tuples on both strands with 0.1 added to each count, by name."""
    names = ["".join(name) for name in itertools.product("ACGT", repeat=size)]
    counts = dict.fromkeys(names, 0.1)
    for text in texts:
        for strand in (text, text.translate(TURNED)[::-1]):
            for at in range(len(strand) - size + 1):
                if strand[at : at + size] in counts:
                    counts[strand[at : at + size]] += 1
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


@pytest.mark.parametrize("text", ["ACGT", "A", "", "AACCNAGT", random_text(500), "N" * 9])
def test_shares_of_tuples(text):
    counts = TupleCounts(2)
    counts.add(Genome(text).sequence("c", 0, len(text)))
    for size, shares in enumerate(counts.shares(), 1):
        np.testing.assert_allclose(shares, list(counted([text], size).values()), rtol=1e-12)
        assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("at_once", [7, 100, 1 << 20])
def test_windows_count_each_base_once_whatever_the_pieces(monkeypatch, at_once):
    """Windows [-5, 305), [45, 355) overlap, [600, 910) lies apart and beyond the end."""
    monkeypatch.setattr(background, "BASES_AT_ONCE", at_once)
    genome = Genome(random_text(800, 3)[:150] + "NN" + random_text(648, 4))
    found = count_windows(genome, [BinGroup("c", np.array([50, 100, 655]))], 55, 3).shares()
    texts = [genome.text[:355], genome.text[600:]]
    for size, shares in enumerate(found, 1):
        np.testing.assert_allclose(shares, list(counted(texts, size).values()), rtol=1e-12)


def test_file_of_the_background_model():
    counts = TupleCounts(1)
    counts.add(Genome("AAC").sequence("c", 0, 3))
    # AAC and GTT: A 2.1, C 1.1, G 1.1, T 2.1 of 6.4; AA, AC, GT, TT 1.1 and twelve of 0.1, of 5.6.
    assert background_text(counts.shares()).splitlines()[:9] == [
        *("# order 0", "A 3.281e-01", "C 1.719e-01", "G 1.719e-01", "T 3.281e-01"),
        *("# order 1", "AA 1.964e-01", "AC 1.964e-01", "AG 1.786e-02"),
    ]


def signal(*blocks, size=1002):
    values = np.zeros(size, np.float32)
    for start, end, height in blocks:
        values[start:end] += height
    return values


@pytest.mark.parametrize(
    ("values", "peaks", "highest"),
    [
        (signal(), 0, 0),
        (signal((400, 600, 2)), 1, 2),
        (signal((400, 600, 2), (700, 900, 1.9)), 2, 2),
        (signal((400, 600, 2), (700, 900, 0.9)), 1, 2),
        (signal((400, 600, 2), (630, 800, 2)), 1, 2),  # 30 bp apart: one
        (signal((0, 1002, 3)), 1, 3),  # flat
        (signal((500, 501, 51)), 1, 1),  # one base is smoothed over 51
        (signal((300, 301, 51), (401, 402, 51)), 2, 1),  # [275, 326) and [376, 427): 50 bp between
        (signal((300, 301, 51), (400, 401, 51)), 1, 1),
        (signal((0, 20, 10)), 1, 10 * 20 / 51),  # past the window's ends there is nothing
        (signal((990, 1002, 10)), 1, 10 * 12 / 51),
    ],
)
def test_peaks_of_windows(values, peaks, highest):
    count, top = window_peaks(np.stack([values, signal((10, 800, 1))]))
    assert (count.tolist(), top.tolist()) == ([peaks, 1], [pytest.approx(highest), pytest.approx(1)])


def sites(rows, width):
    starts, reverse, bins = map(np.array, zip(*rows, strict=True))
    zeros = np.zeros(len(rows))
    return Sites("c", width, starts, reverse.astype(bool), zeros, zeros.astype(np.float32), bins)


@pytest.mark.parametrize("width", [20, 21])
def test_signal_around_sites_follows_their_strands(width):
    """A peak 30 bp behind a site of either strand; both strands give the same profile."""
    genome = Genome("", signal((0, 3000, 0), size=3000))
    genome.values[1000 + width + 29] = 8  # 30 bp after the last base of [1000, 1000 + width)
    genome.values[2000 - 30] = 4  # the same before [2000, …), which is read from its right end
    forward = mean_around(genome, "cell", [sites([(1000, 0, 0)], width)])
    reverse = mean_around(genome, "cell", [sites([(2000, 1, 0)], width)])
    (place,) = np.flatnonzero(forward)
    assert (len(forward), place, forward[place]) == (1000, 500 + width - width // 2 + 29, 8)
    np.testing.assert_array_equal(forward, 2 * reverse)
    both = mean_around(genome, "cell", [sites([(1000, 0, 0)], width), sites([(2000, 1, 0)], width)])
    np.testing.assert_array_equal(both, (forward + reverse) / 2)


def test_table_of_the_signal():
    table = profile_table(np.arange(1000) / 4, np.full(1000, np.nan)).splitlines()
    assert table[:2] == ["distance\tsites\tcontrols", "-500\t0\tNA"]
    assert (table[501], table[-1]) == ("0\t125\tNA", "499\t249.75\tNA")


def test_controls_are_like_their_sites_and_apart_from_all():
    genome = Genome(random_text(6000, 7)[:3000] + "N" * 300 + random_text(2700, 8))
    rows = [(start, start % 2, start - 90 + start % 61) for start in (450, 561, 1200, 2000, 2850, 3700, 4501)]
    own = sites(rows, 20)
    found = matched_controls(genome, own, 401, np.random.default_rng(2))
    assert len(found) == len(own)
    assert found.reverse.tolist() == own.reverse.tolist()
    assert found.bins.tolist() == own.bins.tolist()
    codes, wanted = site_codes(genome, found), site_codes(genome, own)
    assert (codes < 4).all()
    strong = [((one == 1) | (one == 2)).sum(axis=1) for one in (codes, wanted)]
    assert strong[0].tolist() == strong[1].tolist()  # windows of 1,002 bp offer as many
    assert ((found.starts >= own.bins - 401) & (found.starts + 20 <= own.bins + 601)).all()
    gaps = np.abs(found.starts[:, np.newaxis] - own.starts) - 20
    assert gaps.min() >= 100
    between = np.abs(np.subtract.outer(found.starts, found.starts))[~np.eye(len(own), dtype=bool)]
    assert between.min() >= 20
    again = matched_controls(genome, own, 401, np.random.default_rng(2))
    assert again.starts.tolist() == found.starts.tolist()
    other = matched_controls(genome, own, 401, np.random.default_rng(3))
    assert other.starts.tolist() != found.starts.tolist()


def test_a_window_without_room_has_no_control():
    """Known bases: [300, 500) around the site [390, 410): nothing is 100 bp off. The second window has room."""
    text = "N" * 300 + random_text(200, 5) + "N" * 1500 + random_text(1000, 6)
    own = sites([(390, 0, 300), (2500, 1, 2400)], 20)
    found = matched_controls(Genome(text), own, 401, np.random.default_rng(1))
    assert found.bins.tolist() == [2400]


def test_the_nearest_composition_is_taken_where_no_equal_one_is():
    """A site of G and C in a window of A and T that offers one stretch with three C."""
    text = list("A" * 1202)
    text[600:620] = "GC" * 10
    text[300], text[305], text[310] = "CCC"
    found = matched_controls(Genome("".join(text)), sites([(600, 0, 501)], 20), 401, np.random.default_rng(1))
    assert 291 <= found.starts[0] <= 300


def test_fasta_of_both_strands():
    own = sites([(3, 0, 0), (6, 1, 0)], 4)
    genome = Genome("AACGTTGCATTT")
    assert "".join(fasta_records(own, site_codes(genome, own))) == ">c:3-7(+)\nGTTG\n>c:6-10(-)\nATGC\n"
    assert site_codes(genome, own, 3).tolist()[1] == [4, 0, 0, 0, 3, 2, 1, 0, 0, 1]  # off the end: unknown
