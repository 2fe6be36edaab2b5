"""A real browser on our pages without a server: its requests are answered by Django's test client.

Everything happens in one process and one transaction, so what a test created is what is shown,
and nothing ever leaves this machine.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route

from tests.chromium import shared

ORIGIN = "https://casino.test"
DESKTOP = (1440, 900)
PHONE = (390, 844)
SMALL = (320, 700)
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
# The page, what it asked for at once, and its letters are there. Half a second of silence, which
# "networkidle" waits for, would be a third of all these tests.
SETTLED = """() => document.readyState === "complete" && document.fonts.status === "loaded"
    && !document.querySelector(".htmx-request")"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
SENT_ON = ("hx-", "content-type", "referer", "x-", "idempotency-")


@dataclass
class Visit:
    """An open page and what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(ORIGIN + path)
        self.page.wait_for_function(SETTLED)

    def width_overflow(self, *sizes: tuple[int, int]) -> int:
        """By how many pixels the page is too wide: as it is, and made as wide as each of these."""
        before = self.page.viewport_size or {}
        wide = [int(self.page.evaluate(OVERFLOW))]
        for size in sizes:
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            wide.append(int(self.page.evaluate(OVERFLOW)))
        if sizes:
            self.page.set_viewport_size({"width": before["width"], "height": before["height"]})
        return max(wide)


@contextmanager
def visiting(client: Client, size: tuple[int, int] = DESKTOP) -> Iterator[Visit]:
    """Open a browser window whose every request goes to `client`."""
    with shared.open() as browser:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        visit = Visit(page)
        page.on("console", lambda message: note(visit, message.type, message.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.route("**/*", lambda route: answer(route, client, visit))
        page.route_web_socket("**/ws/**", lambda _socket: None)
        yield visit


def note(visit: Visit, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        visit.complaints.append(text)


def answer(route: Route, client: Client, visit: Visit) -> None:
    url = urlsplit(route.request.url)
    if f"{url.scheme}://{url.netloc}" != ORIGIN:
        visit.complaints.append(f"outside request: {route.request.url}")
        route.abort()
        return
    if url.path.startswith("/static/"):
        static_file(route, url.path.removeprefix("/static/"))
        return
    headers = {
        name: value
        for name, value in route.request.headers.items()
        if name.startswith(SENT_ON) and name != "content-type"
    }
    with no_running_loop():
        response = client.generic(
            route.request.method,
            f"{url.path}?{url.query}" if url.query else url.path,
            route.request.post_data_buffer or b"",
            content_type=route.request.headers.get("content-type", "text/plain"),
            headers=headers,
        )
        # The browser would look for the target of a redirect in the real network.
        while response.status_code in {301, 302, 303}:
            response = client.get(response["Location"], headers=headers)
        body = response.content
    kept = {name: value for name, value in response.items() if name.lower() != "set-cookie"}
    route.fulfill(status=response.status_code, headers=kept, body=body)


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Let Django see plain synchronous code.

    The browser's event loop runs below this call, and Django gives code under a loop a database
    connection of its own: it would not see the transaction of the test.
    """
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def static_file(route: Route, name: str) -> None:
    found = finders.find(name)
    if not isinstance(found, str):
        route.fulfill(status=404)
        return
    path = Path(found)
    kind = TYPES.get(path.suffix, "application/octet-stream")
    route.fulfill(status=200, content_type=kind, body=path.read_bytes())
