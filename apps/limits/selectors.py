"""What limits there are, how much room is left, and who is on a break. Always from the primary."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection

from apps.accounts.models import Player
from apps.core.money import EXACT, Money
from apps.limits.clock import database_now
from apps.limits.errors import DepositOverLimit
from apps.limits.models import Exclusion, HarmCase, Limit, LimitKind, LimitRequest, Window
from apps.limits.profiles import profile_of
from apps.limits.windows import LENGTHS
from apps.rates import selectors as rates

HISTORY_MAX = 200
MONEY_KINDS = (LimitKind.DEPOSIT, LimitKind.LOSS, LimitKind.WAGER)


@dataclass(frozen=True)
class Room:
    """One window with a limit. Amounts are in the base currency.

    owner: whose limit is the lower one: `player`, `operator` or `licence`. used, room: None where
    something cannot be valued; then nothing more goes through. releases_at: when the oldest part of
    what is used leaves the window; None when nothing is used.
    """

    kind: LimitKind
    window: Window
    limit: Decimal
    owner: str
    used: Decimal | None
    room: Decimal | None
    releases_at: datetime | None


@dataclass(frozen=True)
class Played:
    """In the base currency, undone bets and wins left out."""

    staked: Decimal
    won: Decimal
    bets: int
    is_complete: bool

    @property
    def net(self) -> Decimal:
        """What the player is ahead; negative for a loss."""
        return self.won - self.staked


@dataclass(frozen=True)
class Happening:
    """One line of the history. what: `limit`, `request` or `break`."""

    what: str
    at: datetime
    until: datetime | None
    row: Limit | LimitRequest | Exclusion


# ---- limits --------------------------------------------------------------------------------------


def limits_of(player_id: int) -> list[Limit]:
    """Every limit in force, of both owners."""
    return list(Limit.objects.filter(player_id=player_id, ended_at=None).order_by("kind", "id"))


def requests_of(player_id: int) -> list[LimitRequest]:
    """Looser limits that wait for their time or for the confirmation."""
    waiting = LimitRequest.objects.filter(player_id=player_id, state=LimitRequest.State.WAITING)
    return list(waiting.order_by("ready_at"))


def effective(player_id: int, kind: str, window: str) -> Decimal | None:
    """The lowest limit that applies; None: none does."""
    found = lowest(player_id).get((LimitKind(kind), Window(window)))
    return found[0] if found else None


def used(player_id: int, kind: str, window: str, *, at: datetime | None = None) -> Decimal | None:
    """How much of a window is used, whether it has a limit or not; None: it cannot be valued."""
    since = (at or database_now()) - LENGTHS[Window(window)]
    if kind == LimitKind.DEPOSIT:
        total, unvalued, _ = _paid_in(player_id, since)
        return None if unvalued else total
    found = played(player_id, since)
    if not found.is_complete:
        return None
    return found.staked if kind == LimitKind.WAGER else -found.net


def rooms(
    player_id: int, *, pending: Decimal = Decimal(0), at: datetime | None = None
) -> list[Room]:
    """A line for every window that has a limit on money."""
    return _rooms(player_id, MONEY_KINDS, pending, at)


def deposit_room(
    player_id: int, *, pending: Decimal = Decimal(0), at: datetime | None = None
) -> Room | None:
    """The window that leaves the least room for a deposit; None: no limit.

    pending: what is on its way and not booked yet, in the base currency.
    """
    found = _rooms(player_id, (LimitKind.DEPOSIT,), pending, at)
    return min(found, key=lambda one: one.room or Decimal(0)) if found else None


def deposit_problem(
    player_id: int,
    amount: Money,
    *,
    pending: Decimal = Decimal(0),
    at: datetime | None = None,
) -> DepositOverLimit | None:
    """Why a deposit does not fit; None: it does. Hold the player (`services.hold`) to rely on it."""
    tightest = deposit_room(player_id, pending=pending, at=at)
    if tightest is None:
        return None
    asked = worth(amount)
    base = rates.base_currency()
    if tightest.room is not None and asked is not None and asked <= tightest.room:
        return None
    if tightest.room is None or asked is None:
        return DepositOverLimit("This amount cannot be valued now. Try again in a minute.")
    left = Money.from_major(max(tightest.room, Decimal(0)), base, rounding="down")
    words = f"Your deposit limit {tightest.window.label} leaves {left.text} {base.code}"
    if tightest.releases_at:
        words += f"; more from {tightest.releases_at:%d %B, %H:%M} UTC on"
    refused = DepositOverLimit(f"{words}.", fields={"amount": f"{words}."})
    refused.room = left
    return refused


def worth(amount: Money) -> Decimal | None:
    """In the base currency at the last good rate, however old: a limit that waits protects nobody."""
    if amount.currency.code == settings.BASE_CURRENCY:
        return amount.major
    rate = rates.newest([amount.currency.code]).get(amount.currency.code)
    return EXACT.multiply(amount.major, rate.value) if rate else None


def history(player_id: int) -> list[Happening]:
    """Limits, requests and breaks, the newest first: who, when, old and new are on the rows."""
    lines = [
        Happening("limit", one.since, one.ended_at, one)
        for one in Limit.objects.filter(player_id=player_id).order_by("-id")[:HISTORY_MAX]
    ]
    lines += [
        Happening("request", one.asked_at, one.finished_at, one)
        for one in LimitRequest.objects.filter(player_id=player_id).order_by("-id")[:HISTORY_MAX]
    ]
    lines += [
        Happening("break", one.since, one.ended_at, one)
        for one in Exclusion.objects.filter(player_id=player_id).order_by("-id")[:HISTORY_MAX]
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:HISTORY_MAX]


# ---- play ----------------------------------------------------------------------------------------


def played(player_id: int, since: datetime, *, until: datetime | None = None) -> Played:
    """What was staked and won after a moment, up to another one (inclusive), exactly."""
    with connection.cursor() as cursor:
        # One statement, so both sums are of one snapshot.
        cursor.execute(
            "SELECT f.*, t.* FROM limits_played(%s, %s, %s) f"
            " LEFT JOIN LATERAL limits_played(%s, %s, %s) t ON %s",
            [
                player_id, settings.BASE_CURRENCY, since,
                player_id, settings.BASE_CURRENCY, until or since, until is not None,
            ],
        )  # fmt: skip
        staked, won, bets, unvalued, *later = cursor.fetchone()
    if until is not None:
        staked = EXACT.subtract(staked, later[0])
        won = EXACT.subtract(won, later[1])
        bets -= later[2]
    return Played(staked, won, bets, is_complete=not unvalued)


# ---- breaks --------------------------------------------------------------------------------------


def breaks_of(player_id: int) -> list[Exclusion]:
    """Breaks that stand, the one that ends last first."""
    found = Exclusion.objects.filter(player_id=player_id, ended_at=None)
    return sorted(found, key=lambda one: (one.until is None, one.until or one.since), reverse=True)


def exclusion_of(player_id: int) -> Exclusion | None:
    """The break that ends last; a self-exclusion stands after its time until the player is back."""
    found = breaks_of(player_id)
    own = [one for one in found if one.kind == Exclusion.Kind.SELF_EXCLUSION]
    return next(iter(own or found), None)


def is_excluded(player_id: int) -> bool:
    return Exclusion.objects.filter(player_id=player_id, ended_at=None).exists()


def may_be_contacted(player_id: int) -> bool:
    """Whether offers of any kind may reach this player now: mail, bonuses, free spins, VIP.

    Asked when something is promised and again when it goes out.
    """
    return (
        Player.objects.filter(pk=player_id, status=Player.Status.ACTIVE).exists()
        and not is_excluded(player_id)
        and not HarmCase.objects.filter(player_id=player_id, closed_at=None, is_high=True).exists()
    )


# ---- helpers -------------------------------------------------------------------------------------


def lowest(player_id: int) -> dict[tuple[LimitKind, Window], tuple[Decimal, str]]:
    """For each kind and window the limit that applies and whose it is; of equal ones the player's."""
    found: dict[tuple[LimitKind, Window], tuple[Decimal, str]] = {}

    def put(kind: LimitKind, window: Window, value: Decimal, owner: str) -> None:
        known = found.get((kind, window))
        if known is None or value < known[0]:
            found[kind, window] = (value, owner)

    in_force = Limit.objects.filter(player_id=player_id, ended_at=None).order_by("-owner")
    for kind, window, value, owner in in_force.values_list("kind", "window", "value", "owner"):
        put(LimitKind(kind), Window(window), value, owner)
    player = Player.objects.filter(pk=player_id).first()
    profile = profile_of(player) if player else None
    for window in Window:
        cap = getattr(profile, f"deposit_{window.value}_max", None)
        if cap is not None:
            put(LimitKind.DEPOSIT, window, cap, "licence")
    return found


