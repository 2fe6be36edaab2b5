"""Seed pairs, bets, and what each game allows. Amounts are major units, as in the journal."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core import secrets
from apps.core.ids import public_id
from apps.core.money import Money
from apps.ledger import selectors as ledger
from apps.originals.fairness.tables import ONE

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


def seeds_public_id() -> str:
    return public_id("sp")


def bet_public_id() -> str:
    return public_id("bet")


class Original(models.Model):
    """One of our games. Limits are in the base currency; a bet is refused where it is closed."""

    code = models.CharField(primary_key=True, max_length=16)
    title = models.CharField(max_length=40)
    enabled = models.BooleanField(default=True)
    stake_min = models.DecimalField(**AMOUNT)
    stake_max = models.DecimalField(**AMOUNT)
    win_max = models.DecimalField(**AMOUNT, help_text="The most one bet can pay.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "originals_game"
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stake_min__gt=0, stake_max__gte=models.F("stake_min"), win_max__gt=0),
                name="originals_game_limits",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SeedPair(models.Model):
    """A committed server seed and a player's own. The seed is sealed until it is revealed."""

    class State(models.TextChoices):
        WAITING = "waiting", "committed, used after the next rotation"
        ACTIVE = "active"
        REVEALED = "revealed"

    public_id = models.CharField(max_length=32, unique=True, default=seeds_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="seed_pairs"
    )
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    commitment = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    server_seed = models.CharField(max_length=64, blank=True, help_text="Once it is revealed.")
    client_seed = models.CharField(max_length=64, blank=True)
    next_nonce = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_seeds"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "state"],
                condition=Q(state__in=["waiting", "active"]),
                name="originals_seeds_one_of_each",
            ),
            models.CheckConstraint(
                condition=Q(state="revealed") | Q(server_seed=""),
                name="originals_seeds_hidden_until_revealed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def place(self) -> str:
        return secrets.place_of(self, "sealed", "public_id")


class Bet(models.Model):
    """One bet on an original, with everything that is needed to work it out again."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for the player"
        CLOSED = "closed"
        REFUNDED = "refunded", "given back: it could not go on"

    public_id = models.CharField(max_length=32, unique=True, default=bet_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="original_bets"
    )
    game = models.ForeignKey(Original, on_delete=models.PROTECT, related_name="bets")
    wallet_id = models.BigIntegerField()
    currency = models.CharField(max_length=8)
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per bet.")
    seeds = models.ForeignKey(SeedPair, on_delete=models.PROTECT, related_name="bets")
    nonce = models.PositiveIntegerField()
    table_version = models.PositiveSmallIntegerField()
    choice = models.JSONField()
    actions = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State)
    base_stake = models.DecimalField(**AMOUNT)
    stake = models.DecimalField(**AMOUNT, help_text="All that was staked, doubles included.")
    payout = models.DecimalField(**AMOUNT, default=Decimal(0))
    multiplier = models.BigIntegerField(default=0, help_text="Ten-thousandths of the base stake.")
    win_max = models.DecimalField(**AMOUNT, help_text="The most it can pay, shown before the bet.")
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "originals_bet"
        constraints = [
            models.UniqueConstraint(fields=["player", "key"], name="originals_bet_key"),
            models.UniqueConstraint(fields=["seeds", "nonce"], name="originals_bet_nonce"),
            models.UniqueConstraint(
                fields=["player", "game"], condition=Q(state="open"), name="originals_bet_one_open"
            ),
            models.CheckConstraint(
                condition=Q(base_stake__gt=0, stake__gte=models.F("base_stake"), payout__gte=0),
                name="originals_bet_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="originals_bet_player"),
            models.Index(fields=["game", "-id"], name="originals_bet_game"),
            models.Index(fields=["id"], condition=Q(state="open"), name="originals_bet_open"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def stake_money(self) -> Money:
        return Money.from_major(self.stake, ledger.currency(self.currency))

    @property
    def base_money(self) -> Money:
        return Money.from_major(self.base_stake, ledger.currency(self.currency))

    @property
    def payout_money(self) -> Money:
        return Money.from_major(self.payout, ledger.currency(self.currency))

    @property
    def win_max_money(self) -> Money:
        return Money.from_major(self.win_max, ledger.currency(self.currency))

    @property
    def times(self) -> str:
        """The multiplier as people read it: `2.0002`."""
        return f"{self.multiplier // ONE}.{self.multiplier % ONE:04d}"
