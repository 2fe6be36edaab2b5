"""The ways money can travel, and the addresses it travels to."""

from django.db import models

from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger
from apps.payments.models.states import AMOUNT


class Rail(models.Model):
    """One way for one currency to travel: a coin on a network, through a gateway. Data, not code."""

    class AddressKind(models.TextChoices):
        BITCOIN = "bitcoin"
        LITECOIN = "litecoin"
        DOGECOIN = "dogecoin"
        EVM = "evm", "Ethereum and its kind"
        TRON = "tron"
        XRP = "xrp", "XRP Ledger"
        # Fiat: the gateway keeps the account, we see it masked.
        ACCOUNT = "account", "account at the gateway"

    code = models.CharField(max_length=16, unique=True)
    provider = models.CharField(max_length=32, help_text="The gateway that carries it.")
    provider_code = models.CharField(max_length=16, help_text="What the gateway calls it.")
    coin_code = models.CharField(
        max_length=16, blank=True,
        help_text="The coin that travels, in the gateway's word, when it is exchanged on the way.",
    )  # fmt: skip
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    network = models.CharField(max_length=40)
    address_kind = models.CharField(max_length=16, choices=AddressKind)
    uri_scheme = models.CharField(
        max_length=16, blank=True, help_text="Put before the address in QR codes."
    )
    needs_tag = models.BooleanField(default=False)
    confirmations = models.PositiveSmallIntegerField()
    decimals_max = models.PositiveSmallIntegerField(
        default=8, help_text="Digits after the point that the gateway carries."
    )
    deposit_min = models.DecimalField(**AMOUNT)
    withdrawal_min = models.DecimalField(**AMOUNT)
    review_above = models.DecimalField(
        **AMOUNT, help_text="Withdrawals above this are marked as large."
    )
    two_people_above = models.DecimalField(
        **AMOUNT, null=True, blank=True,
        help_text="Withdrawals above this need two people, whatever the rates say.",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)
    takes_deposits = models.BooleanField(default=True)
    pays_out = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "payments_rail"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_code", "coin_code"],
                name="payments_rail_provider_code",
            ),
            models.CheckConstraint(
                condition=models.Q(deposit_min__gt=0, withdrawal_min__gt=0, review_above__gt=0),
                name="payments_rail_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} on {self.network}"

    @property
    def is_fiat(self) -> bool:
        """Paid through a gateway's cashier, which asks for the account itself."""
        return self.address_kind == self.AddressKind.ACCOUNT

    @property
    def sent_code(self) -> str:
        """What travels on the network: not the currency itself where it is exchanged on the way."""
        return self.coin_code or self.currency_id

    @property
    def money_currency(self) -> Currency:
        return ledger.currency(self.currency_id)

    @property
    def two_people_above_money(self) -> Money | None:
        if self.two_people_above is None:
            return None
        return Money.from_major(self.two_people_above, self.money_currency)

    @property
    def deposit_min_money(self) -> Money:
        return Money.from_major(self.deposit_min, self.money_currency)

    @property
    def deposit_min_text(self) -> str:
        return f"{self.deposit_min.normalize():f} {self.currency_id}"

    @property
    def withdrawal_min_money(self) -> Money:
        return Money.from_major(self.withdrawal_min, self.money_currency)

    @property
    def review_above_money(self) -> Money:
        return Money.from_major(self.review_above, self.money_currency)


class DepositAddress(models.Model):
    """Where a player sends coins of one rail. Taken once and alive for ever."""

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="deposit_addresses"
    )
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    provider = models.CharField(max_length=32)
    address = models.CharField(max_length=255)
    tag = models.CharField(max_length=64, blank=True)
    outside_ref = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payments_address"
        verbose_name_plural = "deposit addresses"
        constraints = [
            models.UniqueConstraint(fields=["player", "rail"], name="payments_address_player_rail"),
            # Many players share one address on some chains: the tag tells them apart.
            models.UniqueConstraint(
                fields=["provider", "rail", "address", "tag"], name="payments_address_text"
            ),
        ]
        indexes = [models.Index(fields=["address", "tag"], name="payments_address_search")]

    def __str__(self) -> str:
        return self.address

    @property
    def qr_text(self) -> str:
        scheme = self.rail.uri_scheme
        return f"{scheme}:{self.address}" if scheme else self.address
