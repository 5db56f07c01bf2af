"""Mistakes of users of deepgrn-predict: one line that names the file and the remedy, the right exit code, no output."""

import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from predict_toys import Toy
from programs import exit_code
from published_designs import SMALL
from published_files import write_published

from deepgrn_tool.cli.predict import main
from deepgrn_tool.network.config import NetworkConfig
from deepgrn_tool.network.files import Model, save_model
from deepgrn_tool.network.weights import weight_shapes

PROGRAM = "deepgrn-predict: error: "


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


class Case:
    """One run in a folder of its own: good files under `in`, outputs to `out`."""

    def __init__(self, toy, folder, capfd):
        self.toy = toy
        self.inputs = folder / "in"
        self.out = folder / "out"
        self.inputs.mkdir()
        self.out.mkdir()
        self.features = shutil.copy(toy.features, self.inputs / "features.h5")
        self.model = shutil.copy(toy.model, self.inputs / "model.h5")
        self.output = self.out / "t.bw"
        self._capfd = capfd

    def bed(self, text, name="given.bed"):
        path = self.inputs / name
        path.write_text(text)
        return path

    def run(self, *options, outputs=None, cell="liver"):
        """Give the exit code and what is on stderr, after checking that nothing was written."""
        outputs = [self.output] if outputs is None else outputs
        argv = [self.features, self.model, *options, *(part for path in outputs for part in ("-o", path))]
        before = self.listing()
        code = exit_code(main, *argv, *(["--cell", cell] if cell else []))
        captured = self._capfd.readouterr()
        assert captured.out == ""
        assert self.listing() == before
        return code, captured.err

    def listing(self):
        return {path: path.stat().st_size for folder in (self.inputs, self.out) for path in folder.rglob("*")}

    def refuses(self, message, *options, **more):
        """Bad data: exit code 1 and one line."""
        code, said = self.run(*options, "--quiet", **more)
        assert (code, said) == (1, f"{PROGRAM}{message}\n")

    def refuses_options(self, message, *options, **more):
        """Bad options: exit code 2, the usage, and one line."""
        code, said = self.run(*options, **more)
        assert code == 2
        assert said.startswith("usage: deepgrn-predict ")
        assert said.splitlines()[-1] == f"{PROGRAM}{message}"

    def edit(self, path):
        return h5py.File(path, "r+")


@pytest.fixture
def case(toy, tmp_path, capfd):
    return Case(toy, tmp_path, capfd)


MAKE_FEATURES = "make one with deepgrn-features"
MAKE_MODEL = "make one with deepgrn-import or deepgrn-train"
NOT_THERE = "No such file or directory"


# --- the files that are given


def test_features_and_model_change_places(case):
    case.features, case.model = case.model, case.features
    text = f"is not a deepgrn-model file (its format is 'deepgrn-features'); {MAKE_MODEL}"
    case.refuses(f"{case.model}: {text}")


def test_one_file_for_both(case):
    case.model = case.features
    case.refuses(f"{case.model}: is not a deepgrn-model file (its format is 'deepgrn-features'); {MAKE_MODEL}")


def test_a_published_network_for_a_model(case):
    case.model = case.inputs / "published.h5"
    write_published(case.model, SMALL["lstm"])
    case.refuses(f"{case.model}: is not a deepgrn-model file (it names no format); {MAKE_MODEL}")


