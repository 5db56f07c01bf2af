"""What the engine reads of a segment, against the files that the features were made from."""

import numpy as np
import pytest
from features_inputs import Inputs, as_array

from deepgrn_tool.cli.features import main
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.engine import inputs as engine_inputs
from deepgrn_tool.engine.inputs import InputReader
from deepgrn_tool.engine.segments import cut_into_segments
from deepgrn_tool.errors import InputError
from deepgrn_tool.network.config import NetworkConfig

SIZES = {"filters": 2, "kernel_size": 8, "lstm_units": 2, "dense_units": 2, "flank": 50}  # windows of 300 bp


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    inputs = Inputs(tmp_path_factory.mktemp("inputs"))
    assert main([*inputs.everything(), "--quiet"]) == 0
    with FeaturesFile(inputs.output) as file:
        yield inputs, file


def config(**options):
    return NetworkConfig(**SIZES | options)


def read(features, starts, chrom="chrB", cell="liver", **options):
    """Read bins as one segment."""
    made = config(**options)
    starts = np.array(starts)
    (segment,) = cut_into_segments(starts - made.flank, made.window_size, 5000, 100, 1)
    return InputReader(features[1], made, cell).read(chrom, starts, segment)


@pytest.mark.parametrize("gap", [599, 600])
def test_bases_and_signals_by_place(features, monkeypatch, gap):
    """Bins at 0, 100 and 1000 of chrB (1,200 bp): runs from -50 to 350 and from 950 to 1250, read apart or together."""
    monkeypatch.setattr(engine_inputs, "GAP", gap)
    asked, sequence = [], features[1].sequence
    monkeypatch.setattr(features[1], "sequence", lambda *place: asked.append(place[1:]) or sequence(*place))
    found = read(features, [0, 100, 1000])
    assert found.segment.pieces.tolist() == [[-50, 350, 0], [950, 1250, 400]]
    assert asked == ([(-50, 1250)] if gap == 600 else [(-50, 350), (950, 1250)])
    text = features[0].sequences["chrB"].upper()
    letters = "N" * 50 + text[:350] + text[950:1200] + "N" * 50
    assert "".join("ACGTN"[code] for code in found.codes) == letters
    unique = as_array([(0, 600, 0.5)], 1200)
    liver = as_array([(0, 1200, 2.0)], 1200)
    for column, values in enumerate((unique, liver)):
        wanted = np.concatenate([np.zeros(50), values[:350], values[950:1200], np.zeros(50)])
        assert np.array_equal(found.signals[:, column], wanted)
    assert (found.codes.dtype, found.signals.dtype, found.meta.dtype) == (np.uint8, np.float32, np.float32)


@pytest.mark.parametrize("place", [349, 350, 949, 950])
def test_only_signals_of_a_window_must_be_numbers(features, monkeypatch, place):
    """Runs from -50 to 350 and from 950 to 1250 are read at once; what lies between is no part of any window."""
    signal = features[1].signal

    def damaged(name, chrom, start, end, cell=None):
        values = signal(name, chrom, start, end, cell)
        values[place - start] = np.nan
        return values

    monkeypatch.setattr(features[1], "signal", damaged)
    if place in (350, 949):
        assert np.isfinite(read(features, [0, 100, 1000]).signals).all()
    else:
        with pytest.raises(InputError, match=f"track 'uniqueness' holds nan at chrB:{place}-{place + 1}"):
            read(features, [0, 100, 1000])


def test_tracks_in_the_order_of_the_network(features):
    """A track of the cell, a track of the genome, in whichever order the network reads them."""
    found = read(features, [0], "chrA", tracks=("marks", "conservation", "accessibility"))
    # chrA's conservation is -1.25 on 10-20, and so are liver's marks; liver's accessibility is 1.5 on 0-10.
    assert found.signals[50 + 9].tolist() == [0, 0, 1.5]
    assert found.signals[50 + 10].tolist() == [-1.25, -1.25, 0]
    assert read(features, [0], "chrA", tracks=()).signals.shape == (300, 0)


# chrB: introns 0-10, promoters 5-606; columns: CpG island, CDS, intron, promoter, 5'UTR, 3'UTR.
@pytest.mark.parametrize(
    ("start", "bits"),
    [
        (0, [0, 0, 1, 1, 0, 0]),
        (9, [0, 0, 1, 1, 0, 0]),
        (10, [0, 0, 0, 1, 0, 0]),
        (605, [0, 0, 0, 1, 0, 0]),
        (606, [0] * 6),
    ],
)
def test_annotation_of_the_bin_alone(features, start, bits):
    """The flanks do not count: the window of the bin at 606 reaches into the promoter."""
    assert read(features, [start], meta=("annotation",)).meta.tolist() == [bits]


def test_meta_inputs_are_components_then_bits(features):
    found = read(features, [0, 700], cell="K562").meta
    components = [row + 0.5 for row in range(8)]  # the table's column K562: 0.5, 1.5, …
    assert found.tolist() == [[*components, 0, 0, 1, 1, 0, 0], [*components, 0, 0, 0, 0, 0, 0]]
    assert read(features, [0, 700], meta=("expression",)).meta.tolist() == [[-row for row in range(8)]] * 2
    assert read(features, [0, 700], meta=()).meta.shape == (2, 0)


def test_segments_after_the_first_have_the_meta_inputs_of_their_own_bins(features):
    made = config(meta=("annotation",))
    starts = np.array([0, 700, 10, 606])
    starts.sort()
    reader = InputReader(features[1], made, "liver")
    segments = list(cut_into_segments(starts - made.flank, made.window_size, 5000, 1, 1))
    bits = [reader.read("chrB", starts, segment).meta[0, 2:4].tolist() for segment in segments]
    assert bits == [[1, 1], [0, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("options", "cell", "message"),
    [
        ({"tracks": ("marks",)}, "K562", "no track 'marks', .* --cell-track K562:marks=FILE or --genome-track marks="),
        ({"tracks": ("methylation",)}, "liver", "no track 'methylation', which the model needs"),
        ({}, "live", "has no cell 'live'; did you mean 'liver'"),
    ],
)
def test_what_is_missing_is_named(features, options, cell, message):
    with pytest.raises(InputError, match=message):
        InputReader(features[1], config(**options), cell)
