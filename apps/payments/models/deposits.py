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
        check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state
