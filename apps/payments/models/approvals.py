"""Who agreed to a payout, and what became of one that went wrong."""

from django.db import models

from apps.payments.models.withdrawals import Withdrawal


class Approval(models.Model):
    """One person's yes to exactly one payout. Void when the payout is no longer that one."""

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="approvals")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    payout_hash = models.CharField(max_length=64, help_text="Of what they were shown.")
    reason = models.CharField(max_length=255)
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_because = models.CharField(max_length=160, blank=True)

    class Meta:
        db_table = "payments_approval"
        ordering = ["id"]
        constraints = [
            # Two pairs of eyes are two people.
            models.UniqueConstraint(
                fields=["withdrawal", "by"],
                condition=models.Q(voided_at=None),
                name="payments_approval_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by} on {self.withdrawal}"


class WithdrawalCase(models.Model):
    """A withdrawal that does not add up: two people settle it (`acts.py`)."""

    class Kind(models.TextChoices):
        CHANGED = "changed", "differs from what was approved"
        CONTRADICTION = "contradiction", "the gateway says something impossible"

    class Outcome(models.TextChoices):
        KEEP = "keep", "leave the money where it is"
        RELEASE = "release", "give the money to the player"
        CHARGE = "charge", "take what left from the player"

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=16, choices=Kind)
    problem = models.CharField(max_length=255)
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    settled_by = models.CharField(
        max_length=32, blank=True, help_text="The proposal that two people agreed on."
    )

    class Meta:
        db_table = "payments_withdrawal_case"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["withdrawal"],
                condition=models.Q(settled_at=None),
                name="payments_withdrawal_case_open",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at=None) | ~models.Q(settled_by=""),
                name="payments_withdrawal_case_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.withdrawal} {self.get_kind_display()}"
