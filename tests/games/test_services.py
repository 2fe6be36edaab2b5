"""Launching, sessions and switching games, against the aggregator's simulator."""

from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.errors import CountryBlocked, PlayerNotActive
from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.errors import DomainError, InvalidInput
from apps.games import services
from apps.games.errors import (
    CurrencyNotPlayable,
    GameNotFound,
    GameRestricted,
    GameUnavailable,
    NoDemo,
    ProviderDown,
)
from apps.games.models import Game, GameSession
from apps.games.providers.base import Launched, Urls
from apps.games.providers.softswiss.simulator import catalogue
from apps.wallet import services as wallets
from tests.games.conftest import fund
from tests.games.factories import make_game, make_session
from tests.simulator_client import Softswiss

URLS = Urls(
    back="https://casino.example/games/x/", deposit="https://casino.example/wallet/deposit/"
)
SLOT = next(
    game
    for game in catalogue.games().values()
    if game.is_playable and game.category == "slots" and not game.blacklist
)


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier)


def open_game(player: Player | None, game: Game, **changes: Any) -> Launched:
    wanted: dict[str, Any] = {
        "player": player, "game": game, "currency_code": "EUR", "client_type": "desktop",
        "ip": "203.0.113.7", "mode": "real", "urls": URLS,
    }  # fmt: skip
    return services.launch(**(wanted | changes))


@pytest.fixture(params=["v1", "v2"])
def generation(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SOFTSWISS_GENERATION = request.param
    return str(request.param)


@pytest.mark.rule("RG-27")
@pytest.mark.parametrize(("jurisdiction", "left_open"), [("THRESHOLD", 2), ("DE", 1)])
def test_where_the_profile_says_so_another_game_ends_the_one_before(
    softswiss: Softswiss,
    player: Player,
    slot: Game,
    settings: Any,
    jurisdiction: str,
    left_open: int,
) -> None:
    fund(player, "10.00", "EUR")
    make_session(player, make_game("Another One"))
    settings.JURISDICTION = jurisdiction

    open_game(player, slot)

    assert GameSession.objects.filter(player=player, ended_at=None).count() == left_open


def test_a_launch_opens_a_session(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    fund(player, "10.00", "EUR")

    launched = open_game(player, slot)

    session = GameSession.objects.get()
    [theirs] = softswiss.sessions()
    assert launched.strategy == "iframe"
    assert softswiss.session_id(launched.url) == theirs["session_id"]
    assert (session.ended_at, session.game_id, session.currency) == (None, slot.pk, "EUR")
    assert theirs["player_id"] == f"{player.public_id}.EUR"
    if generation == "v1":
        assert session.outside_ref == theirs["session_id"]
        assert theirs["launch"]["balance"] == 1000
    else:
        assert session.outside_ref == session.public_id == theirs["launch"]["session_payload"]


def test_the_partner_is_told_no_more_than_it_needs(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    open_game(player, slot)

    [theirs] = softswiss.sessions()
    told = theirs["launch"]["user" if generation == "v1" else "player"]
    assert player.user.email not in str(theirs)
    assert told["email"] == f"{player.public_id}.EUR".lower() + "@players.invalid"
    assert told["country"] == "DE"
    assert theirs["launch"]["urls"] == {
        "deposit_url": URLS.deposit, "return_url": URLS.back,
    }  # fmt: skip


def test_one_player_is_two_for_two_currencies(
    softswiss: Softswiss, player: Player, slot: Game, generation: str
) -> None:
    open_game(player, slot, currency_code="EUR")
    open_game(player, slot, currency_code="DOGE")

    told = {one["player_id"]: one["currency"] for one in softswiss.sessions()}
    assert told == {
        f"{player.public_id}.EUR": "EUR",
        f"{player.public_id}.DOGE": "DOG" if generation == "v1" else "DOGE",
    }


def test_opening_a_game_again_ends_its_earlier_session_and_no_other(
    softswiss: Softswiss, player: Player, slot: Game, game: Game
) -> None:
    other = make_session(player, game, ref="elsewhere")
    open_game(player, slot)
    open_game(player, slot)

    first, second = GameSession.objects.filter(game=slot).order_by("pk")
    other.refresh_from_db()
    assert (first.end_reason, first.ended_at is None) == ("replaced", False)
    assert second.ended_at is None
    assert other.ended_at is None


@pytest.mark.rule("GAM-09")
def test_a_demo_needs_no_player_and_keeps_nothing(
    softswiss: Softswiss, slot: Game, generation: str
) -> None:
    launched = open_game(None, slot, mode="demo", currency_code="")

    [theirs] = softswiss.sessions()
    assert theirs["demo"] is True
    assert softswiss.session_id(launched.url) == theirs["session_id"]
    assert GameSession.objects.count() == 0


@pytest.mark.rule("GAM-12")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"enabled": False}, GameUnavailable),
        ({"is_listed": False}, GameNotFound),
        ({"recalled_on": "2024-01-01"}, GameNotFound),
        ({"released_on": "2099-01-01"}, GameNotFound),
        ({"blocked_countries": ["AT", "DE"]}, GameRestricted),
    ],
)
@pytest.mark.parametrize("mode", ["real", "demo"])
def test_a_game_that_may_not_be_opened_is_not_asked_for(
    softswiss: Softswiss,
    player: Player,
    slot: Game,
    change: dict[str, Any],
    error: type[DomainError],
    mode: str,
) -> None:
    Game.objects.filter(pk=slot.pk).update(**change)
    slot.refresh_from_db()

    with pytest.raises(error):
        open_game(player, slot, mode=mode)

    assert softswiss.sessions() == []
    assert GameSession.objects.count() == 0


