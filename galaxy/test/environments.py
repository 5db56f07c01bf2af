"""Virtual environments that are made once and anew when their list of packages changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

STAMP = "installed-requirements.txt"  # copy of the list that was installed


def install(folder: Path, requirements: Path) -> None:
    """Make a virtual environment with exactly these packages, unless it is there.

    Args:
        folder: Where it is, or shall be.
        requirements: Packages with their versions, as `pip freeze` writes them.

    Raises:
        subprocess.CalledProcessError: A package cannot be installed; pip says why.
    """
    stamp = folder / STAMP
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check"]
    # The lists are complete, so pip need not look for what else may be wanted.
    subprocess.run([*pip, "install", "--no-deps", "--requirement", requirements], check=True)
    stamp.write_text(requirements.read_text())
