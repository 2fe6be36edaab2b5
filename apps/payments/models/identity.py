"""The name a player pays in, for gateways that must be told."""

from django.db import models


class PayerName(models.Model):
    """Under which name a player sends and receives. Asked for only where a gateway insists."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="payer_name"
    )
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "payments_payer_name"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"
