"""Money in and out: rails, deposit addresses, deposits, withdrawals and their histories.

Amounts are major units in `numeric(38,18)`, as in the ledger; `money` gives them with a currency.
States change through `move_to` only: it refuses what the tables below do not list.
"""

from hashlib import sha256
from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class IllegalMove(AssertionError):
    """Our own code asked for a state change that no table lists."""


class Rail(models.Model):
    """One way for one currency to travel: a coin on a network, through a gateway. Data, not code."""

    class AddressKind(models.TextChoices):
        BITCOIN = "bitcoin"
        LITECOIN = "litecoin"
        DOGECOIN = "dogecoin"
        EVM = "evm", "Ethereum and its kind"
        TRON = "tron"
        XRP = "xrp", "XRP Ledger"

    code = models.CharField(max_length=16, unique=True)
    provider = models.CharField(max_length=32, help_text="The gateway that carries it.")
    provider_code = models.CharField(max_length=16, help_text="What the gateway calls it.")
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
    enabled = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "payments_rail"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_code"], name="payments_rail_provider_code"
            ),
            models.CheckConstraint(
                condition=models.Q(deposit_min__gt=0, withdrawal_min__gt=0, review_above__gt=0),
                name="payments_rail_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} on {self.network}"

    @property
    def money_currency(self) -> Currency:
        return ledger.currency(self.currency_id)

    @property
    def deposit_min_money(self) -> Money:
        return Money.from_major(self.deposit_min, self.money_currency)

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


class Deposit(models.Model):
    """One payment that arrived, or is arriving, for a player."""

    class State(models.TextChoices):
        PENDING = "pending", "seen, waiting for confirmation"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"

    MOVES: dict[str, set[str]] = {State.PENDING: {State.CONFIRMED, State.CANCELLED}}

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="deposits")
    address = models.ForeignKey(DepositAddress, on_delete=models.PROTECT, related_name="deposits")
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    provider = models.CharField(max_length=32)
    outside_ref = models.CharField(max_length=64, help_text="The gateway's id of this payment.")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    amount = models.DecimalField(**AMOUNT, help_text="What the player gets, or will get.")
    gross = models.DecimalField(**AMOUNT, help_text="What arrived, as the gateway said.")
    net = models.DecimalField(**AMOUNT, help_text="What arrived after the gateway's fee.")
    confirmations = models.PositiveIntegerField(default=0)
    txid = models.CharField(max_length=128, blank=True)
    riskscore = models.CharField(max_length=32, blank=True, help_text="The gateway's word, kept.")
    error = models.CharField(max_length=255, blank=True)
    entry_id = models.BigIntegerField(null=True, blank=True, help_text="The journal entry.")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments_deposit"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "outside_ref"], name="payments_deposit_outside_ref"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, gross__gte=0, net__gte=0),
                name="payments_deposit_amounts",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed") | models.Q(confirmed_at__isnull=False),
                name="payments_deposit_confirmed_at",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="payments_deposit_player"),
            models.Index(fields=["state", "-id"], name="payments_deposit_state"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("dp")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return Money.from_major(self.amount, ledger.currency(self.currency_id))

    @property
    def is_final(self) -> bool:
        return self.state not in self.MOVES

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        _check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state


class Withdrawal(models.Model):
    """A player's wish to be paid out. The money is reserved from the first moment to the last."""

    class State(models.TextChoices):
        REQUESTED = "requested", "waiting for a person"
        APPROVED = "approved", "approved, to be sent"
        SENDING = "sending", "being sent, outcome not known yet"
        SENT = "sent", "the gateway has it"
        PAID = "paid"
        REJECTED = "rejected", "rejected, money returned"
        RELEASED = "released", "refused by the gateway, money returned"

    MOVES: dict[str, set[str]] = {
        State.REQUESTED: {State.APPROVED, State.REJECTED},
        State.APPROVED: {State.SENDING},
        State.SENDING: {State.SENT, State.PAID, State.RELEASED},
        State.SENT: {State.PAID, State.RELEASED},
    }

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="withdrawals"
    )
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    provider = models.CharField(max_length=32)
    amount = models.DecimalField(**AMOUNT)
    address = models.CharField(max_length=255)
    tag = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per wish.")
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    reasons = models.JSONField(default=list, help_text="Why a person should look.")
    approved_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approval_hash = models.CharField(
        max_length=64, blank=True, help_text="Hash of exactly what was approved."
    )
    decision = models.CharField(max_length=255, blank=True, help_text="The reason staff gave.")
    foreign_id = models.CharField(
        max_length=64, null=True, blank=True, unique=True,
        help_text="Our id at the gateway, kept before the first call.",
    )  # fmt: skip
    outside_ref = models.CharField(
        max_length=64, blank=True, help_text="The gateway's id of this payment."
    )
    txid = models.CharField(max_length=128, blank=True)
    error = models.CharField(max_length=255, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the sender looks at it next."
    )
    unknown_at = models.DateTimeField(
        null=True, blank=True, help_text="Last time a call ended without a clear answer."
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments_withdrawal"
        constraints = [
            models.UniqueConstraint(fields=["player", "key"], name="payments_withdrawal_key"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="payments_withdrawal_amount"
            ),
            # Nothing leaves without an approval and our own id on it.
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "rejected"])
                | (models.Q(approved_by__isnull=False) & ~models.Q(approval_hash="")),
                name="payments_withdrawal_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "rejected", "approved"])
                | models.Q(foreign_id__isnull=False),
                name="payments_withdrawal_foreign_id",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="payments_withdrawal_player"),
            models.Index(fields=["state", "id"], name="payments_withdrawal_state"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="payments_withdrawal_due",
            ),
        ]
        permissions = [
            ("approve_withdrawal", "Can approve withdrawals"),
            ("reject_withdrawal", "Can reject withdrawals"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("wd")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return Money.from_major(self.amount, ledger.currency(self.currency_id))

    @property
    def is_final(self) -> bool:
        return self.state not in self.MOVES

    @property
    def state_words(self) -> str:
        """The state as its player reads it."""
        return WITHDRAWAL_WORDS[self.State(self.state)]

    @property
    def reason_shown(self) -> str:
        """What the player reads about a refusal; other decisions stay in the house."""
        return self.decision if self.state == self.State.REJECTED else ""

    @property
    def payout_hash(self) -> str:
        """Hash of what would be paid: an approval is for this and nothing else."""
        parts = (
            self.public_id,
            str(self.player_id),
            self.provider,
            str(self.rail_id),
            self.money.text,
            self.currency_id,
            self.address,
            self.tag,
        )
        return sha256("\n".join(parts).encode()).hexdigest()

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        _check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state


WITHDRAWAL_WORDS = {
    Withdrawal.State.REQUESTED: "Waiting for our payments team",
    Withdrawal.State.APPROVED: "Approved, about to be sent",
    Withdrawal.State.SENDING: "Being handed to the payment gateway",
    Withdrawal.State.SENT: "The payment gateway is sending it",
    Withdrawal.State.PAID: "Paid",
    Withdrawal.State.REJECTED: "Rejected, the money is back in your balance",
    Withdrawal.State.RELEASED: "Refused by the gateway, the money is back in your balance",
}


class PaymentStep(models.Model):
    """One line of a payment's history: what happened, when, and who has it since."""

    class Holder(models.TextChoices):
        PLAYER = "player", "you"
        TEAM = "team", "our payments team"
        SYSTEM = "system", "our payout system"
        GATEWAY = "gateway", "the payment gateway"
        NETWORK = "network", "the network"
        NOBODY = "nobody", "nobody, it is finished"

    deposit = models.ForeignKey(
        Deposit, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    withdrawal = models.ForeignKey(
        Withdrawal, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    state = models.CharField(max_length=16)
    holder = models.CharField(max_length=16, choices=Holder)
    words = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        db_table = "payments_step"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deposit__isnull=False, withdrawal__isnull=True)
                | models.Q(deposit__isnull=True, withdrawal__isnull=False),
                name="payments_step_one_payment",
            ),
        ]

    def __str__(self) -> str:
        return self.words


def _check_move(moves: dict[str, set[str]], before: str, after: str, subject: str) -> None:
    if after not in moves.get(before, set()):
        raise IllegalMove(f"{subject} is {before} and cannot become {after}.")
