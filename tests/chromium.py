"""Where the browser is, and what a machine without one is told."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATH = next((path for name in NAMES if (path := shutil.which(name))), "")
HOW = "no Chromium found: apt-get install chromium"


def need() -> str:
    """Its path; without one the test is skipped, or fails where BROWSER_TESTS is `required`."""
    if not PATH:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(HOW)
        pytest.skip(HOW)
    return PATH
