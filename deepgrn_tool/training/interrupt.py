"""Ctrl-C and SIGTERM during training: noticed at once, obeyed at the next point from which the run can go on."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopRequest:
    """Holds back the first SIGINT or SIGTERM while the block runs, and delivers it when the block ends.

    A second signal acts at once, as it would without the block. A signal that is ignored, as in the background of a
    script, stays ignored. Outside the main thread, which alone may handle
    signals, nothing is held back.

    Attributes:
        requested: Whether a signal has come.
    """

    def __init__(self) -> None:
        """Hold nothing back yet."""
        self.requested = False
        self._signal: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        """Begin to hold signals back."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is signal.SIG_IGN:  # held back, it would stop the run and not the program
                    continue
                self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._signal = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let signals through again, the one that was held back first."""
        self._restore()
        if self._signal is not None and kind is None:
            os.kill(os.getpid(), self._signal)
