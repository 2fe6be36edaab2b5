"""What the wallet remembers besides the journal: quotes, how balances are shown, the vault's delay."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.ids import public_id
from apps.core.money import Money
from apps.ledger import selectors as ledger

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class ExchangeQuote(models.Model):
    """An offer to one player: this for that, until then, once. Frozen from the first moment."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    sold_currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="sold_currency", on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    bought_currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="bought_currency", on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    sold_amount = models.DecimalField(**AMOUNT)
    bought_amount = models.DecimalField(**AMOUNT, help_text="At the middle rate.")
    spread_amount = models.DecimalField(**AMOUNT, help_text="The part of it that stays here.")
    spread_bps = models.PositiveIntegerField()
    rate = models.DecimalField(
        max_digits=60, decimal_places=30, help_text="Bought for one sold, before the spread."
    )
    # None where it is the base currency, which is worth one of itself.
    sold_rate = models.ForeignKey(
        "rates.Rate", null=True, on_delete=models.PROTECT, related_name="+"
    )
    bought_rate = models.ForeignKey(
        "rates.Rate", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=64, blank=True, help_text="The client's, of the acceptance.")
    sold_entry_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "wallet_exchange_quote"
        constraints = [
            models.CheckConstraint(
                condition=Q(sold_amount__gt=0)
                & Q(spread_amount__gte=0)
                & Q(bought_amount__gt=F("spread_amount")),
                name="wallet_exchange_quote_amounts",
            ),
            models.CheckConstraint(
                condition=~Q(sold_currency=F("bought_currency")),
                name="wallet_exchange_quote_currencies",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, key="", sold_entry_id__isnull=True)
                | (
                    Q(accepted_at__isnull=False, sold_entry_id__isnull=False)
                    & ~Q(key="")
                    & Q(accepted_at__lt=F("expires_at"))
                ),
                name="wallet_exchange_quote_accepted",
            ),
            models.UniqueConstraint(
                fields=["player", "key"], condition=~Q(key=""), name="wallet_exchange_quote_key"
            ),
        ]
        indexes = [models.Index(fields=["player", "-id"], name="wallet_exchange_quote_owner")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("xq")
        super().save(*args, **kwargs)

    @property
    def sold(self) -> Money:
        return Money.from_major(self.sold_amount, ledger.currency(self.sold_currency_id))

    @property
    def bought(self) -> Money:
        return Money.from_major(self.bought_amount, ledger.currency(self.bought_currency_id))

    @property
    def spread(self) -> Money:
        return Money.from_major(self.spread_amount, ledger.currency(self.bought_currency_id))

    @property
    def received(self) -> Money:
        return self.bought - self.spread


class WalletSettings(models.Model):
    """How a player wants their wallets. A player without a row has the defaults."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    display_currency = models.CharField(
        max_length=8, default="EUR", blank=True, help_text="Empty: amounts are shown as they are."
    )
    hides_empty = models.BooleanField(default=True)
    vault_delay_hours = models.PositiveSmallIntegerField(
        default=0, help_text="Chosen by the player: how long leaving the vault takes."
    )
    # A shorter delay starts only when the longer one is over, or it would protect from nothing.
    vault_next_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    vault_next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "wallet_settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(vault_next_hours__isnull=True, vault_next_at__isnull=True)
                | Q(vault_next_hours__isnull=False, vault_next_at__isnull=False),
                name="wallet_settings_next",
            ),
        ]

    def __str__(self) -> str:
        return f"wallet settings of player {self.player_id}"


class VaultRelease(models.Model):
    """Money on its way out of a vault whose owner chose a delay."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done", "moved to the balance"
        CANCELLED = "cancelled", "cancelled, it stayed in the vault"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    amount = models.DecimalField(**AMOUNT)
    key = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "wallet_vault_release"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="wallet_vault_release_amount"),
            models.UniqueConstraint(fields=["player", "key"], name="wallet_vault_release_key"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="wallet_vault_release_due"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("vr")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return Money.from_major(self.amount, ledger.currency(self.currency_id))


class Restriction(models.Model):
    """One reason why a player may not do something; open until it is lifted (`restrictions.py`)."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    stops = models.PositiveSmallIntegerField(help_text="Bits of ledger.Block.")
    words = models.CharField(max_length=200, help_text="What the player reads.")
    reason = models.CharField(max_length=500)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "wallet_restriction"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "code"],
                condition=Q(lifted_at=None),
                name="wallet_restriction_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of player {self.player_id}"
