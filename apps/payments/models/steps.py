"""The history of a payment, as its player reads it."""

from django.db import models

from apps.payments.models.deposits import Deposit
from apps.payments.models.withdrawals import Withdrawal


class PaymentStep(models.Model):
    """One line of a payment's history: what happened, when, and who has it since."""

    class Holder(models.TextChoices):
        PLAYER = "player", "you"
        TEAM = "team", "our payments team"
        SYSTEM = "system", "our payout system"
        GATEWAY = "gateway", "the payment gateway"
        NETWORK = "network", "the network"
        NOBODY = "nobody", "nobody, it is finished"

    deposit = models.ForeignKey(
        Deposit, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    withdrawal = models.ForeignKey(
        Withdrawal, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    state = models.CharField(max_length=16)
    holder = models.CharField(max_length=16, choices=Holder)
    words = models.CharField(max_length=160)
    at = models.DateTimeField()
    until = models.DateTimeField(
        null=True, blank=True, help_text="When the holder has to be done with it."
    )

    class Meta:
        db_table = "payments_step"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deposit__isnull=False, withdrawal__isnull=True)
                | models.Q(deposit__isnull=True, withdrawal__isnull=False),
                name="payments_step_one_payment",
            ),
        ]

    def __str__(self) -> str:
        return self.words
