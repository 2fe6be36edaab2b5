"""Reports of suspicion to the authority. Who may not read them may not know that there are any."""

from typing import Any

from django.db import models

from apps.core import secrets
from apps.core.ids import public_id


class SuspiciousReport(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft"
        FILED = "filed"
        DROPPED = "dropped", "dropped: not filed"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(
        "risk.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    authority = models.CharField(max_length=120)
    sealed = models.BinaryField(help_text="The account of what is suspected, encrypted.")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    reference = models.CharField(max_length=120, blank=True, help_text="The authority's number.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was dropped.")

    class Meta:
        db_table = "risk_suspicious_report"
        default_permissions = ("view",)
        permissions = [("write_suspiciousreport", "Can write and file reports of suspicion")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="filed")
                | (~models.Q(reference="") & models.Q(finished_at__isnull=False)),
                name="risk_suspicious_report_filed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("sr")
        super().save(*args, **kwargs)

    @property
    def place(self) -> str:
        """Where its sealed value belongs."""
        return secrets.place_of(self, "sealed", "public_id")
