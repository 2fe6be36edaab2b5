"""Limits in force and in history, changes that wait, and the one row a limited bet waits at."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.ids import public_id

VALUE: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class LimitKind(models.TextChoices):
    DEPOSIT = "deposit"
    LOSS = "loss"
    WAGER = "wager", "stakes"
    SESSION = "session", "session time"


class Window(models.TextChoices):
    """Rolling: 24 hours, 7 days, 30 days."""

    DAY = "day", "in 24 hours"
    WEEK = "week", "in 7 days"
    MONTH = "month", "in 30 days"


class LimitOwner(models.TextChoices):
    PLAYER = "player"
    OPERATOR = "operator"


class Limit(models.Model):
    """One limit of one owner. A change ends the row and makes another: the rows are the history."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=LimitKind)
    window = models.CharField(max_length=8, choices=Window)
    owner = models.CharField(max_length=8, choices=LimitOwner)
    value = models.DecimalField(
        **VALUE, help_text="In the base currency; of a session limit: minutes."
    )
    set_by = models.CharField(max_length=160, help_text="Who, as the audit trail names them.")
    reason = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "limits_limit"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "kind", "window", "owner"],
                condition=Q(ended_at=None),
                name="limits_limit_one",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0, value__lt=Decimal(10) ** 15), name="limits_limit_value"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("since")), name="limits_limit_order"
            ),
        ]
        indexes = [models.Index(fields=["player", "-id"], name="limits_limit_history")]

    def __str__(self) -> str:
        return f"{self.kind} {self.window} of player {self.player_id}"


class LimitRequest(models.Model):
    """A looser limit, or none, that a player has asked for: it waits and is then confirmed."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"
        REPLACED = "replaced", "replaced by a later request"
        LAPSED = "lapsed", "not confirmed in time"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=LimitKind)
    window = models.CharField(max_length=8, choices=Window)
    before = models.DecimalField(**VALUE, help_text="The limit in force when it was asked for.")
    value = models.DecimalField(**VALUE, null=True, blank=True, help_text="None: no limit at all.")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(help_text="Not to be confirmed before.")
    lapses_at = models.DateTimeField(help_text="Nor from then on.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "limits_request"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "kind", "window"],
                condition=Q(state="waiting"),
                name="limits_request_one",
            ),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gt=F("before")), name="limits_request_looser"
            ),
            models.CheckConstraint(
                condition=Q(ready_at__gt=F("asked_at"), lapses_at__gt=F("ready_at")),
                name="limits_request_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lapses_at"], condition=Q(state="waiting"), name="limits_request_due"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("lr")
        super().save(*args, **kwargs)


class Ceiling(models.Model):
    """What a bet of a limited player is measured against: the lower of both owners' limits.

    The bet locks this row (`sql/refusal.sql`), so bets of one player in several wallets are measured
    one after the other. Written by `services` from the limits in force.
    """

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    currency = models.CharField(max_length=8, help_text="Of the values: the base currency.")
    loss_day = models.DecimalField(**VALUE, null=True)
    loss_week = models.DecimalField(**VALUE, null=True)
    loss_month = models.DecimalField(**VALUE, null=True)
    wager_day = models.DecimalField(**VALUE, null=True)
    wager_week = models.DecimalField(**VALUE, null=True)
    wager_month = models.DecimalField(**VALUE, null=True)

    class Meta:
        db_table = "limits_ceiling"

    def __str__(self) -> str:
        return f"ceiling of player {self.player_id}"
