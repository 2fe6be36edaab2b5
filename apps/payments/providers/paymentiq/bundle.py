"""The vendor's bootstrapper, pointed at a simulator.

The package of 1.7.4 knows its hosts from a table, one entry per environment, each address written
as numbers (every character XOR 74). Its `development` entry says `http://localhost:5000`, a fixed
port that a second demo, a test run or another program may hold. So for a simulator, and only then,
that entry is rewritten while the file is served, and made the one that is meant when a call names no
environment. Everything else, all code and all checks of origins, is the package as published.
Production serves the published file and picks `test` or `production` (settings).
"""

from functools import cache
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

NAME = "vendor/paymentiq-cashier-bootstrapper/1.7.4/cashier.js"
LOCAL = "http://localhost:5000"
FALLBACK = 'fallbackEnvironment:"production"'
MASK = 74


class ChangedBundle(Exception):
    """The file is not the one this was written for."""


@cache
def pointed_at(cashier_url: str) -> bytes:
    """The script whose `development` environment is the cashier at this address."""
    parts = urlsplit(cashier_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    script = _published()
    entry = f"cashierApi:{_masked(LOCAL)},cashierOrigin:{_masked(LOCAL)}"
    if script.count(entry) != 1 or script.count(FALLBACK) != 1:
        raise ChangedBundle(NAME)
    script = script.replace(
        entry, f"cashierApi:{_masked(cashier_url)},cashierOrigin:{_masked(origin)}"
    )
    return script.replace(FALLBACK, 'fallbackEnvironment:"development"').encode()


def _masked(address: str) -> str:
    return f"[{','.join(str(ord(letter) ^ MASK) for letter in address)}]"


def _published() -> str:
    found = finders.find(NAME)
    if isinstance(found, str):
        with open(found, encoding="utf-8") as file:
            return file.read()
    with staticfiles_storage.open(NAME) as file:
        return bytes(file.read()).decode()
