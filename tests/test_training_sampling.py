"""Which bins an epoch shows: the toy's labels, counted by hand or by its slow rules."""

from collections import Counter

import numpy as np
import pytest
from training_toys import BOUND, LENGTHS, Toy, grid, is_banned, letter

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import AMBIGUOUS, UNBOUND
from deepgrn_tool.labels.table import BOUND as BOUND_CODE
from deepgrn_tool.training.examples import ChromosomeExamples, Examples, make_examples, mark_open, with_peaks
from deepgrn_tool.training.sampling import Sampler

CELLS = ("liver", "K562")
TRAIN = ("chr2", "chr9")
OFFSETS = np.array([0, 5230])  # chr9 and chr2, in the order of the features


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def features(toy):
    with FeaturesFile(toy.features) as file:
        yield file


@pytest.fixture
def examples(toy, features):
    return make_examples(read_labels(toy.labels), features, TRAIN)


def test_chromosomes_too_long_for_starts_of_4_bytes(toy, features):
    labels = read_labels(toy.labels)
    features.chromosomes["chr2"] = 2**31 - 1
    assert len(make_examples(labels, features, ["chr2"]).chromosomes) == 1
    features.chromosomes["chr2"] = 2**31
    assert len(make_examples(labels, features, ["chr9"]).chromosomes) == 1
    text = "chr2 has 2,147,483,648 bp; bins are taken from chromosomes of at most 2,147,483,647 bp"
    with pytest.raises(InputError, match=text):
        make_examples(labels, features, ["chr2"])


def bins(cell, wanted):
    """Bins of the training chromosomes with a letter, off the blacklist."""
    return {(c, s) for c in TRAIN for s in grid(c) if letter(cell, c, s) == wanted and not is_banned(c, s)}


def drawn(plan, examples):
    """(cell, label) → list of (chromosome, start)."""
    found = {}
    for chromosome, cell, start, label in zip(plan.chromosomes, plan.cells, plan.starts, plan.labels, strict=True):
        where = (examples.chromosomes[chromosome].chrom, int(start))
        found.setdefault((examples.cells[cell], int(label)), []).append(where)
    return found


def test_chromosomes_in_the_order_of_the_features(examples):
    assert [each.chrom for each in examples.chromosomes] == ["chr9", "chr2"]
    assert examples.cells == CELLS


def test_counts(examples):
    for number, cell in enumerate(CELLS):
        assert examples.count_positives(number) == len(bins(cell, "B")) > 10
        assert examples.count_negatives(number) == len(bins(cell, "U")) > 50


def test_an_epoch_has_all_positives_and_the_ratio_of_negatives_for_each_cell(examples):
    found = drawn(Sampler(examples, 2, 0, 1, OFFSETS).draw(1), examples)
    for cell in CELLS:
        assert sorted(found[cell, 1]) == sorted(bins(cell, "B"))
        assert len(found[cell, 0]) == 2 * len(bins(cell, "B"))
        assert len(set(found[cell, 0])) == len(found[cell, 0])
        assert set(found[cell, 0]) <= bins(cell, "U")


def test_more_scaffolds_than_16_bits_count():
    """Each has a bound bin at 50 times its number and an unbound one 50 bp on; all are shown."""
    count = 33_000
    codes = np.array([[BOUND_CODE, UNBOUND]], np.uint8)
    scaffolds = tuple(
        ChromosomeExamples(f"s{number}", np.array([50 * number, 50 * number + 50], np.int32), codes)
        for number in range(count)
    )
    plan = Sampler(Examples(("c",), scaffolds), 1, 0, 1, np.arange(count, dtype=np.int64) * 10**7).draw(1)
    assert plan.chromosomes.tolist() == [number for number in range(count) for _ in range(2)]
    assert plan.starts.tolist() == [50 * number + step for number in range(count) for step in (0, 50)]
    assert plan.labels.tolist() == [1, 0] * count
    assert sum(column.nbytes for column in vars(plan).values()) == 11 * len(plan)


def test_ambiguous_and_blacklisted_bins_never_enter(examples):
    """With more negatives than there are, every unbound bin is shown, and none but them."""
    found = drawn(Sampler(examples, 1000, 0, 1, OFFSETS).draw(1), examples)
    for cell in CELLS:
        assert sorted(found[cell, 0]) == sorted(bins(cell, "U"))


