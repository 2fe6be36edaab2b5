"""What a player is asked from time to time: a limit at the start, a look back twice a year."""

from decimal import Decimal

from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.limits import services
from apps.limits.models import LimitKind, PlayerChoices

MONTHS_MAX = 6
# Sums of the Problem Gambling Severity Index and what they are read as.
LEVELS = ((8, "high"), (3, "raised"), (1, "low"), (0, "none"))


@transaction.atomic
def set_first_limit(*, player: Player, window: str, value: Decimal) -> None:
    """Answer the question at the start with a deposit limit. Raises what `set_limit` raises."""
    services.set_limit(
        player_id=player.pk, kind=LimitKind.DEPOSIT, window=window, value=value, actor=player
    )
    _answered(player, is_declined=False)


@transaction.atomic
def decline_first_limit(*, player: Player) -> None:
    """Answer it with a no, which is kept."""
    _answered(player, is_declined=True)


@transaction.atomic
def mark_reviewed(*, player: Player, months: int) -> None:
    """The player has looked back; months: when to ask again. Raises InvalidInput."""
    if not 1 <= months <= MONTHS_MAX:
        raise InvalidInput(fields={"months": "Choose one of the intervals."})
    PlayerChoices.objects.update_or_create(
        player_id=player.pk, defaults={"reviewed_at": now(), "review_months": months}
    )
    audit.record("player.reviewed", actor=player, subject=player, after={"months": months})


def level_of(points: int) -> str:
    """How a sum of the self-test is read."""
    return next(level for least, level in LEVELS if points >= least)


def _answered(player: Player, *, is_declined: bool) -> None:
    PlayerChoices.objects.update_or_create(
        player_id=player.pk, defaults={"limit_asked_at": now(), "limit_declined": is_declined}
    )
    audit.record(
        "player.first_limit_answered",
        actor=player,
        subject=player,
        after={"declined": is_declined},
    )
