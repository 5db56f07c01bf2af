import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from features_inputs import K562, LENGTHS, Inputs, as_array, write_bigwig, write_fasta

from deepgrn_tool.cli.features import main
from deepgrn_tool.cli.info import main as info
from deepgrn_tool.data.features_file import FeaturesFile
from deepgrn_tool.data.safe_hdf5 import OverlayFile, appending, end_of_hdf5
from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.journal import replay, write_journal

PROGRAM = "import sys; from deepgrn_tool.cli.features import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def inputs(tmp_path):
    made = Inputs(tmp_path)
    assert main(made.minimal()) == 0
    return made


def test_overlay_shows_changes_but_keeps_old_bytes_until_the_commit(tmp_path):
    path = tmp_path / "x"
    old = bytes(range(256)) * 40  # 10,240 bytes: two and a half pages
    path.write_bytes(old)
    descriptor = os.open(path, os.O_RDWR)
    expected = bytearray(old)
    overlay = OverlayFile(descriptor, len(old), path)
    for place, text in [(4090, b"across pages"), (0, b"head"), (10_235, b"over the end"), (10_300, b"far")]:
        overlay.seek(place)
        assert overlay.write(memoryview(text)) == len(text)
        expected[len(expected) :] = bytes(max(0, place - len(expected)))
        expected[place : place + len(text)] = text
    overlay.seek(0)
    assert overlay.read(20_000) == bytes(expected)
    buffer = bytearray(100)
    overlay.seek(4050)
    assert overlay.readinto(memoryview(buffer)) == 100
    assert buffer == expected[4050:4150]
    assert path.read_bytes()[: len(old)] == old
    overlay.note()
    assert path.read_bytes()[: len(old)] == old
    overlay.commit()
    os.close(descriptor)
    assert path.read_bytes() == bytes(expected)


def test_overlay_that_gave_up_writes_nothing_any_more(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old content")
    with open(path, "r+b", buffering=0) as file:
        overlay = OverlayFile(file.fileno(), 11, path)
        overlay.seek(5000)
        overlay.write(b"new")
        assert path.stat().st_size == 5003
        overlay.give_up()
        assert path.read_bytes() == b"old content"
        overlay.seek(6000)
        assert overlay.write(b"late") == 4
        assert overlay.tell() == 6004
        assert overlay.truncate(9000) == 9000
    assert path.read_bytes() == b"old content"


@pytest.mark.parametrize("version", ["earliest", "v110", "latest"])
def test_end_is_read_from_every_superblock(tmp_path, version):
    with h5py.File(tmp_path / "a.h5", "w", libver=version) as file:
        file["x"] = np.arange(1000)
    size = os.path.getsize(tmp_path / "a.h5")
    with open(tmp_path / "a.h5", "ab") as stream:
        stream.write(b"left over from a killed run")
    descriptor = os.open(tmp_path / "a.h5", os.O_RDONLY)
    assert end_of_hdf5(descriptor, "a.h5") == size
    os.close(descriptor)


def test_failed_block_leaves_the_file_byte_for_byte(inputs):
    before = inputs.output.read_bytes()
    with pytest.raises(ZeroDivisionError), appending(inputs.output) as safe:
        safe.file["new"] = np.arange(100_000)
        raise ZeroDivisionError
    assert inputs.output.read_bytes() == before


def test_added_cell_with_tracks_and_expression(inputs):
    size = os.path.getsize(inputs.output)
    with FeaturesFile(inputs.output) as file:
        old = file.signal("accessibility", "chrA", 0, 3000, "liver")
    options = ["--accessibility", f"K562={inputs.k562}", "--cell-track", f"liver:marks={inputs.conservation}"]
    options += ["--genome-track", f"conservation={inputs.conservation}", "--uniqueness", str(inputs.uniqueness)]
    assert main(["--add-to", str(inputs.output), *options, "--expression-scores", str(inputs.scores)]) == 0
    assert os.path.getsize(inputs.output) > size
    with FeaturesFile(inputs.output) as file:
        assert file.cells == ["K562", "liver"]
        assert file.genome_tracks == ["conservation", "uniqueness"]
        assert file.cell_tracks("liver") == ["accessibility", "marks"]
        assert file.expression("K562")[1] == 1.5
        assert file.expression("liver") is None
        np.testing.assert_array_equal(
            file.signal("accessibility", "chrA", 0, 3000, "K562"), as_array(K562["chrA"], 3000)
        )
        np.testing.assert_array_equal(file.signal("accessibility", "chrA", 0, 3000, "liver"), old)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--accessibility", "liver={k562}"], 1, "already has cell 'liver'"),
        (["--accessibility", "K562={other}"], 1, "lacks chromosome 'chrB' of the genome"),
        (["--accessibility", "K562={negative}"], 1, "position 7 (counted from 0): value -1 is below 0"),
        (["--accessibility", "K562={k562}", "--assembly", "x"], 2, "--add-to takes signal and expression only"),
        (["--expression-scores", "{scores}"], 2, "expression belongs to cells"),
        ([], 2, "nothing to add"),
        (["--accessibility", "x={k562}", "--expression-scores", "{scores}"], 1, "has no column for cell 'x'"),
    ],
)
def test_refused_additions_change_nothing(inputs, capsys, options, code, message):
    before = inputs.output.read_bytes()
    files = {
        "k562": inputs.k562,
        "scores": inputs.scores,
        "other": write_bigwig(inputs.folder / "o.bw", {"chrA": 3000}, {"chrA": [(0, 1, 1)]}),
        "negative": write_bigwig(inputs.folder / "n.bw", LENGTHS, {"chrA": [(7, 9, -1)], "chrB": []}),
    }
    argv = ["--add-to", str(inputs.output), *(option.format(**files) for option in options), "--quiet"]
    if code == 2:
        with pytest.raises(SystemExit, match="2"):
            main(argv)
    else:
        assert main(argv) == code
    assert message in capsys.readouterr().err
    assert inputs.output.read_bytes() == before


