"""Drive the vendors' simulators from a test, over HTTP, as the vendors' own people would.

Fixtures: `simulators` (one process per test run), `softswiss` and `coinspaid` (a vendor with an
empty book, and the casino's settings pointing at it), `recording_casino` (a casino that answers
what the test wants and keeps what it was asked). A test with the real casino behind the vendor
uses pytest-django's `live_server` and says `softswiss.call_back(live_server.url)`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import psycopg.sql
import pytest

from tests.web import web

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
SPEED = 600  # ten of the vendor's minutes pass in a second
Json = dict[str, Any]


class ControlRefused(AssertionError):
    """The simulator would not do what the test asked for."""


class Driver:
    """The tester's side of one simulator."""

    partner = ""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.Client(verify=False, base_url=origin, timeout=60, trust_env=False)

    def control(self, path: str, **data: Any) -> Json:
        """Press a button: POST to `/<vendor>/control/<path>`."""
        response = self.http.post(f"/{self.partner}/control/{path}", json=data)
        body: Json = response.json()
        if response.status_code != 200:
            raise ControlRefused(body["error"])
        return body

    def reset(self) -> None:
        self.control("reset")

    def switches(self, **switches: Any) -> None:
        """Turn faults on; without arguments turn all of them off."""
        self.control("switches", **switches)

    def call_back(self, origin: str) -> None:
        """Tell the vendor where the casino is: `origin` + `/callbacks/<vendor>`."""
        self.control("callback-url", url=f"{origin}/callbacks/{self.partner}")

    def calls(self, **match: Any) -> list[Json]:
        """Calls the vendor made to the casino, oldest first, with every answer."""
        found: list[Json] = self.control("find/calls", match=match)["calls"]
        return found[::-1]

    def settled(self, *, timeout_seconds: float = 10, **match: Any) -> list[Json]:
        """Wait until no call is waiting for its first try, then return them all."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            calls = self.calls(**match)
            if calls and all(call["tries"] for call in calls):
                return calls
            if time.monotonic() > deadline:
                raise AssertionError(f"Not all calls were sent in {timeout_seconds} s: {calls}")
            time.sleep(0.05)

    def delivered(self, *, timeout_seconds: float = 20, **match: Any) -> list[Json]:
        """Wait until every call was answered with 200."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            calls = self.calls(**match)
            if calls and all(call["state"] in {"delivered", "asked"} for call in calls):
                return calls
            if time.monotonic() > deadline:
                raise AssertionError(f"Not delivered in {timeout_seconds} s: {calls}")
            time.sleep(0.05)


class Softswiss(Driver):
    """The aggregator. A session is named by its id, the last part of its game address."""

    partner = "softswiss"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/softswiss"

    @staticmethod
    def session_id(game_url: str) -> str:
        return urlsplit(game_url).path.rstrip("/").rpartition("/")[2]

    def spin(self, session: str, stake: str | None = None, **choice: Any) -> Json:
        """Play one round: {stake, win, balance, refusal, note}."""
        rounds: list[Json] = self.control(
            f"sessions/{session}/spin", stake=stake, choice=choice, count=1
        )["rounds"]
        return rounds[0]

    def spins(self, session: str, count: int, stake: str | None = None) -> list[Json]:
        rounds: list[Json] = self.control(f"sessions/{session}/spin", stake=stake, count=count)[
            "rounds"
        ]
        return rounds

    def send(self, session: str, *actions: Json, **request: Any) -> Json:
        """One call by hand: {status, body, round_id, action_ids}.

        actions: {"kind": "bet" | "win", "amount": "0.5"} or {"kind": "rollback", "original_id"},
        each with an optional `action_id`; none asks for the balance.
        request: round_id, finished, changes.
        """
        return self.control(f"sessions/{session}/send", actions=list(actions), **request)

    def roll_back(self, action_id: str, **data: Any) -> Json:
        return self.control(f"actions/{action_id}/rollback", **data)

    def roll_back_first(self, session: str, amount: str) -> Json:
        return self.control(f"sessions/{session}/rollback-first", amount=amount)

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[Json]:
        answers: list[Json] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["answers"]
        return answers

    def sessions(self, **match: Any) -> list[Json]:
        found: list[Json] = self.control("find/sessions", match=match)["sessions"]
        return found

    def actions(self, **match: Any) -> list[Json]:
        """The vendor's own record of bets, wins and rollbacks, oldest first."""
        found: list[Json] = self.control("find/actions", match=match)["actions"]
        return found[::-1]

    def totals(self) -> list[Json]:
        """Sums per player and currency of what the casino answered 200 to, in subunits."""
        rows: list[Json] = self.control("totals")["totals"]
        return rows

    def report_freespins(self, issue_id: str, status: str = "played", total: str = "") -> Json:
        return self.control(f"freespins/{issue_id}/report", status=status, total=total)


