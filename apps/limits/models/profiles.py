"""What was changed in a jurisdiction profile: the rows are the history and, the newest, the value."""

from django.db import models


class ProfileChange(models.Model):
    """One value of one profile, or the profile of one country, changed by two people.

    scope: the profile, or `countries`. name: the value, or the country. Never updated or deleted.
    """

    scope = models.CharField(max_length=12)
    name = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        db_table = "limits_profile_change"
        permissions = [
            ("propose_profile", "Propose a change of a jurisdiction profile"),
            ("approve_profile", "Approve a change of a profile that another proposed"),
        ]
        indexes = [
            models.Index(fields=["scope", "name", "-id"], name="limits_profile_change_value")
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(proposed_by=models.F("approved_by")),
                name="limits_profile_change_two_people",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.name}"