def test_file_open_elsewhere_is_refused(inputs, capsys):
    with FeaturesFile(inputs.output):
        assert main(["--add-to", str(inputs.output), "--accessibility", f"K562={inputs.k562}", "--quiet"]) == 1
    assert "is open in another program" in capsys.readouterr().err


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A genome of 4 Mb and a noisy track, so that adding takes long enough to be killed half-way."""
    folder = tmp_path_factory.mktemp("large")
    length = 4_000_000
    bases = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, length)].tobytes().decode()
    genome = write_fasta(folder / "g.fa", {"c": bases})
    flat = write_bigwig(folder / "flat.bw", {"c": length}, {"c": [(0, length, 1.0)]})
    values = np.random.default_rng(1).random(length).astype(np.float32)
    import pyBigWig

    with pyBigWig.open(str(folder / "noise.bw"), "w") as file:
        file.addHeader([("c", length)])
        file.addEntries("c", 0, values=values, span=1, step=1)
    built = folder / "built.h5"
    assert main(["--genome", str(genome), "--accessibility", f"old={flat}", "-o", str(built), "--quiet"]) == 0
    return built, folder / "noise.bw", values


@pytest.mark.parametrize("grown", [1, 2_000_000, 6_000_000, 11_000_000])  # of about 14,000,000 bytes
def test_killed_run_leaves_the_old_content_and_the_cell_can_then_be_added(large, tmp_path, grown):
    built, noise, values = large
    path = tmp_path / "f.h5"
    shutil.copy(built, path)
    size = os.path.getsize(path)
    command = ["--add-to", str(path), "--accessibility", f"new={noise}"]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *command], stderr=subprocess.DEVNULL)
    while os.path.getsize(path) < size + grown and process.poll() is None:
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert os.path.getsize(path) > size
    with FeaturesFile(path) as file:
        assert file.cells == ["old"]
        assert (file.signal("accessibility", "c", 0, 4_000_000, "old") == 1).all()
        sequence = file.sequence("c", 0, 4_000_000)
    with FeaturesFile(built) as file:
        np.testing.assert_array_equal(sequence, file.sequence("c", 0, 4_000_000))
    assert main([*command, "--quiet"]) == 0
    with FeaturesFile(path) as file:
        assert file.cells == ["new", "old"]
        np.testing.assert_array_equal(file.signal("accessibility", "c", 0, 4_000_000, "new"), values)


DYING = """
import os, signal, sys
from deepgrn_tool.cli.features import main
from deepgrn_tool.data.safe_hdf5 import OverlayFile

