"""What stands before a player's payouts: a freeze, and the wait after a change of credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.events.bus import publish
from apps.payments.events import PayoutsFrozen
from apps.payments.models import PayoutGuard


@dataclass(frozen=True)
class Standing:
    """How things stand now. waits_until: no coins leave before, after a change of credentials."""

    saved_only: bool
    loosened_at: datetime | None
    frozen_at: datetime | None
    frozen_because: str
    waits_until: datetime | None


def standing(player: Player, *, at: datetime | None = None) -> Standing:
    """Read from the database: the request's own copy of the player may be old."""
    at = at or now()
    guard = PayoutGuard.objects.filter(player=player).first() or PayoutGuard(player=player)
    changed_at = (
        Player.objects.filter(pk=player.pk).values_list("credentials_changed_at", flat=True).first()
    )
    until = changed_at and changed_at + timedelta(hours=settings.CREDENTIALS_WAIT_HOURS)
    return Standing(
        saved_only=guard.saved_only,
        loosened_at=guard.loosened_at,
        frozen_at=guard.frozen_at,
        frozen_because=guard.frozen_because,
        waits_until=until if until and until > at else None,
    )


def is_frozen(player_id: int) -> bool:
    return PayoutGuard.objects.filter(player_id=player_id, frozen_at__isnull=False).exists()


@transaction.atomic
def set_saved_only(player: Player, *, on: bool) -> None:
    """Pay to saved addresses only. Switching it off makes unsaved ones wait from now on."""
    guard, _ = PayoutGuard.objects.select_for_update().get_or_create(player=player)
    if guard.saved_only == on:
        return
    guard.saved_only = on
    guard.loosened_at = guard.loosened_at if on else now()
    guard.save(update_fields=["saved_only", "loosened_at"])
    audit.record(
        "payouts.saved_only",
        actor=player,
        subject=player,
        before={"saved_only": not on},
        after={"saved_only": on},
    )


@transaction.atomic
def freeze(player: Player, *, because: str, actor: models.Model | str) -> bool:
    """Let no payout of this player leave until a person has looked; false when it is so already.

    The callers take approved payouts back to the queue (`withdrawals.freeze_payouts`).
    """
    guard, _ = PayoutGuard.objects.select_for_update().get_or_create(player=player)
    if guard.frozen_at:
        return False
    guard.frozen_at = now()
    guard.frozen_because = because[:160]
    guard.save(update_fields=["frozen_at", "frozen_because"])
    audit.record("payouts.frozen", actor=actor, subject=player, reason=because)
    publish(PayoutsFrozen(player_id=player.pk))
    raise_alarm(
        "payouts.frozen",
        subject=player.public_id,
        message=f"Payouts of player {player.public_id} are frozen: {because}",
        severity="critical",
    )
    return True


@transaction.atomic
def unfreeze(player: Player, *, by: models.Model, reason: str) -> None:
    """Let payouts leave again, after a person has spoken with the player. Raises InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    guard = PayoutGuard.objects.select_for_update().filter(player=player).first()
    if guard is None or guard.frozen_at is None:
        return
    guard.frozen_at, guard.frozen_because = None, ""
    guard.save(update_fields=["frozen_at", "frozen_because"])
    audit.record("payouts.unfrozen", actor=by, subject=player, reason=reason.strip())
