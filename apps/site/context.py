"""What every page of the site knows: the house, the player, the purse, the way around."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from apps.accounts import step_up
from apps.accounts.models import Player
from apps.accounts.people import player_of
from apps.core.money import Currency, Money
from apps.games import selectors as games
from apps.ledger.selectors import currency
from apps.limits.pages import Guard
from apps.messaging.services import unread
from apps.site import navigation, selectors
from apps.site.cards import card_state
from apps.site.formatting import DECIMALS_MAX, amount_text
from apps.wallet import selectors as wallet


@dataclass(frozen=True, slots=True)
class PurseLine:
    """One currency of the purse, ready to be shown and to follow live frames."""

    currency: Currency
    cash: Money
    version: int
    shown: str
    decimals: int


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Templates call what is callable, so only pages that show it pay for it."""
    player = player_of(getattr(request, "user", None))
    boosted = bool(getattr(request, "htmx", None) and request.htmx.boosted)  # type: ignore[attr-defined]  # by middleware

    @cache
    def balances() -> list[PurseLine]:
        return purse(player)

    @cache
    def balance() -> PurseLine | None:
        code = player.active_currency if player else ""
        return next((line for line in balances() if line.currency.code == code), None)

    @cache
    def counts() -> selectors.Counts:
        return selectors.counts(player.country if player else None)

    @cache
    def net() -> Money | None:
        return session_net(player)

    @cache
    def step_up_kind() -> str:
        return step_up.kind(player.user) if player is not None else step_up.PASSWORD

    @cache
    def notices() -> int:
        return unread(player.pk) if player is not None else 0

    @cache
    def nav() -> list[navigation.Group]:
        return navigation.rail(counts(), is_player=player is not None)

    return {
        "SITE_NAME": settings.SITE_NAME,
        "step_up_kind": step_up_kind,
        "LIVE_URL": settings.LIVE_URL,
        "AGE_MIN": settings.AGE_MIN,
        "BASE_CURRENCY": settings.BASE_CURRENCY,
        "SPRITE": static("icons/sprite.svg"),
        "layout": "layouts/main.html" if boosted else "layouts/page.html",
        "player": player,
        "card_state": card_state(request),
        "balances": balances,
        "balance": balance,
        "session_started_at": player.user.last_login if player else None,
        "session_net": net,
        "unread": notices,
        "guard": Guard(player),
        "nav": nav,
        "account_nav": navigation.account,
        "games_count_text": lambda: f"{counts().games:,}",
        "wallet_url": lambda: reverse("payments:wallet"),
        "deposit_url": lambda: reverse("payments:deposit"),
        "operator_url": lambda: reverse("admin:index"),
        "login_url": lambda: reverse("account_login"),
        "signup_url": lambda: reverse("account_signup"),
        "logout_url": lambda: reverse("account_logout"),
    }


def session_net(player: Player | None) -> Money | None:
    """What was won or lost since the player signed in, in the currency in use."""
    if player is None or player.user.last_login is None:
        return None
    return games.net_since(player, player.user.last_login, currency(player.active_currency))


def purse(player: Player | None) -> list[PurseLine]:
    """What the player has, the currency in use first and always."""
    if player is None:
        return []
    lines = [
        PurseLine(
            currency=balance.currency,
            cash=balance.cash,
            version=balance.version,
            shown=amount_text(balance.cash).shown,
            decimals=min(balance.currency.display_decimals, DECIMALS_MAX),
        )
        for balance in wallet.balances(player.pk)
        if balance.cash or balance.currency.code == player.active_currency
    ]
    return sorted(lines, key=lambda line: line.currency.code != player.active_currency)
