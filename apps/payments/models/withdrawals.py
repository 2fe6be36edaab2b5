"""Money that leaves."""

from hashlib import sha256
from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.core.money import Money
from apps.core.session_ref import session_ref
from apps.ledger import selectors as ledger
from apps.payments.models.identity import WalletOwner
from apps.payments.models.rails import Rail
from apps.payments.models.states import AMOUNT, check_move


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
        CANCELLED = "cancelled", "cancelled by the player, money returned"

    MOVES: dict[str, set[str]] = {
        # Paid or released out of the queue: a gateway with a back office of its own decided.
        State.REQUESTED: {
            State.APPROVED,
            State.REJECTED,
            State.CANCELLED,
            State.PAID,
            State.RELEASED,
        },
        # Back to the queue when its approvals are void: payouts frozen, or the row was changed.
        State.APPROVED: {State.SENDING, State.REQUESTED, State.PAID, State.RELEASED},
        State.SENDING: {State.SENT, State.PAID, State.RELEASED},
        State.SENT: {State.PAID, State.RELEASED},
        # It left after all: such a gateway must be believed (`unasked`).
        State.REJECTED: {State.PAID},
        State.RELEASED: {State.PAID},
        State.CANCELLED: {State.PAID},
    }
    FINAL = {State.PAID, State.REJECTED, State.RELEASED, State.CANCELLED}

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="withdrawals"
    )
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT)
    currency = models.ForeignKey(
        "ledger.Currency", to_field="code", db_column="currency", on_delete=models.PROTECT
    )
    provider = models.CharField(max_length=32)
    amount = models.DecimalField(**AMOUNT, help_text="What leaves the balance, fee included.")
    fee = models.DecimalField(**AMOUNT, default=0, help_text="The part of it that stays here.")
    address = models.CharField(max_length=255, blank=True)
    tag = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=16, blank=True, help_text="Which of a fiat rail's.")
    account = models.CharField(
        max_length=64, blank=True, help_text="Where fiat goes, masked: `**** 4242`."
    )
    saved_address = models.ForeignKey(
        "payments.SavedAddress", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(
        WalletOwner, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Whose wallet the address is, where that had to be told.",
    )  # fmt: skip
    key = models.CharField(max_length=64, help_text="Chosen by the client, one per wish.")
    session_ref = models.CharField(
        max_length=32, blank=True, default=session_ref, help_text="The sign-in that asked for it."
    )
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    reasons = models.JSONField(default=list, help_text="Why a person should look.")
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Not to be approved before: the address is new."
    )
    people_needed = models.PositiveSmallIntegerField(
        default=1, help_text="How many different people have to approve it."
    )
    decide_by = models.DateTimeField(
        null=True, blank=True, help_text="What the player was promised."
    )
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="When that was missed.")
    assigned_to = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_rule = models.ForeignKey(
        "payments.ApprovalRule", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The rule that approved it when no person did.",
    )  # fmt: skip
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
    unasked = models.BooleanField(
        default=False, help_text="It left without our yes, and is booked because it left."
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
                condition=models.Q(amount__gt=0, fee__gte=0, fee__lt=models.F("amount")),
                name="payments_withdrawal_amount",
            ),
            models.CheckConstraint(
                condition=~models.Q(address="") | ~models.Q(account=""),
                name="payments_withdrawal_target",
            ),
            # Nothing leaves without an approval and our own id on it.
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "rejected", "cancelled", "released"])
                | models.Q(state="paid", unasked=True)
                | (
                    (models.Q(approved_by__isnull=False) | models.Q(approved_rule__isnull=False))
                    & ~models.Q(approval_hash="")
                ),
                name="payments_withdrawal_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "rejected", "cancelled", "approved"])
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
            models.Index(
                fields=["decide_by"],
                condition=models.Q(state="requested"),
                name="payments_withdrawal_decide",
            ),
        ]
        permissions = [
            ("approve_withdrawal", "Can approve withdrawals"),
            ("reject_withdrawal", "Can reject withdrawals"),
            ("resolve_withdrawal", "Can settle withdrawals that went wrong"),
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
    def fee_money(self) -> Money:
        return Money.from_major(self.fee, ledger.currency(self.currency_id))

    @property
    def net_money(self) -> Money:
        """What the player receives, and what is sent."""
        return self.money - self.fee_money

    @property
    def target(self) -> str:
        """Where it goes, for a person to read."""
        return self.address or self.account

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def is_approved_by_rule(self) -> bool:
        return self.approved_rule_id is not None

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
            self.fee_money.text,
            self.currency_id,
            self.address,
            self.tag,
            self.account,
        )
        return sha256("\n".join(parts).encode()).hexdigest()

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state


WITHDRAWAL_WORDS = {
    Withdrawal.State.REQUESTED: "Waiting for our payments team",
    Withdrawal.State.APPROVED: "Approved, about to be sent",
    Withdrawal.State.SENDING: "Being handed to the payment gateway",
    Withdrawal.State.SENT: "The payment gateway is sending it",
    Withdrawal.State.PAID: "Paid",
    Withdrawal.State.REJECTED: "Rejected, the money is back in your balance",
    Withdrawal.State.RELEASED: "Refused by the gateway, the money is back in your balance",
    Withdrawal.State.CANCELLED: "Cancelled, the money is back in your balance",
}
