"""Fixtures that several test modules share."""

import logging
import signal

import hypothesis
import pytest

# No test hangs on a clock: machines are slow, and busy with other things.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard():
    """In the background of a script SIGINT is ignored, here and in programs that tests start; they are to hear it."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def logging_not_set_up():
    """A program called in this process has set up the package's logging; the next test starts without."""
    logger = logging.getLogger("deepgrn_tool")
    logger.handlers[:] = []
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture
def published(tmp_path):
    """A network as the published program saves it; were its code run, a file named canary would appear."""
    from published_files import PAIR, write_published

    path = tmp_path / "published.h5"
    write_published(path, PAIR, canary=tmp_path / "canary")
    return path


@pytest.fixture
def output(tmp_path):
    """A name for a model file, in an empty folder."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "model.h5"


@pytest.fixture(scope="module")
def chromium():
    """An installed Chromium, driven by Playwright; tests that use it are marked `needs_chromium`."""
    from browser_pages import CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, in containers, Chromium runs without its sandbox only.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
