"""Every body and every refusal of the protocol, to the field."""

import io
import json
from decimal import Decimal

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.games import play, services
from apps.games.models import Game, GameSession
from apps.ledger.models import Entry, Operation
from apps.wallet import movements
from apps.wallet import services as wallets
from casino import wallet_wsgi
from tests.games.alea.factories import Seat, ask_session, call, digest, post
from tests.games.conftest import fund
from tests.games.factories import make_session, world

INVALID = (500, "ERROR", "INVALID_REQUEST")
MISMATCH = (400, "ERROR", "DUPLICATE_TRANSACTION_DATA_MISMATCH")


def entry_of(key: str) -> str:
    return str(Operation.objects.get(outside_id=key).entry_id)


# ---- what is answered -----------------------------------------------------------------------------


def test_the_session_says_who_plays(seat: Seat, settings: object) -> None:
    answer = ask_session("cs-1")
    settings.ALEA_TEST_PLAYERS = True  # type: ignore[attr-defined]  # pytest-django

    assert answer.status == 200
    assert answer.json == {"country": "DE", "currency": "EUR", "casinoPlayerId": seat.ref}
    assert ask_session("cs-1").json["isTest"] is True


def test_the_balance_is_real_and_bonus_money_apart(seat: Seat) -> None:
    answer = seat.balance()

    assert answer.status == 200
    assert answer.body == b'{"realBalance":10.00,"bonusBalance":0.00}'


def test_money_that_is_held_back_is_neither_shown_nor_played(seat: Seat, player: Player) -> None:
    movements.deposit_held(
        partner="coinspaid",
        player_id=player.pk,
        amount=movements.Money.parse("50.00", seat.money.currency),
        key="held:1",
        deposit_id=1,
    )

    assert seat.balance().json["realBalance"] == 10
    assert seat.bet(1, 11).said == (403, "DENIED", "INSUFFICIENT_FUNDS")


def test_bet_win_and_end_of_round(seat: Seat) -> None:
    bet = seat.bet(1, 2.5)
    win = seat.win(2, 4)
    end = seat.end(3)

    assert (
        bet.body
        == (
            f'{{"id":"{entry_of("bet:1")}","realBalance":7.50,"bonusBalance":0.00,'
            '"realAmount":2.50,"bonusAmount":0.00}'
        ).encode()
    )
    assert (
        win.body
        == (
            f'{{"id":"{entry_of("win:2")}","realBalance":11.50,"bonusBalance":0.00,'
            '"realAmount":4.00,"bonusAmount":0.00}'
        ).encode()
    )
    assert set(end.json) == {"id", "realBalance", "bonusBalance", "realAmount", "bonusAmount"}
    assert (end.json["realBalance"], end.json["realAmount"]) == (11.5, 0)


def test_a_bet_win_says_both_halves(seat: Seat) -> None:
    answer = seat.bet_win(1, 3, 5.25)

    assert answer.json == {
        "id": entry_of("betwin-bet:1"),
        "realBalance": 12.25,
        "bonusBalance": 0,
        "bet": {"realAmount": 3, "bonusAmount": 0},
        "win": {"realAmount": 5.25, "bonusAmount": 0},
    }


def test_a_rollback_says_the_balance_alone(seat: Seat) -> None:
    seat.bet(1, 3)

    answer = seat.roll_back(2, 1)

    assert answer.json == {"id": entry_of("rollback:2"), "realBalance": 10, "bonusBalance": 0}


@pytest.mark.parametrize("key", [7, "7", "a:b/c ü", 2**70])
def test_ids_are_texts_or_numbers(seat: Seat, key: str | int) -> None:
    first = seat.bet(key, 1)
    again = seat.bet(str(key), 1)

    assert (first.status, again.json["isAlreadyProcessed"]) == (200, True)
    assert seat.held == "9.00"


