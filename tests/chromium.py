"""Where the browser is, what a machine without one is told, and the one that all tests share."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATH = next((path for name in NAMES if (path := shutil.which(name))), "")
HOW = "no Chromium found: apt-get install chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def need() -> str:
    """Its path; without one the test is skipped, or fails where BROWSER_TESTS is `required`."""
    if not PATH:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(HOW)
        pytest.skip(HOW)
    return PATH


class Shared:
    """One browser a process: starting one takes longer than most tests that need it.

    Playwright's loop counts as running as long as somebody is inside `open`, and only then: Django
    refuses its database under a running loop, and other tests run loops of their own.
    """

    def __init__(self) -> None:
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.depth = 0

    @contextmanager
    def open(self) -> Iterator[Browser]:
        """The browser; the windows that were opened inside are closed at the end."""
        self.depth += 1
        try:
            if self.playwright is None:
                self.playwright = sync_playwright().start()
                self.loop = asyncio.get_running_loop()
            asyncio._set_running_loop(self.loop)
            if self.browser is None or not self.browser.is_connected():
                self.browser = self.playwright.chromium.launch(executable_path=need(), args=FLAGS)
            there = list(self.browser.contexts)
            try:
                yield self.browser
            finally:
                for context in self.browser.contexts:
                    if context not in there:
                        context.close()
        finally:
            self.depth -= 1
            if self.depth == 0:
                asyncio._set_running_loop(None)

    def close(self) -> None:
        if self.playwright is None:
            return
        asyncio._set_running_loop(self.loop)
        if self.browser is not None:
            self.browser.close()
        self.playwright.stop()
        self.playwright = self.browser = None


shared = Shared()
