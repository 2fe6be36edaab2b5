"""Fiat through a gateway that asks before it pays: methods, cashier sessions, transactions."""

from django.db import models

from apps.payments.models.deposits import Deposit
from apps.payments.models.rails import Rail
from apps.payments.models.states import AMOUNT, check_move
from apps.payments.models.withdrawals import Withdrawal


class PaymentMethod(models.Model):
    """One way to pay in or out on a fiat rail, and where people have it. Data, not code."""

    rail = models.ForeignKey(Rail, on_delete=models.CASCADE, related_name="methods")
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=40)
    countries = models.JSONField(
        default=list, blank=True, help_text="ISO 3166 alpha-2; empty: everywhere."
    )
    for_deposits = models.BooleanField(default=True)
    for_withdrawals = models.BooleanField(default=True)
    deposit_arrival = models.CharField(max_length=40, help_text="How long a deposit takes.")
    arrival = models.CharField(max_length=40, help_text="How long a payout takes.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "payments_method"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["rail", "code"], name="payments_method_rail_code"),
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.rail.currency_id}"


class CashierSession(models.Model):
    """What a gateway's cashier page gets instead of a login: short, for one player and purpose.

    Only the hash of the token is kept. It travels in an address, so it opens nothing else. It ends
    with the sign-in it was opened from, and when the player is not what they were then.
    """

    class Direction(models.TextChoices):
        DEPOSIT = "deposit"
        WITHDRAWAL = "withdrawal"

    token_hash = models.CharField(max_length=64, unique=True)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.CASCADE, related_name="cashier_sessions"
    )
    rail = models.ForeignKey(Rail, on_delete=models.CASCADE)
    direction = models.CharField(max_length=16, choices=Direction)
    site_session = models.CharField(
        max_length=40, blank=True, help_text="Key of the sign-in it was opened from."
    )
    status = models.CharField(max_length=16, help_text="The player's, when it was opened.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "payments_cashier_session"
        indexes = [models.Index(fields=["expires_at"], name="payments_cashier_expires")]

    def __str__(self) -> str:
        return f"{self.direction} of {self.player_id}"


class GatewayTransaction(models.Model):
    """One transaction of such a gateway: what it announced, what we said, what it booked.

    `(provider, outside_ref)` is its identity for ever. A payment is also a deposit or a withdrawal;
    what undoes one (refund, reversal, chargeback, a payout that came back) points to it.
    """

    class Kind(models.TextChoices):
        DEPOSIT = "deposit"
        WITHDRAWAL = "withdrawal"
        REFUND = "refund", "refund of a deposit"
        REVERSAL = "reversal", "reversal of a deposit"
        CHARGEBACK = "chargeback", "chargeback of a deposit"
        RETURN = "return", "payout that came back"

    class State(models.TextChoices):
        REFUSED = "refused", "we said no"
        AUTHORIZED = "authorized", "we said yes, the money has not moved"
        SETTLED = "settled", "the money has moved"
        CANCELLED = "cancelled", "it will not happen"

    # Refused or cancelled, then settled: the money moved all the same, and is booked.
    MOVES: dict[str, set[str]] = {
        State.AUTHORIZED: {State.SETTLED, State.CANCELLED},
        State.REFUSED: {State.SETTLED, State.CANCELLED},
        State.CANCELLED: {State.SETTLED},
    }
    UNDOING = {Kind.REFUND, Kind.REVERSAL, Kind.CHARGEBACK}

    provider = models.CharField(max_length=32)
    outside_ref = models.CharField(max_length=64, help_text="The gateway's id of it.")
    origin_ref = models.CharField(max_length=64, blank=True, help_text="The one it is about.")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State)
    player = models.ForeignKey(
        "accounts.Player", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    currency = models.CharField(max_length=8)
    amount = models.DecimalField(**AMOUNT, help_text="As announced; above zero is for the player.")
    booked = models.DecimalField(**AMOUNT, null=True, blank=True, help_text="As it moved.")
    refusal = models.CharField(max_length=64, blank=True, help_text="Code of our no.")
    deposit = models.ForeignKey(
        Deposit, null=True, blank=True, on_delete=models.PROTECT, related_name="transactions"
    )
    withdrawal = models.ForeignKey(
        Withdrawal, null=True, blank=True, on_delete=models.PROTECT, related_name="transactions"
    )
    method = models.CharField(max_length=16, blank=True)
    name = models.CharField(max_length=64, blank=True, help_text="The gateway's name of its kind.")
    psp = models.CharField(max_length=64, blank=True)
    psp_ref = models.CharField(max_length=128, blank=True)
    fee = models.DecimalField(**AMOUNT, default=0, help_text="What the gateway took beside it.")
    entry_id = models.BigIntegerField(null=True, blank=True, help_text="The journal entry.")
    receipt = models.CharField(max_length=32, blank=True, help_text="Our id, as they were told.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments_gateway_transaction"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "outside_ref"], name="payments_gateway_transaction_ref"
            ),
            models.CheckConstraint(
                condition=models.Q(state="settled", booked__isnull=False)
                | (~models.Q(state="settled") & models.Q(booked__isnull=True)),
                name="payments_gateway_transaction_booked",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "created_at"], name="payments_gateway_tx_state"),
            models.Index(fields=["kind", "-id"], name="payments_gateway_tx_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.outside_ref}"

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        check_move(self.MOVES, self.state, state, str(self))
        self.state = state


class GatewayOrder(models.Model):
    """Something a gateway must be told: written with its reason, sent later, asked about first."""

    class Kind(models.TextChoices):
        DENY = "deny", "deny a payout"
        REFUND = "refund", "send a deposit back"

    class State(models.TextChoices):
        DUE = "due"
        DONE = "done"
        FAILED = "failed", "failed, a person must look"

    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind)
    outside_ref = models.CharField(max_length=64)
    amount = models.DecimalField(**AMOUNT, null=True, blank=True)
    currency = models.CharField(max_length=8, blank=True)
    deposit = models.ForeignKey(
        Deposit, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    state = models.CharField(max_length=16, choices=State, default=State.DUE)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payments_gateway_order"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "outside_ref"], name="payments_gateway_order_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="due"),
                name="payments_gateway_order_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outside_ref}"