class Alea(Driver):
    """The live casino. A play is named by its id, the last part of its table's address."""

    partner = "alea"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/alea"

    def open(self, launch_url: str) -> str:
        """Follow a launch address as a browser does; the id of the play."""
        response = self.http.get(launch_url, follow_redirects=False)
        if response.status_code != 302:
            raise ControlRefused(f"{response.status_code}: {response.text[:2000]}")
        return urlsplit(response.headers["Location"]).path.rstrip("/").rpartition("/")[2]

    def page(self, play: str, path: str, **data: Any) -> Json:
        """A call of the table's page: opened, state, place, undo, deal."""
        body: Json = self.http.post(f"/alea/table/{play}/{path}", json=data).json()
        return body

    def place(self, play: str, spot: str, amount: str) -> Json:
        return self.control(f"plays/{play}/place", spot=spot, amount=amount)

    def deal(self, play: str, count: int = 1, **data: Any) -> list[Json]:
        rounds: list[Json] = self.control(f"plays/{play}/deal", count=count, **data)["rounds"]
        return rounds

    def send(self, play: str, kind: str, **data: Any) -> Json:
        """One transaction by hand: {status, body, id, round_id}; data: see the control."""
        return self.control(f"plays/{play}/send", kind=kind, **data)

    def roll_back(self, kind: str, key: str, **data: Any) -> Json:
        return self.control(f"transactions/{kind}:{key}/rollback", **data)

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[Json]:
        answers: list[Json] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["answers"]
        return answers

    def clock(self, **seconds: float) -> None:
        """betting, closed, result; every table begins a new round."""
        self.control("clock", **seconds)

    def hurry(self) -> None:
        """End the phase that runs now; the clock has to be set before."""
        self.control("hurry")

    def hands(self, **match: Any) -> list[Json]:
        found: list[Json] = self.control("find/hands", match=match)["hands"]
        return found[::-1]

    def transactions(self, **match: Any) -> list[Json]:
        """The vendor's own record, oldest first."""
        found: list[Json] = self.control("find/transactions", match=match)["transactions"]
        return found[::-1]

    def totals(self) -> list[Json]:
        """Sums per player and currency of what the casino answered 200 to, in major units."""
        rows: list[Json] = self.control("totals")["totals"]
        return rows


