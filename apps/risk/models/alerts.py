"""What the rules found, and whom they have to look at next."""

from typing import Any

from django.db import models

from apps.core.clock import now
from apps.core.ids import public_id
from apps.risk.models.rules import RuleVersion


class Alert(models.Model):
    """One finding: one per player, rule and window, however often the rule looks again."""

    class State(models.TextChoices):
        OPEN = "open"
        CLEARED = "cleared", "cleared: nothing to it"
        CONFIRMED = "confirmed"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32, help_text="The rule's.")
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    window = models.CharField(max_length=80, help_text="What makes it this finding and no other.")
    is_shadow = models.BooleanField()
    effect = models.CharField(max_length=8, choices=RuleVersion.Effect)
    weight = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=500)
    figures = models.JSONField(help_text="Pairs of name and value, as they were.")
    entries = models.JSONField(default=list, help_text="Ids of journal entries.")
    payments = models.JSONField(default=list, help_text="Public ids of payments.")
    players = models.JSONField(default=list, help_text="Keys of other players in it.")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    case = models.ForeignKey(
        "risk.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    found_at = models.DateTimeField()
    decide_by = models.DateTimeField()
    late_at = models.DateTimeField(null=True, blank=True, help_text="When that was missed.")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "risk_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "code", "window", "is_shadow"], name="risk_alert_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (models.Q(decided_at__isnull=False) & ~models.Q(decision="")),
                name="risk_alert_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "is_shadow", "decide_by"], name="risk_alert_queue"),
            models.Index(fields=["player", "-id"], name="risk_alert_player"),
            models.Index(fields=["code", "-found_at"], name="risk_alert_code"),
        ]
        permissions = [("decide_alert", "Can decide on alerts")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("al")
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_late(self) -> bool:
        return self.is_open and self.decide_by < now()


class Due(models.Model):
    """A player whom the rules have not looked at since something happened."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "risk_due"
        default_permissions = ()
        indexes = [models.Index(fields=["since"], name="risk_due_since")]

    def __str__(self) -> str:
        return f"look at {self.player_id}"
