"""The risk class of a player, with every earlier one."""

from django.db import models


class Standing(models.Model):
    """Score and class from one moment to the next. Written only when something changed."""

    class Class(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    risk_class = models.CharField(max_length=8, choices=Class)
    reasons = models.JSONField(help_text="Pairs of points and words.")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    set_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Who said so; empty where it was worked out.",
    )  # fmt: skip
    set_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when what a person said stands."
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "risk_standing"
        constraints = [
            models.UniqueConstraint(
                fields=["player"], condition=models.Q(ended_at=None), name="risk_standing_current"
            ),
        ]
        default_permissions = ("view",)
        permissions = [("set_standing", "Can set a player's risk class")]

    def __str__(self) -> str:
        return f"{self.risk_class} {self.score}"
