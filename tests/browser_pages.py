"""Pages in Chromium, without network: what they said, what they asked for, and what a person would see of them."""

import io
import shutil

import matplotlib.image
import numpy as np
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


class Opened:
    """A page that is open, and everything that happened meanwhile.

    Attributes:
        page: Playwright's page.
        said: Messages of the console, errors and dialogs.
        requests: Addresses that were asked for, `data:` and `blob:` left out.
    """

    def __init__(self, chromium, path, width=1280, height=800):
        context = chromium.new_context(viewport={"width": width, "height": height}, offline=True)
        self.page = context.new_page()
        self.said, self.requests = [], []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.goto(path.as_uri())

    def _note(self, url):
        if not url.startswith(("data:", "blob:")):
            self.requests.append(url)


def pixels(png):
    """Decode a screenshot: float, shape (height, width, 3), from 0 to 255."""
    return np.round(matplotlib.image.imread(io.BytesIO(png))[:, :, :3] * 255)
