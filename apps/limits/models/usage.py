"""What the journal adds up to for limits, written by its follower alone (`usage.py`)."""

from typing import Any

from django.db import models

# An amount times a rate, without rounding.
WORTH: dict[str, Any] = {"max_digits": 76, "decimal_places": 36}


class PlayHour(models.Model):
    """Play of one wallet that began within one hour, in the base currency.

    Undone bets and wins are taken out of the hour they were made in: they never happened.
    first_id and last_id: the journal's entries it was made of, to count a part of the hour exactly.
    """

    pk = models.CompositePrimaryKey("wallet_id", "hour")
    wallet_id = models.BigIntegerField()
    hour = models.DateTimeField()
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    staked = models.DecimalField(**WORTH)
    won = models.DecimalField(**WORTH)
    bets = models.IntegerField()
    unvalued = models.IntegerField(help_text="Entries for which no rate was known.")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    class Meta:
        db_table = "limits_play_hour"
        indexes = [models.Index(fields=["player", "hour"], name="limits_play_hour_player")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h of wallet {self.wallet_id}"


class DepositCount(models.Model):
    """One deposit that reached the balance, at its worth in the base currency."""

    entry_id = models.BigIntegerField(primary_key=True)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    value = models.DecimalField(**WORTH, null=True, help_text="None: no rate was known.")

    class Meta:
        db_table = "limits_deposit_count"
        indexes = [models.Index(fields=["player", "at"], name="limits_deposit_count_player")]

    def __str__(self) -> str:
        return f"deposit {self.entry_id}"