class Coinspaid(Driver):
    """The gateway."""

    partner = "coinspaid"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/coinspaid/api/v2"

    def send(self, address: str, amount: str, *, confirm: bool | None = None, **data: Any) -> Json:
        """Send coins to an address: {id, txid, status}.

        confirm: True confirms at once, False leaves it unconfirmed, None lets the blocks come.
        data: tag, currency (a wrong coin).
        """
        return self.control("send", address=address, amount=amount, confirm=confirm, **data)

    def move(self, number: int, status: str, **data: Any) -> Json:
        """Give a transaction a status; data: error, force (what no real one would do)."""
        return self.control(f"transactions/{number}/move", status=status, **data)

    def mine(self, number: int) -> Json:
        return self.control(f"transactions/{number}/mine")

    def resend(self, number: int, copies: int = 1, *, parallel: bool = False) -> list[int | None]:
        """Send the latest callback of a transaction again; the casino's statuses."""
        statuses: list[int | None] = self.control(
            f"transactions/{number}/resend", copies=copies, parallel=parallel
        )["statuses"]
        return statuses

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[int | None]:
        statuses: list[int | None] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["statuses"]
        return statuses

    def reorganise(self, number: int, outcome: str) -> Json:
        """The chain takes blocks back: `unburied` (it waits again) or `gone`."""
        return self.control(f"transactions/{number}/reorganise", outcome=outcome)

    def contradict(self, number: int, **changes: str) -> Json:
        """Report something else than the gateway's own book says: status, amount, address."""
        return self.control(f"transactions/{number}/contradict", **changes)

    def pay_invoice(self, number: int, amount: str, *, confirm: bool = False) -> Json:
        return self.control(f"invoices/{number}/pay", amount=amount, confirm=confirm)

    def confirm_invoice(self, number: int) -> Json:
        return self.control(f"invoices/{number}/confirm")

    def expire_invoice(self, number: int) -> Json:
        return self.control(f"invoices/{number}/expire")

    def price(self, currency: str, eur: str) -> Json:
        return self.control("prices", currency=currency, eur=eur)

    def currency(self, currency: str, **changes: Any) -> Json:
        """Change a line of the currency list: minimum_amount, precision, visible, …"""
        return self.control("currencies", currency=currency, **changes)

    def books(self) -> list[Json]:
        """Per currency: opening, changes (the lines added up) and balance."""
        rows: list[Json] = self.control("books")["accounts"]
        return rows

    @property
    def statement_url(self) -> str:
        return f"{self.origin}/coinspaid/statement.csv"

    def options(self, **options: Any) -> Json:
        """deposits_auto, withdrawals_auto, exchanges_auto, report_below_minimum,
        report_confirmations, eu_entity, approval_above_eur."""
        return self.control("options", **options)

    def transaction(self, number: int) -> Json:
        return self.control(f"transactions/{number}")

    def transactions(self, **match: Any) -> list[Json]:
        """The gateway's own records, oldest first."""
        found: list[Json] = self.control("find/transactions", match=match)["transactions"]
        return found[::-1]

    def find(self, limit: int = 20, **match: Any) -> list[Json]:
        """The newest of its records, newest first."""
        found: list[Json] = self.control("find/transactions", match=match, limit=limit)[
            "transactions"
        ]
        return found

    def withdrawal(self, foreign_id: str) -> Json:
        """The withdrawal the casino asked for under this id."""
        found = self.transactions(kind="withdrawal", foreign_id=foreign_id)
        assert len(found) == 1, found
        return found[0]


