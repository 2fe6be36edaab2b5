"""A vendor's calls to the casino: signed, repeated, disturbed, kept with every answer."""

import functools
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from apps.integrations.simulation.book import Book, Document, Json, Refused
from apps.integrations.simulation.faults import COPIES_MAX, Switchboard, Switches

ANSWER_BYTES_MAX = 64 * 1024
REORDER_WAIT_SECONDS = 10  # a call that nothing overtook goes then
UNSENT = "never sent, by a switch"
LINES_MAX = 8


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
        self,
        *,
        kind: str,
        url: str,
        body: bytes,
        reference: str,
        headers: Json | None = None,
        signs: str | None = None,
    ) -> Answer:
        """Call now and return the casino's answer: of several copies, the first one's.

        signs: a question without a body (a GET) signs this text in its place.
        """
        key = self._keep(kind, url, body, reference, headers or {}, state="asked", signs=signs)
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
        signs: str | None = None,
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
            }
            | ({} if signs is None else {"signs": signs}),
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
        signs = kept.get("signs")
        signed = body if signs is None else signs.encode()
        headers = self._signed(signed, switches.callback_signature) | kept["headers"]
        method = "POST" if signs is None else "GET"
        begun = time.monotonic()
        try:
            response = _client().request(
                method, kept["url"], content=body, headers=headers, timeout=self.timeout_seconds
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
