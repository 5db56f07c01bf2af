"""Which stretch of a window is its site, and which of overlapping sites stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.motifs.sites import Sites, keep_best, most_attended, most_contributing
from deepgrn_tool.network.config import NetworkConfig

DEFAULT = NetworkConfig()  # 34-bp kernel, pool of 17: 57 steps in 1,002 bp


def attention(windows, config=DEFAULT):
    """Attention of 1 everywhere but at (window, strand, step), where it is as given."""
    values = np.ones((2, len(windows), config.steps), np.float32)
    for window, (strand, step, value) in enumerate(windows):
        values[strand, window, step] = value
    return values


@pytest.mark.parametrize(
    ("strand", "step", "start"),
    [
        # Step 20 joins outputs 340 … 356, whose 34-bp kernels read [340, 390): its middle is 365, the site [355, 375).
        (0, 20, 355),
        (1, 20, 1002 - 375),
        (0, 0, 15),
        (1, 0, 1002 - 35),
        (0, 56, 56 * 17 + 15),
        (1, 56, 1002 - (56 * 17 + 35)),
    ],
)
def test_a_site_is_centred_on_what_its_step_reads(strand, step, start):
    starts, reverse, values = most_attended(attention([(strand, step, 5.7)]), DEFAULT, 20)
    assert (starts.tolist(), reverse.tolist()) == ([start], [strand == 1])
    np.testing.assert_allclose(values, [5.7 / 57], rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "step", "width", "start"),
    [
        ({"kernel_size": 30}, 10, 20, 162),  # reads [150, 194): middle 172
        ({"kernel_size": 15}, 3, 20, 21 + (21 - 20) // 2),  # pool 7: reads [21, 42), 21 bp: half a base is rounded down
        ({"kernel_size": 20, "num_conv": 2}, 4, 20, 40 + (10 + 39 - 1 - 20) // 2),  # 39 bp seen by one output
        ({"num_conv": 0, "kernel_size": 34}, 2, 9, 34 + 4),  # no convolution: reads [34, 51), middle 42.5
        ({}, 20, 200, 265),
        ({}, 0, 200, 0),  # [-75, 125) would begin before the window
    ],
)
def test_networks_and_widths(options, step, width, start):
    config = NetworkConfig(**options)
    for strand, wanted in ((0, start), (1, 1002 - width - start)):
        starts, *_ = most_attended(attention([(strand, step, 9)], config), config, width)
        assert starts.tolist() == [wanted]


def test_equal_steps_and_several_windows():
    values = attention([(1, 7, 3), (0, 7, 3), (0, 2, 1)])
    values[0, 1, 9] = values[1, 1, 3] = 3
    starts, reverse, _ = most_attended(values, DEFAULT, 20)
    assert reverse.tolist() == [True, False, False]
    assert starts.tolist() == [1002 - 20 - (7 * 17 + 15), 7 * 17 + 15, 15]


def test_the_stretch_that_contributes_most():
    strands = np.zeros((2, 3, 30), np.float32)
    strands[0, 0, [3, 9]] = 2, 1  # 10 bp from 0 on hold both; 3 of 4 in all
    strands[0, 0, 25] = 1
    strands[0, 1, 20], strands[1, 1, [7, 16]] = 4, (3, 2)
    starts, reverse, values = most_contributing(strands, 10)
    assert starts.tolist() == [0, 7, 0]
    assert reverse.tolist() == [False, True, False]
    np.testing.assert_allclose(values, [0.75, 1, 0])


def test_contributions_against_sums_of_every_stretch():
    strands = np.random.default_rng(4).gamma(0.3, size=(2, 40, 90)).astype(np.float32)
    starts, reverse, values = most_contributing(strands, 7)
    for window in range(40):
        sums = [[strands[s, window, a : a + 7].astype(float).sum() for a in range(84)] for s in (0, 1)]
        strand = int(np.argmax(np.max(sums, axis=1)))
        assert (int(reverse[window]), starts[window]) == (strand, np.argmax(sums[strand]))
        np.testing.assert_allclose(values[window], np.max(sums) / strands[strand, window].astype(float).sum())


def sites(rows, width=20):
    """Sites of (start, reverse, value, bin)."""
    starts, reverse, values, bins = map(np.array, zip(*rows, strict=True))
    return Sites("chr1", width, starts, reverse.astype(bool), values.astype(float), np.zeros(len(rows), "f4"), bins)


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        # ──100────120
        #        ──119────139    one base shared: the better one stays
        ([(100, 0, 0.3, 0), (119, 0, 0.4, 50)], [1]),
        ([(100, 0, 0.4, 0), (119, 1, 0.3, 50)], [0]),
        ([(100, 0, 0.3, 0), (120, 0, 0.4, 50)], [0, 1]),  # they only touch
        # The best of three in a row removes both neighbours; a poor one in the middle removes nobody.
        ([(100, 0, 0.3, 0), (115, 0, 0.5, 50), (130, 0, 0.4, 100)], [1]),
        ([(100, 0, 0.5, 0), (115, 0, 0.3, 50), (130, 0, 0.4, 100)], [0, 2]),
        # One place found from four bins: equal values of the first bin, forward strand first.
        ([(100, 1, 0.5, 0), (100, 0, 0.5, 100), (100, 0, 0.5, 50), (100, 0, 0.4, 0)], [2]),
        # Windows found later may lie further left.
        ([(500, 0, 0.5, 0), (90, 0, 0.2, 50), (300, 0, 0.5, 100)], [1, 2, 0]),
    ],
)
def test_of_overlapping_sites_the_best_stays(rows, kept):
    assert keep_best(sites(rows)).tolist() == kept


@given(st.lists(st.tuples(st.integers(-50, 200), st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
def test_kept_sites_are_apart_and_no_better_one_was_dropped(rows):
    found = sites([(start, reverse, value, 50 * n) for n, (start, reverse, value) in enumerate(rows)], 13)
    kept = keep_best(found).tolist()
    starts = found.starts[kept]
    assert (np.diff(starts) >= 13).all()
    for other in set(range(len(rows))) - set(kept):
        rivals = [n for n in kept if abs(found.starts[n] - found.starts[other]) < 13]
        assert max(found.values[n] for n in rivals) >= found.values[other]
    order = np.random.default_rng(1).permutation(len(rows))
    again = keep_best(found.take(order))
    assert order[again].tolist() == kept