class Paymentiq(Driver):
    """The fiat gateway. Ids are its `txId`s."""

    partner = "paymentiq"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/paymentiq/bo/paymentiq"

    @property
    def cashier_url(self) -> str:
        return f"{self.origin}/paymentiq/cashier"

    def options(self, **options: Any) -> Json:
        """withdrawals_auto, deposits_auto, approval, retries, cancel_after_timeout, …"""
        return self.control("options", **options)

    def start(self, direction: str, user: str, session: str, amount: str, **data: Any) -> Json:
        """A payment as the cashier makes it; `outcome`: what the payer does at the provider."""
        kept: Json = self.control(
            "start", direction=direction, userId=user, sessionId=session, amount=amount, **data
        )["transaction"]
        return kept

    def register(self, user: str, amount: str, **data: Any) -> Json:
        """A transaction the casino has not heard of; amount: signed."""
        kept: Json = self.control("register", userId=user, amount=amount, **data)["transaction"]
        return kept

    def call(self, number: int, action: str, **changes: Any) -> Json:
        """One call about a transaction by hand, with changed fields: {status, answer}."""
        return self.control(f"transactions/{number}/call", action=action, changes=changes)

    def send(self, action: str, document: Json | None = None, *, raw: str | None = None) -> Json:
        """Any call: {status, answer}."""
        data = {"raw": raw} if raw is not None else {"document": document}
        return self.control("send", action=action, **data)

    def payer(self, number: int, outcome: str, amount: str = "") -> Json:
        kept: Json = self.control(f"transactions/{number}/payer", outcome=outcome, amount=amount)[
            "transaction"
        ]
        return kept

    def move_money(self, number: int, amount: str = "", after_seconds: float = 0) -> Json:
        kept: Json = self.control(
            f"transactions/{number}/move", amount=amount, after_seconds=after_seconds
        )["transaction"]
        return kept

    def staff(self, number: int, order: str, **data: Any) -> Json:
        """approve, deny, hold, or force with `state` and `send`."""
        kept: Json = self.control(f"transactions/{number}/staff", order=order, **data)[
            "transaction"
        ]
        return kept

    def undo(self, number: int, kind: str, amount: str = "", **data: Any) -> Json:
        kept: Json = self.control(f"transactions/{number}/undo", kind=kind, amount=amount, **data)[
            "transaction"
        ]
        return kept

    def pay_again(self, number: int, **data: Any) -> Json:
        kept: Json = self.control(f"transactions/{number}/again", **data)["transaction"]
        return kept

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[Json]:
        """The casino's answers to the same bytes sent again."""
        answers: list[Json] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["answers"]
        return [one["body"] for one in answers]

    def transaction(self, number: int) -> Json:
        return self.control(f"transactions/{number}")

    def transactions(self, **match: Any) -> list[Json]:
        found: list[Json] = self.control("find/transactions", match=match)["transactions"]
        return found[::-1]

    def totals(self) -> dict[tuple[str, str], str]:
        """What providers have moved, per user and currency: the vendor's own book."""
        rows = self.control("totals")["totals"]
        return {(row["userId"], row["currency"]): row["total"] for row in rows}


class Market(Driver):
    """The sources of rates: Coinbase, CoinGecko, the ECB."""

    partner = "rates"

    def price(self, code: str, eur: str) -> None:
        """What one of it is worth, at every source but CoinsPaid."""
        self.control("prices", code=code, eur=eur)

    def fault(self, source: str, code: str, kind: str) -> None:
        """Let a source say something else; code "*" means all, an empty kind mends it."""
        self.control("faults", source=source, code=code, kind=kind)

    def off(self, source: str, *, is_off: bool = True) -> None:
        self.control("off", source=source, is_off=is_off)

    def ecb_day(self, day: str) -> None:
        self.control("ecb-day", day=day)


class Sendpost(Driver):
    """The mail provider. A mail is named by its `messageId`."""

    partner = "sendpost"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/sendpost/api/v1"

    def options(self, **options: Any) -> Json:
        """legacy, unverified, limited, auto, webhook."""
        return self.control("options", **options)

    def messages(self, **match: Any) -> list[Json]:
        """Mails it accepted, oldest first."""
        found: list[Json] = self.control("find/messages", match=match)["messages"]
        return found[::-1]

    def message(self, **match: Any) -> Json:
        """The one mail it accepted."""
        found = self.messages(**match)
        assert len(found) == 1, found
        return found[0]

    def happen(self, message_id: str, kind: str) -> Json:
        return self.control(f"messages/{message_id}/happen", kind=kind)

    def resend(self, message_id: str, kind: str) -> Json:
        """Report the newest event of a kind again, under its own id."""
        return self.control(f"messages/{message_id}/resend", kind=kind)

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[int | None]:
        statuses: list[int | None] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["statuses"]
        return statuses

    def suppress(self, account: str, email: str, reason: str = "manual") -> Json:
        return self.control("suppress", account=account, email=email, reason=reason)

    def suppressions(self, **match: Any) -> list[Json]:
        found: list[Json] = self.control("find/suppressions", match=match)["suppressions"]
        return found

    def webhooks(self) -> list[Json]:
        found: list[Json] = self.control("find/webhooks")["webhooks"]
        return found


