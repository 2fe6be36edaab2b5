"""Who sends and who receives, for gateways and laws that must be told."""

from typing import Any

from django.db import models

from apps.core import secrets
from apps.core.ids import public_id


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


class WalletOwner(models.Model):
    """Whose wallet an address is, as its player told us. Never changed: a correction is a new row."""

    class Wallet(models.TextChoices):
        OWN = "own", "a wallet of their own"
        HOSTED = "hosted", "an account at a provider"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    wallet = models.CharField(max_length=16, choices=Wallet)
    sealed = models.BinaryField(help_text="Names of owner and provider, encrypted.")
    told_at = models.DateTimeField()

    class Meta:
        db_table = "payments_wallet_owner"
        permissions = [("reveal_walletowner", "Can read whose wallet it is (logged)")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("wo")
        super().save(*args, **kwargs)

    @property
    def place(self) -> str:
        """Where its sealed value belongs."""
        return secrets.place_of(self, "sealed", "public_id")
