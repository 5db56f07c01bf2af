"""Run a program as its installed command would, and tell the harness when it begins and what it does to files.

Usage: launch.py PIPE FOLDER SIGNAL NUMBER MODULE [OPTION ...]

To the file descriptor PIPE go a line `begin` when Python and the program's own modules are loaded and it is about to
read its options, and then a line for every file below FOLDER that it opens for writing, renames or removes. Just before
the NUMBERth of these it gets SIGNAL (NUMBER 0: never). Python tells of such events; files that C libraries write are
seen only when Python makes and renames them.
"""

import importlib
import os
import signal
import sys

NAMES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink"}


def watch(pipe, folder, signal_number, number):
    """Write events to the pipe and send the signal."""
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if event not in NAMES:
            return
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes, os.PathLike)) else ""
        writes = event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not writes or not path.startswith(folder):
            return
        seen += 1
        os.write(pipe, f"{event}\t{path}\n".encode())
        if seen == number:
            os.kill(os.getpid(), signal_number)

    sys.addaudithook(hook)


def launch():
    """Do what the command's script does: import the module, call its main, exit with what it returns."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a script starts in the background
    pipe, folder, signal_number, number, name, *options = sys.argv[1:]
    sys.argv = [name, *options]
    module = importlib.import_module(f"deepgrn_tool.cli.{name}")
    run_cli = module.run_cli

    def begin(*arguments):
        watch(int(pipe), folder, int(signal_number), int(number))
        os.write(int(pipe), b"begin\n")
        return run_cli(*arguments)

    module.run_cli = begin
    sys.exit(module.main())


if __name__ == "__main__":
    launch()
