"""Deposits that were taken back from us, and what became of the money."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Money
from apps.treasury.models.amounts import AMOUNT, currency_column, money


class Chargeback(models.Model):
    """One reversal of a deposit in the journal. Made and closed by the follower that reads it."""

    class State(models.TextChoices):
        COVERED = "covered", "covered by the balance"
        OWED = "owed", "the player owes it"
        REPAID = "repaid", "repaid by later credits"
        WRITTEN_OFF = "written_off", "written off by two people"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="chargebacks"
    )
    deposit = models.ForeignKey(
        "payments.Deposit", null=True, on_delete=models.PROTECT, related_name="chargebacks"
    )
    origin = models.CharField(
        max_length=16, blank=True, help_text="The provider's word: chargeback, reversal, refund."
    )
    provider = models.CharField(max_length=32)
    currency = currency_column()
    amount = models.DecimalField(**AMOUNT)
    shortfall = models.DecimalField(**AMOUNT, help_text="What the balance did not cover.")
    wallet_id = models.BigIntegerField()
    entry_id = models.BigIntegerField(unique=True, help_text="The journal entry.")
    closing_entry_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "treasury_chargeback"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, shortfall__gte=0),
                name="treasury_chargeback_amounts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wallet_id"],
                condition=models.Q(state="owed"),
                name="treasury_chargeback_owed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("cb")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return money(self.amount, self.currency_id)

    @property
    def shortfall_money(self) -> Money:
        return money(self.shortfall, self.currency_id)