class Register(Driver):
    """The national register of self-exclusion."""

    partner = "register"

    def add(self, **person: str) -> str:
        """dateOfBirth with email, mobile, or lastName and postcode; state is Y or P."""
        number: str = self.control("add", **person)["entry"]["id"]
        return number

    def remove(self, number: str) -> None:
        self.control("remove", id=number)

    def questions(self, **match: Any) -> list[Json]:
        """What it was asked, newest first."""
        found: list[Json] = self.control("find/questions", match=match)["questions"]
        return found


class Sumsub(Driver):
    """The verification provider. An applicant is named by the casino's own id of it."""

    partner = "sumsub"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/sumsub"

    def call_back(self, origin: str, webhook: str = "") -> None:
        self.control("callback-url", url=f"{origin}/callbacks/sumsub/{webhook}")

    def options(self, **options: Any) -> Json:
        """algorithm, secret, auto, sandbox, workflow, bare_errors, other_person."""
        return self.control("options", **options)

    def applicant(self, external_ref: str) -> Json:
        """The one applicant of this id, as the vendor keeps it."""
        (found,) = self.control("find/applicants", match={"externalUserId": external_ref})[
            "applicants"
        ]
        return dict(found)

    def act(self, external_ref: str, action: str, **data: Any) -> Json:
        """Press a button on an applicant's page: submit, decide, move, reset, level, person, hit,
        clear, presence, delete, send."""
        return self.control(f"applicants/{self.applicant(external_ref)['id']}/{action}", **data)

    def repeat(self, call_key: str, copies: int = 1, *, parallel: bool = False) -> list[int | None]:
        statuses: list[int | None] = self.control(
            f"calls/{call_key}/repeat", copies=copies, parallel=parallel
        )["statuses"]
        return statuses


@dataclass
class Simulators:
    """The running process."""

    origin: str
    database_url: str
    process: subprocess.Popen[bytes]
    softswiss: Softswiss
    coinspaid: Coinspaid
    paymentiq: Paymentiq
    sendpost: Sendpost

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without a chance to tidy up, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(database_url: str, port: int | None = None, **environment: str) -> Simulators:
    """Start the simulators on a free port and wait until they answer."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulators", "--with-parent", "--port", str(port)],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "SIMULATORS_DATABASE_URL": database_url,
            "SIMULATORS_SPEED": str(SPEED),
        }
        | environment,
        stdin=subprocess.PIPE,  # closes when this process ends, however it ends
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # so that a kill reaches the server's own children
    )
    origin = f"http://127.0.0.1:{port}"
    running = Simulators(
        origin,
        database_url,
        process,
        Softswiss(origin),
        Coinspaid(origin),
        Paymentiq(origin),
        Sendpost(origin),
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            web.get(f"{origin}/readyz").raise_for_status()
        except httpx.HTTPError:
            if process.poll() is not None or time.monotonic() > deadline:
                running.stop()
                raise AssertionError("The simulators did not start.") from None
            time.sleep(0.1)
        else:
            return running


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def database_url(name: str) -> str:
    """A database of this name on the server the tests use."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{name}"))
    return url.replace(f"postgresql:/{name}", f"postgresql:///{name}")


def drop_database(name: str) -> None:
    with psycopg.connect(database_url("postgres"), autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                psycopg.sql.Identifier(name)
            )
        )


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    name = f"test_simulators_{os.getpid()}"
    running = start(database_url(name))
    yield running
    running.stop()
    drop_database(name)


@pytest.fixture
def softswiss(simulators: Simulators, settings: Any) -> Iterator[Softswiss]:
    """The aggregator with an empty book; the casino's settings point at it."""
    simulators.softswiss.reset()
    settings.SOFTSWISS_BASE_URL = simulators.softswiss.base_url
    yield simulators.softswiss
    simulators.softswiss.reset()