def test_epochs_differ_and_can_be_drawn_again(examples):
    sampler, again = Sampler(examples, 1, 0, 1, OFFSETS), Sampler(examples, 1, 0, 1, OFFSETS)
    first, second = sampler.draw(1), sampler.draw(2)
    repeated = again.draw(1)
    assert all(np.array_equal(value, vars(repeated)[name]) for name, value in vars(first).items())
    assert not np.array_equal(first.starts, second.starts)
    assert not np.array_equal(first.starts, Sampler(examples, 1, 0, 2, OFFSETS).draw(1).starts)


def test_every_negative_is_as_likely(examples):
    """In 400 epochs each of the n unbound bins of a cell is drawn 400 · k / n times, give or take 5 deviations."""
    sampler = Sampler(examples, 1, 0, 3, OFFSETS)
    counts = Counter()
    for epoch in range(400):
        counts.update(drawn(sampler.draw(epoch), examples)["liver", 0])
    unbound, share = bins("liver", "U"), len(bins("liver", "B")) / len(bins("liver", "U"))
    spread = 5 * (400 * share * (1 - share)) ** 0.5
    assert all(abs(counts[one] - 400 * share) < spread for one in unbound)


def test_windows_are_in_the_order_of_the_file(examples):
    plan = Sampler(examples, 3, 0, 1, OFFSETS).draw(1)
    places = OFFSETS[plan.chromosomes] + plan.starts
    assert (np.diff(places) >= 0).all()


def unbound_scaffolds(sizes, positives):
    """Scaffolds with so many unbound bins, and a first one with bound bins only."""
    first = ChromosomeExamples(
        "s", np.arange(positives, dtype=np.int32) * 50, np.full((1, positives), BOUND_CODE, "u1")
    )
    others = [
        ChromosomeExamples(f"s{number}", np.arange(size, dtype=np.int32) * 50, np.full((1, size), UNBOUND, np.uint8))
        for number, size in enumerate(sizes)
    ]
    return Examples(("c",), (first, *others)), np.arange(len(sizes) + 1, dtype=np.int64) * 10**6


def test_every_scaffold_gives_negatives_in_time():
    """100 scaffolds of 10 bins, 20 negatives: one gives none in C(990, 20) / C(1000, 20) = 0.816 of all epochs.

    That is 5e-6 for 60 epochs in a row.
    """
    examples, offsets = unbound_scaffolds([10] * 100, 20)
    sampler = Sampler(examples, 1, 0, 1, offsets)
    plans = [sampler.draw(epoch) for epoch in range(60)]
    assert {np.count_nonzero(plan.labels == 0) for plan in plans} == {20}
    assert {int(scaffold) for plan in plans for scaffold in plan.chromosomes[plan.labels == 0]} == set(range(1, 101))


def test_counts_of_chromosomes_are_those_of_drawing_from_all_bins():
    """Of 1 + 3 bins two are drawn, the one in 2 / 4 of all draws; three deviations of 2,000 draws are 0.034."""
    examples, offsets = unbound_scaffolds([1, 3], 2)
    sampler = Sampler(examples, 1, 0, 1, offsets)
    hits = [np.count_nonzero(sampler.draw(epoch).chromosomes == 1) for epoch in range(2000)]
    assert abs(np.mean(hits) - 0.5) < 0.034


@pytest.mark.parametrize(("ratio", "count"), [(0.005, 1), (0.01, 1), (0.02, 2)])
def test_one_negative_at_least(ratio, count):
    """80 positives times the ratio is 0.4, 0.8 and 1.6."""
    examples, offsets = unbound_scaffolds([50, 50], 80)
    assert np.count_nonzero(Sampler(examples, ratio, 0, 1, offsets).draw(1).labels == 0) == count


def test_no_positives_no_negatives():
    examples, offsets = unbound_scaffolds([50], 0)
    assert len(Sampler(examples, 1, 0, 1, offsets).draw(1)) == 0


