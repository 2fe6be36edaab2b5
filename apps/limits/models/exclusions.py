"""Breaks from play: time-outs, the panic button, self-exclusions."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.ids import public_id


class Exclusion(models.Model):
    """One break. Its length is fixed by the first moment; nobody can make it shorter."""

    class Kind(models.TextChoices):
        PANIC = "panic", "panic button"
        TIME_OUT = "time_out", "time-out"
        SELF_EXCLUSION = "self_exclusion", "self-exclusion"

    class End(models.TextChoices):
        OVER = "over", "its time was over"
        RETURNED = "returned", "the player asked, waited and confirmed"
        REPLACED = "replaced", "a longer one took its place"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="None: for ever.")
    asked_by = models.CharField(max_length=160, help_text="Who, as the audit trail names them.")
    reason = models.CharField(max_length=500, blank=True)
    # Somebody who is excluded under one account is excluded under all of theirs.
    origin = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies"
    )
    return_asked_at = models.DateTimeField(null=True, blank=True)
    return_ready_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on the player can confirm the return."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=12, choices=End, blank=True)

    class Meta:
        db_table = "limits_exclusion"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "kind"], condition=Q(ended_at=None), name="limits_exclusion_one"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")), name="limits_exclusion_length"
            ),
            models.CheckConstraint(
                condition=Q(kind="self_exclusion") | Q(until__isnull=False),
                name="limits_exclusion_time_out_ends",
            ),
            # The database refuses an early end, whoever asks for it.
            models.CheckConstraint(
                condition=Q(ended_at=None)
                | Q(ended_as="replaced")
                | Q(ended_as="over", ended_at__gte=F("until")) & ~Q(kind="self_exclusion")
                | Q(
                    ended_as="returned",
                    return_ready_at__isnull=False,
                    ended_at__gte=F("return_ready_at"),
                ),
                name="limits_exclusion_not_early",
            ),
            models.CheckConstraint(
                condition=Q(return_asked_at=None, return_ready_at=None)
                | Q(return_ready_at__gt=F("return_asked_at"))
                & (Q(until=None) | Q(return_asked_at__gte=F("until"))),
                name="limits_exclusion_return",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="limits_exclusion_history"),
            models.Index(fields=["until"], condition=Q(ended_at=None), name="limits_exclusion_due"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ex")
        super().save(*args, **kwargs)
