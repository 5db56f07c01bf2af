"""Windows that the network learns from, against the files that the features were made from; and their batches."""

from collections import Counter

import h5py
import numpy as np
import pytest
from training_toys import Toy, toy_settings

from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.errors import InputError
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.training.build import network_config
from deepgrn_tool.training.examples import make_examples
from deepgrn_tool.training.sampling import EpochPlan, Sampler
from deepgrn_tool.training.stream import BatchStream
from deepgrn_tool.training.windows import StoppedError, WindowReader, window_bytes

CELLS = ("liver", "K562")
CHROMOSOMES = ("chr9", "chr2")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def reader_of(toy):
    readers = []

    def make(path=None, **options):
        config = network_config(toy_settings(**options))
        readers.append(WindowReader(path or toy.features, config, CELLS, CHROMOSOMES))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


def plan_of(rows):
    """Rows of chromosome, cell, start, label."""
    columns = list(zip(*rows, strict=True))
    kinds = (np.int32, np.int16, np.int32, np.uint8)
    return EpochPlan(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


# Over both ends of both chromosomes, off the grid, one start in two cells.
ROWS = [(0, 0, 0, 1), (0, 1, 0, 0), (0, 1, 777, 1), (0, 0, 5030, 0), (1, 0, 0, 1), (1, 1, 33, 0), (1, 0, 2800, 1)]


def assert_windows(toy, windows, rows, flank):
    for number, (chromosome, cell, start, label) in enumerate(rows):
        chrom = CHROMOSOMES[chromosome]
        bases, signals = toy.window(CELLS[cell], chrom, start, flank)
        assert "".join("ACGTN"[code] for code in windows.codes[number]) == bases
        assert np.array_equal(windows.signals[number], signals)
        assert windows.meta[number].tolist() == toy.meta(CELLS[cell], chrom, start)
        assert windows.labels[number] == label


def test_windows_base_by_base(toy, reader_of):
    assert_windows(toy, reader_of().read(plan_of(ROWS)), ROWS, 60)
    assert_windows(toy, reader_of(flank=401).read(plan_of(ROWS)), ROWS, 401)


def test_transforms_and_the_network_s_own_tracks(toy, reader_of):
    plain = reader_of().read(plan_of(ROWS))
    reader = reader_of(tracks=("accessibility",), transforms=(("accessibility", "log1p"),), expression=False)
    found = reader.read(plan_of(ROWS))
    np.testing.assert_allclose(found.signals, np.log1p(plain.signals[:, :, 1:]), rtol=1e-6)
    assert np.array_equal(found.meta, plain.meta[:, 8:])


def test_without_signals_and_meta_inputs(reader_of):
    found = reader_of(tracks=(), expression=False, annotation=False).read(plan_of(ROWS))
    assert (found.signals.shape, found.meta.shape) == ((7, 320, 0), (7, 0))


def test_memory_of_a_window(reader_of):
    found = reader_of().read(plan_of(ROWS))
    held = sum(array.nbytes for array in vars(found).values())
    assert held == 7 * window_bytes(network_config(toy_settings()))


def test_signals_that_are_not_numbers_are_refused(toy, reader_of, tmp_path):
    path = toy.write_features(tmp_path / "broken.h5")
    with h5py.File(path, "r+") as file:
        file["cells/K562/tracks/accessibility"][5230 + 2900] = np.inf
    reader = reader_of(path)
    reader.read(plan_of(ROWS[:5]))
    with pytest.raises(InputError, match=r"track 'accessibility' holds inf at chr2:2900-2901, not a finite number"):
        reader.read(plan_of([(1, 1, 2790, 0)]))


def test_reading_can_be_stopped(reader_of):
    reader = reader_of()
    reader.stopping.set()
    with pytest.raises(StoppedError):
        reader.read(plan_of(ROWS))


# --- batches


class Stream:
    """A stream of the toy's epochs and the numbers of its sampler."""

    def __init__(self, toy, reader, **options):
        with FeaturesFile(toy.features) as file:
            self.examples = make_examples(read_labels(toy.labels), file, CHROMOSOMES)
        self.sampler = Sampler(self.examples, 2, 0, 1, reader.offsets)
        defaults = {"batch_size": 16, "group_size": 10_000, "positive_weight": 1.0, "epochs": 3}
        self.stream = BatchStream(self.sampler, reader, **defaults | options)

    def epoch(self, number):
        size, batches = self.stream.epoch(number)
        return size, list(batches)


@pytest.fixture
def stream_of(toy, reader_of):
    streams = []

    def make(**options):
        streams.append(Stream(toy, reader_of(), **options))
        return streams[-1]

    yield make
    for stream in streams:
        stream.stream.close()


def fingerprints(batches):
    """Count windows, each with all that belongs to it."""
    return Counter(
        tuple(array[row].tobytes() for array in batch.arrays()) for batch in batches for row in range(len(batch))
    )


def test_an_epoch_shows_the_windows_that_were_drawn(stream_of, reader_of):
    made = stream_of()
    size, batches = made.epoch(1)
    plan = made.sampler.draw(1)
    assert (size.positives, size.negatives) == (int(plan.labels.sum()), int((plan.labels == 0).sum()))
    assert [len(batch) for batch in batches] == [16] * (len(plan) // 16) + [len(plan) % 16]
    expected = reader_of().read(plan).batch(np.arange(len(plan)), 1.0)
    assert fingerprints(batches) == fingerprints([expected])
    labels = np.concatenate([batch.labels for batch in batches])
    assert 0 < labels[: len(labels) // 2].sum() < labels.sum()  # shuffled
    assert all((batch.weights == 1).all() for batch in batches)


# The toy's training chromosomes share one chunk of the file, so that a group is never smaller than an epoch: the chunk
# is made smaller here.
@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("deepgrn_tool.training.sampling.CHUNK", 500)
    monkeypatch.setattr("deepgrn_tool.training.windows.CHUNK", 500)


@pytest.mark.parametrize("group_size", [20, 37, 10_000])
def test_groups_change_the_order_alone(stream_of, small_chunks, group_size):
    whole, parts = stream_of(), stream_of(group_size=group_size)
    for number in (1, 2):
        expected, found = whole.epoch(number)[1], parts.epoch(number)[1]
        assert [len(batch) for batch in found] == [len(batch) for batch in expected]
        assert fingerprints(found) == fingerprints(expected)


@pytest.mark.parametrize("group_size", [37, 10_000])
@pytest.mark.parametrize("batches_done", [0, 1, 4, "all"])
def test_going_on_shows_what_is_left(stream_of, small_chunks, group_size, batches_done):
    before = stream_of(group_size=group_size)
    size, batches = before.epoch(1)
    done = size.windows if batches_done == "all" else 16 * batches_done
    after = stream_of(group_size=group_size, done=done)
    left = batches[len(batches) if batches_done == "all" else batches_done :]
    assert same(after.epoch(1)[1], left)
    assert same(after.epoch(2)[1], before.epoch(2)[1])


def same(one, other):
    return len(one) == len(other) and all(
        np.array_equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x.arrays(), y.arrays(), strict=True)
    )


def test_positives_may_weigh_more(stream_of):
    for batch in stream_of(positive_weight=2.5).epoch(1)[1]:
        assert np.array_equal(batch.weights, np.where(batch.labels == 1, 2.5, 1).astype(np.float32))


def test_epochs_come_in_their_order(stream_of):
    made = stream_of(epoch=2)
    with pytest.raises(ValueError, match="epoch 1 does not come next"):
        made.epoch(1)
    assert made.epoch(2)[0] == made.epoch(3)[0]
    with pytest.raises(ValueError, match="epoch 4 does not come next"):
        made.epoch(4)
