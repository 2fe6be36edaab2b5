"""What players agreed to."""

from django.db import models


class TermsAcceptance(models.Model):
    """That a player read and accepted a version of the terms and the privacy policy.

    The first one is part of the registration; `Player.terms_version` names the latest.
    """

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="terms_acceptances"
    )
    version = models.CharField(max_length=16)
    at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        db_table = "limits_terms_acceptance"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["player", "version"], name="limits_terms_acceptance_once"
            )
        ]

    def __str__(self) -> str:
        return self.version