def _rooms(
    player_id: int, kinds: Collection[LimitKind], pending: Decimal, at: datetime | None
) -> list[Room]:
    at = at or database_now()
    applying = lowest(player_id)
    return [
        _room(
            player_id,
            kind,
            window,
            applying[kind, window],
            pending if kind == LimitKind.DEPOSIT else Decimal(0),
            at,
        )
        for kind in kinds
        for window in Window
        if (kind, window) in applying
    ]


def _room(
    player_id: int,
    kind: LimitKind,
    window: Window,
    applying: tuple[Decimal, str],
    pending: Decimal,
    at: datetime,
) -> Room:
    since = at - LENGTHS[window]
    limit, owner = applying
    if kind == LimitKind.DEPOSIT:
        total, unvalued, first_at = _paid_in(player_id, since)
        spent = None if unvalued else EXACT.add(total, pending)
    else:
        spent = used(player_id, kind, window, at=at)
        first_at = _first_bet(player_id, since)
    return Room(
        kind=kind,
        window=window,
        limit=limit,
        owner=owner,
        used=spent,
        room=None if spent is None else max(EXACT.subtract(limit, spent), Decimal(0)),
        releases_at=first_at + LENGTHS[window] if first_at else None,
    )


def _paid_in(player_id: int, since: datetime) -> tuple[Decimal, int, datetime | None]:
    """Gross deposits after a moment: their sum, how many cannot be valued, when the first was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM limits_paid_in(%s, %s, %s)", [player_id, settings.BASE_CURRENCY, since]
        )
        total, unvalued, first_at = cursor.fetchone()
        return total, unvalued, first_at


def _first_bet(player_id: int, since: datetime) -> datetime | None:
    """The oldest bet after a moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(e.created_at) FROM ledger_wallet w CROSS JOIN LATERAL (
                SELECT e.created_at FROM ledger_entry e
                 WHERE e.wallet_id = w.id AND e.kind = 1 AND e.created_at > %s AND e.id >= coalesce(
                     (SELECT min(h.first_id) FROM limits_play_hour h
                       WHERE h.wallet_id = w.id AND h.hour > %s),
                     (SELECT position FROM ledger_cursor WHERE name = 'play usage'), 0)
                 ORDER BY e.id LIMIT 1) e
             WHERE w.player_id = %s AND w.purse = 0
            """,
            [since, since - timedelta(hours=1), player_id],
        )
        found: datetime | None = cursor.fetchone()[0]
        return found
