"""A one-line progress display with the time left, drawn only when stderr is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

REDRAW_INTERVAL = 0.2  # seconds


def clock(seconds: float) -> str:
    """Write a duration as `m:ss` or `h:mm:ss`.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Progress:
    """Counts work done out of a known total; silent when stderr is a file or a pipe, as in Galaxy.

    Args:
        label: What is being done, such as "scoring chr20".
        total: Amount of work, in units.
        unit: What is counted, such as "bins" or "bases".
    """

    def __init__(self, label: str, total: int, unit: str) -> None:
        """Start the clock; nothing is drawn yet."""
        self._label = label
        self._total = total
        self._unit = unit
        self._done = 0
        self._begin = time.monotonic()
        self._drawn = 0.0
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        """Return the display itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipe the line, so that the next message starts on a clean one."""
        if self._visible and self._drawn:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def advance(self, amount: int) -> None:
        """Record that `amount` more units are done, and redraw now and then."""
        self._done += amount
        now = time.monotonic()
        if not self._visible or now - self._drawn < REDRAW_INTERVAL:
            return
        self._drawn = now
        elapsed = now - self._begin
        rate = self._done / elapsed if elapsed > 0 else 0.0
        left = clock((self._total - self._done) / rate) if rate > 0 else "?"
        share = 100 * self._done / self._total if self._total else 100.0
        text = f"{self._label}: {share:3.0f} % of {self._total:,} {self._unit}, {rate:,.0f}/s, {left} left"
        sys.stderr.write(f"\r{text}\033[K")
        sys.stderr.flush()