@pytest.mark.parametrize("which", ["features", "model"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated(case, which, share):
    path = getattr(case, which)
    with open(path, "r+b") as file:
        file.truncate(int(os.path.getsize(path) * share))
    case.refuses(f"{path}: is damaged or truncated HDF5; make or copy the file again")


def test_a_model_of_other_bins(case):
    config = NetworkConfig(bin_size=100, filters=2, lstm_units=2, dense_units=2, dense_after_meta=())
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(config).items()}
    save_model(Model(config, weights), case.model)
    case.refuses(f"{case.model}: scores bins of 100 bp; only 200 bp are supported")


@pytest.mark.parametrize(
    ("dataset", "place", "value", "message"),
    [
        ("cells/liver/tracks/accessibility", 1234, np.nan, "track 'accessibility' holds nan at chr2:1234-1235"),
        ("cells/liver/tracks/accessibility", 2600, np.inf, "track 'accessibility' holds inf at chr10:30-31"),
        ("genome_tracks/uniqueness", 0, -np.inf, "track 'uniqueness' holds -inf at chr2:0-1"),
    ],
)
def test_signals_that_are_no_numbers(case, dataset, place, value, message):
    # In the file, chr2 (2,420 bp) comes first, then tiny (150 bp), then chr10.
    with case.edit(case.features) as file:
        file[dataset][place] = value
    case.refuses(f"{case.features}: {message}, not a finite number; make the file again with deepgrn-features")


def test_expression_that_is_no_number(case):
    with case.edit(case.features) as file:
        file["cells/liver/expression"][3] = np.nan
    text = "expression of cell 'liver' holds a value that is not a finite number"
    case.refuses(f"{case.features}: {text}; make the file again with deepgrn-features")


HUGE = (
    "the score of chr10:0-200 is not a number; the signal there must be too large for the model: "
    "look at it with deepgrn-info, and at the files that it came from"
)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_signals_that_are_too_large_for_the_network(case):
    with case.edit(case.features) as file:
        file["cells/liver/tracks/accessibility"][:] = 3e38
    case.refuses(f"{case.features}: {HUGE}")


def test_no_other_line_about_signals_that_are_too_large(case):
    with case.edit(case.features) as file:
        file["cells/liver/tracks/accessibility"][:] = 3e38
    case.refuses(f"{case.features}: {HUGE}")


def test_damaged_data(case):
    """Bytes in the middle of the compressed bases are overwritten."""
    with h5py.File(case.features) as file:
        place = file["sequence"].id.get_chunk_info(0)
    with open(case.features, "r+b") as file:
        file.seek(place.byte_offset)
        file.write(b"\0" * place.size)
    code, said = case.run("--quiet")
    assert code == 1
    assert said.startswith(f"{PROGRAM}{case.features}: sequence, chr10:0-")
    assert said.endswith(" cannot be read; the file is damaged\n")
    assert len(said.splitlines()) == 1


# --- what the model needs and the features lack


@pytest.mark.parametrize(
    ("skip", "message"),
    [
        ("uniqueness", "has no track 'uniqueness', which the model needs; make the file with --uniqueness FILE"),
        (
            "expression-scores",
            "has no expression of cell 'liver', which the model needs; "
            "make the file with --expression or --expression-scores",
        ),
    ],
)
def test_features_lack(case, skip, message):
    case.toy.write_features(case.features, cells=["liver"], skip=[skip])
    case.refuses(f"{case.features}: {message}")


def test_features_lack_annotation(case):
    skip = ("cpg-islands", "cds", "introns", "promoters", "utr5", "utr3")
    case.toy.write_features(case.features, cells=["liver"], skip=skip)
    case.refuses(
        f"{case.features}: has no annotation, which the model needs; make the file with --gtf and --cpg-islands, "
        "or with the six BED options"
    )


def test_features_lack_a_track_of_the_cell(case):
    with case.edit(case.features) as file:
        tracks = file["cells/liver/tracks"]
        tracks.move("accessibility", "marks")
    code, said = case.run("--quiet")
    assert code == 1
    assert said.startswith(f"{PROGRAM}{case.features}: has no track 'accessibility', which the model needs; make the ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("cell", "hint"), [("Liver", "; did you mean 'liver'?"), ("HeLa-S3", " (it has K562, liver)")])
def test_unknown_cells(case, cell, hint):
    case.refuses(f"{case.features}: has no cell '{cell}'{hint}", cell=cell)


def test_which_of_two_cells(case):
    case.refuses_options(f"choose a cell with --cell; {case.features} has K562, liver", cell=None)


# --- what to score


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("2", "has no chromosome '2'; did you mean 'chr2'?"),
        ("chr10,Chr10", "has no chromosome 'Chr10'; did you mean 'chr10'?"),
        ("scaffold", "has no chromosome 'scaffold' (it has chr2, tiny, chr10, chrU)"),
    ],
)
def test_unknown_chromosomes(case, names, message):
    case.refuses(f"{case.features}: {message}", "--chromosomes", names)


@pytest.mark.parametrize("names", ["", ",", "chr10,", "chr2,,chr10", " "])
def test_empty_names_of_chromosomes(case, names):
    message = f"argument --chromosomes: '{names}' holds an empty name; give names with commas between them"
    case.refuses_options(message, "--chromosomes", names)


