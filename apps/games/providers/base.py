"""What we ask of a partner that brings games, in our words.

A partner pays in and out by its callbacks; how it speaks them stays in its own folder.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from apps.core.money import Currency, Money

ClientType = Literal["desktop", "mobile"]


class ProviderRefused(Exception):
    """The partner said no for good. reason: whom or what it does not serve."""

    Reason = Literal["country", "currency", "game", "player", "free_spins", "request"]

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CatalogueGame:
    """A game as its partner lists it. None: the partner does not say, keep what is known."""

    identifier: str
    title: str
    studio: str
    category: str
    description: str | None = None
    rtp: Decimal | None = None
    volatility: int | None = None
    lines: int | None = None
    features: list[str] | None = None
    has_demo: bool | None = None
    has_free_spins: bool | None = None
    has_jackpot: bool | None = None
    is_live: bool | None = None
    devices: list[str] | None = None
    blocked_countries: list[str] | None = None
    released_on: date | None = None
    recalled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """unread: the prefixes of identifiers whose part of the catalogue could not be read now."""

    games: list[CatalogueGame]
    unread: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the game sends the player: out of the game, and to pay in."""

    back: str
    deposit: str


@dataclass(frozen=True, slots=True)
class PlayerFacts:
    """What a partner is told of a player. wallet_ref: one per player and currency, for ever."""

    wallet_ref: str
    display_name: str
    country: str
    birth_date: date
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    session_id: str
    player: PlayerFacts
    game: str
    currency: Currency
    balance: Money
    client_type: ClientType
    ip: str
    urls: Urls


@dataclass(frozen=True, slots=True)
class DemoRequest:
    game: str
    client_type: ClientType
    ip: str
    urls: Urls


@dataclass(frozen=True, slots=True)
class Launched:
    """strategy: `iframe` stays in our page, `redirect` needs a page of its own.

    outside_ref: what the partner's callbacks will repeat, where it makes one up itself.
    """

    url: str
    strategy: Literal["iframe", "redirect"] = "iframe"
    outside_ref: str = ""


@dataclass(frozen=True, slots=True)
class FreeSpins:
    issue_id: str
    player: PlayerFacts
    game: str
    currency: Currency
    quantity: int
    bet_level: int
    stake: Money
    valid_until: datetime


class GameProvider(Protocol):
    """Every method raises ProviderError when the partner fails, ProviderRefused when it says no."""

    def catalogue(self) -> Catalogue: ...

    def launch(self, request: LaunchRequest) -> Launched: ...

    def demo(self, request: DemoRequest) -> Launched: ...

    def issue_free_spins(self, spins: FreeSpins) -> None: ...

    def cancel_free_spins(self, issue_id: str, game: str) -> None: ...
