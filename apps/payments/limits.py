"""What a payment may be and what it costs, by the rules in `LimitRule`.

Windows are rolling and half-open: what happened exactly 24 hours ago is out. What cannot be valued
counts as too much. The answers are codes for machines and words for people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.money import EXACT, Money
from apps.ledger import selectors as ledger
from apps.ledger.models import Block
from apps.limits import selectors as own_limits
from apps.payments.errors import DepositsStopped
from apps.payments.models import Deposit, DepositFailure, LimitRule, PayoutGuard, Rail, Withdrawal
from apps.rates import selectors as rates
from apps.wallet import restrictions
from apps.wallet.services import set_player_status

Direction = LimitRule.Direction
BPS = 10_000
ROWS_MAX = 500
# Money that came back to the player was not withdrawn.
RETURNED = (
    Withdrawal.State.REJECTED,
    Withdrawal.State.RELEASED,
    Withdrawal.State.CANCELLED,
)
ARRIVED = (Deposit.State.CONFIRMED, Deposit.State.HELD, Deposit.State.REVERSED)


@dataclass(frozen=True)
class Window:
    """A stretch of time that ends now, in the fields of a rule and in words."""

    name: str
    length: timedelta
    words: str


WINDOWS = (
    Window("day", timedelta(days=1), "in 24 hours"),
    Window("week", timedelta(days=7), "in 7 days"),
    Window("month", timedelta(days=30), "in 30 days"),
)


@dataclass(frozen=True)
class Problem:
    """Why an amount is not possible now. until: when it will be, if time alone helps."""

    code: str
    words: str
    until: datetime | None = None


@dataclass(frozen=True)
class Terms:
    """What the rules say for one player on one rail, the most specific first."""

    direction: str
    player: Player
    rail: Rail
    method: str
    rules: list[LimitRule]

    def rule(self, field: str) -> LimitRule | None:
        """The rule that decides this line."""
        return next((rule for rule in self.rules if getattr(rule, field) is not None), None)

    def value(self, field: str) -> Any:
        rule = self.rule(field)
        return getattr(rule, field) if rule else None

    def money(self, field: str) -> Money | None:
        """A bound in the currency the rule speaks: the rail's, or the base currency."""
        rule = self.rule(field)
        if rule is None:
            return None
        of = self.rail.money_currency if rule.rail_id else rates.base_currency()
        return Money.from_major(getattr(rule, field), of, rounding="down")


def terms(direction: str, player: Player, rail: Rail, method: str = "") -> Terms:
    fitting = LimitRule.objects.filter(
        Q(rail=None) | Q(rail=rail),
        Q(method="") | Q(method=method),
        Q(country="") | Q(country=player.country),
        Q(rank=None) | Q(rank__lte=player.rank),
        direction=direction,
        ended_at=None,
    )
    return Terms(direction, player, rail, method, sorted(fitting, key=_specific, reverse=True))


def deposit_problem(
    player: Player,
    rail: Rail,
    amount: Money,
    method: str = "",
    *,
    deposit_id: int | None = None,
    at: datetime | None = None,
) -> str:
    """Why a deposit has to be held, as a code; empty when it is fine.

    deposit_id: its own row, which is not among those that are on their way beside it. Hold the
    player (`apps.limits.services.hold`) to rely on the answer.
    """
    if deposits_blocked_until(player, at=at):
        return "too_many_failures"
    if stopped := restrictions.stopping(player.pk, Block.DEPOSIT):
        return stopped.code
    pending = pending_value(player, without=deposit_id)
    if over := own_limits.deposit_problem(player.pk, amount, pending=pending, at=at):
        return over.code
    found = problem(terms(Direction.DEPOSIT, player, rail, method), amount, at=at)
    return found.code if found else ""


def require_open(player: Player) -> None:
    """Refuse to begin a deposit where something stops deposits. Raises DepositsStopped."""
    if stopped := restrictions.stopping(player.pk, Block.DEPOSIT):
        raise DepositsStopped(stopped.words)


def require_room(player: Player, amount: Money) -> None:
    """Refuse to begin a deposit over the player's limit. Raises DepositsStopped, DepositOverLimit."""
    require_open(player)
    if over := own_limits.deposit_problem(player.pk, amount, pending=pending_value(player)):
        raise over


def pending_value(player: Player, *, without: int | None = None) -> Decimal:
    """What is on its way to the player, in the base currency: it takes room until it fails."""
    rows = Deposit.objects.filter(
        player=player, state=Deposit.State.PENDING, created_at__gt=now() - WINDOWS[-1].length
    ).exclude(pk=without or 0)
    total = Decimal(0)
    for row in rows:
        # What has no rate has no limit to break yet: it is measured when it arrives.
        total += own_limits.worth(row.money) or Decimal(0)
    return total


def problem(of: Terms, amount: Money, *, at: datetime | None = None) -> Problem | None:
    """The first limit that an amount would break."""
    at = at or now()
    return _bounds(of, amount) or _windows(of, amount, at)


