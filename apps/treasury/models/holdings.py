"""The house's own wallets, by currency and temperature, and how much may lie where."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Money
from apps.treasury.models.amounts import AMOUNT, currency_column, money


class Temperature(models.TextChoices):
    """How quickly money can leave, and so how much of it may lie there."""

    HOT = "hot", "hot: signs by itself"
    WARM = "warm", "warm: one person signs"
    COLD = "cold", "cold: keys are offline"


class HouseWallet(models.Model):
    """Money the house keeps for its players: at a gateway, or in a wallet of its own.

    A gateway's balance is read from the gateway. Balances of own wallets are entered by two people.
    """

    Temperature = Temperature

    name = models.CharField(max_length=60)
    currency = currency_column()
    temperature = models.CharField(max_length=8, choices=Temperature)
    provider = models.CharField(max_length=32, blank=True, help_text="The gateway that holds it.")
    address = models.CharField(max_length=255, blank=True)
    balance = models.DecimalField(**AMOUNT, default=0)
    balance_at = models.DateTimeField(null=True, blank=True)
    own_amount = models.DecimalField(
        **AMOUNT, default=0,
        help_text="The house's own money at a gateway, before fees. Two people say how much.",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)

    class Meta:
        db_table = "treasury_wallet"
        ordering = ["currency", "provider", "name"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "name"], name="treasury_wallet_name"),
            models.UniqueConstraint(
                fields=["provider", "currency"],
                condition=~models.Q(provider=""),
                name="treasury_wallet_gateway",
            ),
            models.CheckConstraint(
                condition=models.Q(provider="") | models.Q(temperature="hot"),
                name="treasury_wallet_gateway_is_hot",
            ),
            # A gateway may let us overdraw; a wallet of coins cannot.
            models.CheckConstraint(
                condition=~models.Q(provider="") | models.Q(balance__gte=0),
                name="treasury_wallet_balance",
            ),
        ]
        permissions = [
            ("propose_housewallet", "Can propose house wallets and their balances"),
            ("approve_housewallet", "Can approve house wallets and their balances"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.currency_id}"

    @property
    def money(self) -> Money:
        return money(self.balance, self.currency_id)

    @property
    def own_money(self) -> Money:
        return money(self.own_amount, self.currency_id)


class Reading(models.Model):
    """A balance of an own wallet that two people have vouched for."""

    wallet = models.ForeignKey(HouseWallet, on_delete=models.PROTECT, related_name="readings")
    amount = models.DecimalField(**AMOUNT)
    before = models.DecimalField(**AMOUNT, help_text="What we thought it held.")
    evidence = models.TextField()
    proposal = models.OneToOneField("audit.Proposal", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "treasury_reading"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="treasury_reading_sign"),
        ]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} in {self.wallet}"

    @property
    def money(self) -> Money:
        return money(self.amount, self.wallet.currency_id)


class Transfer(models.Model):
    """Coins that went from one house wallet to another on an order of two people."""

    class Kind(models.TextChoices):
        SWEEP = "sweep", "sweep: to a colder wallet"
        REFILL = "refill", "refill: to a hotter wallet"
        MOVE = "move", "between wallets of one temperature"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    source = models.ForeignKey(HouseWallet, on_delete=models.PROTECT, related_name="sent")
    target = models.ForeignKey(HouseWallet, on_delete=models.PROTECT, related_name="received")
    currency = currency_column()
    amount = models.DecimalField(**AMOUNT, help_text="What arrived.")
    fee = models.DecimalField(**AMOUNT, default=0, help_text="What the network took on top.")
    txid = models.CharField(max_length=128)
    proposal = models.OneToOneField("audit.Proposal", on_delete=models.PROTECT, related_name="+")
    executed_at = models.DateTimeField()

    class Meta:
        db_table = "treasury_transfer"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "txid"], name="treasury_transfer_txid"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, fee__gte=0), name="treasury_transfer_amounts"
            ),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="treasury_transfer_ends"
            ),
        ]
        permissions = [
            ("propose_transfer", "Can propose and carry out sweeps and refills"),
            ("approve_transfer", "Can approve sweeps and refills"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ht")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return money(self.amount, self.currency_id)


class Threshold(models.Model):
    """How one currency is kept. Shares are of what is owed to players in it."""

    currency = models.OneToOneField(
        "ledger.Currency",
        to_field="code",
        db_column="currency",
        on_delete=models.PROTECT,
        related_name="+",
    )
    hot_target_bps = models.PositiveIntegerField(default=500)
    hot_alarm_bps = models.PositiveIntegerField(default=800)
    coverage_min_bps = models.PositiveIntegerField(default=10_000)
    alone_max = models.DecimalField(
        **AMOUNT, default=0, help_text="Up to here one person decides on a held deposit."
    )
    silent_after = models.PositiveSmallIntegerField(
        default=5, help_text="A method is silent when so many payments were expected and none came."
    )

    class Meta:
        db_table = "treasury_threshold"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    hot_alarm_bps__gte=models.F("hot_target_bps"),
                    coverage_min_bps__gte=10_000,
                    alone_max__gte=0,
                    silent_after__gte=1,
                ),
                name="treasury_threshold_values",
            ),
        ]
        permissions = [
            ("propose_threshold", "Can propose treasury thresholds"),
            ("approve_threshold", "Can approve treasury thresholds"),
        ]

    def __str__(self) -> str:
        return f"thresholds of {self.currency_id}"

    @property
    def alone_max_money(self) -> Money:
        return money(self.alone_max, self.currency_id)