def test_only_a_chromosome_shorter_than_a_bin(case):
    message = f"{case.features}: no bin fits the chromosomes or regions asked for; bins have 200 bp"
    case.refuses(message, "--chromosomes", "tiny")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2\t0\t10\n", ": chromosome '2' is not in the genome; did you mean 'chr2'?"),
        (
            "chrM\t0\t10\n",
            ": no line is on a chromosome of the genome: 'chrM' is not in it (it has chr2, tiny, chr10, chrU)",
        ),
        (
            "chr2\t2400\t2421\n",
            ", line 1: end (2421) is past the end of chr2 (2420); is the file from another assembly?",
        ),
        ("chr2\t10\t5\n", ", line 1: end (5) is not after start (10)"),
        ("", ": holds no interval"),
        ("tiny\t0\t150\n", ": no bin fits the chromosomes or regions asked for; bins have 200 bp"),
        ("chr2\t0\t75\n", ": no bin fits the chromosomes or regions asked for; bins have 200 bp"),
    ],
)
def test_wrong_regions(case, text, message):
    path = case.bed(text)
    case.refuses(f"{path}{message}", "--regions", path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr2\t0\t200\n2\t0\t200\n", ", line 2: chromosome '2' is not in the features file; did you mean 'chr2'?"),
        ("chr2\t0\t1002\n", ", line 1: spans 1002 bp; a bin has 200 (give regions of any size with --regions)"),
        ("chr2\t0\t200\nchr2\t2300\t2500\n", ", line 2: end (2500) is past the end of chr2 (2420)"),
        ("chr2\t-50\t150\n", ", line 1: start (-50) is negative; BED counts from 0"),
        ("chr2\t1.5\t200\n", ", line 1: '1.5' is not a whole number"),
        ("chr2 200\n", ", line 1: has fewer than three columns (chromosome, start, end)"),
        ("#chrom\tstart\tend\n", ": holds no bin"),
    ],
)
def test_wrong_bins(case, text, message):
    path = case.bed(text)
    case.refuses(f"{path}{message}", "--bins", path)


UNSORTED = (
    "its bins are not sorted or some are repeated, which tracks cannot show; "
    "sort it (LC_ALL=C sort -u -k1,1 -k2,2n) or write only .tab.gz"
)


@pytest.mark.parametrize(
    "text",
    ["chr2\t50\t250\nchr2\t0\t200\n", "chr2\t0\t200\nchr10\t0\t200\n", "chr2\t0\t200\nchr2\t0\t200\n"],
    ids=["positions", "chromosomes", "repeats"],
)
@pytest.mark.parametrize("name", ["t.bw", "t.bedGraph", "t.bed"])
def test_unsorted_bins_and_a_track(case, text, name):
    path = case.bed(text)
    case.refuses(f"{path}: {UNSORTED}", "--bins", path, outputs=[case.out / "t.tab.gz", case.out / name])


def test_bins_closer_than_the_track_can_show(case):
    path = case.bed("chr2\t300\t500\nchr2\t349\t549\n")
    case.refuses(
        f"{path}: bins chr2:300 and chr2:349 start 49 bp apart, so their central 50 bp overlap; "
        "use --summarize mean or max, or write .tab.gz",
        *("--bins", path),
    )


@pytest.mark.parametrize("option", ["--bins", "--regions"])
def test_a_list_that_is_missing(case, option):
    path = case.inputs / "absent.bed"
    case.refuses(f"{path}: {NOT_THERE}", option, path)


@pytest.mark.parametrize("option", ["--bins", "--regions"])
def test_a_list_that_is_no_text(case, option):
    code, said = case.run(option, case.toy.features, "--quiet")
    assert code == 1
    assert said.startswith(f"{PROGRAM}{case.toy.features}, line 1: ")
    assert said.endswith("; is this a binary file?\n")


@pytest.mark.parametrize(
    ("first", "second"), [("--bins", "--regions"), ("--chromosomes", "--bins"), ("--regions", "--chromosomes")]
)
def test_two_choices_of_what_to_score(case, first, second):
    case.refuses_options(f"argument {second}: not allowed with argument {first}", first, "x.bed", second, "y.bed")


