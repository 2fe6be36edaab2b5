"""The rules of a jackpot as data: how they are read, how a stake is shared, where a pot drops.

Pure: no database, no clock. Amounts are decimals of the base currency; what a pot gathers is kept
to 18 places and rounded only when money moves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any

from apps.core.money import EXACT
from apps.jackpots.errors import RulesRefused
from apps.jackpots.verification import draw, hidden_trigger

PLACES = Decimal(1).scaleb(-18)
TOTAL_BPS = 10_000
LEVELS_MAX = 6
CONTRIBUTION_MAX = Decimal("0.05")
AMOUNT_MAX = Decimal("1000000000")
HOURS = range(1, 24 * 31 + 1)
CODE = re.compile(r"[a-z][a-z0-9-]{1,23}", re.ASCII)
Content = Mapping[str, Any]


class Kind(StrEnum):
    """When a level drops."""

    AMOUNT = "amount"
    TIME = "time"
    CHANCE = "chance"


@dataclass(frozen=True, slots=True)
class LevelRules:
    """share_bps: of the contribution. high: the most a win pays.

    amount: drops where the pot reaches a hidden point of [low, high). time: by the end of each
    window of `hours`. chance: each stake s with min(1, s / mean).
    """

    code: str
    name: str
    share_bps: int
    seed: Decimal
    kind: Kind
    low: Decimal
    high: Decimal
    hours: int
    mean: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. Empty lists of scope mean all."""

    contribution: Decimal
    reserve: Decimal
    stake_min: Decimal
    needs_opt_in: bool
    rank_min: int
    partners: tuple[str, ...]
    games: tuple[str, ...]
    currencies: tuple[str, ...]
    countries: tuple[str, ...]
    levels: tuple[LevelRules, ...]

    def level(self, code: str) -> LevelRules:
        return next(one for one in self.levels if one.code == code)


@dataclass(frozen=True, slots=True)
class Share:
    """What one stake adds to one level."""

    pool: Decimal
    reserve: Decimal

    @property
    def total(self) -> Decimal:
        return self.pool + self.reserve


def contribution(rules: Rules, stake: Decimal) -> Decimal:
    return down(EXACT.multiply(stake, rules.contribution))


def shares(rules: Rules, given: Decimal) -> dict[str, Share]:
    """Share a contribution over the levels; the last one gets what rounding left of it."""
    found: dict[str, Share] = {}
    left = given
    for place, level in enumerate(rules.levels):
        is_last = place == len(rules.levels) - 1
        part = left if is_last else down(given * level.share_bps / TOTAL_BPS)
        left -= part
        kept = down(EXACT.multiply(part, rules.reserve))
        found[level.code] = Share(pool=part - kept, reserve=kept)
    return found


def is_eligible(
    rules: Rules, *, stake: Decimal, currency: str, partner: str, game: str | None,
    country: str, rank: int, opted_in: bool,
) -> bool:  # fmt: skip
    """Whether a stake takes part, by everything that is known of it."""
    return (
        stake >= rules.stake_min
        and (opted_in or not rules.needs_opt_in)
        and rank >= rules.rank_min
        and (not rules.currencies or currency in rules.currencies)
        and (not rules.partners or partner in rules.partners)
        and (not rules.games or game in rules.games)
        and (not rules.countries or country in rules.countries)
    )


def cents(amount: Decimal, scale: int) -> int:
    """Whole smallest units, rounded down."""
    return int(EXACT.scaleb(amount, scale).to_integral_value(ROUND_DOWN))


def major(units: int, scale: int) -> Decimal:
    return EXACT.scaleb(Decimal(units), -scale)


def down(amount: Decimal) -> Decimal:
    return EXACT.quantize(amount, PLACES) if amount == 0 else amount.quantize(
        PLACES, rounding=ROUND_DOWN, context=EXACT
    )  # fmt: skip


def trigger_units(level: LevelRules, seed: str, cycle: str, scale: int) -> int:
    """The pot, in smallest units, at which a must-drop level drops. Secret until it has."""
    low, high = cents(level.low, scale), cents(level.high, scale)
    return hidden_trigger(draw(seed, cycle), low, high)


def trigger_moment(seed: str, cycle: str, starts_at: datetime, ends_at: datetime) -> datetime:
    """When in its window a level drops. Secret until it has."""
    span = (ends_at - starts_at) // timedelta(milliseconds=1)
    return starts_at + timedelta(milliseconds=hidden_trigger(draw(seed, cycle), 0, span))


def is_hit(level: LevelRules, seed: str, cycle: str, number: int, stake: Decimal) -> bool:
    """Whether the bet with this number in the cycle wins, p = min(1, stake / mean)."""
    return Fraction(draw(seed, cycle, number)) * Fraction(level.mean) < Fraction(stake) * 2**64


