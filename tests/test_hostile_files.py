"""Features files and files to go on from that are made to do harm: see test_hostile_models.py."""

import base64
import marshal
import os
import pickle
import shutil

import h5py
import numpy as np
import pytest
from guard import no_code, untouched
from hostile import (
    DATA,
    ENDLESS,
    FEATURES,
    HOSTILE,
    Place,
    external_link,
    huge,
    opaque,
    pickled,
    put,
    raw_file,
    region,
    soft_link,
    virtual,
)
from programs import exit_code

from deepgrn_tool.cli.info import main as info
from deepgrn_tool.cli.predict import main as predict
from deepgrn_tool.cli.train import main as train
from deepgrn_tool.errors import InputError
from deepgrn_tool.training.checkpoint import Course, load_checkpoint, save_checkpoint

LABELS = DATA / "galaxy" / "CTCF.labels.tsv.gz"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_the_guard_sees_what_it_should(place):
    place.copy(FEATURES, "f.h5")
    with h5py.File(place.inputs / "link.h5", "w") as file:
        file["out"] = h5py.ExternalLink(str(place.secret), "/sequence")
    folder = os.path.realpath(place.inputs)
    with untouched(place.secret, place.text) as touched, no_code(folder) as seen:
        with h5py.File(place.inputs / "link.h5") as file:
            assert file["out"].shape == (328_010,)
        assert touched() == {place.secret}
        assert seen == []
        place.text.read_bytes()
        assert touched() == {place.text}
        assert seen == [f"open {os.path.realpath(place.text)}"]
        pickle.loads(place.pickled)
    assert place.canary.exists()
    assert [line.split()[0] for line in seen[1:]] == ["pickle.find_class"]
    place.canary.rmdir()
    bytecode = place.bytecode
    with no_code(folder) as seen:
        exec(marshal.loads(base64.b64decode(bytecode)))
    assert place.canary.exists()
    assert [line.split()[0] for line in seen] == ["marshal.loads", "exec"]


AGAIN = "make the file again with deepgrn-features"
BASES = 328_010


@pytest.mark.parametrize("program", [info, predict], ids=["info", "predict"])
@pytest.mark.parametrize("edit", HOSTILE)
def test_features(place, capfd, program, edit):
    path = place.copy(FEATURES, "f.h5")
    put(place, path, "cells/gamma/tracks/accessibility", edit)
    options = [path] if program is info else [path, DATA / "model.h5", "--cell", "gamma", "-o", place.out / "t.bw"]
    name = "'cells/gamma/tracks/accessibility'"
    found = {
        external_link: f"lacks the dataset {name}; {AGAIN}",
        soft_link: f"lacks the dataset {name}; {AGAIN}",
        raw_file: f"the values of dataset {name} are in another file; {AGAIN}",
        virtual: f"the values of dataset {name} are in another file; {AGAIN}",
        pickled: f"dataset {name} is object {BASES} where float32 {BASES} is expected; {AGAIN}",
        opaque: f"dataset {name} is |V{len(place.pickled)} {BASES} where float32 {BASES} is expected; {AGAIN}",
        region: f"dataset {name} is object {BASES} where float32 {BASES} is expected; {AGAIN}",
        huge: f"dataset {name} is float32 {1 << 44} where float32 {BASES} is expected; {AGAIN}",
    }[edit]
    assert place.refused(capfd, program, *options, allowed=[DATA]) == f"{path}: {found}"


# --- attributes and JSON of all files of our own


def pickled_bytes(place):
    return np.void(place.pickled)


def pickled_numbers(place):
    return np.frombuffer(place.pickled, np.uint8)


def reference(place):
    with h5py.File(place.secret, "r+") as file:
        return file["/"].ref


def region_reference(place):
    with h5py.File(place.secret, "r+") as file:
        return file["sequence"].regionref[:]


def null(place):
    return h5py.Empty("S10")


@pytest.mark.parametrize("value", [pickled_bytes, pickled_numbers, reference, region_reference, null])
@pytest.mark.parametrize("attribute", ["format", "format_version"])
@pytest.mark.parametrize("origin", [FEATURES, DATA / "model.h5"], ids=["features", "model"])
def test_attributes_that_are_no_text(place, capfd, origin, attribute, value):
    path = place.copy(origin, "x.h5")
    shutil.copy(FEATURES, place.secret)
    with h5py.File(path, "r+") as file:
        del file.attrs[attribute]
        file.attrs[attribute] = value(place)
    kind = "features" if attribute == "format" or origin == FEATURES else "model"
    maker = "deepgrn-features" if kind == "features" else "deepgrn-import or deepgrn-train"
    said = place.refused(capfd, info, path)
    if attribute == "format":
        assert said == f"{path}: is not a deepgrn-{kind} file (it names no format); make one with {maker}"
    else:
        assert said == f"{path}: its format version is not a text; make the file again with {maker}"


# --- the file that training goes on from

TERMS = {"--seed": 1}


@pytest.fixture
def checkpoint(place):
    """A file to go on from, and the same elsewhere."""
    arrays = {"weights": np.arange(5, dtype="f4"), "steps": np.array(3)}
    course = Course(epoch=2, batches=1, windows=9, best={"logit/bias": np.ones(1, "f4")})
    save_checkpoint(place.secret, TERMS, course, arrays)
    path = place.inputs / "m.h5.training"
    shutil.copy(place.secret, path)
    assert load_checkpoint(path, TERMS)[0] == course
    return path


ELSEWHERE = (raw_file, virtual)  # where texts of any length cannot lie
CASES = [(edit, name) for edit in HOSTILE for name in ("state/weights", "best/logit/bias")]
CASES += [(edit, name) for edit in HOSTILE if edit not in ELSEWHERE for name in ("terms", "course")]


@pytest.mark.parametrize(("edit", "name"), CASES)
def test_training_state(place, checkpoint, edit, name):
    put(place, checkpoint, name, edit)
    with untouched(place.secret, place.text) as touched, no_code(os.path.realpath(place.inputs)) as seen:
        with pytest.raises(InputError) as caught:
            load_checkpoint(checkpoint, TERMS)
        assert (seen, touched()) == ([], set())
    assert str(caught.value) == (
        f"{checkpoint}: is damaged; delete it to start anew (dataset '{name}' is not of the kind that is written there)"
    )


@pytest.mark.parametrize("edit", ENDLESS)
def test_groups_without_end_in_a_training_state(checkpoint, edit):
    with h5py.File(checkpoint, "r+") as file:
        edit(file["state"])
    with pytest.raises(InputError) as caught:
        load_checkpoint(checkpoint, TERMS)
    assert str(caught.value).endswith(f"{ENDLESS[edit]})") and "'state'" in str(caught.value)


def test_training_refuses_it_in_one_line(place, checkpoint, capfd):
    put(place, checkpoint, "state/weights", external_link)
    before = checkpoint.read_bytes()
    argv = [FEATURES, LABELS, "--validation-chromosomes", "chr11", "--test-chromosomes", "none"]
    with untouched(place.secret) as touched:
        assert exit_code(train, *argv, "--resume", "-o", place.inputs / "m.h5", "--quiet") == 1
        assert touched() == set()
    text = "is damaged; delete it to start anew (dataset 'state/weights' is not of the kind that is written there)"
    assert capfd.readouterr().err == f"deepgrn-train: error: {checkpoint}: {text}\n"
    assert checkpoint.read_bytes() == before
    assert list(place.inputs.iterdir()) == [checkpoint]
