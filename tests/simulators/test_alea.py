"""The simulator of Alea: what it sends, how its games pay, its clock, what a tester sees."""

import hashlib
import json
import time
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from apps.games.providers.alea.simulator import catalogue, engines
from tests.simulator_client import Alea, ControlRefused, RecordingCasino
from tests.simulators.test_alea_table import SmallCasino
from tests.web import web

SECRET = b"test-alea-secret"
QUERY = "casinoSessionId=cs-1&device=DESKTOP&gameMode=REAL"
LIVE, SOLO = "16301", "16315"


@pytest.fixture
def casino(alea: Alea, recording_casino: RecordingCasino) -> RecordingCasino:
    recording_casino.answer = SmallCasino().answer
    alea.call_back(recording_casino.origin)
    return recording_casino


def digest(text: bytes) -> str:
    return "SHA-512=" + hashlib.sha512(text + SECRET).hexdigest()


def open_play(alea: Alea, game: str = LIVE, **changes: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in changes.items())
    return alea.open(f"{alea.base_url}/api/v1/games/{game}?{QUERY}{more}")


def test_every_game_returns_what_its_catalogue_says() -> None:
    games = catalogue.games().values()

    assert len(games) == len({game.name for game in games}) == 60
    for name, expected in {
        "roulette": Fraction(36, 37),
        "dragon_tiger": Fraction(25, 26),
        "sic_bo": Fraction(35, 36),
        "show": Fraction(26, 27),
    }.items():
        engine = engines.ENGINES[name]
        assert engine.payback(engine.main) == expected
    banker = engines.ENGINES["baccarat"].payback("banker")
    assert round(float(banker), 4) == 0.9894
    assert all(
        engine.payback(spot) < 1 for engine in engines.ENGINES.values() for spot in engine.spots
    )


def test_what_is_drawn_pays_what_is_counted() -> None:
    dice = Random(7)

    for name, engine in engines.ENGINES.items():
        rounds = 20_000
        paid = sum(engine.win_units(engine.draw(dice), {engine.main: 100}) for _ in range(rounds))
        assert abs(paid / rounds / 100 - float(engine.payback(engine.main))) < 0.04, name


def test_a_launch_asks_who_plays_and_signs_each_question(
    alea: Alea, casino: RecordingCasino
) -> None:
    play = open_play(alea)
    opened = alea.page(play, "opened")

    session, balance = casino.asked
    assert session.path == "/callbacks/alea/sessions/cs-1"
    assert session.headers["digest"] == digest(b"cs-1")
    path, _, query = balance.path.partition("?")
    assert path == "/callbacks/alea/players/u-1.EUR/balance"
    assert query == "casinoSessionId=cs-1&currency=EUR&gameId=16301&integratorId=8&softwareId=6"
    assert balance.headers["digest"] == digest(b"cs-1EUR1630186")
    assert opened["balance"]["text"] == "1000.00"


def test_a_transaction_is_signed_as_it_is_sent(alea: Alea, casino: RecordingCasino) -> None:
    play = open_play(alea, SOLO)

    dealt = alea.deal(play, amount="0.20")

    sent = casino.asked[-1]
    body = sent.json
    assert sent.path == "/callbacks/alea/transactions"
    assert sent.headers["digest"] == digest(sent.body)
    assert b" " not in sent.body
    assert b'"bet":{"amount":0.20}' in sent.body
    assert (body["type"], body["round"]["status"]) == ("BET_WIN", "COMPLETED")
    assert body["player"]["casinoPlayerId"] == "u-1.EUR"
    assert dealt[0]["refusal"] == ""


def test_an_address_that_is_not_right_opens_nothing(alea: Alea, casino: RecordingCasino) -> None:
    base = f"{alea.base_url}/api/v1/games"
    casino.answer = lambda asked: (
        403,
        {"status": "DENIED", "code": "SESSION_EXPIRED", "message": ""},
    )
    expired = web.get(f"{base}/{LIVE}?{QUERY}")

    assert (expired.status_code, "Open it again" in expired.text) == (403, True)
    assert web.get(f"{base}/1?{QUERY}").status_code == 404
    assert web.get(f"{base}/{LIVE}?casinoSessionId=x").status_code == 400
    assert web.get(f"{base}/{LIVE}?{QUERY.replace('REAL', 'DEMO')}").status_code == 400
    assert alea.control("find/plays")["plays"] == []


