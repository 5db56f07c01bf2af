"""Which bins are scored: whole chromosomes, tiled regions, and lists of bins."""

import gzip
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgrn_tool.data.selection import GridSelection, ListedSelection
from deepgrn_tool.errors import InputError

# In the order of a genome; as text, "chr10" comes before "chr2", and upper case before lower case.
GENOME = {"chr2": 320, "chr10": 249, "chr1": 199, "Un": 200}


def listed(selection):
    return [(group.chrom, group.starts.tolist()) for group in selection]


def bed(folder, text):
    path = folder / "given.bed"
    path.write_text(text)
    return path


def message(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


def test_whole_genome_in_c_locale_order_without_chromosomes_shorter_than_a_bin():
    selection = GridSelection(GENOME)
    assert listed(selection) == [("Un", [0]), ("chr10", [0]), ("chr2", [0, 50, 100])]
    assert (selection.total, selection.on_grid, selection.ascending) == (5, True, True)
    assert listed(selection) == listed(selection)


@pytest.mark.parametrize("names", [["chr2", "Un"], ["Un", "chr2"], ("Un", "chr2")])
def test_chromosomes_are_sorted_however_they_are_given(names):
    selection = GridSelection(GENOME, names)
    assert listed(selection) == [("Un", [0]), ("chr2", [0, 50, 100])]
    assert selection.total == 4


@pytest.mark.parametrize("name", ["chr1", "chr10"])
def test_a_chromosome_asked_for_twice_is_scored_once(name):
    assert GridSelection(GENOME, [name, name]).total == (name == "chr10")


def test_nothing_to_score_is_counted_as_nothing():
    selection = GridSelection(GENOME, ["chr1"])
    assert (selection.total, listed(selection)) == (0, [])


# chr2 (320 bp)  0   50   100  150  200  250  300
#   bin 0        |-----75====125------|              =: what the bin shows
#   bin 50            |-----125====175------|
#   bin 100                |-----175====225------|
@pytest.mark.parametrize(
    ("regions", "starts"),
    [
        ("chr2\t75\t125\n", [0]),
        ("chr2\t124\t126\n", [0, 50]),
        ("chr2\t125\t175\n", [50]),
        ("chr2\t174\t175\nchr2\t90\t91\nchr2\t80\t91\n", [0, 50]),
        ("chr2\t0\t320\n", [0, 50, 100]),
        ("chr2\t0\t75\n", []),
        ("chr2\t225\t320\n", []),
    ],
)
def test_regions_are_tiled(tmp_path, regions, starts):
    selection = GridSelection(GENOME, None, bed(tmp_path, regions))
    assert listed(selection) == ([("chr2", starts)] if starts else [])
    assert selection.total == len(starts)
    assert selection.on_grid and selection.ascending


def test_regions_of_several_chromosomes_come_in_c_locale_order(tmp_path):
    text = "chr2\t100\t110\nscaffold_9\t0\t5\nchr10\t100\t110\nchr1\t0\t199\nUn\t100\t110\n"
    assert listed(GridSelection(GENOME, None, bed(tmp_path, text))) == [("Un", [0]), ("chr10", [0]), ("chr2", [0])]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(200, 3000),
    st.lists(st.tuples(st.integers(0, 2999), st.integers(1, 600)), min_size=1, max_size=5),
)
def test_regions_are_covered_by_bins_of_the_grid(tmp_path, length, drawn):
    """By brute force: the bins whose central 50 bp share a base with a region."""
    regions = [(start % length, min(start % length + size, length)) for start, size in drawn]
    path = bed(tmp_path, "".join(f"c\t{start}\t{end}\n" for start, end in regions))
    wanted = {base for start, end in regions for base in range(start, end)}
    expected = [start for start in range(0, length - 199, 50) if wanted & set(range(start + 75, start + 125))]
    assert [start for group in GridSelection({"c": length}, None, path) for start in group.starts] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2\t0\t10\n", "given.bed: chromosome '2' is not in the genome; did you mean 'chr2'?"),
        ("chr7\t0\t10\n", "given.bed: no line is on a chromosome of the genome: 'chr7' is not in it"),
        ("chr2\t0\t321\n", "given.bed, line 1: end (321) is past the end of chr2 (320)"),
        ("", "given.bed: holds no interval"),
    ],
)
def test_wrong_regions(tmp_path, text, expected):
    found = message(GridSelection, GENOME, None, bed(tmp_path, text))
    assert expected in found
    assert "--clip" not in found  # an option of another program


