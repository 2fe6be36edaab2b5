import hashlib
import hmac
import json
from decimal import Decimal

import httpx
import pytest

from apps.games.providers.softswiss.simulator import catalogue
from tests.simulator_client import ControlRefused, Softswiss
from tests.simulators.factories import (
    TOKEN,
    SmallWallet,
    a_game,
    a_user,
    ask_aggregator,
    next_week,
    open_v1,
    open_v2,
)
from tests.web import web

SLOT = a_game(category="slots", is_apart=False, has_freespins=False)
SLOT_APART = a_game(category="slots", is_apart=True, has_freespins=False)
FREE_SLOT = a_game(category="slots", has_freespins=True)


# ---- signatures and errors ---------------------------------------------------------------------


def test_the_published_signatures_are_ours() -> None:
    published = {
        b'{"user_id": "8|USDT|USD","currency": "USD","game": "acceptance:test"}': (
            "7376e78d5f65ca750c9719d2163daffa129e8a07ba9a1abe12241b3b1de51295"
        ),
        b'{"user_id":"8|USDT|USD","currency":"USD","game":"acceptance:test"}': (
            "442c4cd8926008096225416b21f5a1862fbf4fc4e5224362e3b463e85a39f40a"
        ),
    }

    for body, signature in published.items():
        assert hmac.new(b"test", body, hashlib.sha256).hexdigest() == signature


@pytest.mark.parametrize("signature", [b"", b"00", "ü".encode()])
def test_a_wrong_signature_is_refused(softswiss: Softswiss, signature: bytes) -> None:
    response = web.post(
        f"{softswiss.base_url}/sessions",
        content=b"{}",
        headers={b"X-REQUEST-SIGN": signature},
    )

    assert response.status_code == 403
    assert response.json() == {"code": 403, "message": "Forbidden"}


def test_the_signature_covers_the_bytes_and_not_the_meaning(softswiss: Softswiss) -> None:
    signed = b'{"casino_id":"test-casino","game":"acceptance:test"}'
    signature = hmac.new(TOKEN, signed, hashlib.sha256).hexdigest()
    headers = {"X-REQUEST-SIGN": signature.upper()}

    same = web.post(f"{softswiss.base_url}/demo", content=signed, headers=headers)
    respaced = web.post(f"{softswiss.base_url}/demo", content=signed + b" ", headers=headers)

    assert same.status_code == 200
    assert respaced.status_code == 403


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"casino_id": "someone-else"}, 404, 404),
        ({"game": "nobody:Nothing"}, 405, 412),
        ({"currency": "eur"}, 154, 412),
        ({"balance": 1.5}, 400, 400),
        ({"user": a_user(country="Germany")}, 400, 400),
        ({"user": {"id": "u-1"}}, 400, 400),
        ({"urls": None}, 400, 400),
    ],
)
def test_a_bad_launch_is_refused_by_number(
    softswiss: Softswiss, change: dict[str, object], code: int, status: int
) -> None:
    launch: dict[str, object] = {
        "game": SLOT.identifier,
        "currency": "EUR",
        "balance": 100,
        "urls": {},
        "user": a_user(),
    }

    response = ask_aggregator(softswiss, "/sessions", **(launch | change))

    assert response.status_code == status
    assert response.json()["code"] == code
    assert softswiss.sessions() == []


def test_a_game_on_the_players_blacklist_is_refused(softswiss: Softswiss) -> None:
    game = next(game for game in catalogue.games().values() if "US" in game.blacklist)
    launch = {"game": game.identifier, "currency": "EUR", "balance": 0, "urls": {}}

    from_us = ask_aggregator(softswiss, "/sessions", user=a_user(country="US"), **launch)
    from_de = ask_aggregator(softswiss, "/sessions", user=a_user(country="DE"), **launch)

    assert from_us.json()["code"] == 153
    assert from_de.status_code == 200


def test_currency_and_mail_of_a_player_are_fixed(softswiss: Softswiss) -> None:
    open_v1(softswiss, SLOT, "EUR")

    response = ask_aggregator(
        softswiss,
        "/sessions",
        game=SLOT.identifier,
        currency="BTC",
        balance=0,
        urls={},
        user=a_user(),
    )

    assert response.status_code == 412
    assert response.json()["code"] == 155


