"""Where players were when they were asked for it."""

from django.db import models


class LocationCheck(models.Model):
    """One look at where a player is: what was found, by which database, and what followed."""

    class Occasion(models.TextChoices):
        SIGN_IN = "sign_in", "after signing in"
        MOVED = "moved", "another network address"
        INTERVAL = "interval", "regularly"

    class Refusal(models.TextChoices):
        COUNTRY = "country", "the address is in a blocked country"
        RESIDENCE = "residence", "lives in a blocked country"
        UNKNOWN = "unknown", "nobody knows where the address is"
        HIDDEN = "hidden", "the network hides where somebody is"

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="location_checks"
    )
    at = models.DateTimeField()
    occasion = models.CharField(max_length=10, choices=Occasion)
    ip = models.GenericIPAddressField(null=True)
    country = models.CharField(max_length=2, blank=True, help_text="Of the address.")
    residence = models.CharField(max_length=2)
    hides = models.CharField(max_length=8, blank=True, help_text="vpn, proxy, tor or hosting.")
    flags = models.JSONField(default=list)
    refusal = models.CharField(max_length=10, blank=True, choices=Refusal)
    database = models.CharField(max_length=80)

    class Meta:
        db_table = "risk_location_check"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["player", "-id"], name="risk_location_player"),
            models.Index(fields=["-at"], name="risk_location_at"),
        ]

    def __str__(self) -> str:
        return f"{self.country or '??'} {self.at:%Y-%m-%d %H:%M}"

    @property
    def is_allowed(self) -> bool:
        return not self.refusal
