"""People who work for the house, in any form: they do not play here for money."""

from django.db import models
from django.db.models.functions import Lower


class Insider(models.Model):
    class Relation(models.TextChoices):
        STAFF = "staff"
        DIRECTOR = "director"
        CONTRACTOR = "contractor"

    email = models.EmailField(help_text="An account with this address is restricted.")
    relation = models.CharField(max_length=12, choices=Relation)
    player = models.ForeignKey(
        "accounts.Player", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Their account, once there is one.",
    )  # fmt: skip
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500)

    class Meta:
        db_table = "risk_insider"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(removed_at=None),
                name="risk_insider_once",
            ),
        ]
        default_permissions = ("view",)
        permissions = [("register_insider", "Can say who works for the house")]

    def __str__(self) -> str:
        return self.email
