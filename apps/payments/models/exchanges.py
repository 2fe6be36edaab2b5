"""The house's own exchanges between what it holds at a gateway."""

from typing import Any

from django.db import models

from apps.core.ids import public_id
from apps.payments.models.states import AMOUNT, check_move


class Exchange(models.Model):
    """One exchange of the house's money at a gateway. The intent is kept before the first call."""

    class State(models.TextChoices):
        REQUESTED = "requested", "to be sent"
        SENDING = "sending", "being sent, outcome not known yet"
        SENT = "sent", "the gateway has it"
        DONE = "done"
        REFUSED = "refused", "refused by the gateway"

    MOVES: dict[str, set[str]] = {
        State.REQUESTED: {State.SENDING},
        State.SENDING: {State.SENT, State.DONE, State.REFUSED},
        State.SENT: {State.DONE, State.REFUSED},
    }

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    provider = models.CharField(max_length=32)
    sold_code = models.CharField(max_length=16, help_text="The gateway's code.")
    bought_code = models.CharField(max_length=16, help_text="The gateway's code.")
    wanted_sold = models.DecimalField(**AMOUNT, null=True, blank=True)
    wanted_bought = models.DecimalField(**AMOUNT, null=True, blank=True)
    price = models.CharField(
        max_length=40,
        blank=True,
        help_text="Of the quote that was agreed to; empty: of the moment.",
    )
    price_until = models.DateTimeField(null=True, blank=True)
    sold = models.DecimalField(**AMOUNT, null=True, blank=True, help_text="As the gateway says.")
    bought = models.DecimalField(**AMOUNT, null=True, blank=True, help_text="As the gateway says.")
    fee = models.DecimalField(**AMOUNT, default=0)
    fee_code = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    key = models.CharField(max_length=64, unique=True, help_text="Chosen by who asks.")
    requested_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=255)
    outside_ref = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=255, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    unknown_at = models.DateTimeField(
        null=True, blank=True, help_text="Last time a call ended without a clear answer."
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments_exchange"
        constraints = [
            # One side is what is wanted, the other is what the price makes of it.
            models.CheckConstraint(
                condition=models.Q(wanted_sold__gt=0, wanted_bought__isnull=True)
                | models.Q(wanted_sold__isnull=True, wanted_bought__gt=0),
                name="payments_exchange_one_side",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | models.Q(sold__isnull=False, bought__isnull=False, finished_at__isnull=False),
                name="payments_exchange_done",
            ),
            models.UniqueConstraint(
                fields=["provider", "outside_ref"],
                condition=~models.Q(outside_ref=""),
                name="payments_exchange_outside_ref",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="payments_exchange_due",
            ),
        ]
        permissions = [("order_exchange", "Can exchange what the house holds at a gateway")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ex")
        super().save(*args, **kwargs)

    @property
    def is_final(self) -> bool:
        return self.state not in self.MOVES

    def move_to(self, state: str) -> None:
        """Change the state in memory. Raises IllegalMove."""
        check_move(self.MOVES, self.state, state, self.public_id)
        self.state = state
