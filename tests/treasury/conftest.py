import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.accounts.models import User
from tests.operator.factories import make_staff
from tests.treasury.factories import Book


@pytest.fixture(autouse=True)
def _counters_of_failed_tries_start_at_zero(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": request.node.nodeid,
        }
    }


@pytest.fixture
def maker(db: None) -> User:
    return make_staff("payments")


@pytest.fixture
def checker(db: None) -> User:
    return make_staff("finance")


@pytest.fixture
def book(settings: Any) -> Iterator[Book]:
    """CoinsPaid's balances and its export over HTTP, from a book that only the test writes.

    The simulator's book is right by construction; here it can say what a broken gateway would.
    """
    made = Book()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    settings.COINSPAID_BASE_URL = f"{origin}/api/v2"
    settings.COINSPAID_STATEMENT_URL = f"{origin}/export"
    yield made
    server.shutdown()
    server.server_close()


def _handler(book: Book) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = json.loads(self._body() or b"{}")
            self._answer(book.export(date.fromisoformat(asked["day"])), "text/csv")

        def do_POST(self) -> None:
            self._body()
            accounts = [
                {"currency": code, "type": "crypto", "balance": f"{amount:f}"}
                for code, amount in book.held.items()
            ]
            self._answer(json.dumps({"data": accounts}), "application/json")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(503 if book.is_silent else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the test looks at what came of it."""

    return Handler