@pytest.mark.parametrize(
    ("lexeme", "held"),
    [
        ("1.50", "8.50"),
        ("1.5e0", "8.50"),
        ("15E-1", "8.50"),
        ("1.5000000000", "8.50"),
        ("0", "10.00"),
    ],
)
def test_amounts_are_read_from_their_digits(seat: Seat, lexeme: str, held: str) -> None:
    raw = (
        json.dumps(seat.document("BET", 1, amount=77))
        .replace('"amount": 77', f'"amount": {lexeme}')
        .encode()
    )

    assert post(raw).status == 200
    assert seat.held == held


def test_eight_decimals_survive_both_ways(seat: Seat, player: Player) -> None:
    fund(player, "0.05000000", "BTC")
    theirs = Seat(player, seat.game, make_session_of(player, seat.game, "BTC", "cs-btc"))
    raw = (
        json.dumps(theirs.document("BET", 1, amount=77))
        .replace('"amount": 77', '"amount": 1.2345e-4')
        .encode()
    )

    answer = post(raw)

    assert b'"realBalance":0.04987655,"bonusBalance":0.00000000' in answer.body
    assert b'"realAmount":0.00012345' in answer.body
    assert theirs.held == "0.04987655"


def make_session_of(player: Player, game: Game, code: str, ref: str):  # type: ignore[no-untyped-def]
    GameSession.objects.filter(player=player).update(ended_at=now())
    return make_session(player, game, currency=code, ref=ref)


def test_digits_the_vendor_may_not_see_are_cut(seat: Seat, settings: object) -> None:
    settings.ALEA_DECIMALS = {"EUR": 1}  # type: ignore[attr-defined]  # pytest-django
    seat.bet(1, 0.01)

    assert seat.balance().body == b'{"realBalance":9.9,"bonusBalance":0.0}'


# ---- refusals -------------------------------------------------------------------------------------


def test_too_little_money(seat: Seat) -> None:
    before = world()

    assert seat.bet(1, 10.01).said == (403, "DENIED", "INSUFFICIENT_FUNDS")
    assert seat.bet_win(2, 10.01, 500).said == (403, "DENIED", "INSUFFICIENT_FUNDS")
    assert world() == before


def test_a_session_that_is_over_unknown_or_somebody_elses(seat: Seat, other_player: Player) -> None:
    expired = (403, "DENIED", "SESSION_EXPIRED")
    theirs = make_session(other_player, seat.game, ref="cs-2")
    before = world()

    assert seat.bet(1, 1, casinoSessionId="nobody").said == expired
    assert seat.bet(1, 1, casinoSessionId=theirs.outside_ref).said == expired
    assert seat.balance(casinoSessionId=theirs.outside_ref).said == expired
    assert ask_session("nobody").said == expired
    services.end_session(session=seat.session)
    assert seat.bet(1, 1).said == expired
    assert seat.bet_win(1, 1, 1).said == expired
    assert seat.balance().said == expired
    assert ask_session("cs-1").said == expired
    assert world() == before


def test_what_an_unknown_session_is_told_is_a_setting(seat: Seat, settings: object) -> None:
    settings.ALEA_UNKNOWN_SESSION = "INVALID_REQUEST"  # type: ignore[attr-defined]  # pytest-django

    assert ask_session("nobody").said == INVALID


def test_a_game_that_is_closed_blocked_or_not_ours(seat: Seat) -> None:
    refused = (403, "DENIED", "GAME_NOT_ALLOWED")
    before = world()

    assert seat.bet(1, 1, game={"id": 999}).said == refused
    assert seat.bet_win(1, 1, 1).status == 200
    assert seat.balance(gameId="999").said == refused
    Game.objects.filter(pk=seat.game.pk).update(blocked_countries=["DE"])
    assert seat.bet(2, 1).said == refused
    Game.objects.filter(pk=seat.game.pk).update(blocked_countries=[], enabled=False)
    assert seat.bet(2, 1).said == refused
    assert seat.balance().said == refused
    assert seat.held == "10.00"
    assert world()[0] == before[0] + 2