def test_only_the_operator_reads_the_catalogue(alea: Alea) -> None:
    body = {
        "query": '{ gamesReady(jurisdictionCode: "CAO", size: 2, page: 1) { results { id name } } }'
    }
    good = {"Authorization": "Bearer test-alea-token", "Alea-CasinoId": "1204"}

    stranger = web.post(f"{alea.base_url}/api/graphql", json=body)
    listed = web.post(f"{alea.base_url}/api/graphql", json=body, headers=good).json()
    wrong = web.post(
        f"{alea.base_url}/api/graphql", json={"query": "{ nothing }"}, headers=good
    ).json()

    assert stranger.status_code == 401
    assert [one["id"] for one in listed["data"]["gamesReady"]["results"]] == [16303, 16304]
    assert listed["data"]["gamesReady"]["page"]["totalPages"] == 30
    assert wrong["errors"][0]["message"].startswith("Validation error")


def test_the_clock_shows_no_result_before_bets_are_closed(
    alea: Alea, casino: RecordingCasino
) -> None:
    alea.clock(betting=0.6, closed=0.5, result=0.5)
    play = open_play(alea)
    seen: dict[str, dict[str, Any]] = {}

    deadline = time.monotonic() + 20
    while len(seen) < 3 and time.monotonic() < deadline:
        state = alea.page(play, "state")
        seen.setdefault(state["phase"], state)
        assert ("show" in state) == (state["phase"] != "betting")
        assert 0 <= state["ends_in_ms"] <= 600

    assert set(seen) == {"betting", "closed", "result"}
    refused = alea.page(play, "place", spot="red", units="20")
    assert "error" not in refused


def test_each_player_is_paid_once_even_by_two_clocks(alea: Alea, casino: RecordingCasino) -> None:
    alea.clock(betting=90, closed=60, result=60)
    play = open_play(alea)
    for spot in ("red", "black"):
        assert alea.place(play, spot, "1")["refusal"] == ""
    alea.hurry()
    alea.hurry()

    deadline = time.monotonic() + 20
    while not alea.hands() or not alea.hands()[0]["settled"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.3)
    alea.delivered()

    kinds = [json.loads(call.body)["type"] for call in casino.asked if call.body]
    assert kinds.count("BET") == 2
    assert kinds.count("WIN") + kinds.count("END_ROUND") == 1


def test_what_a_page_may_not_ask(alea: Alea, casino: RecordingCasino) -> None:
    live, solo = open_play(alea), open_play(alea, SOLO)

    for play, path, data in (
        (live, "place", {"spot": "moon", "units": "20"}),
        (live, "place", {"spot": "red", "units": "-1"}),
        (live, "place", {"spot": "red", "units": 20}),
        (live, "deal", {"chips": {"red": "20"}}),
        (solo, "place", {"spot": "red", "units": "20"}),
        (solo, "deal", {"chips": {}}),
        (solo, "deal", {"chips": {"moon": "20"}}),
        (solo, "deal", {"chips": []}),
        ("nobody", "state", {}),
    ):
        assert "error" in alea.page(play, path, **data), (path, data)
    assert alea.transactions() == []


def test_a_full_table_is_watched(alea: Alea, casino: RecordingCasino) -> None:
    game = next(one.id for one in catalogue.games().values() if one.seats == 7)
    alea.clock(betting=20, closed=1, result=1)
    plays = [open_play(alea, game) for _ in range(8)]

    seats = [alea.page(play, "opened")["seat"] for play in plays]

    assert seats == [1, 2, 3, 4, 5, 6, 7, 0]
    assert alea.place(plays[-1], "banker", "5")["refusal"].startswith("All seats are taken")


@pytest.mark.parametrize("path", ["", "tables/", "calls/", "games/", "plays/{play}/"])
def test_a_tester_sees_its_pages(alea: Alea, casino: RecordingCasino, path: str) -> None:
    play = open_play(alea, SOLO)
    alea.deal(play, amount="0.20")

    page = alea.http.get(f"/alea/{path.format(play=play)}")

    assert page.status_code == 200
    assert "Faults" in page.text
    assert "style=" not in page.text


def test_the_buttons_refuse_nonsense(alea: Alea) -> None:
    for path, data in (
        ("clock", {"betting": "soon"}),
        ("clock", {"moon": 1}),
        ("clock", {"betting": 0}),
        ("switches", {"api_answer": "maybe"}),
        ("demo", {"game": LIVE}),
        ("plays/nobody/send", {"kind": "BET"}),
        ("transactions/BET:1/rollback", {}),
        ("calls/c1/repeat", {}),
    ):
        with pytest.raises(ControlRefused):
            alea.control(path, **data)
