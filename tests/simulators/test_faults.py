"""Every switch a tester can turn, and what outlives a restart."""

import os
import time

import httpx
import pytest

from apps.integrations.simulation import Book, Refused, Switches
from tests.simulator_client import (
    Coinspaid,
    ControlRefused,
    RecordingCasino,
    Simulators,
    Softswiss,
    database_url,
    drop_database,
    start,
)
from tests.simulators.factories import (
    SmallWallet,
    a_game,
    ask_gateway,
    open_v1,
    take_address,
    withdraw,
)
from tests.web import web

SLOT = a_game(category="slots", is_apart=False, has_freespins=False)


# ---- answers to the casino ---------------------------------------------------------------------


def test_an_answer_of_500_can_hide_work_that_was_done(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_answer="error_after", only="withdrawal", remaining=1)

    first, second = withdraw(coinspaid), withdraw(coinspaid)

    assert first.status_code == 500
    assert second.json() == {"errors": {"foreign_id": "The foreign id has already been taken."}}


def test_an_answer_of_500_can_mean_nothing_was_done(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_answer="error_before", remaining=1)

    first, second = withdraw(coinspaid), withdraw(coinspaid)

    assert (first.status_code, second.status_code) == (500, 201)


def test_an_answer_can_get_lost_after_the_work(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_answer="drop_after", remaining=1)

    with pytest.raises(httpx.RemoteProtocolError):
        withdraw(coinspaid)

    assert len(coinspaid.transactions(kind="withdrawal")) == 1


def test_the_vendor_can_refuse(coinspaid: Coinspaid, softswiss: Softswiss) -> None:
    coinspaid.switches(api_answer="refuse")

    refused = ask_gateway(coinspaid, "/addresses/take", currency="BTC")

    assert refused.status_code == 400
    assert "errors" in refused.json()


def test_an_answer_can_be_late(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_delay_ms=400, only="accounts")

    begun = time.monotonic()
    ask_gateway(coinspaid, "/accounts/list")
    late = time.monotonic() - begun
    ask_gateway(coinspaid, "/currencies/list")

    assert late >= 0.4
    assert time.monotonic() - begun - late < 0.4


def test_an_answer_may_never_come(coinspaid: Coinspaid) -> None:
    coinspaid.switches(api_answer="hang", remaining=1)

    with pytest.raises(httpx.ReadTimeout):
        web.post(f"{coinspaid.base_url}/accounts/list", timeout=0.5)


# ---- calls to the casino -----------------------------------------------------------------------


def test_a_callback_can_come_many_times_at_once(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_copies=6, callback_parallel=True, only="confirmed")
    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)
    coinspaid.delivered(reference=str(sent["id"]))

    assert len(listener.asked) == 6
    assert len({asked.body for asked in listener.asked}) == 1


def test_a_switch_touches_only_the_calls_it_names(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_copies=3, only="cancelled")

    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    assert len(listener.asked) == 2


def test_the_final_callback_can_overtake_the_first(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_reorder=True)

    sent = coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    coinspaid.delivered(reference=str(sent["id"]))

    assert [asked.json["status"] for asked in listener.asked] == ["confirmed", "not_confirmed"]


@pytest.mark.parametrize("how", ["wrong", "missing"])
def test_a_callback_can_be_signed_badly(
    coinspaid: Coinspaid, listener: RecordingCasino, how: str
) -> None:
    coinspaid.switches(callback_signature=how)

    coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)
    coinspaid.settled()

    good = coinspaid.resend(coinspaid.transactions()[0]["id"])
    bad_headers, good_headers = (asked.headers for asked in listener.asked)
    assert good == [200]
    assert bad_headers.get("x-processing-signature") != good_headers["x-processing-signature"]
    assert ("x-processing-signature" in bad_headers) == (how == "wrong")


def test_a_lost_answer_makes_the_vendor_try_again(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_answer="lose", remaining=2)

    coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)
    calls = coinspaid.delivered()

    assert [one["status"] for one in calls[0]["tries"]] == [None, None, 200]
    assert len({asked.body for asked in listener.asked}) == 1
    assert len(listener.asked) == 3