def test_v2_errors_are_twirp_errors(softswiss: Softswiss) -> None:
    unsigned = web.post(f"{softswiss.base_url}/v2/casino_a8r.Launcher/Real", content=b"{}")
    unknown = ask_aggregator(softswiss, "/v2/casino_a8r.Nothing/Here")

    assert unsigned.status_code == 403
    assert unsigned.json()["code"] == "permission_denied"
    assert unsigned.json()["meta"]["api_code"] == "403"
    assert unknown.json()["code"] == "not_found"


def test_a_launch_has_one_of_two_shapes(softswiss: Softswiss) -> None:
    first = ask_aggregator(softswiss, "/demo", game=SLOT.identifier).json()["launch_options"]
    softswiss.control("options", launch_shape="two_urls")
    second = ask_aggregator(softswiss, "/demo", game=SLOT.identifier).json()["launch_options"]

    assert set(first) == {"game_url", "strategy"}
    assert second["desktop_url"] == second["mobile_url"]
    assert second["strategy"] == "detect"
    with pytest.raises(ControlRefused):
        softswiss.control("options", launch_shape="round")


# ---- play --------------------------------------------------------------------------------------


def test_one_spin_is_one_signed_request(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)

    played = softswiss.spin(session, stake="1.00")

    assert len(wallet.casino.asked) == 1
    asked = wallet.casino.asked[0]
    assert asked.path == "/callbacks/softswiss/play"
    assert asked.headers["x-request-sign"] == hmac.new(TOKEN, asked.body, "sha256").hexdigest()
    body = asked.json
    assert body["user_id"] == "u-1"
    assert body["finished"] is True
    assert body["actions"][0]["action"] == "bet"
    assert body["actions"][0]["amount"] == 100
    expected = Decimal(1000) - Decimal(played["stake"]) + Decimal(played["win"])
    assert Decimal(played["balance"]) == expected


def test_a_game_that_cuts_its_calls_bets_first_and_closes_last(
    softswiss: Softswiss, wallet: SmallWallet
) -> None:
    session = open_v1(softswiss, SLOT_APART)

    softswiss.spin(session, stake="1.00")

    first, last = wallet.casino.asked[0].json, wallet.casino.asked[-1].json
    assert [action["action"] for action in first["actions"]] == ["bet"]
    assert first["finished"] is False
    assert last["finished"] is True
    assert last["game_id"] == first["game_id"]


def test_v2_plays_with_decimal_strings(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v2(softswiss, SLOT)

    played = softswiss.spin(session, stake="1.00")

    asked = wallet.casino.asked[0]
    assert asked.path == "/callbacks/softswiss/v2/a8r_casino.Round/BetWin"
    assert asked.json["transactions"][0]["amount"] == "1.00"
    assert asked.json["session_payload"] == "payload-1"
    assert asked.json["provider"] == SLOT.provider
    assert played["refusal"] == ""


def test_many_rounds_leave_equal_books(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT_APART)

    softswiss.spins(session, 30, stake="0.50")

    totals = softswiss.totals()
    assert len(totals) == 1
    assert totals[0]["bet"] == 1500
    assert wallet.units == 100_000 - totals[0]["bet"] + totals[0]["win"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (100, "Not enough funds for this bet."),
        (106, "The bet is above the maximum."),
        (110, "Your account cannot play at the moment."),
    ],
)
def test_a_refusal_is_final_and_told_in_words(
    softswiss: Softswiss, wallet: SmallWallet, code: int, words: str
) -> None:
    session = open_v1(softswiss, SLOT)
    wallet.refuse = (412, {"code": code, "message": "no", "balance": 40})

    played = softswiss.spin(session, stake="1.00")

    assert played["refusal"] == words
    assert played["balance"] == "0.40"
    assert played["win"] is None
    assert len(wallet.casino.asked) == 1


def test_a_bet_without_an_answer_is_repeated_and_then_rolled_back(
    softswiss: Softswiss, wallet: SmallWallet
) -> None:
    session = open_v1(softswiss, SLOT)
    wallet.refuse = (500, {})

    played = softswiss.spin(session, stake="1.00")
    wallet.refuse = None
    softswiss.delivered()

    first, again = wallet.casino.asked[:2]
    rollback = wallet.casino.asked[-1]
    assert "The round is void" in played["refusal"]
    assert first.body == again.body
    assert rollback.path == "/callbacks/softswiss/rollback"
    assert (
        rollback.json["actions"][0]["original_action_id"] == (first.json["actions"][0]["action_id"])
    )
    assert wallet.units == 100_000
    assert softswiss.totals() == []


