"""Accounts that nobody came to for long."""

from django.db import models
from django.db.models import F, Q


class DormancyNotice(models.Model):
    """The owner was told from when on the account sleeps. Over when they came, or when it does."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField()
    due_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)
    is_dormant = models.BooleanField(default=False)

    class Meta:
        db_table = "limits_dormancy_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["player"], condition=Q(over_at=None), name="limits_dormancy_notice_one"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("announced_at")), name="limits_dormancy_notice_order"
            ),
        ]

    def __str__(self) -> str:
        return f"notice to player {self.player_id}"
