"""What two accounts may have in common, one row for each player and thing."""

from django.db import models


class Trace(models.Model):
    """That a player used this device, network, address or instrument, or has this identity.

    The thing itself is kept as a keyed digest only: enough to find who else has it.
    """

    class Kind(models.TextChoices):
        DEVICE = "device"
        NETWORK = "network", "network address"
        PAYOUT_ADDRESS = "payout_address", "payout address"
        INSTRUMENT = "instrument", "card or bank account"
        SENDER = "sender", "paying transaction"
        IDENTITY = "identity", "name and birth date"

    player = models.ForeignKey("accounts.Player", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    digest = models.CharField(max_length=64)
    hint = models.CharField(max_length=80, help_text="What staff may read of it.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "risk_trace"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest", "player"], name="risk_trace_once"),
        ]
        indexes = [models.Index(fields=["player", "kind"], name="risk_trace_player")]

    def __str__(self) -> str:
        return f"{self.kind} {self.hint}"
