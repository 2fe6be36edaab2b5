"""What every vendor simulator needs: a book of its own, faults to switch on, a courier.

A simulator plays the vendor over HTTP, with the vendor's paths, signatures and errors. It keeps its
own records, so that the casino's totals can be compared with somebody else's. Nothing here knows
the casino's tables, and the casino imports nothing from here.

    book = Book("softswiss")                 the vendor's records, in their own database
    switches = Switchboard(book)             faults a tester turns on by page or by HTTP
    courier = Courier(book, switches, ...)   signed callbacks, kept with the casino's answers
    clockwork.add(courier.deliver_due)       what happens without anybody asking
"""

import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import httpx
import psycopg
import psycopg.sql
from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

logger = logging.getLogger(__name__)
P = ParamSpec("P")

Json = dict[str, Any]  # a vendor's document: its shape is the vendor's business

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS simulators;
CREATE TABLE IF NOT EXISTS simulators.document (
    vendor text NOT NULL,
    collection text NOT NULL,
    key text NOT NULL,
    serial bigint GENERATED ALWAYS AS IDENTITY,
    body jsonb NOT NULL,
    due_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT document_pk PRIMARY KEY (vendor, collection, key)
);
CREATE INDEX IF NOT EXISTS document_newest
    ON simulators.document (vendor, collection, serial DESC);
CREATE INDEX IF NOT EXISTS document_body
    ON simulators.document USING gin (body jsonb_path_ops);
CREATE INDEX IF NOT EXISTS document_due
    ON simulators.document (vendor, collection, due_at) WHERE due_at IS NOT NULL;
"""
SCHEMA_LOCK = 7_305_114  # two processes that start together take turns
LEASE_SECONDS = 60  # work taken by a process that died is done by the next one
ANSWER_BYTES_MAX = 64 * 1024
HANG_SECONDS = 40
REORDER_WAIT_SECONDS = 30
COPIES_MAX = 50
UNSENT = "never sent, by a switch"
LINES_MAX = 8


class Refused(Exception):
    """The simulator says no to the person or the test that drives it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


# ---- the book --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Document:
    """One record of the vendor."""

    key: str
    body: Json
    serial: int
    created_at: datetime
    due_at: datetime | None = None