@pytest.mark.parametrize(
    "spoil",
    [{"balance": "1.00"}, {"game_id": "another"}, {"transactions": []}, {"balance": None}],
)
def test_an_answer_in_the_wrong_form_is_no_answer(
    softswiss: Softswiss, wallet: SmallWallet, spoil: dict[str, object]
) -> None:
    session = open_v1(softswiss, SLOT)
    honest = wallet.answer
    wallet.casino.answer = lambda asked: (
        honest(asked) if asked.path.endswith("rollback") else (200, honest(asked)[1] | spoil)
    )

    played = softswiss.spin(session, stake="1.00")
    softswiss.delivered()

    assert "The round is void" in played["refusal"]
    assert wallet.units == 100_000


def test_a_win_is_sent_until_it_is_taken(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT_APART)
    honest = wallet.answer
    failed: list[str] = []

    def forgetful(asked: object) -> tuple[int, dict[str, object]]:
        body = asked.json  # type: ignore[attr-defined]
        is_win = any(action["action"] == "win" for action in body.get("actions", []))
        if is_win and len(failed) < 3:
            failed.append(body["actions"][0]["action_id"])
            return 503, {}
        return honest(asked)  # type: ignore[arg-type]

    wallet.casino.answer = forgetful
    while not failed:
        softswiss.spin(session, stake="1.00")
    softswiss.delivered()

    assert len(failed) == 3
    assert len(set(failed)) == 1
    totals = softswiss.totals()[0]
    assert wallet.units == 100_000 - totals["bet"] + totals["win"]


def test_calls_by_hand(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)

    bet = softswiss.send(session, {"kind": "bet", "amount": "2", "action_id": "a-1"})
    win = softswiss.send(session, {"kind": "win", "amount": "5"}, round_id=bet["round_id"])
    back = softswiss.roll_back("a-1")

    assert bet["status"] == win["status"] == back["status"] == 200
    assert wallet.units == 100_000 + 500
    assert [action["kind"] for action in softswiss.actions()] == ["bet", "win", "rollback"]


def test_a_rollback_can_come_before_its_bet(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)

    softswiss.roll_back_first(session, "3")

    assert [asked.path.rpartition("/")[2] for asked in wallet.casino.asked] == ["rollback", "play"]
    assert wallet.units == 100_000


def test_a_call_is_repeated_byte_for_byte(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)
    softswiss.send(session, {"kind": "bet", "amount": "1"})

    answers = softswiss.repeat(softswiss.calls()[0]["key"], 10, parallel=True)

    assert [answer["status"] for answer in answers] == [200] * 10
    assert len({asked.body for asked in wallet.casino.asked}) == 1
    assert len(wallet.casino.asked) == 11
    assert wallet.units == 99_900


def test_members_of_a_request_can_be_replaced(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)

    softswiss.send(session, {"kind": "bet", "amount": "1"}, changes={"user_id": "nobody"})

    assert wallet.casino.asked[0].json["user_id"] == "nobody"


def test_demo_play_calls_nobody(softswiss: Softswiss, wallet: SmallWallet) -> None:
    response = ask_aggregator(softswiss, "/demo", game=SLOT.identifier)
    session = softswiss.session_id(response.json()["launch_options"]["game_url"])

    played = softswiss.spin(session, stake="1.00")

    assert Decimal(played["balance"]) == Decimal(999) + Decimal(played["win"])
    assert wallet.casino.asked == []


@pytest.mark.parametrize("stake", ["100.01", "-1", "x"])
def test_a_stake_outside_the_offer_is_refused(
    softswiss: Softswiss, wallet: SmallWallet, stake: str
) -> None:
    session = open_v1(softswiss, SLOT)

    if stake == "100.01":
        response = web.post(f"{softswiss.base_url}/game/{session}/spin", json={"stake": "10001"})
        assert response.status_code == 400
        assert "highest stake" in response.json()["error"]
    else:
        with pytest.raises(ControlRefused):
            softswiss.spin(session, stake=stake)
    assert wallet.casino.asked == []


