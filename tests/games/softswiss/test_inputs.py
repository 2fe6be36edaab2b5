"""What a caller may get wrong: the exact answer, and nothing changed."""

import json
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from apps.accounts.models import Player
from apps.games import play
from apps.games.models import Game
from apps.games.providers.softswiss import callbacks
from apps.integrations.models import InboxMessage
from tests.games.conftest import fund
from tests.games.factories import Answer, Table, make_session, send, world

BET_V1 = {"action": "bet", "action_id": "a-1", "amount": 100}
BET_V2 = {"type": "bet", "id": "a-1", "amount": "1.00"}


def refused(answer: Answer, code: int) -> bool:
    """Whether this is the refusal `code` in the form and with the status of its generation."""
    said = answer.json
    if "meta" in said:
        status = code if code in {403, 404, 409, 500, 503} else 400
        return (answer.status, said["meta"]["api_code"]) == (status, str(code)) and bool(
            said["msg"]
        )
    status = code if code in {400, 403, 404, 500, 503} else 412
    return (answer.status, said["code"]) == (status, code) and bool(said["message"])


@pytest.fixture
def v1(player: Player, game: Game) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player, game, make_session(player, game), "v1")


@pytest.fixture
def v2(player: Player, game: Game) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player, game, make_session(player, game), "v2")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": -1}, {"amount": 1.5}, {"amount": 1.0}, {"amount": "100"}, {"amount": None},
        {"amount": True}, {"amount": [100]}, {"amount": 10**40}, {"action": "tip"},
        {"action": "rollback"}, {"action": ""}, {"action_id": ""}, {"action_id": 7},
        {"action_id": "x" * 256}, {"action_id": "a\x00b"}, {"action_id": None},
    ],
)  # fmt: skip
def test_a_wrong_action_is_malformed_v1(v1: Table, change: dict[str, Any]) -> None:
    before = world()

    answer = v1.v1(BET_V1 | change)

    assert refused(answer, 400), answer
    assert world() == before


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "-1"}, {"amount": "1e5"}, {"amount": "1E5"}, {"amount": 100}, {"amount": 1.5},
        {"amount": "NaN"}, {"amount": "Infinity"}, {"amount": ""}, {"amount": "1,00"},
        {"amount": "1."}, {"amount": ".5"}, {"amount": " 1"}, {"amount": "1\n"}, {"amount": "+1"},
        {"amount": "0.001"}, {"amount": "1.0000000000001"}, {"amount": "1" * 19},
        {"amount": "9" * 18}, {"amount": "\u0661"}, {"amount": None}, {"type": "tip"},
        {"type": "rollback"}, {"id": ""}, {"id": 7}, {"id": "x" * 256}, {"id": "a\x00b"},
    ],
)  # fmt: skip
def test_a_wrong_transaction_is_malformed_v2(v2: Table, change: dict[str, Any]) -> None:
    before = world()

    answer = v2.v2("Round/BetWin", BET_V2 | change)

    assert refused(answer, 400), answer
    assert world() == before


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": 7}, {"user_id": None}, {"user_id": ""}, {"currency": None}, {"currency": "eur"},
        {"currency": 978}, {"game_id": None}, {"game_id": ""}, {"game_id": "r" * 256},
        {"finished": "yes"}, {"finished": 1}, {"actions": {}}, {"actions": "bet"},
        {"actions": [BET_V1] * 101}, {"session_id": 5}, {"game": 5}, {"game": "\x00"},
    ],
)  # fmt: skip
def test_a_wrong_envelope_is_malformed_v1(v1: Table, change: dict[str, Any]) -> None:
    before = world()

    answer = v1.v1(BET_V1, **change)

    assert refused(answer, 400), answer
    assert world() == before


@pytest.mark.parametrize(
    "change",
    [
        {"player_id": None}, {"player_id": 7}, {"currency": "e"}, {"round_id": None},
        {"round_id": ""}, {"game_id": None}, {"provider": None}, {"finished": "yes"},
        {"transactions": []}, {"transactions": None}, {"session_payload": {"a": 1}},
    ],
)  # fmt: skip
def test_a_wrong_envelope_is_malformed_v2(v2: Table, change: dict[str, Any]) -> None:
    before = world()

    answer = v2.v2("Round/BetWin", BET_V2, **change)

    assert refused(answer, 400), answer
    assert world() == before


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"7", b'"play"', b"\xff\xfe", b'{"user_id":"x"',
        b'{"user_id":"x","currency":"EUR","actions":[{"action":"bet","action_id":"a","amount":NaN}]}',
        b'{"user_id":"x","currency":"EUR","actions":[{"action":"bet","action_id":"a","amount":1e5}]}',
        b'{"user_id":"\\ud800","currency":"EUR"}', b"[" * 100_000, b"{}" + b" " * 200_000 + b"x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["play", "rollback", "freespins", "v2/a8r_casino.Round/BetWin"])