def test_a_blocked_player(seat: Seat) -> None:
    wallets.set_player_status(
        player_id=seat.player.pk, status="suspended", actor="system", reason="test"
    )

    assert seat.bet(1, 1).said == (403, "DENIED", "PLAYER_BLOCKED")


BAD: list[dict[str, object]] = [
    {"amount": -1},
    {"amount": "1.00"},
    {"amount": None},
    {"amount": True},
    {"amount": 1.001},
    {"amount": 1e15},
    {"amount": 1e99},
    {"id": None},
    {"id": ""},
    {"id": 1.5},
    {"id": True},
    {"id": "a\x00b"},
    {"id": "x" * 256},
    {"type": "CREDIT"},
    {"type": None},
    {"type": "BET_WIN"},
    {"round": None},
    {"round": {"id": "r-1", "status": "OVER"}},
    {"player": {"id": "444"}},
    {"player": {"id": "444", "casinoPlayerId": "nobody.EUR"}},
    {"player": {"id": "444", "casinoPlayerId": "nonsense"}},
    {"currency": "USD"},
    {"currency": None},
    {"casinoSessionId": None},
    {"game": None},
    {"software": "6"},
]


def test_what_is_not_understood_is_refused_and_nothing_moves(seat: Seat) -> None:
    before = world()
    document = seat.document("BET", 1, amount=1)

    for changes in BAD:
        body = {name: value for name, value in (document | changes).items() if value is not None}
        assert post(body).said == INVALID, changes

    assert world() == before


def test_what_is_no_message_is_refused(seat: Seat) -> None:
    for body in (b"", b"[]", b"null", b"\xff", b"{" * 5000, b'{"type":"BET"'):
        assert post(body).said == INVALID


def test_a_wrong_game_of_a_win_or_a_rollback(seat: Seat) -> None:
    seat.bet(1, 1)

    assert seat.win(2, 1, game={"id": 999}).said == INVALID
    assert seat.roll_back(3, 1, game={"id": 999}).said == INVALID
    assert seat.held == "9.00"


def test_other_addresses_are_not_found(seat: Seat) -> None:
    for path, method in (
        *(("", "GET"), ("sessions", "GET"), ("sessions/a/b", "GET"), ("transactions", "GET")),
        *(("sessions/cs-1", "POST"), ("players/x", "GET"), ("other", "POST")),
    ):
        answer = call(path, method=method, signature=digest(""))
        assert answer.said == (404, "ERROR", "INVALID_REQUEST")
        assert call(path, method=method).said == INVALID, "without a digest nothing is told"


def test_a_balance_call_needs_all_of_its_values(seat: Seat) -> None:
    for name in ("casinoSessionId", "currency", "gameId", "integratorId", "softwareId"):
        assert seat.balance(**{name: ""}).said == INVALID


def test_a_balance_in_another_currency_or_of_nobody(seat: Seat) -> None:
    assert seat.balance(currency="USD").said == INVALID
    assert seat.balance(player="nobody.EUR").said == INVALID


def test_the_wallet_process_hands_the_query_on(seat: Seat) -> None:
    software, game = seat.game.identifier.split(":")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/callbacks/alea/players/{seat.ref}/balance",
        "QUERY_STRING": f"casinoSessionId=cs-1&currency=EUR&gameId={game}&integratorId=8"
        f"&softwareId={software}",
        "HTTP_DIGEST": digest(f"cs-1EUR{game}8{software}"),
        "wsgi.input": io.BytesIO(),
    }
    started: list[str] = []

    body = b"".join(wallet_wsgi.respond(environ, lambda status, _: started.append(status)))

    assert (started, json.loads(body)["realBalance"]) == (["200 OK"], 10)


