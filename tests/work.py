"""How much a function does, told without a clock: machines are slow, and busy with other things."""

import sys


def calls(function):
    """Count the calls, of Python's functions and of C's, that Python makes while a function runs."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count