def test_a_body_that_is_no_call_is_malformed(db: None, body: bytes, path: str) -> None:
    answer = send(path, body)

    assert refused(answer, 400), answer


def test_both_spellings_of_finished_are_understood_v2(v2: Table) -> None:
    for index, said in enumerate([True, False, "true", "false"]):
        answer = v2.v2("Round/BetWin", BET_V2 | {"id": f"a-{index}"}, finished=said)
        assert answer.status == 200


def test_an_id_twice_in_one_request_is_malformed_v2(v2: Table) -> None:
    before = world()

    assert refused(v2.v2("Round/BetWin", BET_V2, BET_V2), 400)
    pair = {"id": "b-1", "original_id": "a-1"}
    assert refused(v2.v2("Round/Rollback", pair, pair), 400)
    assert world() == before


def test_an_id_twice_in_one_request_counts_once_v1(v1: Table) -> None:
    answer = v1.v1(BET_V1, BET_V1)

    assert answer.status == 200
    assert v1.balance(answer) == 900
    assert v1.ids(answer)[0] == v1.ids(answer)[1]


def test_members_we_do_not_know_are_passed_over(v1: Table) -> None:
    assert v1.v1(BET_V1 | {"jackpot_contribution": 0.0123456}, sm_result="x").status == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"user_id": "pl_nobody.EUR"}, 101),
        ({"user_id": "8|USDT|USD"}, 101),
        ({"user_id": "%s"}, 101),
        ({"currency": "BTC"}, 154),
        ({"currency": "XXX"}, 154),
    ],
)
def test_an_unknown_player_or_another_currency_is_refused(
    table: Table, change: dict[str, Any], code: int
) -> None:
    if "user_id" in change and table.generation == "v2":
        change = {"player_id": change["user_id"]}
    before = world()

    assert refused(table.bet("a-1", 100, **change), code)
    assert world() == before


def test_another_wallet_of_the_player_is_another_player(table: Table) -> None:
    """A wallet that was never opened does not exist, whoever asks."""
    change = {
        "user_id": f"{table.player.public_id}.BTC",
        "player_id": f"{table.player.public_id}.BTC",
    }

    assert refused(table.bet("a-1", 100, currency="BTC", **change), 101)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("plays", "POST"), ("", "POST"), ("v2/", "POST"), ("v2/a8r_casino.Round/Steal", "POST"),
        ("v2/a8r_provider.Round/BetWin", "POST"), ("play", "GET"), ("play", "PUT"),
    ],
)  # fmt: skip
def test_an_unknown_path_is_not_found(db: None, path: str, method: str) -> None:
    assert refused(send(path, {}, method=method), 404)


def test_a_slash_at_the_end_does_no_harm(v1: Table) -> None:
    body = {"user_id": v1.user_id, "currency": "EUR"}

    assert send("play/", body).json == {"balance": 1000}


@pytest.mark.parametrize("failure", [OperationalError, psycopg.OperationalError])
def test_a_database_that_is_away_is_try_again(
    table: Table, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def away(*_: object, **__: object) -> None:
        raise failure("server closed the connection unexpectedly")

    monkeypatch.setattr(play, "settle", away)

    answer = table.bet("a-1", 100)

    assert refused(answer, 503)
    assert "server closed" not in answer.body.decode()


def test_our_own_fault_is_never_a_final_refusal(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(play, "settle", broken)

    answer = table.bet("a-1", 100)

    assert refused(answer, 500)
    assert "secret" not in answer.body.decode()


def test_every_call_and_its_answer_are_kept(table: Table) -> None:
    good = table.bet("a-1", 100)
    bad = table.bet("a-2", 99_999)

    first, second = InboxMessage.objects.order_by("pk")
    assert (first.state, first.outside_ref, bytes(first.answer)) == ("done", "a-1", good.body)
    assert json.loads(bytes(first.body))["currency"] == "EUR"
    assert (second.state, second.answer_status) == ("refused", bad.status)
    assert second.error.startswith("insufficient_funds")
    assert "x-request-sign" not in first.headers


def test_a_copy_that_cannot_be_written_does_not_fail_the_call(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.integrations.recorder.COLUMNS", "no_such_column")

    assert table.ask().status == 200
    assert InboxMessage.objects.count() == 0


def test_all_methods_of_the_protocol_have_a_handler() -> None:
    assert set(callbacks.METHODS) == {
        "play", "rollback", "freespins", "v2/a8r_casino.Player/Balance",
        "v2/a8r_casino.Round/BetWin", "v2/a8r_casino.Round/Rollback",
        "v2/a8r_casino.Round/Finish", "v2/a8r_casino.Freespins/Finish", "v2/a8r_casino.Promo/Win",
    }  # fmt: skip
