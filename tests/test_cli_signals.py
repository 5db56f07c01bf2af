"""SIGINT and SIGTERM at awkward moments of a program: the exit code of the signal, one line, and all is tidied up."""

import os
import signal
import sys
import time

import pytest

from deepgrn_tool.cli._common import new_parser, run_cli
from deepgrn_tool.cli._signals import StopSignals
from deepgrn_tool.errors import InputError

LINES = {signal.SIGINT: "toy: interrupted\n", signal.SIGTERM: "toy: terminated\n"}


def send(number):
    os.kill(os.getpid(), number)
    time.sleep(0.01)  # Python runs the handler by then


def outcome(run, capsys):
    """Exit code and stderr of a program that does `run`; handlers and hooks must be as before."""
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.unraisablehook, sys.excepthook]
    code = run_cli(new_parser("toy", "A toy."), lambda args: run(), [])
    after = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.unraisablehook, sys.excepthook]
    assert after == before
    return code, capsys.readouterr().err


@pytest.mark.parametrize("number", LINES)
def test_a_signal_unwinds_the_stack(capsys, number):
    tidied = []

    def run():
        try:
            send(number)
        finally:
            tidied.append(True)

    assert outcome(run, capsys) == (128 + number, LINES[number])
    assert tidied == [True]


@pytest.mark.parametrize("number", LINES)
def test_a_second_signal_does_not_disturb_tidying_up(capsys, number):
    tidied = []

    def run():
        try:
            send(number)
        finally:
            send(signal.SIGTERM)
            tidied.append(True)

    assert outcome(run, capsys) == (128 + number, LINES[number])
    assert tidied == [True]


@pytest.mark.parametrize("number", LINES)
def test_a_signal_when_all_is_done_changes_nothing(capsys, monkeypatch, number):
    """Nobody would catch an exception there: it ended in exit code 1 without a word, beside whole outputs."""
    leave = StopSignals.__exit__

    def leave_disturbed(self, *error):
        send(number)
        leave(self, *error)

    def fail():
        raise InputError("is empty", "a.bed")

    monkeypatch.setattr(StopSignals, "__exit__", leave_disturbed)
    assert outcome(lambda: None, capsys) == (0, "")
    assert outcome(fail, capsys) == (1, "toy: error: a.bed: is empty\n")
    assert outcome(lambda: send(number), capsys) == (128 + number, LINES[number])


def test_a_library_may_turn_the_exception_into_another_one(capsys):
    def run():
        try:
            send(signal.SIGTERM)
        except BaseException as error:
            raise RuntimeError("Unspecified error in H5Dwrite") from error

    assert outcome(run, capsys) == (143, LINES[signal.SIGTERM])


def test_where_the_exception_cannot_be_raised_it_comes_again(capsys):
    """Python can raise nothing in a destructor: it would print the exception and go on."""
    done = []

    class Handle:
        def __del__(self):
            send(signal.SIGTERM)

    def run():
        handle = Handle()
        del handle
        time.sleep(1)
        done.append("went on to the end")

    assert outcome(run, capsys) == (143, LINES[signal.SIGTERM])
    assert done == []


def test_methods_that_c_libraries_call_are_not_interrupted(capsys):
    """HDF5 crashed the process at an exception in the file object that it writes to."""
    done = []

    class Target:
        called_by_library = True

        def write(self):
            send(signal.SIGINT)
            done.append("written")

    def run():
        Target().write()
        time.sleep(1)
        done.append("went on to the end")

    assert outcome(run, capsys) == (130, LINES[signal.SIGINT])
    assert done == ["written"]


def test_what_libraries_complain_of_after_a_signal_is_left_out(capsys):
    class Handle:
        def __del__(self):
            raise KeyError(0)

    def run():
        try:
            send(signal.SIGINT)
        finally:
            Handle()

    assert outcome(run, capsys) == (130, LINES[signal.SIGINT])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_a_signal_it_is_reported(capsys, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reported.append(report.exc_type))

    class Handle:
        def __del__(self):
            raise KeyError(0)

    assert outcome(Handle, capsys) == (0, "")
    assert reported == [KeyError]


def test_a_signal_that_is_ignored_stays_ignored(capsys, monkeypatch):
    """As after `nohup`, or in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert outcome(lambda: send(signal.SIGINT), capsys) == (0, "")
    finally:
        signal.signal(signal.SIGINT, before)