def fee(of: Terms, amount: Money) -> Money:
    """What stays in the house, rounded up to a unit that the rail can carry."""
    bps, fixed = of.value("fee_bps") or 0, of.value("fee_fixed") or Decimal(0)
    if not bps and not fixed:
        return Money.zero(amount.currency)
    exact = EXACT.add(EXACT.divide(EXACT.multiply(amount.major, bps), BPS), fixed)
    digits = min(of.rail.decimals_max, amount.currency.scale)
    carried = exact.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING, context=EXACT)
    return Money.from_major(carried, amount.currency)


def fee_words(of: Terms) -> str:
    """The fee as it is shown before anybody types an amount; empty when there is none."""
    bps, fixed = of.value("fee_bps") or 0, of.value("fee_fixed") or Decimal(0)
    parts = [f"{(Decimal(bps) / 100).normalize():f} %"] if bps else []
    parts += [f"{fixed.normalize():f} {of.rail.currency_id}"] if fixed else []
    return " + ".join(parts)


def room(of: Terms, *, at: datetime | None = None) -> Money | None:
    """The most that all limits together let through now; None without a limit.

    In the rail's currency. A sum that cannot be converted leaves no room.
    """
    at = at or now()
    bounds = []
    if most := of.money("amount_max"):
        bounds.append(_in_rail_currency(most, of.rail))
    for window in WINDOWS:
        if (count := of.value(f"{window.name}_count")) is not None:
            rule = of.rule(f"{window.name}_count")
            if _rows(of, rule, at - window.length, at).count() >= count:
                bounds.append(Money.zero(of.rail.money_currency))
        if (most := of.value(f"{window.name}_sum")) is not None:
            used = _value(of, of.rule(f"{window.name}_sum"), at - window.length, at)
            left = max(most - used, Decimal(0)) if used is not None else Decimal(0)
            base = rates.base_currency()
            left_money = Money.from_major(left, base, rounding="down")
            bounds.append(_in_rail_currency(left_money, of.rail))
    return min(bounds, key=lambda one: one.units) if bounds else None


def lifetime_value(player: Player) -> Decimal | None:
    """Everything ever withdrawn, in the base currency; None when it cannot be valued."""
    rows = Withdrawal.objects.filter(player=player).exclude(state__in=RETURNED)
    return value_of(rows.order_by().values_list("currency_id").annotate(sum=Sum("amount")))


# ---- deposits that fail (PAY-29) -----------------------------------------------------------------


@transaction.atomic
def deposit_failed(player: Player, rail: Rail | None, why: str) -> None:
    """Count a failed attempt. Five in ten minutes block deposits, five more suspend for review."""
    guard, _ = PayoutGuard.objects.select_for_update().get_or_create(player=player)
    at = now()
    DepositFailure.objects.create(player=player, rail=rail, why=why[:120], at=at)
    since = at - timedelta(minutes=settings.DEPOSIT_FAILURES_MINUTES)
    count = DepositFailure.objects.filter(player=player, at__gt=since, at__lte=at).count()
    if count < settings.DEPOSIT_FAILURES_MAX:
        return
    guard.deposits_blocked_until = at + timedelta(minutes=settings.DEPOSIT_BLOCK_MINUTES)
    guard.save(update_fields=["deposits_blocked_until"])
    if count == settings.DEPOSIT_FAILURES_MAX:
        audit.record(
            "deposits.blocked",
            actor="system",
            subject=player,
            after={"until": guard.deposits_blocked_until.isoformat(), "failures": count},
        )
    if count >= 2 * settings.DEPOSIT_FAILURES_MAX and player_is_active(player):
        why = f"{count} failed deposits in {settings.DEPOSIT_FAILURES_MINUTES} minutes"
        set_player_status(
            player_id=player.pk, status=Player.Status.SUSPENDED, actor="system", reason=why
        )
        raise_alarm(
            "deposit.failures",
            subject=player.public_id,
            message=f"Player {player.public_id} is suspended for review: {why}.",
        )


def deposits_blocked_until(player: Player, *, at: datetime | None = None) -> datetime | None:
    """Until when this player cannot pay in because too many attempts failed."""
    guard = PayoutGuard.objects.filter(player=player).first()
    until = guard.deposits_blocked_until if guard else None
    return until if until and until > (at or now()) else None


def player_is_active(player: Player) -> bool:
    return Player.objects.filter(pk=player.pk, status=Player.Status.ACTIVE).exists()


# ---- helpers -------------------------------------------------------------------------------------


