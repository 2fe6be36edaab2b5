"""What one unit of a currency is worth in the base currency, as it was agreed. Rows are only added.

`entry_from` ties rates to the journal: a row holds for every entry from that id on, until the next
row. So each entry has exactly one rate, whatever clocks say, and at no cost to a bet.
"""

from typing import Any

from django.db import models
from django.db.models import Q

PRICE: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class Rate(models.Model):
    """The outcome of one look at the feeds for one currency, or of a decision by staff."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted"
        MANUAL = "manual", "set by hand"
        HELD = "held", "held: the last good one, which settles nothing"

    code = models.CharField(max_length=8)
    base = models.CharField(max_length=8)
    value = models.DecimalField(**PRICE, help_text="One unit of `code` in `base`.")
    for_display_only = models.BooleanField(default=False)
    verdict = models.CharField(max_length=8, choices=Verdict)
    problem = models.CharField(max_length=24, blank=True, help_text="Why it is held.")
    source = models.CharField(max_length=32, help_text="The feed whose value it is.")
    seen = models.JSONField(default=list, help_text="What every feed said, word for word.")
    as_of = models.DateTimeField(help_text="When the source says it held.")
    fetched_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text="After that it settles nothing.")
    entry_from = models.BigIntegerField(
        null=True, help_text="The first entry of the journal it is in force for."
    )
    set_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "rates_rate"
        permissions = [("override_rate", "Can set a rate by hand")]
        constraints = [
            # NaN is above every number to PostgreSQL, so the upper bound excludes it too.
            models.CheckConstraint(
                condition=Q(value__gt=0, value__lt=10**18), name="rates_rate_value"
            ),
            models.CheckConstraint(
                condition=Q(for_display_only=True) | Q(entry_from__isnull=False),
                name="rates_rate_entry_from",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="manual") | (Q(set_by__isnull=False) & ~Q(reason="")),
                name="rates_rate_manual",
            ),
            models.CheckConstraint(
                condition=Q(verdict="held") ^ Q(problem=""), name="rates_rate_problem"
            ),
        ]
        indexes = [
            models.Index(
                fields=["code", "base", "for_display_only", "-id"], name="rates_rate_newest"
            ),
            models.Index(fields=["code", "base", "-entry_from", "-id"], name="rates_rate_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.code} at {self.value.normalize():f} {self.base}"


class Thinning(models.Model):
    """One run over old rates: up to which one it looked, and what became of them."""

    upto_id = models.BigIntegerField(help_text="The next run begins after this rate.")
    looked_at = models.PositiveIntegerField(help_text="How many rates.")
    removed = models.PositiveIntegerField()
    ran_at = models.DateTimeField()

    class Meta:
        db_table = "rates_thinning"

    def __str__(self) -> str:
        return f"thinned to {self.upto_id}"


class EntryWorth(models.Model):
    """A view: every journal entry with the rate in force for it and its amount in the base currency."""

    entry = models.OneToOneField(
        "ledger.Entry", primary_key=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    code = models.CharField(max_length=8)
    amount = models.DecimalField(**PRICE)
    rate = models.ForeignKey(Rate, null=True, on_delete=models.DO_NOTHING, related_name="+")
    value = models.DecimalField(max_digits=76, decimal_places=36, null=True)
    base = models.CharField(max_length=8, null=True)  # noqa: DJ001 (no rate, no base)

    class Meta:
        managed = False
        db_table = "rates_entry_worth"

    def __str__(self) -> str:
        return f"entry {self.pk}"
