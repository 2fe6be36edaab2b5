"""Statements that were issued. A row is never changed: a trigger and the grants see to it."""

from datetime import timedelta
from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.wallet.statements.periods import Period


def statement_number() -> str:
    return public_id("st")


class Statement(models.Model):
    """What was said, about whom, and the signature over it.

    The content itself is read from the journal again each time: `wallets` says exactly which
    entries it is made of, and its digest must come out the same.
    """

    LAYOUT = 1

    number = models.CharField(max_length=32, unique=True, default=statement_number)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="statements"
    )
    player_name = models.CharField(max_length=20)
    player_ref = models.CharField(max_length=32, help_text="The player's public id.")
    site_name = models.CharField(max_length=40)
    first_on = models.DateField()
    last_on = models.DateField()
    currency = models.CharField(max_length=8, blank=True, help_text="Empty: all of them.")
    wallets = models.JSONField(help_text="Of each wallet: its id, first and last entry.")
    titles = models.JSONField(help_text="Names of the games at the time, by their slug.")
    summary = models.JSONField()
    movements = models.PositiveIntegerField()
    layout = models.PositiveSmallIntegerField(default=LAYOUT)
    digest = models.CharField(max_length=64)
    key_id = models.SmallIntegerField()
    signature = models.CharField(max_length=128)
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "statements_statement"
        indexes = [models.Index(fields=["player", "-id"], name="statements_player")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_on__gte=models.F("first_on")), name="statements_days"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs | {"force_insert": True})

    @property
    def period(self) -> Period:
        return Period(self.first_on, self.last_on)

    @property
    def is_complete(self) -> bool:
        """Whether the period was over, with room for movements that were under way."""
        return self.issued_at >= self.period.ends_at + timedelta(hours=1)

    @property
    def currency_words(self) -> str:
        return self.currency or "all currencies"


class Rendering(models.Model):
    """A statement's pages, drawn once and kept for a while; they can be drawn again."""

    class State(models.TextChoices):
        WAITING = "waiting"
        MADE = "made"
        FAILED = "failed"

    statement = models.OneToOneField(
        Statement, primary_key=True, on_delete=models.PROTECT, related_name="rendering"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    body = models.BinaryField(null=True, help_text="The file, with its signature.")
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "statements_rendering"
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(state="waiting"),
                name="statements_rendering_due",
            ),
            models.Index(fields=["made_at"], name="statements_rendering_made"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="made", body__isnull=False, made_at__isnull=False)
                | (~models.Q(state="made") & models.Q(body__isnull=True, made_at__isnull=True)),
                name="statements_rendering_made_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"pages of {self.statement_id}"
