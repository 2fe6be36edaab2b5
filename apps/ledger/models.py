"""How the journal looks to Python. The rows are written by PostgreSQL functions only (sql/)."""

from typing import Any

from django.db import models

from apps.core import money

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class Currency(models.Model):
    """An asset, as data: adding one is a row, not code."""

    class Kind(models.TextChoices):
        CRYPTO = "crypto"
        FIAT = "fiat"

    id = models.SmallIntegerField(primary_key=True)
    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)
    scale = models.PositiveSmallIntegerField(help_text="Decimals of the smallest unit.")
    display_decimals = models.PositiveSmallIntegerField()
    symbol = models.CharField(max_length=8)
    position = models.PositiveSmallIntegerField(default=100)
    enabled = models.BooleanField(default=True)

    class Meta:
        db_table = "ledger_currency"
        ordering = ["position"]
        verbose_name_plural = "currencies"
        constraints = [
            models.CheckConstraint(condition=models.Q(scale__lte=18), name="ledger_currency_scale"),
        ]

    def __str__(self) -> str:
        return self.code

    def as_money_currency(self) -> money.Currency:
        return money.Currency(
            code=self.code,
            scale=self.scale,
            kind="crypto" if self.kind == self.Kind.CRYPTO else "fiat",
            symbol=self.symbol,
            name=self.name,
            display_decimals=self.display_decimals,
        )


class Account(models.Model):
    """A house or clearing account: the other side of every entry. It has no balance row."""

    id = models.SmallIntegerField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        db_table = "ledger_account"

    def __str__(self) -> str:
        return self.code


class Partner(models.Model):
    """Whose ids an operation carries: a game or payment partner, or ourselves."""

    id = models.SmallIntegerField(primary_key=True)
    code = models.CharField(max_length=32, unique=True)

    class Meta:
        db_table = "ledger_partner"

    def __str__(self) -> str:
        return self.code


class Purse(models.IntegerChoices):
    CASH = 0
    BONUS = 1
    VAULT = 2
    RESERVED = 3
    HELD = 4


class Kind(models.IntegerChoices):
    """What an entry is. The numbers are in signed rows: never reuse one."""

    BET = 1
    WIN = 2
    ROLLBACK = 3
    DEPOSIT = 4
    WITHDRAWAL_RESERVED = 5
    WITHDRAWAL_PAID = 6
    WITHDRAWAL_RELEASED = 7
    FREE_SPINS_WIN = 8
    PROMO_WIN = 9
    DEPOSIT_REVERSED = 10
    WITHDRAWAL_RETURNED = 11
    EXCHANGE_SOLD = 12
    EXCHANGE_BOUGHT = 13
    EXCHANGE_SPREAD = 14
    VAULT_PUT = 15
    VAULT_TAKEN = 16
    ADJUSTMENT = 17
    DEPOSIT_RELEASED = 18
    DEPOSIT_REFUNDED = 19
    FEE = 20
    JACKPOT_FUNDED = 21
    JACKPOT_PAID = 22
    JACKPOT_WIN = 23


class Block(models.IntegerChoices):
    """Bits of `Wallet.blocks`: what money may not do.

    LIMITED refuses nothing by itself: bets of such a wallet are asked about one by one.
    """

    PLAY = 1
    WITHDRAW = 2
    DEPOSIT = 4
    LIMITED = 8


class Wallet(models.Model):
    """A player's money in one currency and one purse. The only hot row."""

    id = models.BigAutoField(primary_key=True)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="wallets")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    purse = models.SmallIntegerField(choices=Purse)
    balance = models.DecimalField(**AMOUNT)
    floor = models.DecimalField(**AMOUNT, help_text="Below zero while a forced debit is owed.")
    version = models.BigIntegerField(help_text="Number of entries, without a gap.")
    link = models.BinaryField()
    blocks = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "ledger_wallet"

    def __str__(self) -> str:
        return f"{Purse(self.purse).label} {self.currency_id} of player {self.player_id}"


class Entry(models.Model):
    """One movement, both sides: the wallet gets `amount`, the account gets its negation."""

    id = models.BigIntegerField(primary_key=True)
    wallet = models.ForeignKey(
        Wallet, on_delete=models.DO_NOTHING, db_constraint=False, related_name="entries"
    )
    wallet_version = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, db_constraint=False)
    kind = models.SmallIntegerField(choices=Kind)
    amount = models.DecimalField(**AMOUNT)
    balance_after = models.DecimalField(**AMOUNT)
    partner = models.ForeignKey(Partner, on_delete=models.DO_NOTHING, db_constraint=False)
    outside_id = models.TextField()
    round_ref = models.TextField(null=True)  # noqa: DJ001 (no round is not an empty round)
    source_id = models.BigIntegerField(null=True)
    closes_round = models.BooleanField()
    reverses = models.ForeignKey(
        "self", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    created_at = models.DateTimeField()
    key_id = models.SmallIntegerField()
    mac = models.BinaryField()
    link = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_entry"
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Operation(models.Model):
    """One outside operation and its one effect, for ever. Tombstones included."""

    class State(models.IntegerChoices):
        APPLIED = 1
        TOMBSTONE = 2
        REVERSED = 3

    pk = models.CompositePrimaryKey("partner_id", "outside_id")
    partner = models.ForeignKey(Partner, on_delete=models.DO_NOTHING, db_constraint=False)
    outside_id = models.TextField()
    wallet_id = models.BigIntegerField()
    entry_id = models.BigIntegerField(null=True)
    state = models.SmallIntegerField(choices=State)
    target = models.TextField(null=True)  # noqa: DJ001 (only rollbacks have one)

    class Meta:
        managed = False
        db_table = "ledger_operation"

    def __str__(self) -> str:
        return self.outside_id


class Position(models.Model):
    """Rolled-up house side of the journal, written by its follower only."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(**AMOUNT)
    entries = models.BigIntegerField()

    class Meta:
        db_table = "ledger_position"
        constraints = [
            models.UniqueConstraint(fields=["account", "currency"], name="ledger_position_key"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.currency_id}"


class Cursor(models.Model):
    """How far a follower has read the journal."""

    name = models.CharField(primary_key=True, max_length=80)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ledger_cursor"

    def __str__(self) -> str:
        return self.name
