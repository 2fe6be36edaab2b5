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
    """The partner said no for good. reason: whom or what it does not serve; number: its own word."""

    Reason = Literal["country", "currency", "game", "player", "free_spins", "request"]

    def __init__(self, reason: Reason, message: str, *, number: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.number = number


@dataclass(frozen=True, slots=True)
class CatalogueGame:
    """A game as its partner lists it. None: the partner does not say, keep what is known.

    seats: places at a live table. min_stake, max_stake: in whole units of the base currency.
    max_win: the most a round pays, in stakes.
    """

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
    seats: int | None = None
    min_stake: Decimal | None = None
    max_stake: Decimal | None = None
    max_win: Decimal | None = None
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


@dataclass(frozen=True, slots=True)
class RoundQuery:
    """A round we ask about. round_ref: the partner's own name for it."""

    round_ref: str
    game: str
    wallet_ref: str


@dataclass(frozen=True, slots=True)
class RoundAnswer:
    """What a partner says of a round.

    state: `unknown` there is no such round there; `unsupported` it has no such call.
    facts: what else it said, for people to read.
    """

    state: Literal["finished", "open", "unknown", "unsupported"]
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartnerJackpot:
    """A jackpot of the partner's, on one game in one currency. amount: in major units."""

    game: str
    level: int
    name: str
    amount: Decimal
    currency: str


class GameProvider(Protocol):
    """Every method raises ProviderError when the partner fails, ProviderRefused when it says no."""

    def catalogue(self) -> Catalogue: ...

    def launch(self, request: LaunchRequest) -> Launched: ...

    def demo(self, request: DemoRequest) -> Launched: ...

    def issue_free_spins(self, spins: FreeSpins) -> None: ...

    def cancel_free_spins(self, issue_id: str, game: str) -> None: ...

    def round_details(self, query: RoundQuery) -> RoundAnswer: ...