def test_more_negatives_than_there_are():
    examples, offsets = unbound_scaffolds([2, 0, 1], 2)
    plan = Sampler(examples, 9, 0, 1, offsets).draw(1)
    assert plan.chromosomes[plan.labels == 0].tolist() == [1, 1, 3]


def many(chunks=40, per_chunk=30):
    """Examples on two chromosomes whose bins lie in so many chunks of the file; all positive."""
    starts = np.sort(np.random.default_rng(5).integers(0, chunks * 65_536 // 2, chunks * per_chunk // 2))
    one = [ChromosomeExamples(name, starts.astype(np.int32), np.ones((1, len(starts)), np.uint8)) for name in "ab"]
    return Examples(("x",), tuple(one)), np.array([0, chunks * 65_536 // 2])


def test_groups_hold_every_window_once_and_chunks_whole():
    examples, offsets = many()
    sampler = Sampler(examples, 1, 0, 1, offsets)
    plan = sampler.draw(1)
    groups = sampler.groups(plan, 1, 300)
    assert len(groups) == 4  # 1,200 windows
    assert all(150 < len(group) < 450 for group in groups)
    chunks = [set(((offsets[group.chromosomes] + group.starts) // 65_536).tolist()) for group in groups]
    assert sum(map(len, chunks)) == len(set.union(*chunks))
    together = sorted(
        (int(c), int(s)) for group in groups for c, s in zip(group.chromosomes, group.starts, strict=True)
    )
    assert together == sorted((int(c), int(s)) for c, s in zip(plan.chromosomes, plan.starts, strict=True))
    for group in groups:
        assert (np.diff(offsets[group.chromosomes] + group.starts) >= 0).all()


def test_groups_are_dealt_anew_each_epoch_and_may_be_dealt_again():
    examples, offsets = many()
    sampler = Sampler(examples, 1, 0, 1, offsets)
    plan = sampler.draw(1)
    first, second, again = (sampler.groups(plan, epoch, 300)[0].starts.tolist() for epoch in (1, 2, 1))
    assert first == again != second


def test_few_windows_are_one_group(examples):
    sampler = Sampler(examples, 1, 0, 1, OFFSETS)
    plan = sampler.draw(1)
    assert sampler.groups(plan, 1, len(plan)) == [plan]


def test_shuffling_shows_every_row_once(examples):
    sampler = Sampler(examples, 1, 0, 1, OFFSETS)
    order = sampler.shuffle(1, 0, 100)
    assert sorted(order) == list(range(100))
    assert order.tolist() != sampler.shuffle(2, 0, 100).tolist() != sampler.shuffle(2, 1, 100).tolist()


# --- peaks as positives

#                 0 . . . 100 . . . 200 . . . 300
# 1000-1040 is blacklisted on chr9, 0-20 on chr2; chr2 has 3,000 bp.
PEAKS = {
    "liver": [("chr9", 3000, 3300), ("chr9", 2000, 2120), ("chr9", 900, 1100), ("chr2", 30, 60), ("chr2", 2950, 3000)],
    "K562": [("chr2", 1000, 1200), ("chrV", 0, 300)],
}


def test_a_random_region_of_each_peak_and_epoch(toy, features, examples):
    peaks = {cell: toy.bed(f"{cell}.peaks.bed", rows) for cell, rows in PEAKS.items()}
    sampler = Sampler(with_peaks(examples, peaks, features), 1, 0, 1, OFFSETS)
    starts = {}
    for epoch in range(300):
        found = drawn(sampler.draw(epoch), examples)
        assert found["K562", 1] == [("chr2", 1000)]  # as long as a bin
        assert len(found["liver", 0]) == 2
        for chrom, start in found["liver", 1]:
            starts.setdefault((chrom, start > 2500), set()).add(start)
    # Inside the long peak; around the short one. The others could touch the blacklist or reach over an end.
    assert starts.keys() == {("chr9", True), ("chr9", False)}
    assert min(starts["chr9", True]) >= 3000 and max(starts["chr9", True]) <= 3100 and len(starts["chr9", True]) > 70
    assert min(starts["chr9", False]) >= 1920 and max(starts["chr9", False]) <= 2000 and len(starts["chr9", False]) > 60


def test_peaks_that_are_left_out_are_counted(toy, features, examples, caplog):
    """Of the liver's five on chr9 and chr2, one is on the blacklist and two are near an end; K562 loses none."""
    rows = [("chr9", 3000, 3300), ("chr9", 900, 1100), ("chr9", 0, 60), ("chr2", 2950, 3000), ("chr2", 1000, 1100)]
    peaks = {"liver": toy.bed("l.bed", [*rows, ("chrV", 0, 10)]), "K562": toy.bed("k.bed", [("chr9", 3000, 3300)])}
    with caplog.at_level("INFO", logger="deepgrn_tool"):
        with_peaks(examples, peaks, features)
    text = "3 of 5 peaks on the training chromosomes are left out, too near the blacklist or an end"
    assert caplog.messages == [f"liver: {text}"]


# --- open chromatin


def test_open_bins_are_at_least_as_accessible_as_the_lowest_quarter_of_bound_ones(features, examples):
    mark_open(examples, features)
    bound = [s for s in grid("chr9") if letter("liver", "chr9", s) == "B" and not is_banned("chr9", s)]
    height = np.zeros(5230)
    height[700:1300], height[3000:3600] = 1.5, 3.0  # and 4 under all bound bins of chr2
    means = {s: height[s : s + 200].mean() for s in grid("chr9")}
    on_chr2 = [4.0] * sum(letter("liver", "chr2", s) == "B" and not is_banned("chr2", s) for s in grid("chr2"))
    least = np.quantile([means[s] for s in bound] + on_chr2, 0.25)
    expected = [s for s in grid("chr9") if letter("liver", "chr9", s) == "U" and not is_banned("chr9", s)]
    expected = [s for s in expected if means[s] >= least]
    chr9 = examples.chromosomes[0]
    assert chr9.starts[chr9.negatives(0, only_open=True)].tolist() == expected
    assert chr9.starts[chr9.negatives(0)].tolist() == sorted(s for c, s in bins("liver", "U") if c == "chr9")


def open_examples():
    codes = np.array([[0] * 50 + [3] * 40 + [1] * 10 + [AMBIGUOUS] * 10], np.uint8)
    return Examples(("x",), (ChromosomeExamples("a", np.arange(0, 5500, 50, dtype=np.int32), codes),))


def test_a_share_of_the_negatives_is_open():
    examples = open_examples()
    plan = Sampler(examples, 2, 1.0, 1, np.array([0])).draw(1)
    places = plan.starts[plan.labels == 0] // 50
    assert len(places) == 20 and ((places >= 50) & (places < 90)).all()
    half = Sampler(examples, 2, 0.5, 1, np.array([0])).draw(1)
    places = half.starts[half.labels == 0] // 50
    assert len(places) == 20 and np.count_nonzero(places >= 50) >= 10


@pytest.mark.parametrize(("ratio", "share", "least_open"), [(6, 1.0, 40), (9, 0.1, 9), (8, 0.5, 40)])
def test_negatives_come_once_and_others_stand_in_for_open_ones(ratio, share, least_open):
    """There are 10 positives, 40 open and 50 closed bins, all of which are shown with 9 negatives per positive."""
    for epoch in range(20):
        plan = Sampler(open_examples(), ratio, share, 1, np.array([0])).draw(epoch)
        places = (plan.starts[plan.labels == 0] // 50).tolist()
        assert len(set(places)) == len(places) == 10 * ratio
        assert set(places) <= set(range(90))
        assert sum(place >= 50 for place in places) >= least_open


def test_too_few_open_bins_are_told(caplog):
    Sampler(open_examples(), 4, 1.0, 1, np.array([0])).draw(1)
    assert caplog.messages == []
    sampler = Sampler(open_examples(), 6, 1.0, 1, np.array([0]))
    for epoch in range(3):
        sampler.draw(epoch)
    text = "warning: cell x has 40 of the 60 open bins that --open-negatives asks for in each epoch"
    assert caplog.messages == [f"{text}; other unbound bins take their place"]


def test_bound_regions_are_inside_the_toy():
    """The tables that the tests rest on."""
    assert all(last <= LENGTHS[chrom] for rows in BOUND.values() for chrom, pairs in rows.items() for _, last in pairs)
