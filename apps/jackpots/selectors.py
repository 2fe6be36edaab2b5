"""What pages show of jackpots, and what staff are told they cost."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet, Sum

from apps.accounts.models import Player
from apps.accounts.people import HOUSE_EMAIL, public_name
from apps.core.clock import now
from apps.core.money import Money
from apps.jackpots import rules
from apps.jackpots.booking import owed
from apps.jackpots.models import (
    ZERO,
    Contribution,
    Cycle,
    Jackpot,
    Level,
    PartnerPot,
    Span,
    Unvalued,
    Version,
    Win,
    base_money,
)
from apps.jackpots.words import drops, percent
from apps.ledger.models import Entry
from apps.ledger.selectors import currency

SHOWN_WINS = 20
TICKER_SECONDS = 5
# A partner's figure that old says nothing any more.
PARTNER_MINUTES = 30
LATE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Pot:
    """One level as people see it. progress: per cent of the way to where it must have dropped."""

    jackpot: str
    jackpot_code: str
    code: str
    name: str
    amount: Money
    most: Money
    drops: str
    kind: str
    ends_at: datetime | None
    progress: int | None
    commitment: str
    cycle: str

    @property
    def most_text(self) -> str:
        return f"{self.most.major:,f} {self.most.currency}"


@dataclass(frozen=True, slots=True)
class Open:
    """A jackpot on its page."""

    jackpot: Jackpot
    rules: rules.Rules
    pots: list[Pot]
    version: Version
    takes_part: bool | None

    @property
    def stake_min(self) -> Money:
        return base_money(self.rules.stake_min)

    @property
    def contribution_text(self) -> str:
        return f"{percent(self.rules.contribution)}, paid by the house"


@dataclass(frozen=True, slots=True)
class GamePot:
    """The greatest jackpot of a partner on a game. is_late: its feed has been silent for a while."""

    name: str
    amount: Money
    seen_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class Winner:
    win: Win
    name: str
    amount: Money
    jackpot: str
    level: str


@dataclass(frozen=True, slots=True)
class Cost:
    """One level in the report. gap: what the ledger holds beyond what it should: always zero."""

    level: Level
    contributed: Money
    seeded: Money
    paid: Money
    void: Money
    unpaid: Money
    pot: Money
    reserve: Money
    unbooked: Money
    ledger_pot: Money
    ledger_reserve: Money
    gap: Money

    @property
    def liability(self) -> Money:
        """What the ledger's accounts hold for it."""
        return self.ledger_pot + self.ledger_reserve

    @property
    def cost(self) -> Money:
        """What it has cost the house: everything that was set aside for it."""
        return self.contributed + self.seeded


def ticker() -> list[Pot]:
    """Every running pot, the greatest first; a few seconds old at most."""
    found: list[Pot] | None = cache.get("jackpots.ticker")
    if found is None:
        found = sorted(
            (pot for one in jackpots() for pot in one.pots if not one.jackpot.is_paused),
            key=lambda pot: -pot.amount.units,
        )
        cache.set("jackpots.ticker", found, TICKER_SECONDS)
    return found


def values_for(game_ids: Collection[int], *, code: str = "") -> dict[int, GamePot]:
    """What partners' jackpots stand at, by game, in one query; games without one are missing.

    code: the currency that is preferred where a jackpot runs in several.
    """
    at = now()
    wanted = (code, settings.BASE_CURRENCY)
    rows = PartnerPot.objects.filter(
        game_id__in=game_ids, seen_at__gt=at - timedelta(minutes=PARTNER_MINUTES)
    )
    best: dict[int, PartnerPot] = {}
    for row in rows:
        known = best.get(row.game_id)
        if known is None or _order(row, wanted) > _order(known, wanted):
            best[row.game_id] = row
    return {
        game_id: GamePot(
            name=row.name,
            amount=Money.from_major(row.amount, currency(row.currency), rounding="down"),
            seen_at=row.seen_at,
            is_late=row.seen_at < at - timedelta(minutes=LATE_MINUTES),
        )
        for game_id, row in best.items()
    }


def _order(row: PartnerPot, wanted: tuple[str, str]) -> tuple[int, Decimal]:
    rank = len(wanted) - wanted.index(row.currency) if row.currency in wanted else 0
    return rank, row.amount


def jackpots(player: Player | None = None) -> list[Open]:
    """All of them with their levels, in a few queries."""
    levels: dict[int, list[Level]] = {}
    for level in Level.objects.select_related("jackpot"):
        levels.setdefault(level.jackpot_id, []).append(level)
    running = {
        (cycle.level_id, cycle.number): cycle
        for cycle in Cycle.objects.filter(
            level__in=[one for found in levels.values() for one in found], seed=""
        ).select_related("version", "level")
    }
    newest = {version.jackpot_id: version for version in Version.objects.order_by("number")}
    mine = set(
        Span.objects.filter(player=player, entry_until=None).values_list("jackpot_id", flat=True)
        if player
        else ()
    )
    found = []
    for jackpot in Jackpot.objects.order_by("id"):
        version = newest[jackpot.pk]
        in_force = version.rules
        pots = [
            _pot(level, running[level.pk, level.number]) for level in levels.get(jackpot.pk, [])
        ]
        takes_part = jackpot.pk in mine if in_force.needs_opt_in and player else None
        found.append(Open(jackpot, in_force, pots[::-1], version, takes_part))
    return found


