"""Tables derived from the journal. Every number can be rebuilt from it, and is led back to it."""

from typing import Any

from django.db import models

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18, "default": 0}


class RevenueHour(models.Model):
    """What one partner's movements added up to in one hour of one currency.

    A rollback is booked in its own hour: it takes its stake or win out of that hour's sums, so an
    hour that is over never changes again.
    """

    hour = models.DateTimeField()
    currency = models.ForeignKey("ledger.Currency", on_delete=models.PROTECT)
    partner = models.ForeignKey("ledger.Partner", on_delete=models.PROTECT)
    stakes = models.DecimalField(**AMOUNT)
    wins = models.DecimalField(**AMOUNT)
    deposits = models.DecimalField(**AMOUNT)
    withdrawals = models.DecimalField(**AMOUNT)
    bet_count = models.BigIntegerField(default=0)
    win_count = models.BigIntegerField(default=0)
    deposit_count = models.BigIntegerField(default=0)
    withdrawal_count = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(help_text="The newest movement counted here.")

    class Meta:
        db_table = "reports_revenue_hour"
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "currency", "partner"], name="reports_revenue_hour_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.currency_id} {self.partner_id}"


class ActiveHour(models.Model):
    """A player who bet in an hour."""

    hour = models.DateTimeField()
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "reports_active_hour"
        constraints = [
            models.UniqueConstraint(fields=["hour", "player"], name="reports_active_hour_key"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.player_id}"


class DayValue(models.Model):
    """What one player's movements of a kind were worth on one day, in the base currency."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=16)
    day = models.DateField()
    value = models.DecimalField(**AMOUNT)

    class Meta:
        db_table = "reports_day_value"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["player", "what", "day"], name="reports_day_value_key"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.player_id} {self.what}"
