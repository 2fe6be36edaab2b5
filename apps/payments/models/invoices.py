"""Requests for an exact amount, with an address of their own and a clock."""

from typing import Any

from django.db import models

from apps.core.clock import now
from apps.core.ids import public_id
from apps.core.money import Money
from apps.core.session_ref import session_ref
from apps.ledger import selectors as ledger
from apps.payments.models.deposits import Deposit
from apps.payments.models.rails import Rail
from apps.payments.models.states import AMOUNT, check_move

# Wallets of these coins read an amount in whole coins beside the address.
AMOUNT_SCHEMES = {"bitcoin", "litecoin", "dogecoin"}


class Invoice(models.Model):
    """One wish to pay in exactly so much. What comes of it is a `Deposit` like any other."""

    class State(models.TextChoices):
        OPENING = "opening", "being asked for"
        OPEN = "open", "waiting for the payment"
        PAYING = "paying", "a payment is on its way"
        PAID = "paid"
        FAILED = "failed"

    MOVES: dict[str, set[str]] = {
        State.OPENING: {State.OPEN, State.FAILED},
        State.OPEN: {State.PAYING, State.PAID, State.FAILED},
        State.PAYING: {State.PAID, State.FAILED},
    }

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="invoices")
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    provider = models.CharField(max_length=32)
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per wish.")
    session_ref = models.CharField(
        max_length=32, blank=True, default=session_ref, help_text="The sign-in that asked for it."
    )
    state = models.CharField(max_length=16, choices=State, default=State.OPENING)
    amount = models.DecimalField(**AMOUNT)
    sent = models.DecimalField(**AMOUNT, default=0, help_text="What has arrived, parts added up.")
    remaining = models.DecimalField(**AMOUNT, help_text="What is still to be paid.")
    takes_parts = models.BooleanField(default=True)
    address = models.CharField(max_length=255, blank=True)
    tag = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=255, blank=True, help_text="The gateway's own page for it.")
    outside_ref = models.CharField(max_length=64, blank=True)
    deposit = models.OneToOneField(
        Deposit, null=True, blank=True, on_delete=models.PROTECT, related_name="invoice"
    )
    error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments_invoice"
        constraints = [
            models.UniqueConstraint(fields=["player", "key"], name="payments_invoice_key"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, sent__gte=0, remaining__gte=0),
                name="payments_invoice_amounts",
            ),
            models.UniqueConstraint(
                fields=["provider", "outside_ref"],
                condition=~models.Q(outside_ref=""),
                name="payments_invoice_outside_ref",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="payments_invoice_player"),
            models.Index(fields=["address"], name="payments_invoice_address"),
        ]
        permissions = [("trace_invoice", "Can ask a gateway about a payment")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("iv")
        super().save(*args, **kwargs)

    @property
    def money(self) -> Money:
        return Money.from_major(self.amount, ledger.currency(self.currency_id))

    @property
    def sent_money(self) -> Money:
        return Money.from_major(self.sent, self.money.currency, rounding="down")

    @property
    def remaining_money(self) -> Money:
        """What is still to be paid; more than was asked for it never is."""
        return Money.from_major(min(self.remaining, self.amount), self.money.currency)

    @property
    def remaining_text(self) -> str:
        """As it is typed into a wallet: no zeros at the end, no currency."""
        return f"{self.remaining_money.major.normalize():f}"

    @property
    def is_final(self) -> bool:
        return self.state not in self.MOVES

    @property
    def is_over(self) -> bool:
        """Whether nothing may be paid to it any more, though the gateway has not said so yet."""
        return self.expires_at is not None and self.expires_at <= now()

    @property
    def seconds_left(self) -> int:
        if self.expires_at is None:
            return 0
        return max(0, int((self.expires_at - now()).total_seconds()))

    @property
    def state_words(self) -> str:
        """The state as its player reads it."""
        return INVOICE_WORDS[self.State(self.state)]

    @property
    def qr_text(self) -> str:
        """With what is still to be paid, so that a wallet fills it in (BIP-21)."""
        scheme = self.rail.uri_scheme
        text = f"{scheme}:{self.address}" if scheme else self.address
        if scheme not in AMOUNT_SCHEMES:
            return text
        return f"{text}?amount={self.remaining_text}"

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state


INVOICE_WORDS = {
    Invoice.State.OPENING: "Being prepared",
    Invoice.State.OPEN: "Waiting for your payment",
    Invoice.State.PAYING: "Your payment is on its way",
    Invoice.State.PAID: "Paid and credited",
    Invoice.State.FAILED: "Not paid; what arrived is sent back by the payment gateway",
}
