"""SIGINT (Ctrl-C) and SIGTERM in a program: the stack is unwound, so that temporary files go, and one line says why."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from typing_extensions import Self

STOPS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}  # what is said of them
PAUSE = 1.0  # seconds in which a repeated signal, such as of `timeout` to a whole group, does not disturb cleaning up
DELAY = 0.005  # seconds


class Stopped(BaseException):
    """A signal asks the program to end."""


class StopSignals:
    """Raises `Stopped` in the block when SIGINT or SIGTERM comes; a context manager.

    The exception may come up anywhere, in the middle of a library's work too, and where that cannot pass it on, Python
    prints it and goes on. Here it is raised again a little later instead, and what libraries print of being interrupted
    is left out. Signals that the program was started to ignore stay ignored, and outside the main thread, which alone
    may handle signals, nothing is done.

    Args:
        last: The program ends after the block: from then on a signal ends it at once and silently.

    Attributes:
        received: The signal that came.
    """

    def __init__(self, last: bool) -> None:
        """Change nothing yet."""
        self.received: signal.Signals | None = None
        self._last = last
        self._over = False
        self._since = 0.0
        self._before: dict[int, Any] = {}
        self._unraisable, self._uncaught = sys.unraisablehook, sys.excepthook

    def __enter__(self) -> Self:
        """Begin to listen."""
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._stop)
        self._unraisable, self._uncaught = sys.unraisablehook, sys.excepthook
        sys.unraisablehook, sys.excepthook = self._lost, self._shown
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Handle signals as before."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if self._last else handler)
        if not self._last:
            sys.unraisablehook, sys.excepthook = self._unraisable, self._uncaught

    def finish(self) -> None:
        """Raise nothing from here on: there is no work left to stop, and nobody to catch an exception."""
        self._over = True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._over:
            return
        now = time.monotonic()
        if self.received and now - self._since < PAUSE:
            return
        if _called_by_library(frame):
            _send_again(number)
            return
        self.received, self._since = signal.Signals(number), now
        raise Stopped

    def _lost(self, report: sys.UnraisableHookArgs) -> None:
        """Hear of an exception that could not be raised where it came up."""
        if self.received is None:
            self._unraisable(report)
        elif isinstance(report.exc_value, Stopped):
            self._since = 0.0
            _send_again(self.received)

    def _shown(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Leave out what a library prints of an exception before Python hears that it could not be raised."""
        if self.received is None:
            self._uncaught(kind, error, trace)


def _called_by_library(frame: FrameType | None) -> bool:
    """Tell whether a method runs that a C library calls, which would crash at an exception: its class says so."""
    while frame is not None:
        if getattr(type(frame.f_locals.get("self")), "called_by_library", False):
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    """Send a signal to this process when the present function has ended."""
    again = threading.Timer(DELAY, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()
