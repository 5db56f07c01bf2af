import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pyBigWig
import pysam
import pytest
from features_inputs import CONSERVATION, K562, LENGTHS, LIVER, UNIQUENESS, Inputs, as_array

from deepgrn_tool.cli.features import main
from deepgrn_tool.data import features_file
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.schema import ANNOTATION_CLASSES
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.fasta import encode

SHARED = Path(os.environ.get("DEEPGRN_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    made = Inputs(tmp_path_factory.mktemp("toy"))
    assert main(made.everything()) == 0
    return made


@pytest.fixture
def features(inputs):
    with FeaturesFile(inputs.output) as file:
        yield file


def test_contents(features):
    assert features.chromosomes == LENGTHS
    assert features.assembly == "toy1"
    assert features.genome_tracks == ["conservation", "uniqueness"]
    assert features.cells == ["K562", "liver"]
    assert features.cell_tracks("liver") == ["accessibility", "marks"]
    assert features.has_annotation


@pytest.mark.parametrize("chrom", LENGTHS)
@pytest.mark.parametrize(
    "start, end", [(0, 1200), (-7, 5), (1195, 3010), (-20, -10), (5000, 5010), (50, 50), (-5, 4000)]
)
def test_any_region_is_padded_off_the_ends(features, inputs, chrom, start, end):
    length = LENGTHS[chrom]
    inside = [place for place in range(start, end) if 0 <= place < length]
    at = np.array(inside, int) - start
    bases = np.full(end - start, 4)
    bases[at] = encode(inputs.sequences[chrom])[inside]
    np.testing.assert_array_equal(features.sequence(chrom, start, end), bases)
    for track, cell, rows in [
        ("uniqueness", None, UNIQUENESS),
        ("conservation", None, CONSERVATION),
        ("accessibility", "liver", LIVER),
        ("accessibility", "K562", K562),
        ("marks", "liver", CONSERVATION),
    ]:
        expected = np.zeros(end - start, np.float32)
        expected[at] = as_array(rows[chrom], length)[inside]
        found = features.signal(track, chrom, start, end, cell)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


def test_annotation_is_merged_per_class_in_the_published_order(features):
    def pairs(chrom):
        return [list(zip(starts.tolist(), ends.tolist(), strict=True)) for starts, ends in features.annotation(chrom)]

    assert ANNOTATION_CLASSES == ("cpg_island", "cds", "intron", "promoter", "utr5", "utr3")
    assert pairs("chrA") == [[(0, 50)], [(100, 260)], [(260, 400)], [], [(90, 100)], [(400, 500)]]
    assert pairs("chrB") == [[], [], [(0, 10)], [(5, 606)], [], []]
    assert [part.tolist() for part in features.blacklist("chrB")] == [[100], [200]]
    assert [part.tolist() for part in features.blacklist("chrA")] == [[], []]


def as_lists(file, chrom):
    return [[part.tolist() for part in pair] for pair in (*file.annotation(chrom), file.blacklist(chrom))]


def test_intervals_of_chromosomes_in_turn_are_read_once(features, monkeypatch):
    reads = []
    read = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda *asked: (reads.append(asked), read(*asked))[1])
    first = [as_lists(features, chrom) for chrom in LENGTHS]
    assert len(reads) == 7 * (1 + len(LENGTHS))  # where chromosomes begin, and each one's intervals
    for _ in range(3):
        assert [as_lists(features, chrom) for chrom in LENGTHS] == first
    assert len(reads) == 7 * (1 + len(LENGTHS))


def test_intervals_that_are_kept_cannot_be_changed(features):
    for pair in (*features.annotation("chrA"), features.blacklist("chrB")):
        for part in pair:
            with pytest.raises(ValueError, match="read-only"):
                part[:] = 0


@pytest.mark.parametrize("pairs", [0, 1, 2, 7, 9])
def test_few_intervals_are_kept_where_they_are_large(features, monkeypatch, pairs):
    size = 512 + 2 * 8  # of one interval, and more than that of none
    expected = [as_lists(features, chrom) for chrom in LENGTHS]
    monkeypatch.setattr(features_file, "_KEPT_INTERVALS", pairs * size)
    features.close()
    with FeaturesFile(features.path) as file:
        for _ in range(3):
            assert [as_lists(file, chrom) for chrom in LENGTHS] == expected
            assert len(file._kept) == max(pairs, 1)
            assert file._kept_size == sum(map(features_file._size, file._kept.values()))


def test_intervals_are_those_of_the_file_as_it_was_opened(inputs, tmp_path):
    path = tmp_path / "a.h5"
    shutil.copy(inputs.output, path)
    with FeaturesFile(path) as file:
        assert [part.tolist() for part in file.blacklist("chrB")] == [[100], [200]]
    replace("blacklist", np.array([[1, 300, 350]]))(path)
    with FeaturesFile(path) as file:
        assert [part.tolist() for part in file.blacklist("chrB")] == [[300], [350]]


def test_expression(features):
    assert features.expression("K562").tolist() == [row + 0.5 for row in range(8)]
    assert features.expression("liver").tolist() == [-float(row) for row in range(8)]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda file: file.sequence("A", 0, 1), "no chromosome 'A'; did you mean 'chrA'"),
        (lambda file: file.signal("uniquenes", "chrA", 0, 1), "no genome track 'uniquenes'; did you mean 'uniqueness'"),
        (lambda file: file.signal("marks", "chrA", 0, 1, "K562"), "no track of cell 'K562' 'marks'"),
        (lambda file: file.signal("accessibility", "chrA", 0, 1, "Liver"), "no cell 'Liver'; did you mean 'liver'"),
        (lambda file: file.expression("hepg2"), "no cell 'hepg2'"),
        (lambda file: file.annotation("chr1"), "no chromosome 'chr1'"),
    ],
)
def test_what_is_not_there_is_named(features, ask, message):
    with pytest.raises(InputError, match=message):
        ask(features)