class Book:
    """The records of one vendor: named collections of JSON documents."""

    def __init__(self, vendor: str, url: str = "") -> None:
        self.vendor = vendor
        self._url = url

    def insert(
        self, collection: str, key: str, body: Json, *, due_at: datetime | None = None
    ) -> bool:
        """Write a new document; False, and nothing changed, when the key is taken."""
        with self._connection() as connection:
            cursor = connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body, due_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (self.vendor, collection, key, Jsonb(body), due_at),
            )
            return cursor.rowcount == 1

    def put(self, collection: str, key: str, body: Json, *, due_at: datetime | None = None) -> None:
        """Write a document, over an earlier one if there is one."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body, due_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (vendor, collection, key)"
                " DO UPDATE SET body = excluded.body, due_at = excluded.due_at",
                (self.vendor, collection, key, Jsonb(body), due_at),
            )

    def get(self, collection: str, key: str) -> Json | None:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT body FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (self.vendor, collection, key),
            ).fetchone()
        return row[0] if row else None

    def find(
        self, collection: str, match: Json | None = None, *, limit: int = 200
    ) -> list[Document]:
        """Documents that contain `match`, newest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT key, body, serial, created_at, due_at FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND body @> %s"
                " ORDER BY serial DESC LIMIT %s",
                (self.vendor, collection, Jsonb(match or {}), limit),
            ).fetchall()
        return [Document(*row) for row in rows]

    @contextmanager
    def locked(self, collection: str, key: str) -> Iterator[Json]:
        """The document with its row locked; changes made to it are kept unless the block raises.

        Raises KeyError when there is none. Do not call anybody over the network in here.
        """
        with self._connection() as connection, connection.transaction():
            row = connection.execute(
                "SELECT body FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND key = %s FOR UPDATE",
                (self.vendor, collection, key),
            ).fetchone()
            if row is None:
                raise KeyError(key)
            body: Json = row[0]
            yield body
            connection.execute(
                "UPDATE simulators.document SET body = %s"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (Jsonb(body), self.vendor, collection, key),
            )

    def schedule(self, collection: str, key: str, due_at: datetime | None) -> None:
        """Say when the document wants attention next, or that it wants none."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE simulators.document SET due_at = %s"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (due_at, self.vendor, collection, key),
            )

    def take_due(self, collection: str, limit: int = 64) -> list[Document]:
        """Documents whose time has come, for this caller alone until the lease ends."""
        with self._connection() as connection:
            rows = connection.execute(
                "UPDATE simulators.document AS d"
                " SET due_at = clock_timestamp() + make_interval(secs => %s)"
                " FROM (SELECT vendor, collection, key FROM simulators.document"
                "  WHERE vendor = %s AND collection = %s AND due_at <= clock_timestamp()"
                "  ORDER BY due_at, serial LIMIT %s FOR UPDATE SKIP LOCKED) AS due"
                " WHERE d.vendor = due.vendor AND d.collection = due.collection"
                " AND d.key = due.key"
                " RETURNING d.key, d.body, d.serial, d.created_at, d.due_at",
                (LEASE_SECONDS, self.vendor, collection, limit),
            ).fetchall()
        return sorted((Document(*row) for row in rows), key=lambda document: document.serial)

    def number(self, name: str, start: int = 1) -> int:
        """Count on: 1, 2, 3 … per name, without a repeat."""
        with self._connection() as connection:
            [(count,)] = connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body)"
                " VALUES (%s, 'numbers', %s, to_jsonb(%s::bigint))"
                " ON CONFLICT (vendor, collection, key)"
                " DO UPDATE SET body = to_jsonb((document.body #>> '{}')::bigint + 1)"
                " RETURNING (body #>> '{}')::bigint",
                (self.vendor, name, start),
            ).fetchall()
        return int(count)

    def clear(self) -> None:
        """Forget everything, for a test that wants an empty vendor."""
        with self._connection() as connection:
            connection.execute("DELETE FROM simulators.document WHERE vendor = %s", (self.vendor,))

    def _connection(self) -> AbstractContextManager[psycopg.Connection[TupleRow]]:
        return _pool(self._url or settings.SIMULATORS_DATABASE_URL).connection()


@functools.cache
def _pool(url: str) -> ConnectionPool[psycopg.Connection[TupleRow]]:
    """One pool per process and database; makes the database and the schema when they are new."""
    _ensure_database(url)
    pool: ConnectionPool[psycopg.Connection[TupleRow]] = ConnectionPool(
        url,
        min_size=1,
        max_size=24,
        kwargs={"autocommit": True},
        # The simulators outlive the database's restarts, also those a fault test makes.
        check=ConnectionPool.check_connection,
        open=True,
    )
    with pool.connection() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        connection.execute(SCHEMA)
    return pool


def _ensure_database(url: str) -> None:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as failure:
        if "does not exist" not in str(failure):
            raise
    else:
        return
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    # `postgresql:///name` has no netloc; urlunsplit would then drop the two slashes.
    maintenance = urlunsplit(parts._replace(path="/postgres")).replace(
        "postgresql:/postgres", "postgresql:///postgres"
    )
    with psycopg.connect(maintenance, autocommit=True) as connection:
        try:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            )
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateDatabase):
            logger.info("The simulators' database was made by another process just now.")


# ---- faults ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Switches:
    """The faults in force. `api_…` spoil answers to the casino, `callback_…` calls to it."""

    api_answer: str = "normal"
    api_delay_ms: int = 0
    callback_delay_ms: int = 0
    callback_copies: int = 1
    callback_parallel: bool = False
    callback_reorder: bool = False
    callback_hold: bool = False
    callback_signature: str = "right"
    callback_answer: str = "read"
    only: str = ""  # a part of the path or kind; empty means every call
    remaining: int | None = None  # calls still to be spoilt; None until switched off

    API_ANSWERS = (
        "normal",
        "refuse",
        "limited",
        "error_before",
        "error_after",
        "drop_after",
        "hang",
        "hang_after",
    )
    SIGNATURES = ("right", "wrong", "missing")
    CALLBACK_ANSWERS = ("read", "lose", "unsent")

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Switches":
        """Read switches from JSON or a form. Raises Refused for a name or value unknown here."""
        known = {item.name: item for item in fields(cls)}
        if unknown := sorted(set(data) - set(known)):
            raise Refused(f"There is no switch called {', '.join(unknown)}.")
        values: Json = {}
        for name, value in data.items():
            values[name] = _switch_value(name, value, known[name].default)
        switches = cls(**values)
        switches._check()
        return switches

    def _check(self) -> None:
        for name, allowed in (
            ("api_answer", self.API_ANSWERS),
            ("callback_signature", self.SIGNATURES),
            ("callback_answer", self.CALLBACK_ANSWERS),
        ):
            if getattr(self, name) not in allowed:
                raise Refused(f"{name} is one of {', '.join(allowed)}.")
        if not 1 <= self.callback_copies <= COPIES_MAX:
            raise Refused(f"callback_copies is between 1 and {COPIES_MAX}.")
        if not (0 <= self.api_delay_ms <= 60_000 and 0 <= self.callback_delay_ms <= 60_000):
            raise Refused("A delay is between 0 and 60000 milliseconds.")

    @property
    def is_quiet(self) -> bool:
        return self == Switches()

    def touches(self, direction: str) -> bool:
        """Whether any switch of this direction, `api` or `callback`, is turned."""
        return any(
            getattr(self, item.name) != item.default
            for item in fields(self)
            if item.name.startswith(f"{direction}_")
        )


def _switch_value(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "on"}
    if isinstance(default, int) or name == "remaining":
        if name == "remaining" and value in (None, ""):
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refused(f"{name} is a whole number.") from None
    return str(value)


class Switchboard:
    """Where one vendor's switches are kept, for all processes and over a restart."""

    COLLECTION, KEY = "switches", "current"

    def __init__(self, book: Book) -> None:
        self.book = book

    def current(self) -> Switches:
        return Switches(**(self.book.get(self.COLLECTION, self.KEY) or {}))

    def set(self, switches: Switches) -> None:
        self.book.put(self.COLLECTION, self.KEY, asdict(switches))

    def for_call(self, direction: str, name: str) -> Switches:
        """The faults this call must suffer; counts it when only so many are to be spoilt."""
        switches = self.current()
        if not switches.touches(direction) or (switches.only and switches.only not in name):
            return Switches()
        if switches.remaining is None:
            return switches
        with self.book.locked(self.COLLECTION, self.KEY) as kept:
            if not kept["remaining"]:
                return Switches()
            kept["remaining"] -= 1
            return Switches(**kept)