@pytest.fixture
def alea(simulators: Simulators, settings: Any) -> Iterator[Alea]:
    """The live casino with an empty book; the casino's settings point at it."""
    played = Alea(simulators.origin)
    played.reset()
    settings.ALEA_BASE_URL = played.base_url
    yield played
    played.reset()


@pytest.fixture
def coinspaid(simulators: Simulators, settings: Any) -> Iterator[Coinspaid]:
    """The gateway with an empty book; the casino's settings point at it."""
    simulators.coinspaid.reset()
    settings.COINSPAID_BASE_URL = simulators.coinspaid.base_url
    settings.COINSPAID_STATEMENT_URL = simulators.coinspaid.statement_url
    yield simulators.coinspaid
    simulators.coinspaid.reset()


@pytest.fixture
def paymentiq(simulators: Simulators, settings: Any) -> Iterator[Paymentiq]:
    """The fiat gateway with an empty book; the casino's settings point at it."""
    simulators.paymentiq.reset()
    settings.PAYMENTIQ_BASE_URL = simulators.paymentiq.base_url
    settings.PAYMENTIQ_CASHIER_URL = simulators.paymentiq.cashier_url
    yield simulators.paymentiq
    simulators.paymentiq.reset()


@pytest.fixture
def sendpost(simulators: Simulators, settings: Any) -> Iterator[Sendpost]:
    """The mail provider with an empty mailbox; the casino's mail goes through its queue to it."""
    simulators.sendpost.reset()
    settings.SENDPOST_BASE_URL = simulators.sendpost.base_url
    settings.EMAIL_BACKEND = "apps.messaging.backend.QueueBackend"
    yield simulators.sendpost
    simulators.sendpost.reset()


@pytest.fixture
def register(simulators: Simulators, settings: Any) -> Iterator[Register]:
    """An empty register; residents of Great Britain are asked about there."""
    played = Register(simulators.origin)
    played.reset()
    settings.GAMSTOP_BASE_URL = f"{simulators.origin}/register/gamstop"
    yield played
    played.reset()


@pytest.fixture
def sumsub(simulators: Simulators, settings: Any) -> Iterator[Sumsub]:
    """The verification provider that knows nobody; the casino's settings point at it."""
    played = Sumsub(simulators.origin)
    played.reset()
    settings.SUMSUB_BASE_URL = played.base_url
    settings.SUMSUB_FRAME_ORIGIN = simulators.origin
    yield played
    played.reset()


@pytest.fixture
def market(simulators: Simulators, settings: Any) -> Iterator[Market]:
    """The sources of rates, as they are at first; the casino's settings point at them."""
    played = Market(simulators.origin)
    played.reset()
    settings.COINBASE_BASE_URL = f"{simulators.origin}/rates/coinbase"
    settings.COINGECKO_BASE_URL = f"{simulators.origin}/rates/coingecko/api/v3"
    settings.ECB_BASE_URL = f"{simulators.origin}/rates/ecb"
    yield played
    played.reset()


# ---- a casino that only records ----------------------------------------------------------------


@dataclass
class Asked:
    """One call the recording casino got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


@dataclass
class RecordingCasino:
    """Answers with `answer(asked) -> (status, body)`, and keeps every call in order."""

    origin: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], tuple[int, Json]] = lambda _asked: (200, {})

    def paths(self) -> list[str]:
        return [call.path for call in self.asked]


@pytest.fixture
def recording_casino() -> Iterator[RecordingCasino]:
    casino = RecordingCasino()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Asked(self.path, headers, body)
            casino.asked.append(call)
            status, document = casino.answer(call)
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the test looks at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    casino.origin = f"http://127.0.0.1:{server.server_port}"
    yield casino
    server.shutdown()
    server.server_close()
