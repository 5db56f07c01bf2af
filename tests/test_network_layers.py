"""Every custom layer against numbers worked out by hand; all are short enough to follow with a pencil."""

import keras
import numpy as np
import pytest
from reference_network import lstm, sigmoid

from deepgrn_tool.network.layers import (
    BothStrands,
    ForBothStrands,
    MergeStrands,
    PairwiseAttention,
    PositionAttention,
    WeightedSumAttention,
    keras2_hard_sigmoid,
    trigonometric_encoding,
)

LN3 = float(np.log(3.0))  # softmax of (0, ln 3) is (1/4, 3/4)


def numbers(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def assert_close(found, expected):
    np.testing.assert_allclose(numbers(found), expected, rtol=0, atol=1e-6)


def test_both_strands():
    # position   0  1  2          A C G T u a            the other strand: positions from the right,
    # base       A  C  G     A ->  1 . . . 5 7            A <-> T, C <-> G; tracks only turn round
    # uniqueness 5  6  0     C ->  . 1 . . 6 8
    # access.    7  8  9     G ->  . . 1 . 0 9
    window = [[1, 0, 0, 0, 5, 7], [0, 1, 0, 0, 6, 8], [0, 0, 1, 0, 0, 9]]
    turned = [[0, 1, 0, 0, 0, 9], [0, 0, 1, 0, 6, 8], [0, 0, 0, 1, 5, 7]]  # C G T
    other = [[0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 4]]  # T N N
    other_turned = [[0, 0, 0, 0, 0, 4], [0, 0, 0, 0, 1, 1], [1, 0, 0, 0, 2, 3]]  # N N A
    found = BothStrands()(np.array([window, other], np.float32))
    assert_close(found, [window, other, turned, other_turned])


def test_both_strands_without_tracks():
    assert_close(BothStrands()(np.array([[[1, 0, 0, 0], [0, 1, 0, 0]]], np.float32))[1], [[0, 0, 1, 0], [0, 0, 0, 1]])


def test_for_both_strands():
    found = ForBothStrands()(np.array([[1, 2], [3, 4]], np.float32))
    assert_close(found, [[1, 2], [3, 4], [1, 2], [3, 4]])


# Logits 0 and ln 3 are probabilities 1/2 and 3/4; windows 1 and 2 forward (0, -ln 3), then reverse (ln 3, 0).
@pytest.mark.parametrize(("merge", "expected"), [("mean", [[0.625], [0.375]]), ("max", [[0.75], [0.5]])])
def test_merge_joins_probabilities_of_the_same_window(merge, expected):
    assert_close(MergeStrands(merge)(np.array([[0], [-LN3], [LN3], [0]], np.float32)), expected)


def test_mean_is_not_the_sigmoid_of_the_mean_logit():
    # (sigmoid(0) + sigmoid(4)) / 2 = (0.5 + 0.982014) / 2; the sigmoid of 2 would be 0.880797.
    assert_close(MergeStrands("mean")(np.array([[0], [4]], np.float32)), [[0.741007]])


#                       steps 2, dimensions 3
#            x = [[4, 0, 1],      kernel = [[0, ln 3],     dimension 0: (4, 0) W = (0, 4 ln 3) -> (1, 81) / 82
#                 [0, 1, 1]]                [0,    0]]     dimension 1: (0, 1) W = (0, 0)      -> (1/2, 1/2)
#                                                          dimension 2: (1, 1) W = (0, ln 3)   -> (1/4, 3/4)
POSITIONS = np.array([[[4, 0, 1], [0, 1, 1]]], np.float32)
SHARES = np.array([[1 / 82, 1 / 2, 1 / 4], [81 / 82, 1 / 2, 3 / 4]])


def position_attention(merge, bias=(0.0, 0.0)):
    layer = PositionAttention(merge)
    layer.build(POSITIONS.shape)
    layer.kernel.assign([[0, LN3], [0, 0]])
    layer.bias.assign(bias)
    return layer


def test_position_attention():
    output, weights = position_attention(merge=False)(POSITIONS)
    assert_close(weights, SHARES[np.newaxis])
    assert_close(output, [[[4 / 82, 0, 1 / 4], [0, 1 / 2, 3 / 4]]])


def test_position_attention_adds_its_bias_to_every_dimension():
    _, weights = position_attention(merge=False, bias=(2 * LN3, 0.0))(POSITIONS)
    # Odds of position 1 to position 0 shrink by 9: 81 -> 9, 1 -> 1/9, 3 -> 1/3.
    assert_close(weights, [[[1 / 10, 9 / 10, 3 / 4], [9 / 10, 1 / 10, 1 / 4]]])


def test_merged_position_attention_gives_each_dimension_the_mean():
    output, weights = position_attention(merge=True)(POSITIONS)
    first = (1 / 82 + 1 / 2 + 1 / 4) / 3
    assert_close(weights, [[[first] * 3, [1 - first] * 3]])
    assert_close(output, [[[4 * first, 0, first], [0, 1 - first, 1 - first]]])


def test_weighted_sum_attention():
    # Dimension 0: (0, ln 3) -> weights (1/4, 3/4), sum 3/4 ln 3. Dimension 1: (2, 2) -> halves, sum 2.
    # Kernel [[4, -1], [0, -1]]: unit 0 gets 3 ln 3; unit 1 is negative, so 0.
    layer = WeightedSumAttention(2)
    x = np.array([[[0, 2], [LN3, 2]]], np.float32)
    layer.build(x.shape)
    layer.kernel.assign([[4, -1], [0, -1]])
    output, weights = layer(x)
    assert_close(weights, [[[1 / 4, 1 / 2], [3 / 4, 1 / 2]]])
    assert_close(output, [[3 * LN3, 0]])


#   2 steps, 4 dimensions, so queries and keys of width 2 and a scale of 1 / sqrt(2).
#   x = [[1, 0, 0, 0],   query takes dimension 0, times s;  key takes dimensions 1 and 2, into the first place:
#        [0, 1, 1, 0]]   q = [[s, 0], [0, 0]], k = [[0, 0], [2, 0]]; with s = ln 3 / sqrt(2): q0 k1 / sqrt(2) = ln 3
#   Position 0 attends (1/4, 3/4), position 1 (1/2, 1/2). Values: v = 8 x turned by one dimension to the right.
PAIRS = np.array([[[1, 0, 0, 0], [0, 1, 1, 0]]], np.float32)


def pairwise_attention(encoding):
    layer = PairwiseAttention(encoding)
    layer.build(PAIRS.shape)
    layer.query.assign(np.array([[LN3 / np.sqrt(2), 0], [0, 0], [0, 0], [0, 0]]))
    layer.key.assign(np.array([[0, 0], [1, 0], [1, 0], [0, 0]]))
    layer.value.assign(8 * np.roll(np.eye(4), 1, axis=1))
    return layer


def test_pairwise_attention():
    output, weights = pairwise_attention("none")(PAIRS)
    assert_close(weights, [[[1 / 4, 3 / 4], [1 / 2, 1 / 2]]])
    # v0 = (0, 8, 0, 0), v1 = (0, 0, 8, 8); output = x + weights · v.
    assert_close(output, [[[1, 2, 6, 6], [0, 5, 5, 4]]])


def test_pairwise_attention_with_learned_positions():
    layer = pairwise_attention("learned")
    # x + p = [[0, 1, 1, 0], [1, 0, 0, 0]]: the two positions change places for q, k and v, but not in the residual.
    layer.position.assign([[-1, 1, 1, 0], [1, -1, -1, 0]])
    output, weights = layer(PAIRS)
    assert_close(weights, [[[1 / 2, 1 / 2], [3 / 4, 1 / 4]]])
    assert_close(output, [[[1, 4, 4, 4], [0, 3, 7, 6]]])


def test_pairwise_attention_with_trigonometric_positions():
    # p0 = (0, 1, 0, 1), p1 = (sin 1, cos 1, sin 0.01, cos 0.01): the second pair of dimensions is 10000^(2/4) = 100
    # times slower. x + p: first entry of q: s (1, sin 1); of k: (1 + 0, (1 + cos 1) + (1 + sin 0.01)).
    _, weights = pairwise_attention("trigonometric")(PAIRS)
    # Position 0: scores ln 3 / 2 · (1, 2.5503021) = (0.5493061, 1.4008966): odds exp(0.8515905) = 2.343371.
    # Position 1: times sin 1 = 0.8414710: odds exp(0.7165887) = 2.047437.
    expected = [[[1 / 3.343371, 2.343371 / 3.343371], [1 / 3.047437, 2.047437 / 3.047437]]]
    assert_close(weights, expected)


def test_trigonometric_encoding():
    expected = [
        [0, 1, 0, 1],
        [0.841470985, 0.540302306, 0.009999833, 0.999950000],
        [0.909297427, -0.416146837, 0.019998667, 0.999800007],
    ]  # sin and cos of t and of t / 100
    found = trigonometric_encoding(3, 4)
    assert found.dtype == np.float32
    assert_close(found, expected)


def test_trigonometric_encoding_of_odd_width_ends_with_a_sine():
    # Width 3: dimension 2 has wavelength factor 10000^(2/3) = 464.158883; sin(1 / 464.158883) = 0.002154433.
    assert_close(trigonometric_encoding(2, 3)[1], [0.841470985, 0.540302306, 0.002154433])


def test_pairwise_attention_needs_known_sizes():
    with pytest.raises(
        ValueError, match=r"Expected input of shape \(batch, steps, width\). Received \(None, None, 4\)"
    ):
        PairwiseAttention("none").build((None, None, 4))


def test_keras2_hard_sigmoid():
    x = np.array([-3, -2.5, -1, 0, 1, 2.5, 3], np.float32)
    assert_close(keras2_hard_sigmoid(x), [0, 0, 0.3, 0.5, 0.7, 1, 1])
    # Keras 3's own has slope 1/6: the two differ where neither is clipped.
    assert_close(keras.activations.hard_sigmoid(x), [0, 1 / 12, 1 / 3, 0.5, 2 / 3, 11 / 12, 1])


def lstm_arrays(seed, width=3, units=2):
    random = np.random.default_rng(seed)
    shapes = ((width, 4 * units), (units, 4 * units), (4 * units,))
    return [random.standard_normal(shape) * 1.5 for shape in shapes]


def plain_hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


@pytest.mark.parametrize(
    ("gate", "expected_gate"), [("sigmoid", sigmoid), (keras2_hard_sigmoid, plain_hard_sigmoid)], ids=["true", "hard"]
)
def test_bidirectional_keeps_the_gates_and_their_order(gate, expected_gate):
    """Bidirectional copies its layer by way of its settings: a gate of the name of Keras 3's own came back as that."""
    x = np.random.default_rng(5).standard_normal((2, 7, 3)).astype(np.float32)
    layer = keras.layers.Bidirectional(keras.layers.LSTM(2, recurrent_activation=gate, return_sequences=True))
    layer.build(x.shape)
    forward, backward = lstm_arrays(1), lstm_arrays(2)
    for direction, arrays in ((layer.forward_layer, forward), (layer.backward_layer, backward)):
        direction.cell.kernel.assign(arrays[0])
        direction.cell.recurrent_kernel.assign(arrays[1])
        direction.cell.bias.assign(arrays[2])
    expected = np.concatenate(
        [lstm(x, *forward, expected_gate), lstm(x[:, ::-1], *backward, expected_gate)[:, ::-1]], axis=2
    )
    assert_close(layer(x), expected)


def test_gate_order_of_one_step_by_hand():
    # One unit, input 0, so the gates are their biases: i = 1/4, f = 3/4, c = tanh(1) = 0.761594, o = 1/2.
    # First step: cell = i c = 0.190399, output = o tanh(cell) = 0.094065.
    # Second: cell = f · 0.190399 + 0.190399 = 0.333197, output = 0.160695.
    layer = keras.layers.LSTM(1, return_sequences=True)
    x = np.zeros((1, 2, 1), np.float32)
    layer.build(x.shape)
    layer.cell.recurrent_kernel.assign(np.zeros((1, 4)))
    layer.cell.bias.assign([-LN3, LN3, 1, 0])
    assert_close(layer(x), [[[0.094065], [0.160695]]])