number, part = int(sys.argv.pop(1)), sys.argv.pop(1)
note, real, seen = OverlayFile.note, (os.pwrite, os.fsync, os.ftruncate), []

def dies(function):
    def call(descriptor, *arguments):
        seen.append(function)
        if len(seen) == number:
            if part == "half" and function is real[0]:
                function(descriptor, bytes(arguments[0])[: len(arguments[0]) // 2], arguments[1])
            os.kill(os.getpid(), signal.SIGKILL)
        return function(descriptor, *arguments)
    return call

def begin(overlay):
    os.pwrite, os.fsync, os.ftruncate = map(dies, real)
    note(overlay)

OverlayFile.note = begin
code = main(sys.argv[1:])
print(len(seen))
sys.exit(code)
"""


def test_killed_at_each_step_of_the_end(inputs, tmp_path):
    """Before the note of changes is whole the old content stays; from then on the file has, or gets, the new one."""
    old = inputs.output.read_bytes()
    options = ["--accessibility", f"K562={inputs.k562}", "--genome-track", f"more={inputs.conservation}", "--quiet"]

    def run(number, part):
        path = tmp_path / f"{number}{part}.h5"
        path.write_bytes(old)
        command = [sys.executable, "-c", DYING, str(number), part, "--add-to", str(path), *options]
        done = subprocess.run(command, stdout=-1, text=True, timeout=60)
        return path, done.returncode, done.stdout

    path, code, steps = run(0, "")
    whole = path.read_bytes()
    assert (code, whole == old) == (0, False)
    found = []
    for number in range(1, int(steps) + 1):
        for part in ("", "half"):
            path, code, _ = run(number, part)
            assert code == -signal.SIGKILL
            with FeaturesFile(path) as file:
                cells = file.cells
                assert file.signal("accessibility", "chrA", 0, 3000, "liver").any()
                found.append(cells)
            again = main(["--add-to", str(path), *options])
            assert again == (0 if cells == ["liver"] else 1)
            assert path.read_bytes() == whole
    assert found == sorted(found, key=len)  # first the old content only, later the new only
    assert [["liver"], ["K562", "liver"]] == [found[0], found[-1]]
    assert int(steps) >= 6  # new bytes and note on the disk, at least two changes, then the note is cut off


def test_a_note_that_cannot_be_followed_is_told(inputs, capsys, monkeypatch):
    with open(inputs.output, "r+b") as file:
        write_journal(file.fileno(), os.path.getsize(inputs.output), {0: inputs.output.read_bytes()[:8]})
    size = os.path.getsize(inputs.output)
    real = open

    def forbidden(path, mode="r", *arguments, **options):
        if mode == "r+b":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, mode, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", forbidden)
        with pytest.raises(InputError) as caught:
            FeaturesFile(inputs.output)
    text = "an addition to it was killed in its last step; run deepgrn-info on it with permission to write"
    assert str(caught.value) == f"{inputs.output}: {text}"
    assert info([str(inputs.output)]) == 0
    assert os.path.getsize(inputs.output) < size


@pytest.mark.parametrize("place", [10**6, 1 << 63])
def test_a_note_of_changes_elsewhere_is_none(tmp_path, place):
    path = tmp_path / "x"
    path.write_bytes(b"content")
    with open(path, "r+b") as file:
        write_journal(file.fileno(), 7, {place: b"far"})
        before = path.read_bytes()
        assert not replay(file.fileno())
    assert path.read_bytes() == before


def test_damaged_files_cannot_be_added_to(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with open(tmp_path / "a.h5", "r+b") as stream:
        stream.seek(40)
        stream.write((5000).to_bytes(8, "little"))
    with pytest.raises(InputError, match="is truncated HDF5"), appending(tmp_path / "a.h5"):
        raise AssertionError("opened")
    (tmp_path / "b.h5").write_bytes(b"text")
    with pytest.raises(InputError, match="is not HDF5"), appending(tmp_path / "b.h5"):
        raise AssertionError("opened")