# ---- free spins --------------------------------------------------------------------------------


def issue(softswiss: Softswiss, **changes: object) -> httpx.Response:
    wanted: dict[str, object] = {
        "currency": "EUR",
        "issue_id": "i-1",
        "games": [FREE_SLOT.identifier],
        "freespins_quantity": 2,
        "bet_level": 1,
        "valid_until": next_week(),
        "user": a_user(),
    }
    return ask_aggregator(softswiss, "/freespins/issue", **(wanted | changes))


def test_free_spins_are_paid_once_when_the_last_is_played(
    softswiss: Softswiss, wallet: SmallWallet
) -> None:
    assert issue(softswiss).status_code == 200
    session = open_v1(softswiss, FREE_SLOT)

    wins = [softswiss.spin(session)["win"] for _ in range(2)]
    softswiss.delivered(kind="freespins")

    paid = [asked.json for asked in wallet.casino.asked]
    assert len(paid) == 1
    assert paid[0] == {
        "issue_id": "i-1",
        "status": "played",
        "total_amount": int(sum(map(Decimal, wins)) * 100),
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"games": []}, 602),
        ({"games": [a_game(category="slots", has_freespins=False).identifier]}, 601),
        ({"valid_until": "2020-01-01T00:00:00Z"}, 603),
        ({"valid_until": "tomorrow"}, 603),
        ({"freespins_quantity": 0}, 400),
    ],
)
def test_a_bad_issue_is_refused(
    softswiss: Softswiss, changes: dict[str, object], code: int
) -> None:
    assert issue(softswiss, **changes).json()["code"] == code


def test_an_issue_is_the_same_when_sent_again(softswiss: Softswiss) -> None:
    until = next_week()
    assert issue(softswiss, valid_until=until).status_code == 200

    assert issue(softswiss, valid_until=until).status_code == 200
    assert issue(softswiss, valid_until=until, freespins_quantity=9).json()["code"] == 610


def test_a_cancelled_issue_cannot_be_played(softswiss: Softswiss, wallet: SmallWallet) -> None:
    issue(softswiss)
    cancelled = ask_aggregator(softswiss, "/freespins/cancel", issue_id="i-1")
    session = open_v1(softswiss, FREE_SLOT)

    softswiss.spin(session)

    assert cancelled.status_code == 200
    assert wallet.casino.asked[0].path.endswith("/play")
    assert ask_aggregator(softswiss, "/freespins/cancel", issue_id="i-2").json()["code"] == 610


def test_round_details_name_the_player(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)
    softswiss.spin(session)
    round_id = wallet.casino.asked[0].json["game_id"]

    details = ask_aggregator(softswiss, "/rounds/details", round_id=round_id).json()

    assert details["user_id"] == "u-1"
    assert ask_aggregator(softswiss, "/rounds/details", round_id="r-0").status_code == 404


def test_the_testers_pages_open(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v1(softswiss, SLOT)
    softswiss.spin(session)
    issue(softswiss)

    for path in ("", "calls/", "games/?q=moth", f"sessions/{session}/"):
        page = softswiss.http.get(f"/softswiss/{path}")
        assert page.status_code == 200, path
        assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert json.loads(softswiss.http.post(f"/softswiss/game/{session}/state", json={}).text)
    assert softswiss.http.get("/softswiss/sessions/nothing/").status_code == 404


def test_a_prize_is_paid_to_a_player_of_v2(softswiss: Softswiss, wallet: SmallWallet) -> None:
    session = open_v2(softswiss, SLOT)

    softswiss.control(f"sessions/{session}/promo", amount="25", event_type="Prize Drop")
    softswiss.delivered(kind="promo")

    asked = wallet.casino.asked[0]
    assert asked.path == "/callbacks/softswiss/v2/a8r_casino.Promo/Win"
    assert asked.json["amount"] == "25.00"
    assert asked.json["event_type"] == "Prize Drop"


def test_every_listed_picture_is_drawn(softswiss: Softswiss) -> None:
    providers = ask_aggregator(softswiss, "/v2/casino_a8r.Game/List").json()["providers"]
    first = providers[0]

    url = first["image_assets"]["base_url"] + first["games"][0]["images"]["square"]
    picture = web.get(url)

    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg")
    assert web.get(url.replace(".svg", "x.svg")).status_code == 404
