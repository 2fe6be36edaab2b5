"""Rules as data: what a payment may be, what it costs, and what needs no person.

A rule is never edited: a change writes the next version and ends the one before, so that the
table is its own history and a decision can always be read against the rule it was made by.
"""

from django.db import models

from apps.payments.models.rails import Rail
from apps.payments.models.states import AMOUNT

OPTIONAL_AMOUNT = {**AMOUNT, "null": True, "blank": True}


class Version(models.Model):
    """What versions of all rules have in common."""

    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=255, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class LimitRule(Version):
    """Limits and fees of one direction. Empty conditions fit everybody.

    Line by line the most specific rule that says something wins, so a rule for one rail may change
    its fee and leave the sums to the general one. Counts and sums are of what the rule names: one
    rail, or everything. Amounts of a rule with a rail are in the rail's currency, all others in
    the base currency.
    """

    class Direction(models.TextChoices):
        DEPOSIT = "deposit"
        WITHDRAWAL = "withdrawal"

    direction = models.CharField(max_length=16, choices=Direction)
    rail = models.ForeignKey(
        Rail, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: every method."
    )
    method = models.CharField(
        max_length=16, blank=True, help_text="Of a fiat rail: card, bank. Empty: every one."
    )
    country = models.CharField(max_length=2, blank=True, help_text="Empty: every country.")
    rank = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="For this VIP rank and above. Empty: every rank."
    )
    amount_min = models.DecimalField(**OPTIONAL_AMOUNT)
    amount_max = models.DecimalField(**OPTIONAL_AMOUNT)
    day_count = models.PositiveIntegerField(null=True, blank=True, help_text="In 24 hours.")
    week_count = models.PositiveIntegerField(null=True, blank=True, help_text="In 7 days.")
    month_count = models.PositiveIntegerField(null=True, blank=True, help_text="In 30 days.")
    day_sum = models.DecimalField(**OPTIONAL_AMOUNT, help_text="In the base currency, 24 hours.")
    week_sum = models.DecimalField(**OPTIONAL_AMOUNT, help_text="In the base currency, 7 days.")
    month_sum = models.DecimalField(**OPTIONAL_AMOUNT, help_text="In the base currency, 30 days.")
    fee_bps = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the amount, in hundredths of a percent."
    )
    fee_fixed = models.DecimalField(**OPTIONAL_AMOUNT, help_text="In the rail's currency.")
    kyc_level = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Verification needed above `kyc_above`."
    )
    kyc_above = models.DecimalField(
        **AMOUNT, default=0, help_text="Withdrawn in a lifetime, in the base currency."
    )

    class Meta:
        db_table = "payments_limit_rule"
        verbose_name = "limit and fee"
        verbose_name_plural = "limits and fees"
        constraints = [
            models.UniqueConstraint(
                fields=["direction", "rail", "method", "country", "rank"],
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
                name="payments_limit_rule_place",
            ),
            models.UniqueConstraint(fields=["name", "version"], name="payments_limit_rule_version"),
            models.CheckConstraint(
                condition=models.Q(fee_fixed__isnull=True) | models.Q(rail__isnull=False),
                name="payments_limit_rule_fee_currency",
            ),
            models.CheckConstraint(
                condition=models.Q(fee_bps__lt=10_000), name="payments_limit_rule_fee"
            ),
        ]


class ApprovalRule(Version):
    """A payout that fits every line of it is approved without a person."""

    enabled = models.BooleanField(default=True)
    rail = models.ForeignKey(
        Rail, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: every method."
    )
    rank_min = models.PositiveSmallIntegerField(default=0)
    kyc_level_min = models.PositiveSmallIntegerField(default=1)
    account_days_min = models.PositiveSmallIntegerField(default=30)
    amount_max = models.DecimalField(**AMOUNT, help_text="Of one payout, in the base currency.")
    day_count_max = models.PositiveSmallIntegerField(
        default=2, help_text="Automatic approvals in 24 hours, this one included."
    )
    day_sum_max = models.DecimalField(
        **AMOUNT, help_text="Everything asked for in 24 hours, in the base currency."
    )

    class Meta:
        db_table = "payments_approval_rule"
        verbose_name = "automatic approval"
        verbose_name_plural = "automatic approvals"
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(ended_at=None),
                name="payments_approval_rule_name",
            ),
            models.UniqueConstraint(
                fields=["name", "version"], name="payments_approval_rule_version"
            ),
        ]
