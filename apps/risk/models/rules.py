"""Monitoring rules as data. A rule is never edited: a change writes the next version.

What a rule looks for is code (`apps/risk/rules/`); whether it runs, with which figures and to what
effect stands here, so that the table is its own history.
"""

from django.db import models


class RuleVersion(models.Model):
    class Mode(models.TextChoices):
        OFF = "off"
        SHADOW = "shadow", "shadow: finds, and nothing happens"
        LIVE = "live"

    class Effect(models.TextChoices):
        REVIEW = "review", "review: a person looks before money leaves by itself"
        HOLD = "hold", "hold: no withdrawal until a person has decided"
        CASE = "case", "case: opens a case with a checklist"

    code = models.CharField(max_length=32)
    version = models.PositiveIntegerField(default=1)
    mode = models.CharField(max_length=8, choices=Mode)
    effect = models.CharField(max_length=8, choices=Effect)
    weight = models.PositiveSmallIntegerField(help_text="Points it adds to the score, to 100.")
    decide_hours = models.PositiveSmallIntegerField(
        help_text="Within how many hours it is decided."
    )
    values = models.JSONField(help_text="The rule's own figures, as text.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "risk_rule_version"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="risk_rule_version_number"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(ended_at=None), name="risk_rule_version_current"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__lte=100), name="risk_rule_version_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(decide_hours__gte=1), name="risk_rule_version_hours"
            ),
        ]
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return f"{self.code}, version {self.version}"
