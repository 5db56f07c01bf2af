"""Programs run as users run them, in this process, or in one of their own where it must begin otherwise."""

import os
import subprocess
import sys


def exit_code(main, *argv):
    """Run a program's main(); give its exit code, with which argparse leaves by SystemExit."""
    try:
        return main([str(item) for item in argv])
    except SystemExit as left:
        return left.code


def run_in_c_locale(code, *argv):
    """Run Python code where text files are ASCII by default, as in a container without any locale."""
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    check = "import locale; assert locale.getpreferredencoding(False) != 'UTF-8'\n"
    command = [sys.executable, "-c", check + code, *map(str, argv)]
    return subprocess.run(command, env={**os.environ, **plain}, capture_output=True, timeout=120)
