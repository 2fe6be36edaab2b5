"""Every route of the API, tried as everybody. A new route without a row here fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from _pytest.mark.structures import ParameterSet
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern

from apps.accounts.models import Player, User
from apps.accounts.services import SCOPES, create_api_key
from apps.core.money import Money
from apps.ledger.models import Entry
from apps.ledger.selectors import currency
from apps.originals import autobet
from apps.originals import services as originals
from apps.payments.models import (
    Deposit,
    DepositAddress,
    Invoice,
    Rail,
    SavedAddress,
    Withdrawal,
)
from apps.wallet import exchange
from apps.wallet.statements import periods
from apps.wallet.statements import services as statements
from casino import api
from tests.api.clients import error_of, signed_in, stranger, with_key
from tests.conftest import fund
from tests.games.factories import make_game
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db

PUBLIC = "public"
# No API key may, whatever its scopes: only a signed-in player.
SIGNED_IN_ONLY = "signed in only"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# What the door itself says; anything else comes from behind it.
DOOR_CODES = {"not_authenticated", "players_only", "scope_missing", "invalid_api_key"}


def own_key(player: Player) -> str:
    return create_api_key(player=player, name="mine", scopes=["read"])[0].prefix


def own_transaction(player: Player) -> str:
    fund(player, "0.05", "BTC")
    return str(Entry.objects.filter(wallet__player=player).latest("id").pk)


def own_deposit(player: Player) -> str:
    rail = Rail.objects.filter(currency_id="BTC").earliest("pk")
    address = DepositAddress.objects.create(
        player=player,
        rail=rail,
        provider="coinspaid",
        address=f"address of {player.pk}",
        outside_ref=str(player.pk),
        created_at=AT,
    )
    return Deposit.objects.create(
        player=player,
        address=address,
        rail=rail,
        currency_id="BTC",
        provider="coinspaid",
        outside_ref=str(player.pk),
        amount=Decimal("0.01"),
        gross=Decimal("0.01"),
        net=Decimal("0.01"),
        created_at=AT,
        updated_at=AT,
    ).public_id


def own_withdrawal(player: Player) -> str:
    return Withdrawal.objects.create(
        player=player,
        rail=Rail.objects.filter(currency_id="BTC").earliest("pk"),
        currency_id="BTC",
        provider="coinspaid",
        amount=Decimal("0.01"),
        address="somewhere",
        key="own",
        created_at=AT,
        updated_at=AT,
    ).public_id


def own_payout_address(player: Player) -> str:
    return SavedAddress.objects.create(
        player=player,
        rail=Rail.objects.filter(currency_id="BTC").earliest("pk"),
        address=f"address of {player.pk}",
        created_at=AT,
        usable_at=AT,
    ).public_id


def own_statement(player: Player) -> str:
    return statements.issue(player=player, period=periods.named("2026")).number


def own_exchange(player: Player) -> str:
    set_rates(USD="0.9")
    fund(player, "5.00", "EUR")
    sold = Money.parse("2.00", currency("EUR"))
    offer = exchange.quote(player=player, sold=sold, bought_code="USD")
    return exchange.accept(player=player, quote_id=offer.public_id, key="own").public_id


def own_invoice(player: Player) -> str:
    return Invoice.objects.create(
        player=player,
        rail=Rail.objects.filter(currency_id="BTC").earliest("pk"),
        provider="coinspaid",
        currency_id="BTC",
        amount=Decimal("0.01"),
        remaining=Decimal("0.01"),
        key="own",
        created_at=AT,
        updated_at=AT,
    ).public_id


def own_bet(player: Player) -> str:
    fund(player, "5.00", "EUR")
    return originals.place(
        player=player,
        game="dice",
        choice={"target": 5050, "over": True},
        stake=Money.parse("1.00", currency("EUR")),
        key="own",
    ).public_id


def own_run(player: Player) -> str:
    return autobet.start(
        player=player,
        game="dice",
        choice={"target": 5050, "over": True},
        stake=Money.parse("1.00", currency("EUR")),
        plan=autobet.Plan(bets=1),
        key="own",
    ).public_id


def any_game(player: Player) -> str:
    return make_game().slug


@dataclass(frozen=True)
class Row:
    """scope: what a key needs. own: makes the player's thing that the path names, gives its id."""

    scope: str
    own: Callable[[Player], str] | None = None