def _bounds(of: Terms, amount: Money) -> Problem | None:
    """Of one payment, which no waiting changes."""
    for field, code, words in (
        ("amount_min", "below_minimum", "The least is"),
        ("amount_max", "above_maximum", "The most at once is"),
    ):
        bound = of.money(field)
        if bound is None:
            continue
        value = amount if bound.currency.code == amount.currency.code else rates.base_value(amount)
        if value is None:
            return Problem("no_rate", "This amount cannot be valued now. Try again in a minute.")
        if (value < bound) if field == "amount_min" else (value > bound):
            return Problem(code, f"{words} {_shown(bound)}.")
    return None


def _windows(of: Terms, amount: Money, at: datetime) -> Problem | None:
    for window in WINDOWS:
        count = of.value(f"{window.name}_count")
        if count is not None:
            rule = of.rule(f"{window.name}_count")
            used = _rows(of, rule, at - window.length, at).count()
            if used >= count:
                until = _free_again(of, rule, window, at, used - count)
                words = f"{count} {of.direction}s {window.words} is the most."
                return Problem(f"{window.name}_count", words, until)
        most = of.value(f"{window.name}_sum")
        if most is not None and (found := _sum_problem(of, amount, at, window, most)):
            return found
    return None


def _sum_problem(
    of: Terms, amount: Money, at: datetime, window: Window, most: Decimal
) -> Problem | None:
    rule = of.rule(f"{window.name}_sum")
    used, asked = _value(of, rule, at - window.length, at), rates.base_value(amount)
    if used is None or asked is None:
        return Problem("no_rate", "This amount cannot be valued now. Try again in a minute.")
    if used + asked.major <= most:
        return None
    base = rates.base_currency()
    left = _shown(Money.from_major(max(most - used, Decimal(0)), base, rounding="down"))
    limit = _shown(Money.from_major(most, base, rounding="down"))
    words = f"{limit} {window.words} is the most; {left} of it is left."
    return Problem(
        f"{window.name}_sum", words, _room_again(of, rule, window, at, asked.major, most)
    )


def _rows(of: Terms, rule: LimitRule | None, after: datetime, at: datetime) -> Any:
    """What counts for a rule's window (after, at]."""
    rows: Any
    if of.direction == Direction.DEPOSIT:
        rows = Deposit.objects.filter(
            player=of.player, state__in=ARRIVED, confirmed_at__gt=after, confirmed_at__lte=at
        ).order_by("confirmed_at")
    else:
        rows = (
            Withdrawal.objects.filter(player=of.player, created_at__gt=after, created_at__lte=at)
            .exclude(state__in=RETURNED)
            .order_by("created_at")
        )
    if rule is not None and rule.rail_id:
        rows = rows.filter(rail_id=rule.rail_id)
    if rule is not None and rule.method:
        rows = rows.filter(method=rule.method)
    return rows


def _value(of: Terms, rule: LimitRule | None, after: datetime, at: datetime) -> Decimal | None:
    rows = _rows(of, rule, after, at).order_by()
    return value_of(rows.values_list("currency_id").annotate(sum=Sum("amount")))


def value_of(sums: Iterable[tuple[str, Decimal]]) -> Decimal | None:
    total = Decimal(0)
    for code, amount in sums:
        value = rates.base_value(Money.from_major(amount, ledger.currency(code)))
        if value is None:
            return None
        total += value.major
    return total


def _free_again(
    of: Terms, rule: LimitRule | None, window: Window, at: datetime, surplus: int
) -> datetime | None:
    """When the window has room for one more: once the oldest have left it."""
    moments = list(_moments(of, _rows(of, rule, at - window.length, at)[: surplus + 1]))
    return moments[-1] + window.length if moments else None


def _room_again(
    of: Terms, rule: LimitRule | None, window: Window, at: datetime, asked: Decimal, most: Decimal
) -> datetime | None:
    if asked > most:
        return None  # never: it is more than a whole window's worth
    rows = list(_rows(of, rule, at - window.length, at)[:ROWS_MAX])
    values = [value_of([(row.currency_id, row.amount)]) or Decimal(0) for row in rows]
    used = sum(values, Decimal(0))
    for row, value, moment in zip(rows, values, _moments(of, rows), strict=True):
        used -= value
        if used + asked <= most and row is not None:
            return moment + window.length
    return None


def _moments(of: Terms, rows: Iterable[Any]) -> Iterable[datetime]:
    field = "confirmed_at" if of.direction == Direction.DEPOSIT else "created_at"
    return [getattr(row, field) for row in rows]


def _in_rail_currency(amount: Money, rail: Rail) -> Money:
    """What cannot be converted is no room at all."""
    converted = rates.value_in(amount, rail.currency_id)
    return Money.zero(rail.money_currency) if converted is None else converted


def _specific(rule: LimitRule) -> tuple[bool, bool, bool, int]:
    """Rail before method before country before rank; of two ranks the higher."""
    rank = -1 if rule.rank is None else rule.rank
    return (rule.rail_id is not None, bool(rule.method), bool(rule.country), rank)


def _shown(amount: Money) -> str:
    return f"{amount.major.normalize():f} {amount.currency.code}"
