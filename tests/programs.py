"""Programs run as users run them, in this process."""


def exit_code(main, *argv):
    """Run a program's main(); give its exit code, with which argparse leaves by SystemExit."""
    try:
        return main([str(item) for item in argv])
    except SystemExit as left:
        return left.code