ACCESS: dict[tuple[str, str], Row] = {
    ("GET", "schema/"): Row(PUBLIC),
    ("GET", "docs/"): Row(PUBLIC),
    ("GET", "me/"): Row("read"),
    ("PATCH", "me/"): Row(SIGNED_IN_ONLY),
    ("GET", "api-keys/"): Row(SIGNED_IN_ONLY),
    ("POST", "api-keys/"): Row(SIGNED_IN_ONLY),
    ("DELETE", "api-keys/<slug:key_id>/"): Row(SIGNED_IN_ONLY, own_key),
    ("GET", "currencies/"): Row(PUBLIC),
    ("GET", "wallets/"): Row("read"),
    ("POST", "wallets/active/"): Row("play"),
    ("GET", "transactions/"): Row("read"),
    ("GET", "transactions/<int:transaction_id>/"): Row("read", own_transaction),
    ("GET", "games/"): Row(PUBLIC),
    ("GET", "games/<slug:slug>/"): Row(PUBLIC, any_game),
    ("POST", "games/<slug:slug>/launch/"): Row("play"),
    ("GET", "rounds/"): Row("read"),
    ("GET", "rails/"): Row("read"),
    ("GET", "deposits/"): Row("read"),
    ("POST", "deposits/"): Row("money"),
    ("GET", "deposits/<str:public_id>/"): Row("read", own_deposit),
    ("GET", "withdrawal-readiness/"): Row("read"),
    ("GET", "payout-addresses/"): Row(SIGNED_IN_ONLY),
    ("POST", "payout-addresses/"): Row(SIGNED_IN_ONLY),
    ("DELETE", "payout-addresses/<str:public_id>/"): Row(SIGNED_IN_ONLY, own_payout_address),
    ("GET", "withdrawals/"): Row("read"),
    ("POST", "withdrawals/"): Row("money"),
    ("GET", "withdrawals/<str:public_id>/"): Row("read", own_withdrawal),
    ("GET", "rates/"): Row(PUBLIC),
    ("POST", "exchange/quotes/"): Row("money"),
    ("POST", "exchange/quotes/<str:public_id>/accept/"): Row("money"),
    ("GET", "exchanges/"): Row("read"),
    ("GET", "exchanges/<str:public_id>/"): Row("read", own_exchange),
    ("POST", "vault/put/"): Row("money"),
    ("POST", "vault/take/"): Row(SIGNED_IN_ONLY),
    ("GET", "invoices/"): Row("read"),
    ("POST", "invoices/"): Row("money"),
    ("GET", "invoices/<str:public_id>/"): Row("read", own_invoice),
    ("PUT", "payer-name/"): Row("money"),
    ("GET", "limits/"): Row("read"),
    ("POST", "limits/"): Row("play"),
    ("POST", "limits/remove/"): Row(SIGNED_IN_ONLY),
    ("POST", "limits/requests/<str:public_id>/"): Row(SIGNED_IN_ONLY),
    ("GET", "breaks/"): Row("read"),
    ("POST", "breaks/"): Row("play"),
    ("GET", "reality-check/"): Row("read"),
    ("POST", "reality-check/"): Row("play"),
    ("POST", "reality-check/<str:public_id>/"): Row(SIGNED_IN_ONLY),
    ("GET", "originals/"): Row(PUBLIC),
    ("GET", "originals/bets/"): Row("read"),
    ("GET", "originals/bets/<str:public_id>/"): Row("read", own_bet),
    ("POST", "originals/bets/<str:public_id>/actions/"): Row("play"),
    ("GET", "originals/runs/"): Row("read"),
    ("POST", "originals/runs/"): Row("play"),
    ("GET", "originals/runs/<str:public_id>/"): Row("read", own_run),
    ("POST", "originals/runs/<str:public_id>/next/"): Row("play"),
    ("POST", "originals/runs/<str:public_id>/stop/"): Row("play", own_run),
    ("GET", "originals/crash/"): Row(PUBLIC),
    ("GET", "originals/seeds/"): Row("read"),
    ("POST", "originals/seeds/"): Row("play"),
    ("POST", "originals/<str:game>/bets/"): Row("play"),
    ("GET", "statements/"): Row("read"),
    ("POST", "statements/"): Row("read"),
    ("GET", "statements/verify/"): Row(PUBLIC),
    ("GET", "statements/<str:number>/"): Row("read", own_statement),
    ("GET", "statements/<str:number>/csv/"): Row("read", own_statement),
    ("GET", "statements/<str:number>/pdf/"): Row("read", own_statement),
}


