"""Corrections of players' balances."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Money
from apps.treasury.models.amounts import AMOUNT, currency_column, money


class Adjustment(models.Model):
    """A correction that two people agreed on and the journal holds."""

    class Reason(models.TextChoices):
        MISSING_DEPOSIT = "missing_deposit", "A deposit was not credited"
        WRONG_DEPOSIT = "wrong_deposit", "A deposit was credited wrongly"
        GAME_FAULT = "game_fault", "A game or its provider made a mistake"
        FEE_REFUND = "fee_refund", "A fee is given back"
        GOODWILL = "goodwill", "Goodwill"
        WRITE_OFF = "write_off", "A debt is written off"
        RECOVERY = "recovery", "Money that is not the player's is taken back"
        OTHER = "other", "Something else, see the evidence"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="adjustments"
    )
    currency = currency_column()
    amount = models.DecimalField(**AMOUNT, help_text="Above zero: the player gets it.")
    reason = models.CharField(max_length=24, choices=Reason)
    evidence = models.TextField()
    words = models.CharField(max_length=160, help_text="What the player reads.")
    proposal = models.OneToOneField("audit.Proposal", on_delete=models.PROTECT, related_name="+")
    balance_before = models.DecimalField(**AMOUNT, null=True)
    balance_after = models.DecimalField(**AMOUNT, null=True)
    entry_id = models.BigIntegerField(null=True, unique=True, help_text="The journal entry.")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "treasury_adjustment"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="treasury_adjustment_amount"
            ),
        ]
        indexes = [models.Index(fields=["player", "-id"], name="treasury_adjustment_player")]
        permissions = [
            ("propose_adjustment", "Can propose corrections of balances"),
            ("approve_adjustment", "Can approve corrections of balances"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ad")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return money(self.amount, self.currency_id)
