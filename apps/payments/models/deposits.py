"""Money that arrives."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Money
from apps.ledger import selectors as ledger
from apps.payments.models.rails import DepositAddress, Rail
from apps.payments.models.states import AMOUNT, check_move


class Deposit(models.Model):
    """One payment that arrived, or is arriving, for a player."""

    class State(models.TextChoices):
        PENDING = "pending", "seen, waiting for confirmation"
        HELD = "held", "arrived, held for a decision"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"
        REFUNDED = "refunded", "sent back to where it came from"
        REVERSED = "reversed", "taken back by the provider"

    # Cancelled to paid: a gateway's staff may still bring a payment home that had failed.
    MOVES: dict[str, set[str]] = {
        State.PENDING: {State.CONFIRMED, State.HELD, State.CANCELLED},
        State.CANCELLED: {State.CONFIRMED, State.HELD},
        State.HELD: {State.CONFIRMED, State.REFUNDED, State.REVERSED},
        State.CONFIRMED: {State.REFUNDED, State.REVERSED},
    }
    # Nothing more is expected. A player's page says that it is finished.
    FINAL = {State.CONFIRMED, State.CANCELLED, State.REFUNDED, State.REVERSED}

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="deposits")
    address = models.ForeignKey(
        DepositAddress, null=True, blank=True, on_delete=models.PROTECT, related_name="deposits"
    )
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
    method = models.CharField(max_length=16, blank=True, help_text="Of a fiat rail: card, bank …")
    account = models.CharField(
        max_length=64, blank=True, help_text="The payer's account, masked by the gateway."
    )
    psp = models.CharField(max_length=64, blank=True, help_text="Who carried it for the gateway.")
    psp_ref = models.CharField(max_length=128, blank=True)
    held_because = models.CharField(max_length=64, blank=True, help_text="Code of the limit.")
    reversed_amount = models.DecimalField(**AMOUNT, default=0, help_text="Taken back so far.")
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
                condition=~models.Q(state__in=["confirmed", "held", "refunded", "reversed"])
                | models.Q(confirmed_at__isnull=False),
                name="payments_deposit_confirmed_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="held") | ~models.Q(held_because=""),
                name="payments_deposit_held_because",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="payments_deposit_player"),
            models.Index(fields=["state", "-id"], name="payments_deposit_state"),
        ]
        permissions = [
            ("release_deposit", "Can let held deposits into the balance"),
            ("refund_deposit", "Can send held deposits back"),
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
    def held_money(self) -> Money:
        """What is left of it to be released or sent back."""
        return Money.from_major(self.amount - self.reversed_amount, self.money.currency)

    @property
    def waiting_words(self) -> str:
        """What a deposit that is not finished waits for, as its player reads it."""
        if self.state == self.State.HELD:
            return "Our payments team looks at it"
        if self.rail.is_fiat:
            return "With the payment provider"
        return f"{self.confirmations} of {self.rail.confirmations} confirmations"

    @property
    def confirmed_percent(self) -> int:
        """How far the network is with it."""
        return min(100, 100 * self.confirmations // max(1, self.rail.confirmations))

    @property
    def method_words(self) -> str:
        """How fiat was paid, as its player reads it."""
        found = self.rail.methods.filter(code=self.method).first()
        return found.name if found else self.psp

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state