@pytest.mark.parametrize("currency_code", ["", "XXX", "btc", "pl_x"])
def test_an_unknown_currency_is_refused(
    softswiss: Softswiss, player: Player, slot: Game, currency_code: str
) -> None:
    with pytest.raises(CurrencyNotPlayable):
        open_game(player, slot, currency_code=currency_code)

    assert softswiss.sessions() == []


def test_a_suspended_player_opens_nothing_for_money(
    softswiss: Softswiss, player: Player, slot: Game
) -> None:
    wallets.set_player_status(
        player_id=player.pk, status="suspended", actor="system", reason="test"
    )
    player.refresh_from_db()

    with pytest.raises(PlayerNotActive):
        open_game(player, slot)
    assert open_game(player, slot, mode="demo").url


def test_a_country_that_was_closed_since_is_refused(
    softswiss: Softswiss, player: Player, slot: Game, settings: Any
) -> None:
    settings.BLOCKED_COUNTRIES = ["DE"]

    with pytest.raises(CountryBlocked):
        open_game(player, slot)


def test_a_game_without_a_demo_has_none(softswiss: Softswiss, slot: Game) -> None:
    slot.has_demo = False

    with pytest.raises(NoDemo):
        open_game(None, slot, mode="demo")


@pytest.mark.parametrize("answer", ["error_before", "error_after", "drop_after", "refuse"])
def test_a_partner_that_fails_leaves_nothing_behind(
    softswiss: Softswiss, player: Player, slot: Game, answer: str, generation: str
) -> None:
    softswiss.switches(api_answer=answer)

    with pytest.raises(GameUnavailable if answer == "refuse" else ProviderDown):
        open_game(player, slot)

    assert GameSession.objects.count() == 0


def test_a_partner_that_is_slow_is_given_up(
    softswiss: Softswiss, player: Player, slot: Game, settings: Any
) -> None:
    settings.SOFTSWISS_TIMEOUT_SECONDS = 0.2
    softswiss.switches(api_delay_ms=1500)

    with pytest.raises(ProviderDown):
        open_game(player, slot)
    assert GameSession.objects.count() == 0


def test_a_partner_without_an_address_is_down(player: Player, slot: Game, settings: Any) -> None:
    settings.SOFTSWISS_BASE_URL = ""

    with pytest.raises(ProviderDown):
        open_game(player, slot)


def test_a_failed_launch_leaves_the_open_session_open(
    softswiss: Softswiss, player: Player, slot: Game
) -> None:
    open_game(player, slot)
    softswiss.switches(api_answer="error_before")

    with pytest.raises(ProviderDown):
        open_game(player, slot)

    assert GameSession.objects.get().ended_at is None


def test_the_partners_own_restriction_is_a_restriction(
    softswiss: Softswiss, player: Player, db: None
) -> None:
    theirs = next(one for one in catalogue.games().values() if one.is_playable and one.blacklist)
    game = make_game(theirs.title, identifier=theirs.identifier)
    Player.objects.filter(pk=player.pk).update(country=theirs.blacklist[0])
    player.refresh_from_db()

    with pytest.raises((GameRestricted, CountryBlocked)):
        open_game(player, game)


def test_an_ended_session_is_ended_once(player: Player, game: Game) -> None:
    session = make_session(player, game)

    assert services.end_session(session=session)
    assert not services.end_session(session=session)


def test_staff_end_a_session_with_a_reason_and_a_record(player: Player, game: Game) -> None:
    session = make_session(player, game)

    with pytest.raises(InvalidInput):
        services.end_session(session=session, reason="staff", actor="system", note=" ")
    services.end_session(
        session=session, reason="staff", actor="system", note="asked by the player"
    )

    assert Record.objects.filter(action="game_session.ended").count() == 1


def test_switching_a_game_is_recorded_once(game: Game) -> None:
    for _ in range(2):
        services.set_game_enabled(
            game_id=game.pk, enabled=False, actor="system", reason="odd results"
        )

    game.refresh_from_db()
    [record] = Record.objects.filter(action="game.disabled")
    assert not game.enabled
    assert (record.before, record.after, record.reason) == (
        {"enabled": True}, {"enabled": False}, "odd results",
    )  # fmt: skip


def test_switching_a_game_needs_a_reason(game: Game) -> None:
    with pytest.raises(InvalidInput):
        services.set_game_enabled(game_id=game.pk, enabled=False, actor="system", reason=" ")

    game.refresh_from_db()
    assert game.enabled


@pytest.mark.rule("GAM-07")
def test_what_is_shown_and_what_is_launched_are_the_same_facts(player: Player) -> None:
    facts = services.player_facts(player, "BTC")

    assert facts == replace(facts, wallet_ref=f"{player.public_id}.BTC")
