"""The register of breaches, and the clock of those that concern personal data."""

from datetime import timedelta
from typing import Any

from django.db import models

from apps.core.clock import now
from apps.core.ids import public_id

# Source: GDPR art. 33(1): not later than 72 hours after having become aware of it.
NOTIFY_WITHIN = timedelta(hours=72)


class Breach(models.Model):
    class Kind(models.TextChoices):
        PERSONAL_DATA = "personal_data", "personal data"
        LICENCE = "licence", "licence condition"
        SECURITY = "security", "security, no personal data"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=160)
    happened = models.TextField(help_text="What happened, and to whose data.")
    people_count = models.PositiveIntegerField(
        default=0, help_text="How many people, as far as known."
    )
    discovered_at = models.DateTimeField()
    notify_by = models.DateTimeField(
        null=True, blank=True, help_text="When the authority must know."
    )
    notified_at = models.DateTimeField(null=True, blank=True)
    notified_ref = models.CharField(max_length=120, blank=True)
    # An authority that is not told must be able to read why.
    not_notified_because = models.CharField(max_length=500, blank=True)
    people_told_at = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True)
    registered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "risk_breach"
        verbose_name_plural = "breaches"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="personal_data") | models.Q(notify_by__isnull=False),
                name="risk_breach_clock",
            ),
            models.CheckConstraint(
                condition=models.Q(notified_at=None) | ~models.Q(notified_ref=""),
                name="risk_breach_notified",
            ),
        ]
        default_permissions = ("view",)
        permissions = [("register_breach", "Can register and work on breaches")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("br")
        super().save(*args, **kwargs)

    @property
    def waits_for_notice(self) -> bool:
        return (
            self.notify_by is not None
            and self.notified_at is None
            and not self.not_notified_because
        )

    @property
    def is_late(self) -> bool:
        return self.waits_for_notice and self.notify_by is not None and self.notify_by < now()


class BreachNote(models.Model):
    breach = models.ForeignKey(Breach, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "risk_breach_note"
        default_permissions = ()
        ordering = ["id"]

    def __str__(self) -> str:
        return f"note of {self.breach_id}"