def _rows(wanted: Callable[[Row], bool]) -> list[ParameterSet]:
    return [pytest.param(*key, row, id=" ".join(key)) for key, row in ACCESS.items() if wanted(row)]


OPEN = _rows(lambda row: row.scope == PUBLIC)
PRIVATE = _rows(lambda row: row.scope != PUBLIC)
KEYED = _rows(lambda row: row.scope in SCOPES)
OWNED = _rows(lambda row: row.scope != PUBLIC and row.own is not None)


def test_every_route_has_a_row() -> None:
    assert set(_routes(api.urlpatterns)) == set(ACCESS)


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_strangers_must_sign_in(method: str, route: str, row: Row) -> None:
    response = stranger().call(method, _path(route))

    assert response.status_code == 401
    assert error_of(response)["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "route", "row"), OPEN)
def test_public_routes_answer_anybody(method: str, route: str, row: Row, player: Player) -> None:
    path = _path(route, row.own(player) if row.own else "")

    assert stranger().call(method, path).status_code == 200


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_staff_are_no_players(method: str, route: str, row: Row, support: User) -> None:
    response = signed_in(support).call(method, _path(route))

    assert response.status_code == 403
    assert error_of(response)["code"] == "players_only"


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_a_closed_account_is_shut_out(method: str, route: str, row: Row, player: Player) -> None:
    caller = signed_in(player)
    Player.objects.filter(pk=player.pk).update(status=Player.Status.CLOSED)

    response = caller.call(method, _path(route))

    assert response.status_code == 403
    assert error_of(response)["code"] == "players_only"


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_a_key_without_the_scope_is_refused(
    method: str, route: str, row: Row, player: Player
) -> None:
    others = [scope for scope in SCOPES if scope != row.scope]

    response = with_key(player, *others).call(method, _path(route))

    assert response.status_code == 403
    assert error_of(response)["code"] == "scope_missing"


@pytest.mark.parametrize(("method", "route", "row"), KEYED)
def test_a_key_with_the_scope_gets_past_the_door(
    method: str, route: str, row: Row, player: Player
) -> None:
    path = _path(route, row.own(player) if row.own else "1")

    response = with_key(player, row.scope).call(method, path, {})

    assert response.status_code < 500
    assert response.status_code < 400 or error_of(response)["code"] not in DOOR_CODES


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_a_signed_in_player_gets_past_the_door(
    method: str, route: str, row: Row, player: Player
) -> None:
    path = _path(route, row.own(player) if row.own else "1")

    response = signed_in(player).call(method, path, {})

    assert response.status_code < 500
    assert response.status_code < 400 or error_of(response)["code"] not in DOOR_CODES


@pytest.mark.parametrize(("method", "route", "row"), OWNED)
def test_what_is_mine_is_found(method: str, route: str, row: Row, player: Player) -> None:
    assert row.own is not None

    response = signed_in(player).call(method, _path(route, row.own(player)))

    assert response.status_code in {200, 204}


@pytest.mark.rule("SEC-01")
@pytest.mark.parametrize(("method", "route", "row"), OWNED)
def test_what_is_another_players_is_answered_like_nothing(
    method: str, route: str, row: Row, player: Player, other_player: Player
) -> None:
    assert row.own is not None
    theirs = signed_in(other_player).call(method, _path(route, row.own(player)))
    nothing = signed_in(other_player).call(method, _path(route, "999999999"))

    assert theirs.status_code == nothing.status_code == 404
    assert theirs.content == nothing.content


@pytest.mark.parametrize(("method", "route", "row"), PRIVATE)
def test_a_session_needs_the_csrf_token_to_change_things(
    method: str, route: str, row: Row, player: Player
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(player.user)

    response = client.generic(method, f"/api/v1/{_path(route)}")

    assert (response.status_code == 403) == (method != "GET")


def _routes(patterns: list[URLPattern | URLResolver], base: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, base + str(pattern.pattern))
        elif not isinstance(pattern.pattern, RegexPattern):  # the answer to unknown addresses
            view = pattern.callback.cls  # type: ignore[attr-defined]  # set by the framework
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view, method):
                    yield method.upper(), base + str(pattern.pattern)


def _path(route: str, value: str = "1") -> str:
    """The route with its one variable part filled in."""
    head, mark, rest = route.partition("<")
    return head + value + rest.partition(">")[2] if mark else head
