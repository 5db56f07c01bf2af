"""Label files: what is written, what is read, and what is refused."""

import gzip
import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats import textfile
from deepgrn_tool.labels import parse, reader
from deepgrn_tool.labels.reader import read_labels
from deepgrn_tool.labels.table import ChromosomeLabels
from deepgrn_tool.labels.writer import LabelWriter, label_rows

HEADER = "chr\tstart\tstop\tK562\tliver\n"
ROWS = "chr2\t0\t200\tU\tB\nchr2\t50\t250\tA\tU\nchr2\t1000\t1200\tB\tB\nchr10\t50\t250\tU\tA\n"
TEXT = HEADER + ROWS
STARTS = st.sets(st.integers(0, 20) | st.integers(700, 1100) | st.integers(0, 10**10 - 201), min_size=1).map(sorted)


def written(tmp_path, text, name="a.tsv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def plain(labels):
    """Cells, and per chromosome the starts and a string of letters for each cell."""
    return labels.cells, {
        name: (part.starts.tolist(), *("".join("UBA"[code] for code in row) for row in part.codes))
        for name, part in labels.chromosomes.items()
    }


def rows_by_loop(chrom, starts, codes):
    lines = []
    for number, start in enumerate(starts):
        letters = "\t".join("UBA"[row[number]] for row in codes)
        lines.append(f"{chrom}\t{start}\t{start + 200}\t{letters}\n")
    return "".join(lines)


EXPECTED = (("K562", "liver"), {"chr2": ([0, 50, 1000], "UAB", "BUB"), "chr10": ([50], "U", "A")})


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        gzip.compress(TEXT.encode()),
        gzip.compress(HEADER.encode()) + gzip.compress(ROWS.encode()),  # in two pieces, as bgzip has many
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", "\r\n").rstrip("\n").encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
    ],
)
def test_reads_plain_and_compressed_text_with_any_line_ends(tmp_path, content):
    assert plain(read_labels(written(tmp_path, content))) == EXPECTED


def test_shapes_and_types(tmp_path):
    labels = read_labels(written(tmp_path, TEXT))
    part = labels.chromosomes["chr2"]
    assert part.chrom == "chr2"
    assert (part.starts.dtype, part.starts.shape) == (np.int64, (3,))
    assert (part.codes.dtype, part.codes.shape) == (np.uint8, (2, 3))


def test_reads_from_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    sender = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(TEXT.encode()),))
    sender.start()
    assert plain(read_labels(pipe)) == EXPECTED
    sender.join()


def test_keeps_wanted_cells_in_the_order_asked_for(tmp_path):
    path = written(tmp_path, TEXT)
    assert plain(read_labels(path, cells=["liver", "K562"])) == (
        ("liver", "K562"),
        {"chr2": ([0, 50, 1000], "BUB", "UAB"), "chr10": ([50], "A", "U")},
    )
    assert plain(read_labels(path, cells=["liver"]))[1] == {"chr2": ([0, 50, 1000], "BUB"), "chr10": ([50], "A")}


def test_keeps_wanted_chromosomes_in_the_order_of_the_file(tmp_path):
    path = written(tmp_path, TEXT)
    assert plain(read_labels(path, chromosomes=["chr10"]))[1] == {"chr10": ([50], "U", "A")}
    assert list(read_labels(path, chromosomes={"chr10", "chr2"}).chromosomes) == ["chr2", "chr10"]


