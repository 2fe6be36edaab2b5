"""A player's own addresses, and what keeps a thief from adding one."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.payments.models.identity import WalletOwner
from apps.payments.models.rails import Rail


class SavedAddress(models.Model):
    """An address a player may be paid to. New ones wait before they count as known."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="saved_addresses"
    )
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    label = models.CharField(max_length=40)
    address = models.CharField(max_length=255)
    tag = models.CharField(max_length=64, blank=True)
    owner = models.ForeignKey(
        WalletOwner, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Whose wallet it is, once that had to be told.",
    )  # fmt: skip
    created_at = models.DateTimeField()
    usable_at = models.DateTimeField(help_text="Nothing is paid there before.")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payments_saved_address"
        verbose_name_plural = "saved addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "rail", "address", "tag"],
                condition=models.Q(removed_at=None),
                name="payments_saved_address_once",
            ),
        ]
        indexes = [models.Index(fields=["address", "tag"], name="payments_saved_address_text")]

    def __str__(self) -> str:
        return self.label or self.address

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("sa")
        super().save(*args, **kwargs)

    @property
    def is_owner_told(self) -> bool:
        return self.owner_id is not None


class PayoutGuard(models.Model):
    """What a player, or their "not me" link, or staff have put before their payouts."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="payout_guard"
    )
    saved_only = models.BooleanField(
        default=False, help_text="Pay to saved addresses only, and only after their wait."
    )
    loosened_at = models.DateTimeField(
        null=True, blank=True, help_text="When the player last switched saved_only off."
    )
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_because = models.CharField(max_length=160, blank=True)
    deposits_blocked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payments_payout_guard"

    def __str__(self) -> str:
        return f"guard of {self.player_id}"


class NotMeLink(models.Model):
    """A link in a mail that freezes payouts, once. The signature is in the link, not here."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    saved_address = models.ForeignKey(SavedAddress, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payments_not_me_link"

    def __str__(self) -> str:
        return f"not-me link of {self.player_id}"


class DepositFailure(models.Model):
    """One deposit attempt that failed. Many in a short time block deposits."""

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="deposit_failures"
    )
    rail = models.ForeignKey(Rail, null=True, blank=True, on_delete=models.PROTECT)
    why = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        db_table = "payments_deposit_failure"
        indexes = [models.Index(fields=["player", "-at"], name="payments_deposit_failure_by")]

    def __str__(self) -> str:
        return self.why
