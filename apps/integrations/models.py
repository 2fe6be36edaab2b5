"""Every raw message a partner sent us, kept before anything is done with it."""

from django.db import models


class InboxMessage(models.Model):
    """One callback as it came: the bytes, who claims to have sent it, and what became of it."""

    class State(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        FAILED = "failed", "failed, will be tried again"
        PARKED = "parked", "parked, a person must look"
        REFUSED = "refused", "refused at the door"

    partner = models.CharField(max_length=32)
    kind = models.CharField(max_length=64)
    outside_ref = models.CharField(max_length=255, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.BinaryField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVED)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "integrations_inbox"
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["received", "failed"]),
                name="integrations_inbox_due",
            ),
            models.Index(fields=["partner", "outside_ref"], name="integrations_inbox_ref"),
            models.Index(fields=["state", "-id"], name="integrations_inbox_state"),
            models.Index(fields=["partner", "-id"], name="integrations_inbox_partner"),
        ]
        verbose_name = "callback"

    def __str__(self) -> str:
        return f"{self.partner} {self.kind} {self.pk}"
