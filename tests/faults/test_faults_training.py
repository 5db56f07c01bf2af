"""Training killed before each of its last steps with files; its network is a stand-in that needs no TensorFlow."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from training_toys import Toy

FOLDER = Path(__file__).resolve().parent
OUTPUTS = ["curves.png", "history.tsv", "model.h5"]
PROGRAM = """
import sys
sys.path[:0] = {paths!r}
from launch import watch
from training_toys import PlainStep, toy_settings
import deepgrn_tool.training.train as program
from deepgrn_tool.training.data import Choice

features, labels, out, number = sys.argv[1:]
program.make_step = PlainStep
settings = toy_settings(epochs=1, patience=1, batch_size=20, validation_negatives=1.0)
training = program.Training(
    features, labels, f"{{out}}/model.h5", settings, Choice(validation=("chrV",), test=("chrT",)),
    history=f"{{out}}/history.tsv", curves=[f"{{out}}/curves.png"], resume=True,
)
watch(1, out, {signal}, int(number))
training.run()
"""
CODE = PROGRAM.format(paths=[str(FOLDER), str(FOLDER.parent)], signal=int(signal.SIGKILL))


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


def run(toy, out, number=0):
    """Run in a process of its own, killed before a step with files; gives exit status and steps."""
    command = [sys.executable, "-c", CODE, toy.features, toy.labels, out, str(number)]
    environment = {**os.environ, "PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run(command, stdout=-1, stderr=-1, text=True, timeout=100, env=environment)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_killed_before_each_step_of_the_end(toy, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    code, steps = run(toy, whole)
    assert code == 0
    assert sorted(path.name for path in whole.iterdir()) == OUTPUTS
    expected = {path.name: path.read_bytes() for path in whole.iterdir()}
    first = next(number for number, step in enumerate(steps, 1) if "history.tsv" in step)
    assert len(steps) - first >= 8  # three files are made, written and renamed, and the file to go on from removed
    for number in range(first, len(steps) + 1, 2):
        out = tmp_path / f"out{number}"
        out.mkdir()
        for name in OUTPUTS[: number % 2]:
            (out / name).write_text("older")
        assert run(toy, out, number)[0] == -signal.SIGKILL
        for name in OUTPUTS:
            assert not (out / name).exists() or (out / name).read_bytes() in (b"older", expected[name])
        assert (out / "model.h5.training").exists()
        assert run(toy, out)[0] == 0
        assert {path.name: path.read_bytes() for path in out.iterdir()} == expected