def test_callbacks_can_pile_up_and_arrive_together(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    coinspaid.switches(callback_hold=True)
    for _ in range(5):
        coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=True)
    time.sleep(0.5)
    held = len(listener.asked)

    coinspaid.switches()
    coinspaid.delivered()

    assert held == 0
    assert len(listener.asked) == 10


def test_a_refused_callback_is_sent_by_the_vendors_schedule(
    coinspaid: Coinspaid, listener: RecordingCasino
) -> None:
    listener.answer = lambda _asked: (503 if len(listener.asked) < 3 else 200, {})

    coinspaid.send(take_address(coinspaid)["address"], "0.01", confirm=False)
    calls = coinspaid.delivered()

    assert [one["status"] for one in calls[0]["tries"]] == [503, 503, 200]


def test_a_spin_can_be_sent_twice_at_once(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)
    softswiss.switches(callback_copies=4, callback_parallel=True, only="play")

    softswiss.spin(session, stake="1.00")

    totals = softswiss.totals()[0]
    assert len(wallet.casino.asked) == 4
    assert wallet.units == 100_000 - totals["bet"] + totals["win"]


def test_a_spin_whose_answer_is_lost_is_sent_again_with_the_same_ids(
    softswiss: Softswiss, wallet: SmallWallet
) -> None:
    session = open_v1(softswiss, SLOT)
    softswiss.switches(callback_answer="lose", remaining=1)

    played = softswiss.spin(session, stake="1.00")

    assert played["refusal"] == ""
    assert len({asked.body for asked in wallet.casino.asked}) == 1
    assert len(wallet.casino.asked) == 2


# ---- the switches themselves, and the book -----------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {"api_answer": "explode"},
        {"callback_copies": 0},
        {"callback_copies": "many"},
        {"api_delay_ms": -1},
        {"unheard_of": True},
    ],
)
def test_a_switch_that_is_not_there_cannot_be_turned(
    coinspaid: Coinspaid, switches: dict[str, object]
) -> None:
    with pytest.raises(ControlRefused):
        coinspaid.switches(**switches)

    assert coinspaid.control("switches/state") == coinspaid.control("switches")["switches"]


def test_switches_read_a_form() -> None:
    switches = Switches.parse({"callback_parallel": "on", "remaining": "", "api_delay_ms": "5"})

    assert switches == Switches(callback_parallel=True, api_delay_ms=5)
    with pytest.raises(Refused):
        Switches.parse({"api_delay_ms": "soon"})


def test_a_book_keeps_a_document_once_and_its_change_whole(simulators: Simulators) -> None:
    book = Book("test", simulators.database_url)
    book.clear()

    assert book.insert("things", "a", {"n": 1})
    assert not book.insert("things", "a", {"n": 2})
    with pytest.raises(ZeroDivisionError), book.locked("things", "a") as thing:
        thing["n"] = 1 // 0
    with book.locked("things", "a") as thing:
        thing["n"] = 3

    assert book.get("things", "a") == {"n": 3}
    assert [document.key for document in book.find("things", {"n": 3})] == ["a"]
    assert [book.number("count"), book.number("count"), book.number("count")] == [1, 2, 3]
    book.clear()


def test_unsent_callbacks_survive_a_restart(recording_casino: RecordingCasino) -> None:
    name = f"test_simulators_restart_{os.getpid()}"
    running = start(database_url(name))
    try:
        running.coinspaid.call_back(recording_casino.origin)
        running.coinspaid.switches(callback_hold=True)
        address = take_address(running.coinspaid)["address"]
        running.coinspaid.send(address, "0.01", confirm=True)
        running.kill()

        running = start(database_url(name))
        running.coinspaid.switches()
        running.coinspaid.delivered()
    finally:
        running.stop()
        drop_database(name)

    statuses = [asked.json["status"] for asked in recording_casino.asked]
    assert statuses == ["not_confirmed", "confirmed"]


def test_the_simulators_end_with_the_process_that_started_them(simulators: Simulators) -> None:
    running = start(simulators.database_url)

    assert running.process.stdin is not None
    running.process.stdin.close()

    assert running.process.wait(timeout=10) is not None
    with pytest.raises(httpx.ConnectError):
        web.get(f"{running.origin}/readyz")