@pytest.mark.parametrize("size", [40, 41, 64, 100])
def test_blocks_may_end_anywhere(tmp_path, monkeypatch, size):
    monkeypatch.setattr(textfile, "BLOCK_SIZE", size)
    for text in (TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n")):
        assert plain(read_labels(written(tmp_path, text))) == EXPECTED


@given(STARTS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_rows_equal_those_of_a_loop(starts, n_cells, draw):
    codes = np.array([[draw.randrange(3) for _ in starts] for _ in range(n_cells)], np.uint8)
    text = b"".join(label_rows("chr%d", np.array(starts, np.int64), codes)).decode()
    assert text == rows_by_loop("chr%d", starts, codes)


@pytest.mark.parametrize("bins", [1, 5, 63, 64, 65, 200])
def test_chromosomes_with_rows_of_equal_width_are_told_apart_without_looking_far(tmp_path, monkeypatch, bins):
    """Of a fragmented genome each row is looked at a few times, not once for each contig before it."""
    looks = []
    whole = parse._begin_with
    monkeypatch.setattr(parse, "_begin_with", lambda rows, prefix: (looks.append(len(rows)), whole(rows, prefix))[1])
    starts = [10_000 + 50 * number for number in range(bins)]
    codes = [(number * 7 % 3, number % 2) for number in range(bins)]
    names = [f"contig{number:04d}" for number in range(2_000 // bins)]
    rows = [
        f"{name}\t{start}\t{start + 200}\t{'UBA'[one]}\t{'UBA'[two]}\n"
        for name in names
        for start, (one, two) in zip(starts, codes, strict=True)
    ]
    found = plain(read_labels(written(tmp_path, HEADER + "".join(rows))))[1]
    letters = ["".join("UBA"[code] for code in cell) for cell in zip(*codes, strict=True)]
    assert found == {name: (starts, *letters) for name in names}
    assert sum(looks) <= 3 * len(rows) + parse.FIRST_LOOK * len(names)


def test_rows_of_a_long_chromosome_are_looked_at_once(tmp_path, monkeypatch):
    looks = []
    whole = parse._begin_with
    monkeypatch.setattr(parse, "_begin_with", lambda rows, prefix: (looks.append(len(rows)), whole(rows, prefix))[1])
    rows = [f"chr2\t{start}\t{start + 200}\tU\tB\n" for start in range(100_000, 200_000, 50)]
    assert plain(read_labels(written(tmp_path, HEADER + "".join(rows))))[1]["chr2"][0] == [*range(100_000, 200_000, 50)]
    assert looks == [64, 128, 256, 512, 1024, 16]  # 2,000 rows


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_written_is_read_back(tmp_path, compress):
    draw = np.random.default_rng(3)
    parts = []
    for chrom, count in {"chr1": 70_001, "chr10": 1, "chr2": 30_000}.items():
        starts = np.cumsum(draw.integers(1, 200, count)) + draw.integers(0, 10**6)
        parts.append(ChromosomeLabels(chrom, starts, draw.integers(0, 3, (3, count)).astype(np.uint8)))
    path = tmp_path / "a"
    with LabelWriter(path, ("a", "b b", "ü"), compress) as writer:
        for part in parts:
            writer.add(part)
        writer.finish()
    labels = read_labels(path)
    assert (labels.cells, list(labels.chromosomes)) == (("a", "b b", "ü"), ["chr1", "chr10", "chr2"])
    for part in parts:
        found = labels.chromosomes[part.chrom]
        np.testing.assert_array_equal(found.starts, part.starts)
        np.testing.assert_array_equal(found.codes, part.codes)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("chr2\t1050\t1250\tU", "has 4 columns where the header has 5"),
        ("chr2\t1050\t1250\tU\tU\tU", "has 6 columns where the header has 5"),
        ("chr2 1050 1250 U U", "has 1 columns where the header has 5"),
        ("", "has 1 columns where the header has 5"),
        ("\t1050\t1250\tU\tU", "has no chromosome name"),
        ("chr2\t1050\t1250\tU\tu", "'u' is not a label; labels are B, U and A"),
        ("chr2\t1050\t1250\tX\tU", "'X' is not a label; labels are B, U and A"),
        ("chr2\t1050\t1250\tUB\tU", "'UB' is not a label; labels are B, U and A"),
        ("chr2\t1050\t1250\t\tU", "'' is not a label; labels are B, U and A"),
        ("chr2\t-50\t150\tU\tU", "position '-50' is negative; bins count from 0"),
        ("chr2\t1e3\t1200\tU\tU", "position '1e3' is not a whole number"),
        ("chr2\t01050\t1250\tU\tU", "position '01050' is not a whole number"),
        ("chr2\t1050\t1250.0\tU\tU", "position '1250.0' is not a whole number"),
        ("chr2\t10/0\t1250\tU\tU", "position '10/0' is not a whole number"),
        # As numbers these would be the right ones: ':' follows '9'.
        ("chr2\t10:0\t1300\tU\tU", "position '10:0' is not a whole number"),
        ("chr2\t1100\t12:0\tU\tU", "position '12:0' is not a whole number"),
        ("chr2\t0950\t1150\tU\tU", "position '0950' is not a whole number"),
        ("chr2\t1050 1250\tU\tU", "has 4 columns where the header has 5"),
        ("chr2\t1050\t1250\tU U", "has 4 columns where the header has 5"),
        ("chr2\t1050\t1249\tU\tU", "the bin chr2:1050-1249 has 199 bp; bins have 200"),
        ("chr2\t1050\t1050\tU\tU", "the bin chr2:1050-1050 has 0 bp; bins have 200"),
        ("chr2\t1000\t1200\tU\tU", "the bin chr2:1000-1200 is there twice; SORT"),
        ("chr2\t950\t1150\tU\tU", "the bin chr2:950-1150 comes after one that starts at 1000; SORT"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_wrong_rows_are_refused(tmp_path, row, message, alone):
    # After a row of the same width, or not; before good rows, and as the last line.
    before = "chr2\t0\t200\tU\tB\n" + ("" if alone else "chr2\t950\t1150\tU\tB\n") + "chr2\t1000\t1200\tB\tB\n"
    message = message.replace("SORT", reader.SORTING)
    for after in ("", "\n", "\nchr2\t1100\t1300\tU\tU\nchr2\t1150\t1350\tU\tU\n"):
        path = written(tmp_path, HEADER + before + row + after)
        if not row + after:
            continue  # nothing follows: a good file
        with pytest.raises(InputError) as caught:
            read_labels(path)
        assert str(caught.value) == f"{path}, line {4 if alone else 5}: {message}"


def test_line_numbers_count_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(textfile, "BLOCK_SIZE", 64)
    rows = rows_by_loop("chr1", range(0, 100_000, 50), np.zeros((2, 2000), int))
    path = written(tmp_path, HEADER + rows.replace("\t77000\t77200\tU", "\t77000\t77200\tN"))
    with pytest.raises(InputError) as caught:
        read_labels(path)
    assert str(caught.value) == f"{path}, line {77_000 // 50 + 2}: 'N' is not a label; labels are B, U and A"


def test_wrong_rows_of_chromosomes_that_are_not_kept(tmp_path):
    path = written(tmp_path, TEXT.replace("chr2\t50\t250\tA\tU", "chr2\t50\t250\tA\tN"))
    with pytest.raises(InputError) as caught:
        read_labels(path, chromosomes=["chr10"], cells=["K562"])
    assert str(caught.value) == f"{path}, line 3: 'N' is not a label; labels are B, U and A"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": is empty"),
        (HEADER, ": holds no bin, only a header"),
        (ROWS, ", line 1: is not the header of a label file: COLUMNS"),
        ("chrom\tstart\tend\tK562\n", ", line 1: is not the header of a label file: COLUMNS"),
        ("chr start stop K562\n", ", line 1: is not the header of a label file: COLUMNS"),
        ("chr\tstart\tstop\n", ", line 1: is not the header of a label file: COLUMNS"),
        ("chr\tstart\tstop\tK562\t\n", ", line 1: a column of the header has no cell name"),
        ("chr\tstart\tstop\tK562\tliver\tK562\n", ", line 1: names cell 'K562' twice"),
        (b"\xff\xfe\x00", ", line 1: is not UTF-8 text; is this a binary file?"),
        (TEXT.encode() + b"chr\xff\t50\t250\tU\tU\n", ", line 6: is not UTF-8 text; is this a binary file?"),
        (TEXT + "chr2\t2000\t2200\tU\tU\n", ", line 6: chromosome 'chr2' appears a second time; its bins must SORT"),
        (HEADER + "U" * 2_100_000, ", line 2: is longer than 1,048,576 characters; is this a binary file?"),
        (gzip.compress(TEXT.encode())[:-20], ": compressed data ends early; the file is truncated, copy it again"),
        (gzip.compress(TEXT.encode())[:-8] + b"12345678", ": compressed data is damaged; copy the file again"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, message):
    path = written(tmp_path, text)
    columns = "'chr', 'start', 'stop' and the names of cells, separated by tabs"
    message = message.replace("COLUMNS", columns).replace("SORT", f"stand together: {reader.SORTING}")
    with pytest.raises(InputError) as caught:
        read_labels(path)
    assert str(caught.value) == f"{path}{message}"


def test_unknown_names_are_refused(tmp_path):
    path = written(tmp_path, TEXT)
    with pytest.raises(InputError) as caught:
        read_labels(path, cells=["K526"])
    assert str(caught.value) == f"{path}: has no cell 'K526'; did you mean 'K562'?"
    with pytest.raises(InputError) as caught:
        read_labels(path, chromosomes=["chr2", "10"])
    assert str(caught.value) == f"{path}: has no chromosome '10'; did you mean 'chr10'?"


def test_memory_is_little_more_than_the_arrays(tmp_path):
    import tracemalloc

    parts = {f"chr{number}": np.arange(0, 5_000_000, 50) for number in range(10, 20)}
    path = tmp_path / "a.gz"
    with LabelWriter(path, tuple("abc"), compress=True) as writer:
        for chrom, starts in parts.items():
            writer.add(ChromosomeLabels(chrom, starts, np.zeros((3, len(starts)), np.uint8)))
        writer.finish()
    tracemalloc.start()
    labels = read_labels(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    arrays = sum(part.starts.nbytes + part.codes.nbytes for part in labels.chromosomes.values())
    assert arrays == 10 * 100_000 * 11
    assert peak < arrays + 20e6  # a chromosome twice, and what one block is turned into