def _pot(level: Level, cycle: Cycle) -> Pot:
    found = cycle.rules
    progress = None
    if found.kind == rules.Kind.AMOUNT:
        way = found.high - found.seed
        progress = max(0, min(100, int((level.pool - found.seed) * 100 / way)))
    return Pot(
        jackpot=level.jackpot.name,
        jackpot_code=level.jackpot.code,
        code=level.code,
        name=level.name,
        amount=level.pot,
        most=base_money(found.high),
        drops=drops(found),
        kind=found.kind,
        ends_at=cycle.ends_at,
        progress=progress,
        commitment=cycle.commitment,
        cycle=cycle.named,
    )


# ---- winners --------------------------------------------------------------------------------------


def winners(limit: int = SHOWN_WINS) -> list[Winner]:
    """The newest wins that were paid, with names that only their owners recognise."""
    paid = Win.objects.filter(state=Win.State.PAID).select_related("player", "level__jackpot")
    return [
        Winner(
            win=win,
            name=public_name(win.player),
            amount=win.paid_money or win.amount_money,
            jackpot=win.level.jackpot.name,
            level=win.level.name,
        )
        for win in paid.order_by("-id")[:limit]
    ]


def wins() -> QuerySet[Win]:
    return Win.objects.select_related("player", "level__jackpot", "cycle__version", "cycle__level")


def drop(win: Win) -> dict[str, Any]:
    """Everything that a drop can be checked with; `verification.problems` reads it."""
    cycle, found = win.cycle, win.cycle.rules
    facts: dict[str, Any] = {
        "scheme": "jackpot-1",
        "drop": win.public_id,
        "cycle": cycle.named,
        "kind": str(found.kind),
        "commitment": cycle.commitment,
        "committed_at": cycle.created_at.isoformat(),
        "seed": cycle.seed,
        "currency": settings.BASE_CURRENCY,
        "scale": currency(settings.BASE_CURRENCY).scale,
        "rules_version": cycle.version.number,
        "high": _text(found.high),
        "pot_before": _text(win.pot_before),
        "pot": _text(win.pot),
        "paid": _text(win.amount),
        "trigger": win.trigger,
        "bet_number": win.bet_number,
        "bet_at": win.bet_at.isoformat(),
        "stake": _text(win.stake),
    }
    if found.kind == rules.Kind.AMOUNT:
        facts["low"] = _text(found.low)
    elif found.kind == rules.Kind.TIME and cycle.starts_at and cycle.ends_at:
        facts["starts_at"] = cycle.starts_at.isoformat()
        facts["ends_at"] = cycle.ends_at.isoformat()
        facts["is_last_bet"] = win.is_last_bet
    else:
        facts["mean"] = _text(found.mean)
    return facts


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


# ---- what it costs --------------------------------------------------------------------------------


def report(jackpot: Jackpot) -> list[Cost]:
    """Contributions, seeds, wins and what is owed, level by level, beside the ledger's own sums."""
    held = ledger_sums()
    return [_cost(level, held) for level in jackpot.levels.select_related("jackpot")]


def ledger_sums() -> dict[tuple[int, str], Decimal]:
    """What the accounts of jackpots hold for each level, summed from the journal's entries.

    All of them passed through the wallet of the house, so an index finds them.
    """
    rows = (
        Entry.objects.filter(
            wallet__player__user__email=HOUSE_EMAIL,
            account__code__in=["jackpot", "jackpot_reserve"],
        )
        .values_list("source_id", "account__code")
        .annotate(total=Sum("amount"))
    )
    return {(level_id, code): -total for level_id, code, total in rows if level_id is not None}


def _cost(level: Level, held: dict[tuple[int, str], Decimal]) -> Cost:
    mine = Win.objects.filter(level=level)
    paid = _sum(mine.filter(state=Win.State.PAID))
    void = _sum(mine.filter(state=Win.State.VOID))
    unpaid = owed(level)
    ledger_pot = held.get((level.pk, "jackpot"), ZERO)
    ledger_reserve = held.get((level.pk, "jackpot_reserve"), ZERO)
    due = level.pot.major + unpaid + base_money(level.reserve).major
    booked = level.booked_pot + level.booked_reserve
    return Cost(
        level=level,
        contributed=base_money(level.contributed),
        seeded=base_money(level.seeded),
        paid=base_money(paid),
        void=base_money(void),
        unpaid=base_money(unpaid),
        pot=level.pot,
        reserve=base_money(level.reserve),
        unbooked=base_money(due - booked),
        ledger_pot=base_money(ledger_pot),
        ledger_reserve=base_money(ledger_reserve),
        gap=base_money(ledger_pot + ledger_reserve - booked),
    )


def _sum(found: QuerySet[Win]) -> Decimal:
    return found.aggregate(total=Sum("amount"))["total"] or ZERO


def bets_counted(jackpot: Jackpot) -> int:
    return Contribution.objects.filter(jackpot=jackpot, undone_by=None).count()


def unvalued() -> int:
    return Unvalued.objects.count()