def test_bins_as_listed(tmp_path):
    text = "#a comment\nchr2\t100\t300\tname\nchr2\t0\t200\nchr2\t0\t200\nUn\t0\t200\r\nchr2\t50\t250\n"
    selection = ListedSelection(bed(tmp_path, text), GENOME)
    assert listed(selection) == [("chr2", [100, 0, 0]), ("Un", [0]), ("chr2", [50])]
    assert (selection.total, selection.on_grid, selection.ascending) == (5, True, False)


def test_compressed_bins(tmp_path):
    path = tmp_path / "bins.bed.gz"
    path.write_bytes(gzip.compress(b"chr2\t0\t200\n"))
    assert listed(ListedSelection(path, GENOME)) == [("chr2", [0])]


@pytest.mark.parametrize("chroms", [("chr2",), ("chr2", "Un")])
def test_a_list_takes_13_bytes_per_bin_however_chromosomes_alternate(tmp_path, chroms):
    path = bed(tmp_path, "".join(f"{chrom}\t0\t200\n" for _ in range(20_000 // len(chroms)) for chrom in chroms))
    ListedSelection(path, GENOME)  # what is imported and compiled on the way is held by then
    tracemalloc.start()
    try:
        selection = ListedSelection(path, GENOME)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 12 * 20_000 <= held <= 13 * 20_000
    assert [group.chrom for group in selection] == [*chroms] * (10_000 if len(chroms) == 2 else 1)


@pytest.mark.parametrize(
    ("bins", "on_grid"),
    [
        ([("chr2", 0), ("chr2", 50)], True),
        ([("chr2", 7), ("chr2", 107), ("Un", 0)], False),
        ([("chr10", 7), ("chr2", 107)], True),  # one phase: what the engine needs is that all agree
        ([("chr2", 0), ("chr2", 1)], False),
        ([("chr2", 13)], True),
    ],
)
def test_whether_bins_share_a_phase(tmp_path, bins, on_grid):
    path = bed(tmp_path, "".join(f"{chrom}\t{start}\t{start + 200}\n" for chrom, start in bins))
    assert ListedSelection(path, GENOME).on_grid is on_grid


@pytest.mark.parametrize(
    ("bins", "ascending"),
    [
        ([("Un", 0), ("chr10", 0), ("chr2", 0), ("chr2", 1)], True),
        ([("chr2", 0), ("chr2", 0)], False),
        ([("chr2", 50), ("chr2", 0)], False),
        ([("chr2", 0), ("chr10", 0)], False),
        ([("chr10", 0), ("chr2", 0), ("chr10", 49)], False),
        ([("chr10", 0), ("Un", 0)], False),
    ],
)
def test_whether_bins_are_sorted(tmp_path, bins, ascending):
    path = bed(tmp_path, "".join(f"{chrom}\t{start}\t{start + 200}\n" for chrom, start in bins))
    assert ListedSelection(path, GENOME).ascending is ascending


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2\t0\t200\n", "line 1: chromosome '2' is not in the features file; did you mean 'chr2'?"),
        ("chr2\t0\t200\nchr3\t0\t200\n", "line 2: chromosome 'chr3' is not in the features file"),
        ("chr2\t0\t150\n", "line 1: spans 150 bp; a bin has 200 (give regions of any size with --regions)"),
        ("chr2\t0\t400\n", "line 1: spans 400 bp"),
        ("chr2\t121\t321\n", "line 1: end (321) is past the end of chr2 (320)"),
        ("chr1\t0\t200\n", "line 1: end (200) is past the end of chr1 (199)"),
        ("chr2\t-50\t150\n", "line 1: start (-50) is negative; BED counts from 0"),
        ("chr2\t200\t0\n", "line 1: end (0) is not after start (200)"),
        ("chr2\t0\n", "line 1: has fewer than three columns"),
        ("chr2\tx\t200\n", "line 1: 'x' is not a whole number"),
        ("", "holds no bin"),
        ("# nothing\n\ntrack name=x\n", "holds no bin"),
    ],
)
def test_wrong_bins(tmp_path, text, expected):
    path = bed(tmp_path, text)
    assert message(ListedSelection, path, GENOME).startswith(f"{path}{':' if 'no bin' in expected else ','} {expected}")
