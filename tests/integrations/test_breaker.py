"""Circuits and bulkheads around calls to partners, in Redis and without it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apps.audit.models import Alarm
from apps.integrations import breaker
from apps.integrations.breaker import Call, Circuit, guard
from apps.integrations.errors import NotAsked, ProviderError
from apps.integrations.http import VendorHttp

FAR = "redis://127.0.0.1:1/0"


def fail(times: int = 1, kind: str = "launch") -> None:
    for _ in range(times):
        with pytest.raises(ProviderError), guard("acme", kind, alarm=False):
            raise ProviderError("It fell over.", retryable=True)


def answer(kind: str = "launch") -> None:
    with guard("acme", kind, alarm=False):
        pass


def refused(kind: str = "launch") -> str:
    with pytest.raises(NotAsked) as caught, guard("acme", kind, alarm=False):
        raise AssertionError("It was asked.")
    return caught.value.why


@pytest.fixture(params=["shared", "alone"])
def _store(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "alone":
        settings.REDIS_URL = FAR


@pytest.mark.usefixtures("_store")
def test_a_partner_that_keeps_failing_is_left_alone() -> None:
    fail(4)
    answer()
    assert breaker.circuit("acme", "launch").state(time.time()) == "closed"

    fail()

    assert refused() == "open"
    assert breaker.circuit("acme", "launch").state(time.time()) == "open"


@pytest.mark.usefixtures("_store")
def test_kinds_of_calls_fail_on_their_own() -> None:
    fail(5)

    assert refused() == "open"
    answer("catalogue")


def test_a_few_failures_among_many_answers_open_nothing() -> None:
    for _ in range(4):
        answer()
        answer()
        fail(1)
    fail(1)

    answer()


def test_old_failures_do_not_count() -> None:
    found = Circuit(calls=[Call(1000, 5, "broken")] * 4)

    assert not found.note(Call(1000 + breaker.WINDOW_SECONDS + 1, 5, "broken"))
    assert found.state(2000) == "closed"


def test_after_the_pause_one_call_finds_out() -> None:
    found = Circuit()
    opened = [found.note(Call(100, 5, "broken")) for _ in range(5)]
    assert opened == [False] * 4 + [True]
    assert 100 + breaker.OPEN_SECONDS * 0.8 <= found.open_until <= 100 + breaker.OPEN_SECONDS * 1.2
    later = found.open_until + 1

    assert not found.admit(found.open_until - 1)
    assert [found.admit(later) for _ in range(3)] == [True, False, False]
    found.note(Call(later, 5, "broken"))
    first = found.open_until - later
    assert first > breaker.OPEN_SECONDS * 1.5
    assert found.admit(found.open_until + 1)
    found.note(Call(found.open_until + 1, 5, "ok"))
    assert found.state(later + 1000) == "closed"
    assert not found.note(Call(later + 1000, 5, "broken"))


def test_a_probe_whose_process_died_is_not_waited_for_for_ever() -> None:
    found = Circuit(trips=1, open_until=100)

    assert found.admit(101)
    assert not found.admit(101 + breaker.PROBE_SECONDS - 1)
    assert found.admit(101 + breaker.PROBE_SECONDS + 1)


def test_what_one_process_saw_another_knows() -> None:
    fail(5)
    # Nothing of its own, and its own connection: what a process has that has just started.
    breaker._local.clear()
    breaker._redis.cache_clear()

    assert refused() == "open"


@pytest.mark.usefixtures("_store")
def test_no_more_calls_at_once_than_allowed(settings: Any) -> None:
    settings.PARTNER_CALLS_MAX = 2
    leave, inside = threading.Event(), threading.Barrier(3)

    def hang() -> None:
        with guard("acme", "launch", alarm=False):
            inside.wait(5)
            leave.wait(5)

    threads = [threading.Thread(target=hang) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(5)
    started = time.monotonic()

    assert [refused(), refused("catalogue")] == ["busy", "busy"]
    assert time.monotonic() - started < 1
    with guard("other", "launch", alarm=False):
        leave.set()
    for thread in threads:
        thread.join(5)
    answer()


def test_threads_that_fail_at_once_are_all_counted() -> None:
    threads = [threading.Thread(target=_fail_quietly) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(breaker.circuit("acme", "launch").calls) == 3


def _fail_quietly() -> None:
    try:
        with guard("acme", "launch", alarm=False):
            raise ProviderError("It fell over.", retryable=True)
    except ProviderError:
        return


@pytest.mark.usefixtures("_store")
def test_a_person_may_hold_a_circuit() -> None:
    breaker.force("acme", "launch", "open", by="dana", reason="They asked us to.")
    assert refused() == "open"
    breaker.force("acme", "launch", "closed", by="dana", reason="We need to see.")
    fail(8)
    answer()
    breaker.force("acme", "launch", "")
    fail(4)
    answer()


def test_staff_hear_of_an_opened_circuit(db: None) -> None:
    for _ in range(5):
        with pytest.raises(ProviderError), guard("acme", "launch"):
            raise ProviderError("It fell over.", retryable=True)

    alarm = Alarm.objects.get(code="partner.circuit_open")
    assert (alarm.subject, alarm.count) == ("acme launch", 1)


def test_what_cannot_be_read_in_redis_begins_anew(settings: Any) -> None:
    answer()
    key = f"{settings.BREAKER_PREFIX}:acme:launch"
    breaker._redis(settings.REDIS_URL).set(key, '{"calls": 7, "new": 1}')

    assert breaker.circuit("acme", "launch") == Circuit()
    fail(5)
    assert refused() == "open"


# ---- the client under it --------------------------------------------------------------------------


@contextmanager
def _dripping() -> Iterator[str]:
    """A server that sends a byte every tenth of a second and never ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    thread.join(5)
    listener.close()


def test_an_answer_that_drips_is_given_up_in_time() -> None:
    with _dripping() as origin:
        started = time.monotonic()

        with pytest.raises(ProviderError) as caught:
            VendorHttp("ACME", origin).request("GET", "x", timeout_seconds=0.4)

    assert time.monotonic() - started < 1.5
    assert caught.value.outcome_unknown