def window_at(moment: datetime, hours: int) -> tuple[datetime, datetime]:
    """The window that a moment lies in; windows stand next to each other from 1970 on, in UTC."""
    length = timedelta(hours=hours)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    start = epoch + (moment - epoch) // length * length
    return start, start + length


def read(content: Content) -> Rules:
    """Read rules that were kept or proposed. Raises RulesRefused with the fields that are wrong.

    Fields of a level are named `<code>_<field>`.
    """
    problems: dict[str, str] = {}
    rules = Rules(
        contribution=_decimal(content, "contribution", problems, most=CONTRIBUTION_MAX),
        reserve=_decimal(content, "reserve", problems, least=Decimal(0), most=Decimal("0.9")),
        stake_min=_decimal(content, "stake_min", problems, least=Decimal(0)),
        needs_opt_in=content.get("needs_opt_in") is True,
        rank_min=_integer(content, "rank_min", problems, range(11)),
        partners=_texts(content, "partners", problems),
        games=_texts(content, "games", problems),
        currencies=_texts(content, "currencies", problems),
        countries=_texts(content, "countries", problems),
        levels=_levels(content.get("levels"), problems),
    )
    if problems:
        raise RulesRefused(fields=problems)
    return rules


def _levels(listed: Any, problems: dict[str, str]) -> tuple[LevelRules, ...]:
    if not isinstance(listed, list) or not 1 <= len(listed) <= LEVELS_MAX:
        problems["levels"] = f"A jackpot has 1 to {LEVELS_MAX} levels."
        return ()
    found = tuple(_level(one, problems) for one in listed if isinstance(one, dict))
    if len({one.code for one in found}) != len(listed):
        problems["levels"] = "Every level needs a short name of its own."
    if sum(one.share_bps for one in found) != TOTAL_BPS:
        for one in found:
            problems[f"{one.code}_share_bps"] = "The shares of all levels add up to 100 %."
    return found


def _level(content: Content, problems: dict[str, str]) -> LevelRules:
    code = str(content.get("code", ""))
    if not CODE.fullmatch(code):
        problems["levels"] = "A level's short name is 2 to 24 small letters, digits and hyphens."
    found: dict[str, str] = {}
    kind = content.get("kind")
    if kind not in set(Kind):
        found["kind"] = "Choose when it drops."
    level = LevelRules(
        code=code,
        name=str(content.get("name", "")).strip()[:40] or code.title(),
        share_bps=_integer(content, "share_bps", found, range(1, TOTAL_BPS + 1)),
        seed=_decimal(content, "seed", found, cent=True),
        kind=Kind(kind) if kind in set(Kind) else Kind.AMOUNT,
        low=_decimal(content, "low", found, cent=True) if kind == Kind.AMOUNT else Decimal(0),
        high=_decimal(content, "high", found, cent=True),
        hours=_integer(content, "hours", found, HOURS) if kind == Kind.TIME else 0,
        mean=_decimal(content, "mean", found) if kind == Kind.CHANCE else Decimal(0),
    )
    if kind == Kind.AMOUNT and not found:
        if level.low <= level.seed:
            found["low"] = "A pot starts with its seed, so it drops above it."
        if level.high <= level.low:
            found["high"] = "This must be above the lowest amount."
    if kind != Kind.AMOUNT and not found and level.high < level.seed:
        found["high"] = "The most it pays is at least its seed."
    problems |= {f"{code}_{name}": text for name, text in found.items()}
    return level


def _decimal(
    content: Content, name: str, problems: dict[str, str], *,
    least: Decimal | None = None, most: Decimal = AMOUNT_MAX, cent: bool = False,
) -> Decimal:  # fmt: skip
    text = content.get(name)
    try:
        value = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        problems[name] = "Enter a number with digits and a point."
        return Decimal(0)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < (-2 if cent else -8):
        problems[name] = f"Use up to {2 if cent else 8} decimals."
    elif least is None and value <= 0:
        problems[name] = "This must be above zero."
    elif least is not None and value < least:
        problems[name] = f"This must be at least {least}."
    elif value > most:
        problems[name] = f"This must be at most {most}."
    return value


def _integer(content: Content, name: str, problems: dict[str, str], allowed: range) -> int:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        problems[name] = f"A whole number from {allowed[0]} to {allowed[-1]}."
        return 0
    return value


def _texts(content: Content, name: str, problems: dict[str, str]) -> tuple[str, ...]:
    listed = content.get(name, [])
    is_list = isinstance(listed, Sequence) and not isinstance(listed, str)
    if not is_list or not all(isinstance(one, str) and 0 < len(one) <= 120 for one in listed):
        problems[name] = "List names, separated by commas."
        return ()
    return tuple(listed)
