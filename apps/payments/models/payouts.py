"""What left, hour by hour, and the switch that stops everything from leaving."""

from django.db import models

from apps.payments.models.states import AMOUNT
from apps.payments.models.withdrawals import Withdrawal


class PayoutIntent(models.Model):
    """That a payout is about to leave, committed before the first call to its gateway."""

    withdrawal = models.OneToOneField(Withdrawal, on_delete=models.PROTECT, related_name="intent")
    amount = models.DecimalField(**AMOUNT)
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    base_value = models.DecimalField(
        **AMOUNT, null=True, blank=True, help_text="In the base currency, at the time."
    )
    at = models.DateTimeField()

    class Meta:
        db_table = "payments_payout_intent"
        indexes = [models.Index(fields=["-at"], name="payments_payout_intent_at")]

    def __str__(self) -> str:
        return f"intent of {self.withdrawal_id}"


class PayoutStop(models.Model):
    """One time that all payouts were stopped, by a person or by themselves, until a person let go.

    While the newest row is open, nothing is sent. Questions about what was sent before go on.
    """

    class Cause(models.TextChoices):
        STAFF = "staff", "stopped by a person"
        COUNT = "count", "too many payouts in an hour"
        VALUE = "value", "too much value in an hour"
        AVERAGE = "average", "the average payout of the hour is too high"
        GATEWAY = "gateway", "the gateway's book and ours differ"
        LEDGER = "ledger", "a payout is not covered by the ledger"

    cause = models.CharField(max_length=16, choices=Cause)
    reason = models.CharField(max_length=255)
    refs = models.JSONField(default=list, help_text="The gateway's ids of what was found.")
    stopped_at = models.DateTimeField()
    stopped_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resume_reason = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "payments_payout_stop"
        constraints = [
            # There is one switch.
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(resumed_at__isnull=True),
                name="payments_payout_stop_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(resumed_at__isnull=True)
                | (models.Q(resumed_by__isnull=False) & ~models.Q(resume_reason="")),
                name="payments_payout_stop_resumed",
            ),
        ]
        permissions = [
            ("begin_payoutstop", "Can stop all payouts"),
            ("end_payoutstop", "Can let payouts go on"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.stopped_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.resumed_at is None