def test_an_absent_database_is_worth_another_try(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one place where the database has to be away: nothing else can show it."""

    def away(**_: object) -> None:
        raise play.connection.Database.OperationalError("gone")

    monkeypatch.setattr(play, "settle", away)

    assert seat.bet(1, 1).said == (503, "ERROR", "GENERAL_ERROR")
    monkeypatch.setattr(play, "settle", lambda **_: 1 / 0)
    assert seat.bet(1, 1).said == (503, "ERROR", "INTERNAL_ERROR")


def test_the_statuses_are_a_table(seat: Seat, settings: object) -> None:
    settings.ALEA_STATUSES = {"v2": {"INSUFFICIENT_FUNDS": 400}}  # type: ignore[attr-defined]  # pytest-django

    assert seat.bet(1, 99).said == (400, "DENIED", "INSUFFICIENT_FUNDS")


def test_v1_has_no_status_and_words_of_its_own(seat: Seat, settings: object) -> None:
    settings.ALEA_GENERATION = "v1"  # type: ignore[attr-defined]  # pytest-django
    nobody = {"id": "444", "casinoPlayerId": "nobody.EUR"}

    answers = [
        seat.bet(1, 99),
        seat.bet(1, 1, player=nobody),
        seat.bet(1, 1, currency="USD"),
        seat.win(1, 1, game={"id": 999}),
        call("sessions/cs-1", signature="SHA-512=00"),
    ]

    assert all(set(answer.json) == {"code", "message"} for answer in answers)
    assert [(answer.status, answer.json["code"]) for answer in answers] == [
        (403, "INSUFFICIENT_FUNDS"),
        (404, "PLAYER_NOT_FOUND"),
        (400, "INVALID_CURRENCY"),
        (403, "GAME_NOT_FOUND"),
        (401, "INVALID_SIGNATURE"),
    ]


# ---- the same id with other content ---------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 4},
        {"round": {"id": "r-2", "integratorRoundId": "r-2", "status": "IN_PROGRESS"}},
        {"currency": "USD"},
        {"player": {"id": "444", "casinoPlayerId": "nobody.EUR"}},
        {"game": {"id": 999}},
    ],
)
def test_other_content_under_a_known_id_is_a_mismatch(
    seat: Seat, changes: dict[str, object]
) -> None:
    seat.bet(1, 3)
    before = world()

    assert post(seat.document("BET", 1, amount=3) | changes).said == MISMATCH
    assert world() == before
    assert Alarm.objects.filter(code="games.key_conflict").count() == 1


def test_another_players_id_is_a_mismatch(seat: Seat, other_player: Player) -> None:
    seat.bet(1, 3)
    fund(other_player, "5.00", "EUR")
    theirs = Seat(other_player, seat.game, make_session(other_player, seat.game, ref="cs-2"))
    before = world()

    assert theirs.bet(1, 3).said == MISMATCH
    assert theirs.roll_back(2, 1).said == MISMATCH
    assert world() == before


def test_a_rollback_and_an_end_with_other_content_are_mismatches(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.bet(2, 3)
    seat.roll_back(3, 1)
    seat.end(4)
    before = world()

    assert seat.roll_back(3, 2).said == MISMATCH
    assert seat.end(4, "r-2").said == MISMATCH
    assert world() == before


def test_the_halves_of_a_bet_win_are_compared_both(seat: Seat) -> None:
    seat.bet_win(1, 3, 2)
    before = world()

    assert seat.bet_win(1, 3, 2.5).said == MISMATCH
    assert seat.bet_win(1, 3.5, 2).said == MISMATCH
    assert world() == before


def test_the_ids_of_a_call_are_never_forgotten(seat: Seat) -> None:
    seat.bet("same", 1)
    seat.win("same", 2)
    answer = seat.roll_back("same", "same")

    assert answer.status == 200
    assert seat.held == "10.00", "the id was a bet's and a win's; both are undone"
    assert Entry.objects.filter(partner__code="alea").count() == 4
    assert Decimal(seat.held) == 10
