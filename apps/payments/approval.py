"""Who has to agree to a payout, until when, and which need nobody.

Above one amount a person decides, above a higher one two different people. What cannot be valued
counts as too much, unless the rail has a limit in its own coin that says otherwise.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, Sum

from apps.accounts.models import Player
from apps.core.money import Money
from apps.payments import guard, limits
from apps.payments.models import ApprovalRule, Rail, Withdrawal
from apps.rates import selectors as rates
from apps.risk.services import monitoring

DAY = timedelta(days=1)


def people_needed(rail: Rail, amount: Money) -> int:
    own = rail.two_people_above_money
    if own is not None and amount > own:
        return 2
    value = rates.base_value(amount)
    if value is None:
        return 1 if own is not None else 2
    return 2 if value.major > settings.WITHDRAWAL_TWO_PEOPLE_ABOVE else 1


def due_hours(rank: int) -> int:
    """Within how many hours a withdrawal of this rank is decided."""
    promises = dict(_promise(one) for one in settings.WITHDRAWAL_DUE_HOURS)
    return promises[max(known for known in promises if known <= rank)]


def due_at(player: Player, since: datetime) -> datetime:
    return since + timedelta(hours=due_hours(player.rank))


@dataclass(frozen=True)
class Facts:
    """What the rules are held against; gathered once, for every rule."""

    rail: Rail
    value: Decimal
    rank: int
    kyc_level: int
    account_days: int
    automatic_today: int
    asked_today: Decimal


def rule_for(withdrawal: Withdrawal, *, at: datetime) -> ApprovalRule | None:
    """The rule by which nobody has to look at this withdrawal, if there is one."""
    if not settings.WITHDRAWAL_AUTO_APPROVAL or not _is_plain(withdrawal, at):
        return None
    facts = _facts(withdrawal, at)
    if facts is None or facts.value > settings.WITHDRAWAL_REVIEW_ABOVE:
        return None
    rules = ApprovalRule.objects.filter(
        Q(rail=None) | Q(rail=withdrawal.rail), ended_at=None, enabled=True
    ).order_by("id")
    found = next((rule for rule in rules if fits(rule, facts)), None)
    # Last, because it asks most: the monitoring rules look before money leaves by itself.
    if found is None or not monitoring.allows_payout(withdrawal.player_id):
        return None
    return found


def fits(rule: ApprovalRule, facts: Facts) -> bool:
    """Whether every line of a rule holds. Bounds are included."""
    return (
        (rule.rail_id is None or rule.rail_id == facts.rail.pk)
        and facts.value <= rule.amount_max
        and facts.rank >= rule.rank_min
        and facts.kyc_level >= rule.kyc_level_min
        and facts.account_days >= rule.account_days_min
        and facts.automatic_today + 1 <= rule.day_count_max
        and facts.asked_today <= rule.day_sum_max
    )


def _is_plain(withdrawal: Withdrawal, at: datetime) -> bool:
    """Nothing about it asks for a person: no reason, no wait, no second pair of eyes, no freeze."""
    return (
        not withdrawal.reasons
        and (withdrawal.held_until is None or withdrawal.held_until <= at)
        and people_needed(withdrawal.rail, withdrawal.money) == 1
        and withdrawal.people_needed == 1
        and not guard.is_frozen(withdrawal.player_id)
        and limits.player_is_active(withdrawal.player)
        and not withdrawal.cases.filter(settled_at=None).exists()
    )


def _facts(withdrawal: Withdrawal, at: datetime) -> Facts | None:
    value = rates.base_value(withdrawal.money)
    today = Withdrawal.objects.filter(
        player_id=withdrawal.player_id, created_at__gt=at - DAY, created_at__lte=at
    ).exclude(state__in=limits.RETURNED)
    asked = limits.value_of(today.order_by().values_list("currency_id").annotate(sum=Sum("amount")))
    if value is None or asked is None:
        return None
    player = Player.objects.get(pk=withdrawal.player_id)
    return Facts(
        rail=withdrawal.rail,
        value=value.major,
        rank=player.rank,
        kyc_level=player.kyc_level,
        account_days=(at - player.created_at).days,
        automatic_today=today.filter(approved_rule__isnull=False).count(),
        asked_today=asked,
    )


def _promise(text: str) -> tuple[int, int]:
    rank, _, hours = text.partition(":")
    return int(rank), int(hours)
