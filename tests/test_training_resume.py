"""Interrupted runs: stopped anywhere, they end with the same weights, and nobody sees half a file."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from training_toys import PlainStep, Toy, toy_settings

from deepgrn_tool.errors import InputError
from deepgrn_tool.network.files import load_model
from deepgrn_tool.training.data import Choice
from deepgrn_tool.training.train import Training

CHOICE = Choice(validation=("chrV",), test=("chrT",))
KILLS = 5


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def training(toy, tmp_path, monkeypatch):
    """A run of three epochs: 29 positives and as many negatives make 7 batches, the last one short."""
    monkeypatch.setattr("deepgrn_tool.training.train.make_step", PlainStep)
    monkeypatch.setattr(PlainStep, "on_batch", None)
    settings = toy_settings(epochs=3, patience=3, batch_size=9, validation_negatives=1.0)
    return Training(toy.features, toy.labels, tmp_path / "model.h5", settings, CHOICE)


@pytest.fixture
def uninterrupted(training, tmp_path):
    return replace(training, output=tmp_path / "whole.h5").run()


def interrupt(training, number, batch, monkeypatch):
    """Run until a signal comes during a step; gives what the run raises."""

    def on_batch(done):
        if done == batch:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(PlainStep, "on_batch", staticmethod(on_batch))
    with pytest.raises(KeyboardInterrupt):
        training.run()
    monkeypatch.setattr(PlainStep, "on_batch", None)


def assert_same(one, other):
    assert one.record == other.record
    assert one.config == other.config
    assert one.weights.keys() == other.weights.keys()
    for name in one.weights:
        assert np.array_equal(one.weights[name], other.weights[name]), name


def checkpoint(training):
    return Path(f"{training.output}.training")


# 21 steps in all: within an epoch, in its last batch, in the first batch of the next one, in the very last.
@pytest.mark.parametrize("batch", [0, 3, 6, 7, 13, 20])
def test_going_on_ends_with_the_same_weights(training, uninterrupted, monkeypatch, batch):
    interrupt(training, signal.SIGINT, batch, monkeypatch)
    assert checkpoint(training).exists() and not Path(training.output).exists()
    assert_same(replace(training, resume=True).run(), uninterrupted)
    assert_same(load_model(training.output), uninterrupted)
    assert sorted(path.name for path in Path(training.output).parent.iterdir()) == ["model.h5", "whole.h5"]


def test_a_falling_learning_rate_goes_on_where_it_was(training, tmp_path, monkeypatch):
    training = replace(training, settings=replace(training.settings, rate_decay="cosine"))
    whole = replace(training, output=tmp_path / "whole.h5").run()
    interrupt(training, signal.SIGINT, 10, monkeypatch)
    assert_same(replace(training, resume=True).run(), whole)


def test_course_of_a_falling_learning_rate(training, monkeypatch):
    """58 windows in batches of 9 make 7 steps an epoch, 21 in all: half a cosine over 174 windows."""
    rates, move = [], PlainStep.run

    def run(step, batch, rate):
        rates.append(rate)
        return move(step, batch, rate)

    monkeypatch.setattr(PlainStep, "run", run)
    replace(training, settings=replace(training.settings, rate_decay="cosine", learning_rate=0.5)).run()
    before = [58 * epoch + 9 * step for epoch in range(3) for step in range(7)]
    assert rates == pytest.approx([0.25 * (1 + np.cos(np.pi * windows / 174)) for windows in before])
    assert (rates[0], rates[7]) == (0.5, pytest.approx(0.375))


def test_many_interruptions(training, uninterrupted, monkeypatch):
    for batch in (1, 2, 5, 8, 14, 15, 19):
        interrupt(replace(training, resume=True), signal.SIGINT, batch, monkeypatch)
    assert_same(replace(training, resume=True).run(), uninterrupted)


def test_history_and_curves_are_the_same(training, tmp_path, monkeypatch):
    outputs = {name: {"history": tmp_path / f"{name}.tsv", "curves": [tmp_path / f"{name}.png"]} for name in "ab"}
    replace(training, **outputs["a"]).run()
    interrupt(replace(training, **outputs["b"]), signal.SIGINT, 9, monkeypatch)
    replace(training, resume=True, **outputs["b"]).run()
    for suffix in ("tsv", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_sigterm_is_held_back_until_the_state_is_written(training, uninterrupted, monkeypatch):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(checkpoint(training).exists()))
    try:
        monkeypatch.setattr(
            PlainStep, "on_batch", staticmethod(lambda done: done == 4 and os.kill(os.getpid(), signal.SIGTERM))
        )
        assert training.run() is None
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [True]
    monkeypatch.setattr(PlainStep, "on_batch", None)
    assert_same(replace(training, resume=True).run(), uninterrupted)


def test_a_signal_that_is_ignored_does_not_stop_the_run(training, uninterrupted, monkeypatch):
    """The background of a script ignores SIGINT: the run would end without a model, and nobody would be told."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        monkeypatch.setattr(
            PlainStep, "on_batch", staticmethod(lambda done: done == 4 and os.kill(os.getpid(), signal.SIGINT))
        )
        assert_same(training.run(), uninterrupted)
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_state_is_written_within_an_epoch(training, monkeypatch):
    written = []
    monkeypatch.setattr(
        "deepgrn_tool.training.loop.save_checkpoint", lambda path, terms, course, state: written.append(course.batches)
    )
    replace(training, checkpoint_minutes=1e-9).run()
    assert written == [1, 2, 3, 4, 5, 6, 7, 0] * 3


