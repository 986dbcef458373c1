"""The browser: Debian's chromium, driven by Playwright, which brings none of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser for the body. Raises FileNotFoundError if there is none."""
    program = shutil.which("chromium")
    if not program:
        raise FileNotFoundError("chromium is not here: install it (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        # In a container there is no sandbox to be had, and what is opened is our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
