"""Where the steps of both strands lie on a window.

The worked example has windows of 23 bp, kernels of 4 (receptive field 4, pool 2): 20 outputs, 10 steps, none left over.

    base         0  1  2  3  4  5 …  17 18 19 20 21 22        c = (4 - 1) // 2 = 1
    forward         [ 0 ] [ 1 ]   …  [ 8 ] [ 9 ]              step 9 ends before base 21
    reverse            [ 9 ] [ 8 ] … [ 1 ] [ 0 ]              its base 1 is base 21: step 0 covers 20 and 21
"""

import numpy as np
import pytest
from engine_toys import Chromosome, engine_scores

from deepgrn_tool.attention.geometry import Profile, mean_over_bases, step_starts, strand_profiles
from deepgrn_tool.attention.reduce import relative_attention
from deepgrn_tool.engine.engine import Engine
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model
from deepgrn_tool.network.weights import weight_shapes

SMALL = NetworkConfig(kernel_size=4, bin_size=3, flank=10)


def test_worked_example():
    assert SMALL.steps == 10
    forward, reverse = step_starts(SMALL)
    assert forward.tolist() == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    assert reverse.tolist() == [20, 18, 16, 14, 12, 10, 8, 6, 4, 2]


def test_default_network():
    """34-bp kernels: 969 outputs, 57 steps of 17 bp; c = 16."""
    forward, reverse = step_starts(NetworkConfig())
    assert (forward[0], forward[-1]) == (16, 16 + 56 * 17)
    assert (reverse[0], reverse[-1]) == (1002 - 16 - 17, 17)  # its step 0 covers its own bases 16 … 32


def test_network_with_a_tail():
    """30-bp kernels: 973 outputs, 64 steps of 15 bp, 13 outputs left over; c = 14."""
    forward, reverse = step_starts(NetworkConfig(kernel_size=30))
    assert (forward[0], forward[-1]) == (14, 14 + 63 * 15)
    assert (reverse[0], reverse[-1]) == (1002 - 14 - 15, 1002 - 14 - 64 * 15)


@pytest.mark.parametrize("num_conv", [0, 1, 2])
@pytest.mark.parametrize("kernel_size", [15, 20, 34])
def test_steps_by_following_single_bases(num_conv, kernel_size):
    """Carry the numbers of the bases through the layers, in the order in which each strand reads them."""
    config = NetworkConfig(num_conv=num_conv, kernel_size=kernel_size, bin_size=200, flank=75)
    for strand, bases in enumerate((np.arange(350), np.arange(350)[::-1])):
        middle = (num_conv * (kernel_size - 1)) // 2
        outputs = bases[middle : middle + 350 - num_conv * (kernel_size - 1)]  # the base in the middle of each output
        size = kernel_size // 2
        steps = [outputs[begin : begin + size] for begin in range(0, len(outputs) - size + 1, size)]
        assert step_starts(config)[strand].tolist() == [step.min() for step in steps]


def test_profiles_lie_along_the_chromosome():
    values = np.arange(40, dtype=np.float32).reshape(2, 2, 10)
    forward, reverse = strand_profiles(values, SMALL)
    assert (forward.offset, forward.size, reverse.offset, reverse.size) == (1, 2, 2, 2)
    assert forward.values[1].tolist() == list(range(10, 20))
    assert reverse.values[1].tolist() == list(range(39, 29, -1))


def test_mean_over_bases_where_strands_overlap_and_where_not():
    one = Profile(np.array([[1, 3]], np.float32), 1, 2)
    other = Profile(np.array([[5, 9]], np.float32), 2, 2)
    found = mean_over_bases((one, other), 8)
    np.testing.assert_array_equal(found, [[np.nan, 1, (1 + 5) / 2, (3 + 5) / 2, (3 + 9) / 2, 9, np.nan, np.nan]])


def spike_finder(kernel_size, num_conv):
    """A network that attends to the step with signal: its filters read the base in the middle of their width.

    Only the channel "accessibility" counts. A step that holds signal has a large query and key, so that it attends to
    itself; all others attend to every step alike.
    """
    config = NetworkConfig(
        tracks=("accessibility",),
        kernel_size=kernel_size,
        num_conv=num_conv,
        filters=2,
        attention="pairwise-before-lstm",
        lstm_units=1,
        dense_units=1,
        dense_after_meta=(),
        meta=(),
        flank=75,
    )
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(config).items()}
    # With an even width the receptive field's middle (its base (k - 1) // 2) needs taps that add up to it.
    taps = [(kernel_size - 1) // 2] * num_conv
    if num_conv == 2 and sum(taps) < (config.receptive_field - 1) // 2:
        taps[0] += 1
    for number, tap in enumerate(taps, start=1):
        weights[f"conv_{number}/kernel"][tap, 4 if number == 1 else 0, 0] = 1
    weights["per_position/kernel"][0 if num_conv else 4, 0] = 1
    weights["attention/query"][0, 0] = weights["attention/key"][0, 0] = 1
    return Model(config, weights)


@pytest.mark.parametrize(("kernel_size", "num_conv"), [(34, 1), (30, 1), (15, 1), (20, 2), (15, 2), (34, 0)])
def test_the_step_that_sees_a_base_covers_it_on_both_strands(kernel_size, num_conv):
    """One base with signal, in windows at every distance from it; through the engine."""
    model = spike_finder(kernel_size, num_conv)
    spike = 700
    signals = np.zeros((1500, 1), np.float32)
    signals[spike] = 6
    chromosome = Chromosome(np.zeros(1500, np.uint8), signals)
    starts = np.arange(spike - 300, spike - 50, 7)  # the spike is 56 … 300 bases from their starts
    engine = Engine(model, on_grid=False, attention=True, bins=len(starts))
    attention = engine_scores(engine, chromosome, starts, np.zeros((len(starts), 0), np.float32))["attention"]
    relative = relative_attention(attention, model.config)
    for profile in strand_profiles(relative, model.config):
        best = profile.values.argmax(axis=1)
        assert (profile.values[np.arange(len(starts)), best] > 1.9).all()  # others get a little less than 1
        assert np.partition(profile.values, -2, axis=1)[:, -2].max() < 1.01
        begin = starts + profile.offset + best * profile.size
        assert ((begin <= spike) & (spike < begin + profile.size)).all()