class Dropped(StreamingHttpResponse):
    """An answer that never arrives: the server closes the connection in the middle of it."""

    def __init__(self) -> None:
        super().__init__(self._fail(), content_type="application/json")
        self["Content-Length"] = "100"

    @staticmethod
    def _fail() -> Iterator[bytes]:
        yield b"{"
        raise ConnectionAbortedError("The switch says: lose this answer.")


def too_many(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Too many requests", status=429)


def spoilt(
    switchboard: Switchboard,
    refuse: Callable[[HttpRequest], HttpResponse],
    limit: Callable[[HttpRequest], HttpResponse] = too_many,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let a vendor's endpoint suffer the `api_…` switches.

    refuse, limit: the vendor's own words for no, and for too many calls.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            switches = switchboard.for_call("api", request.path)
            time.sleep(switches.api_delay_ms / 1000)
            if switches.api_answer == "refuse":
                return refuse(request)
            if switches.api_answer == "limited":
                return limit(request)
            if switches.api_answer == "error_before":
                return HttpResponse("Internal server error", status=500)
            if switches.api_answer == "hang":
                time.sleep(HANG_SECONDS)
                return HttpResponse("Gateway timeout", status=504)
            response = view(request, *args, **kwargs)
            if switches.api_answer == "error_after":
                return HttpResponse("Internal server error", status=500)
            if switches.api_answer == "drop_after":
                return Dropped()
            if switches.api_answer == "hang_after":
                time.sleep(HANG_SECONDS)
            return response

        return wrapped

    return decorate


# ---- the courier -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What came back from the casino; `status` is None when nothing did."""

    status: int | None
    body: bytes = b""
    note: str = ""
    took_ms: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def json(self) -> Json:
        """The body as an object; empty when it is anything else."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def record(self) -> Json:
        return {
            "at": self.at.isoformat(),
            "status": self.status,
            "answer": self.body.decode("utf-8", "replace"),
            "note": self.note,
            "took_ms": self.took_ms,
        }


class Courier:
    """Carries signed calls to the casino and keeps each with every answer it got."""

    COLLECTION = "callbacks"

    def __init__(
        self,
        book: Book,
        switchboard: Switchboard,
        *,
        sign: Callable[[bytes], dict[str, str]],
        retry_minutes: Sequence[float],
        timeout_seconds: float = 15,
        heard: Callable[[Json, Answer], None] | None = None,
    ) -> None:
        """Set up a vendor's way of calling.

        sign: the vendor's headers for these exact bytes.
        retry_minutes: the vendor's own schedule, each wait after the try before it; the setting
        SIMULATORS_SPEED makes its minutes shorter.
        heard: told of every answer to a posted call.
        """
        self.book = book
        self.switchboard = switchboard
        self.sign = sign
        self.retry_minutes = retry_minutes
        self.timeout_seconds = timeout_seconds
        self.heard = heard

    def ask(
        self, *, kind: str, url: str, body: bytes, reference: str, headers: Json | None = None
    ) -> Answer:
        """Call now and return the casino's answer: of several copies, the first one's."""
        key = self._keep(kind, url, body, reference, headers or {}, state="asked")
        return self._carry(key)

    def post(
        self,
        *,
        kind: str,
        url: str,
        body: bytes,
        reference: str,
        headers: Json | None = None,
        after_seconds: float = 0,
    ) -> str:
        """Send soon, and again by the vendor's schedule until the casino answers 200."""
        now = datetime.now(UTC)
        due_at = now + timedelta(seconds=after_seconds)
        if self.switchboard.current().callback_reorder:
            due_at = self._reordered(reference, now) or due_at
        return self._keep(kind, url, body, reference, headers or {}, state="waiting", due_at=due_at)

    def deliver_due(self) -> int:
        """Send what is due; True to life, a held-back line empties at once when released."""
        if self.switchboard.current().callback_hold:
            return 0
        due = self.book.take_due(self.COLLECTION)
        lines: dict[str, list[Document]] = {}
        for document in due:
            lines.setdefault(document.body["reference"], []).append(document)
        if lines:
            # One slow answer delays its own line only; the order within a line stays.
            with ThreadPoolExecutor(min(len(lines), LINES_MAX)) as threads:
                list(threads.map(self._deliver_line, lines.values()))
        return len(due)

    def _deliver_line(self, documents: list[Document]) -> None:
        for document in documents:
            self._settle(document, self._carry(document.key))

    def resend(self, key: str, copies: int = 1, *, parallel: bool = False) -> list[Answer]:
        """Send a kept call again, as its bytes were, whatever came of it before."""
        if not 1 <= copies <= COPIES_MAX:
            raise Refused(f"Between 1 and {COPIES_MAX} times.")
        return self._carry_copies(key, Switches(callback_copies=copies, callback_parallel=parallel))

    def _keep(
        self,
        kind: str,
        url: str,
        body: bytes,
        reference: str,
        headers: Json,
        *,
        state: str,
        due_at: datetime | None = None,
    ) -> str:
        key = f"c{self.book.number('callbacks'):08d}"
        self.book.insert(
            self.COLLECTION,
            key,
            {
                "kind": kind,
                "url": url,
                "body": body.decode(),
                "headers": headers,
                "reference": reference,
                "state": state,
                "tries": [],
                "posted_at": datetime.now(UTC).isoformat(),
            },
            due_at=due_at,
        )
        return key

    def _reordered(self, reference: str, now: datetime) -> datetime | None:
        """Hold the first call of a thing back until a later one about it overtook it."""
        held = self.book.find(self.COLLECTION, {"reference": reference, "state": "waiting"})
        if not held:
            return now + timedelta(seconds=REORDER_WAIT_SECONDS)
        for document in held:
            self.book.schedule(self.COLLECTION, document.key, now + timedelta(seconds=1.5))
        return None

    def _carry(self, key: str) -> Answer:
        kept = self._kept(key)
        switches = self.switchboard.for_call(
            "callback", f"{kept['kind']} {urlsplit(kept['url']).path}"
        )
        return self._carry_copies(key, switches)[0]

    def _kept(self, key: str) -> Json:
        kept = self.book.get(self.COLLECTION, key)
        if kept is None:
            raise Refused("There is no such call.", 404)
        return kept

    def _carry_copies(self, key: str, switches: Switches) -> list[Answer]:
        kept = self._kept(key)
        time.sleep(switches.callback_delay_ms / 1000)
        send = functools.partial(self._send, kept, switches)
        if switches.callback_parallel and switches.callback_copies > 1:
            with ThreadPoolExecutor(switches.callback_copies) as threads:
                futures = [threads.submit(send) for _ in range(switches.callback_copies)]
                answers = [future.result() for future in futures]
        else:
            answers = [send() for _ in range(switches.callback_copies)]
        with self.book.locked(self.COLLECTION, key) as document:
            document["tries"] += [answer.record() for answer in answers]
        return answers

    def _send(self, kept: Json, switches: Switches) -> Answer:
        if switches.callback_answer == "unsent":
            return Answer(None, note=UNSENT)
        body = kept["body"].encode()
        headers = self._signed(body, switches.callback_signature) | kept["headers"]
        begun = time.monotonic()
        try:
            response = _client().post(
                kept["url"], content=body, headers=headers, timeout=self.timeout_seconds
            )
        except httpx.TimeoutException:
            return Answer(None, note="no answer in time", took_ms=_since(begun))
        except httpx.HTTPError as failure:
            return Answer(None, note=type(failure).__name__, took_ms=_since(begun))
        if switches.callback_answer == "lose":
            return Answer(
                None, note=f"answer {response.status_code} lost by a switch", took_ms=_since(begun)
            )
        return Answer(
            response.status_code, response.content[:ANSWER_BYTES_MAX], took_ms=_since(begun)
        )

    def _signed(self, body: bytes, how: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if how == "missing":
            return headers
        return headers | self.sign(body + b" " if how == "wrong" else body)

    def _settle(self, document: Document, answer: Answer) -> None:
        """Note the outcome and the time of the next try, if the vendor would make one."""
        tries_before = document.body.get("tries_due", 0)
        due_at = None
        state = "delivered"
        if answer.status != 200:
            state = "given up"
            if answer.note != UNSENT and tries_before < len(self.retry_minutes):
                state = "waiting"
                wait_seconds = vendor_seconds(self.retry_minutes[tries_before] * 60)
                due_at = datetime.now(UTC) + timedelta(seconds=wait_seconds)
        with self.book.locked(self.COLLECTION, document.key) as kept:
            kept["state"] = state
            kept["tries_due"] = tries_before + 1
        self.book.schedule(self.COLLECTION, document.key, due_at)
        if self.heard is not None:
            self.heard(document.body, answer)


@functools.cache
def _client() -> httpx.Client:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
    return httpx.Client(limits=limits, follow_redirects=False, trust_env=False)


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def vendor_seconds(seconds: float) -> float:
    """How long the vendor's seconds take here: a demo does not wait four hours for a retry."""
    speed: int = settings.SIMULATORS_SPEED
    return seconds / max(1, speed)


def casino_callback_url(board: Book, partner: str) -> str:
    """Where this vendor was told to call: its own record first, then the settings."""
    told = (board.get("settings", "callback_url") or {}).get("url", "")
    origin = (settings.CALLBACK_URL or "http://127.0.0.1:8002").rstrip("/")
    return str(told) or f"{origin}/callbacks/{partner}"


# ---- what happens by itself ------------------------------------------------------------------


class Clockwork:
    """One thread for what a vendor does unasked. Its work lies in the book, so it may die."""

    def __init__(self) -> None:
        self._jobs: list[Callable[[], int]] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def add(self, job: Callable[[], int]) -> None:
        """Do this again and again; it says how many things it did, and none means rest."""
        self._jobs.append(job)

    def start(self, pause_seconds: float = 0.1) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(pause_seconds,), name="clockwork", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self, pause_seconds: float) -> None:
        while not self._stop.is_set():
            done = sum(self._attempt(job) for job in self._jobs)
            if not done:
                self._stop.wait(pause_seconds)

    @staticmethod
    def _attempt(job: Callable[[], int]) -> int:
        try:
            return job()
        except Exception:  # the edge: the next round tries again
            logger.exception("A simulator's background job failed.")
            return 0


clockwork = Clockwork()


# ---- pages and controls ----------------------------------------------------------------------

API_ANSWER_WORDS = {
    "normal": "as it should be",
    "refuse": "a refusal",
    "limited": "429, too many calls",
    "error_before": "500, nothing done",
    "error_after": "500, but done",
    "drop_after": "lost, but done",
    "hang": "none at all, nothing done",
    "hang_after": "none at all, but done",
}
FRAMED_PAGE = "frame-ancestors http: https:"
OWN_PAGE = "frame-ancestors 'self'"
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; "
)


def page(
    request: HttpRequest, template: str, context: Json, *, framed: bool = False, status: int = 200
) -> HttpResponse:
    """Render a simulator's page; only a game page may stand in the casino's frame.

    The request is not given to the template: the site's context processors have no part in this.
    """
    context = {
        "said": request.GET.get("said", ""),
        "here": request.path,
        "answers": API_ANSWER_WORDS.items(),
        "signatures": Switches.SIGNATURES,
        **context,
    }
    response = HttpResponse(render_to_string(f"simulators/{template}", context), status=status)
    response["Content-Security-Policy"] = CONTENT_POLICY + (FRAMED_PAGE if framed else OWN_PAGE)
    response["Cache-Control"] = "no-store"
    return response


def control(
    action: Callable[Concatenate[Json, P], Json],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Turn a function of one JSON object into a POST endpoint for tests and for page forms.

    JSON gets a JSON answer; a form gets a redirect to its `next` with words about the outcome.
    """

    @functools.wraps(action)
    def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return JsonResponse({"error": "Use POST."}, status=405)
        if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
            return JsonResponse({"error": "Not from another site."}, status=403)
        is_json = request.content_type == "application/json"
        try:
            data = _json_object(request.body) if is_json else _form(request)
            result = action(data, *args, **kwargs)
        except Refused as refused:
            if is_json:
                return JsonResponse({"error": refused.message}, status=refused.status)
            return _back(request, refused.message)
        if is_json:
            return JsonResponse(result)
        return _back(request, str(result.get("said", "Done.")), url=str(result.get("go", "")))

    return view


def _form(request: HttpRequest) -> Json:
    return {name: value for name, value in request.POST.items() if name != "next"}


def _json_object(body: bytes) -> Json:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        raise Refused("The body is not JSON.") from None
    if not isinstance(data, dict):
        raise Refused("The body is not a JSON object.")
    return data


def _back(request: HttpRequest, said: str, *, url: str = "") -> HttpResponseRedirect:
    if url:
        return HttpResponseRedirect(url)
    url = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        url = "/"
    url, _, fragment = url.partition("#")
    joint = "&" if "?" in url else "?"
    url = f"{url}{joint}{urlencode({'said': said})}"
    return HttpResponseRedirect(url + (f"#{quote(fragment)}" if fragment else ""))


def set_switches(switchboard: Switchboard) -> Callable[[Json], Json]:
    """The control that sets a vendor's switches; what is not named goes back to normal."""

    def action(data: Json) -> Json:
        switches = Switches.parse(data)
        switchboard.set(switches)
        said = "All switches are off." if switches.is_quiet else "The switches are set."
        return {"said": said, "switches": asdict(switches)}

    return action


def set_callback_url(book: Book) -> Callable[[Json], Json]:
    """The control that tells the vendor where to call; empty means what the settings say."""

    def action(data: Json) -> Json:
        url = str(data.get("url", ""))
        if url and urlsplit(url).scheme not in {"http", "https"}:
            raise Refused("The address starts with http:// or https://.")
        book.put("settings", "callback_url", {"url": url.rstrip("/")})
        return {"said": "The callback address is set.", "url": url}

    return action
