"""Running the suite's programs: those of the interpreter that runs the benchmark, whatever the shell would find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_program(name: str, *arguments: str | Path) -> None:
    """Show a command and run it; a failure ends the benchmark.

    Args:
        name: Of the program, such as deepgrn-train.
        arguments: Its options.
    """
    texts = [name, *map(str, arguments)]
    print("+ " + " ".join(texts), flush=True)
    subprocess.run([str(Path(sys.executable).with_name(name)), *texts[1:]], check=True)