# --- options and outputs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "1.01"], "argument --threshold: 1.01 is not between 0 and 1"),
        (["--threshold", "-0.1"], "argument --threshold: -0.1 is not between 0 and 1"),
        (["--threshold", "nan"], "argument --threshold: nan is not between 0 and 1"),
        (["--threshold", "high"], "argument --threshold: 'high' is not a number"),
        (["--threads", "0"], "argument --threads: 0 is not at least 1"),
        (["--threads", "two"], "argument --threads: 'two' is not a whole number"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_options(case, options, message):
    case.refuses_options(message, *options)


def test_a_summary_that_is_unknown(case):
    code, said = case.run("--summarize", "median")
    assert code == 2
    assert "argument --summarize: invalid choice: 'median' (choose from " in said.splitlines()[-1]


def test_no_output(case):
    case.refuses_options("nothing to write: give at least one output", outputs=[])


@pytest.mark.parametrize("name", ["t.txt", "t", "t.bw.gz", "t.tab"])
def test_suffixes_that_tell_no_format(case, name):
    code, said = case.run(outputs=[case.out / "good.bw", case.out / name])
    assert code == 2
    last = said.splitlines()[-1]
    assert last.startswith(
        f"{PROGRAM}output {case.out / name}: the suffix must tell the format: .bw or .bigWig (bigWig)"
    )


def test_an_output_named_twice(case):
    other = case.out / ".." / "out" / "t.bw"
    case.refuses_options(f"output {other} is named twice", outputs=[case.output, other])


def test_the_summary_named_as_an_output(case):
    case.refuses_options(f"output {case.output} is named twice", "--summary", case.output)


def test_an_index_named_as_an_output(case):
    track = case.out / "t.bedGraph.gz"
    case.refuses_options(f"output {track}.tbi is named twice", "--summary", f"{track}.tbi", outputs=[track])


@pytest.mark.parametrize("option", ["--bins", "--regions"])
def test_an_output_that_is_an_input(case, option):
    path = case.bed("chr2\t0\t200\n", "bins.bed")
    message = f"output {path} is also the input {path}; choose another name"
    case.refuses_options(message, option, path, outputs=[path])


@pytest.mark.parametrize("which", ["features", "model"])
def test_the_summary_over_an_input(case, which):
    path = getattr(case, which)
    message = f"output {path} is also the input {path}; choose another name"
    case.refuses_options(message, "--summary", path, outputs=[])


def test_an_output_that_is_a_link_to_an_input(case):
    link = case.out / "t.bed"
    path = case.bed("chr2\t0\t200\n", "bins.bed")
    link.symlink_to(path)
    case.refuses_options(f"output {link} is also the input {path}; choose another name", "--bins", path, outputs=[link])


def test_a_folder_that_is_missing(case):
    path = case.out / "absent" / "t.bw"
    case.refuses(f"{path}: its folder does not exist; create it first", outputs=[case.output, path])


def test_a_folder_that_is_a_file(case):
    path = case.inputs / "model.h5" / "t.bw"
    case.refuses(f"{path}: its folder does not exist; create it first", outputs=[path])


def test_a_folder_for_an_output(case):
    path = case.out / "t.bw"
    path.mkdir()
    case.refuses(f"{path}: is a folder, not a file name to write to", outputs=[path])


def test_existing_outputs_survive_a_failure(case):
    case.output.write_text("an older track")
    with case.edit(case.features) as file:
        file["cells/liver/tracks/accessibility"][2000] = np.nan
    code, _ = case.run()
    assert code == 1
    assert case.output.read_text() == "an older track"


LIMITED = """
import resource, signal, sys
from deepgrn_tool.cli.predict import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("name", ["t.bw", "t.bedGraph", "t.bedGraph.gz", "t.tab.gz"])
def test_a_full_disk(case, name):
    """A limit on the size of files stands in for it, in a process of its own: the kernel lets writes fail alike."""
    path = case.out / name
    argv = [str(case.features), str(case.model), "--cell", "liver", "-o", str(case.out / "t.bed"), "-o", str(path)]
    command = [sys.executable, "-c", LIMITED, "200", *argv, "--quiet", "--threshold", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{PROGRAM}{path}: File too large\n"
    assert list(case.out.iterdir()) == []


def test_the_traceback_is_shown_on_demand(case):
    case.features = case.inputs / "absent.h5"
    code, said = case.run("--debug")
    assert code == 1
    assert "Traceback (most recent call last):" in said
    assert said.splitlines()[-1] == f"{PROGRAM}{case.features}: {NOT_THERE}"
