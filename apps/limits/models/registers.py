"""What national registers answered about players."""

from django.db import models


class RegisterCheck(models.Model):
    """One question about one player, and what came of it."""

    class Verdict(models.TextChoices):
        EXCLUDED = "excluded"
        CLEAR = "clear"
        PAST = "past", "excluded once"
        NONE = "none", "no answer: treated as excluded"

    class Occasion(models.TextChoices):
        SIGN_IN = "sign_in", "signing in"
        MARKETING = "marketing", "before an offer"
        AGAIN = "again", "asked again after no answer"

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="register_checks"
    )
    register = models.CharField(max_length=24)
    occasion = models.CharField(max_length=10, choices=Occasion)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    reference = models.CharField(max_length=64, blank=True, help_text="The register's own.")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "limits_register_check"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["player", "-id"], name="limits_register_player")]

    def __str__(self) -> str:
        return f"{self.register}: {self.verdict}"