def spoil(change):
    def apply(path):
        with h5py.File(path, "r+") as file:
            change(file)

    return apply


def replace(name, data):
    def change(file):
        del file[name]
        file[name] = data

    return spoil(change)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            spoil(lambda file: file.attrs.modify("format_version", "2.1")),
            "deepgrn-features version 2.1, this",
        ),
        (spoil(lambda file: file.attrs.modify("format_version", "new")), "version 'new' is not a version"),
        (spoil(lambda file: file.attrs.modify("format", "deepgrn-model")), "its format is 'deepgrn-model'"),
        (spoil(lambda file: file.attrs.pop("format")), "names no format"),
        (spoil(lambda file: file.attrs.pop("assembly")), "lacks the attribute 'assembly'"),
        (spoil(lambda file: file.pop("sequence")), "lacks the dataset 'sequence'"),
        (spoil(lambda file: file.pop("cells")), "lacks the group 'cells'"),
        (spoil(lambda file: file["cells/liver"].pop("tracks")), "lacks the group 'cells/liver/tracks'"),
        (spoil(lambda file: file["annotation"].pop("intron")), "lacks the dataset 'annotation/intron'"),
        (replace("sequence", np.zeros(4200, np.float64)), "'sequence' is float64 4200 where uint8 4200"),
        (replace("genome_tracks/uniqueness", np.zeros(7, np.float32)), "float32 7 where float32 4200"),
        (replace("cells/liver/expression", np.zeros(7)), "float64 7 where float64 8"),
        (replace("blacklist", np.zeros((2, 2), np.int64)), "int64 2x2 where int64 nx3"),
        (replace("chromosomes/lengths", np.array([3000, -5])), "a length is not positive"),
        (replace("chromosomes/names", ["chrA", "chrA"]), "names repeat"),
        (replace("chromosomes/names", np.array([1, 2])), "holds no text"),
    ],
)
def test_damaged_or_foreign_files_are_refused(inputs, tmp_path, damage, message):
    path = tmp_path / "bad.h5"
    shutil.copy(inputs.output, path)
    damage(path)
    with pytest.raises(InputError, match=message):
        FeaturesFile(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_hdf5_is_refused(inputs, tmp_path, share):
    data = inputs.output.read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"truncated|is empty|not HDF5"):
        FeaturesFile(tmp_path / "cut.h5")


def test_real_genome_equals_the_bare_libraries(tmp_path):
    folder = SHARED / "data" / "hg19"
    if not folder.is_dir():
        pytest.skip("needs the real data of ../shared/data (or $DEEPGRN_SHARED)")
    signal = folder / "accessibility" / "K562.DNase_peaks.bw"
    options = ["--genome", str(folder / "genome.fa.gz"), "--accessibility", f"K562={signal}", "--chromosomes", "chr22"]
    assert main([*options, "-o", str(tmp_path / "a.h5"), "--quiet"]) == 0
    with FeaturesFile(tmp_path / "a.h5") as file, pyBigWig.open(str(signal)) as bare:
        start, end = 20_000_000, 24_000_000
        expected = np.nan_to_num(bare.values("chr22", start, end, numpy=True))
        np.testing.assert_array_equal(file.signal("accessibility", "chr22", start, end, "K562"), expected)
        with pysam.FastaFile(str(folder / "genome.fa.gz")) as fasta:
            text = fasta.fetch("chr22", start, end).upper()
        found = np.frombuffer(b"ACGTN", np.uint8)[file.sequence("chr22", start, end)].tobytes().decode()
        assert found == text
