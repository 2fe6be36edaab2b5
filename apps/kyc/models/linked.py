"""Payments and play of a player by day, for the sums that ask for verification."""

from django.db import models


class LinkedDay(models.Model):
    """One day of one player in the base currency, told by the journal (`followers.py`)."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    paid_in = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    paid_out = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    staked = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    won = models.DecimalField(max_digits=38, decimal_places=18, default=0)

    class Meta:
        db_table = "kyc_linked_day"
        constraints = [models.UniqueConstraint(fields=["player", "on"], name="kyc_linked_day_once")]

    def __str__(self) -> str:
        return f"{self.player_id} on {self.on}"