def test_resume_without_an_interrupted_run_begins(training, uninterrupted):
    assert_same(replace(training, resume=True).run(), uninterrupted)


def refusal(training):
    with pytest.raises(InputError) as caught:
        training.run()
    assert not Path(training.output).exists()
    return str(caught.value)


END = "give what was given then, or delete it to start anew"


@pytest.fixture
def stopped(training, monkeypatch):
    interrupt(training, signal.SIGINT, 9, monkeypatch)
    return training


def test_an_interrupted_run_is_not_overwritten(stopped):
    assert refusal(stopped) == (
        f"{checkpoint(stopped)}: is left from a run that did not end; go on with that run by --resume, or delete it to "
        "start anew"
    )


def test_other_options_are_named(stopped):
    other = replace(stopped, resume=True, settings=replace(stopped.settings, learning_rate=0.1, filters=5), threads=2)
    assert refusal(other) == (
        f"{checkpoint(stopped)}: belongs to another run: --filters was 3, is 5; --learning-rate was 0.001, is 0.1; "
        f"--threads was 1, is 2; {END}"
    )


def test_other_cells_and_chromosomes_are_named(stopped):
    choice = Choice(cells=["liver"], chromosomes=["chr9"], validation=["chrV"])
    assert refusal(replace(stopped, resume=True, choice=choice)) == (
        f'{checkpoint(stopped)}: belongs to another run: cells was ["liver", "K562"], is ["liver"]; '
        f'training chromosomes was ["chr9", "chr2"], is ["chr9"]; {END}'
    )


def test_other_data_are_named(stopped, toy, tmp_path):
    path = tmp_path / "other.h5"
    toy.write_features(path, skip=("uniqueness",))
    with h5py.File(path, "a") as file, h5py.File(toy.features) as origin:
        origin.copy("genome_tracks/uniqueness", file["genome_tracks"])
    text = refusal(replace(stopped, resume=True, features=path))
    assert text.startswith(f"{checkpoint(stopped)}: belongs to another run: SHA-256 of features was ")
    assert text.endswith(f"; {END}")


def test_another_version(stopped):
    with h5py.File(checkpoint(stopped), "r+") as file:
        file.attrs["program_version"] = "0.0.1"
    assert "was written by version 0.0.1, this is " in refusal(replace(stopped, resume=True))


def test_a_damaged_file(stopped):
    with open(checkpoint(stopped), "r+b") as file:
        file.truncate(3000)
    assert refusal(replace(stopped, resume=True)) == (
        f"{checkpoint(stopped)}: is damaged or truncated HDF5; make or copy the file again"
    )


def test_a_part_is_missing(stopped):
    with h5py.File(checkpoint(stopped), "r+") as file:
        del file["course"]
    assert "is damaged; delete it to start anew" in refusal(replace(stopped, resume=True))


def test_another_kind_of_text(stopped):
    with h5py.File(checkpoint(stopped), "r+") as file:
        file["terms"][()] = "[7]"
    assert "is damaged; delete it to start anew" in refusal(replace(stopped, resume=True))


# --- kill -9, in processes of their own

PROGRAM = """
import sys, time
sys.path.insert(0, {folder!r})
from training_toys import PlainStep, toy_settings
import deepgrn_tool.training.train as program
from deepgrn_tool.training.data import Choice

program.make_step = PlainStep
PlainStep.on_batch = staticmethod(lambda done: time.sleep(0.02))
print("ready", flush=True)
program.Training(
    {features!r}, {labels!r}, {output!r}, toy_settings(epochs=3, patience=3, batch_size=9, validation_negatives=1.0),
    Choice(validation=("chrV",), test=("chrT",)), resume=True, checkpoint_minutes=1e-9,
).run()
"""


def test_killed_at_random_moments(training, uninterrupted, tmp_path):
    values = {"features": str(training.features), "labels": str(training.labels), "output": str(training.output)}
    code = PROGRAM.format(folder=str(Path(__file__).parent), **values)
    draw = np.random.default_rng(1)
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.8))
        process.kill()
        process.communicate()
        if Path(training.output).exists():  # the run was quicker than the kill
            load_model(training.output)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_same(load_model(training.output), uninterrupted)
    assert not checkpoint(training).exists()
