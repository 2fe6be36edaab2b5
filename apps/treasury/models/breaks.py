"""Where a gateway's book and ours are compared, and what differs."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models

from apps.core.formatting import MINUS
from apps.core.ids import public_id
from apps.treasury.models.amounts import AMOUNT


class GatewayRecord(models.Model):
    """One row of a gateway's own book, kept as it was last told."""

    provider = models.CharField(max_length=32)
    outside_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    day = models.DateField(help_text="The UTC day of the gateway's statement.")
    code = models.CharField(max_length=16, help_text="Our currency, or the gateway's if unknown.")
    amount = models.DecimalField(**AMOUNT)
    status = models.CharField(max_length=32)
    reference = models.CharField(max_length=64, blank=True)
    fee = models.DecimalField(**AMOUNT, default=0)
    fee_code = models.CharField(max_length=16, blank=True)
    fee_on_player = models.BooleanField(
        default=False, help_text="The player got so much less, so it cost the house nothing."
    )
    dust = models.DecimalField(
        **AMOUNT, default=0, help_text="What of it was below our smallest unit and not booked."
    )
    network_fee = models.DecimalField(**AMOUNT, default=0)
    network_fee_code = models.CharField(max_length=16, blank=True)
    bought = models.DecimalField(**AMOUNT, default=0, help_text="Of an exchange: what came for it.")
    bought_code = models.CharField(max_length=16, blank=True)
    entry_id = models.BigIntegerField(
        null=True, blank=True, help_text="The journal entry it was matched with."
    )
    copies = models.PositiveSmallIntegerField(
        default=1, help_text="How often the statement has it; once is right."
    )
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "treasury_gateway_record"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "outside_ref"], name="treasury_record_key"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "day"], name="treasury_record_day"),
            models.Index(fields=["entry_id"], name="treasury_record_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.outside_ref}"


class Run(models.Model):
    """One comparison of one gateway's day with ours."""

    class State(models.TextChoices):
        CLEAN = "clean"
        BREAKS = "breaks", "with breaks"
        FAILED = "failed", "the gateway did not answer"

    provider = models.CharField(max_length=32)
    day = models.DateField()
    state = models.CharField(max_length=8, choices=State)
    rows = models.PositiveIntegerField(default=0, help_text="Rows of the gateway.")
    entries = models.PositiveIntegerField(default=0, help_text="Movements of ours.")
    matched = models.PositiveIntegerField(default=0)
    carried = models.PositiveIntegerField(default=0, help_text="In flight, looked at next time.")
    opened = models.PositiveIntegerField(default=0)
    healed = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(
        default=0, help_text="Differences that people have resolved before, unchanged."
    )
    still_open = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="Per currency and kind: theirs and ours.")
    error = models.TextField(blank=True)
    started_by = models.CharField(max_length=160)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        db_table = "treasury_run"
        indexes = [models.Index(fields=["provider", "day", "-id"], name="treasury_run_day")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"


class Break(models.Model):
    """One difference between a gateway's book and ours. Nothing here is repaired silently."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", "the gateway has it, we do not"
        MISSING_THERE = "missing_there", "we have it, the gateway does not"
        AMOUNT = "amount", "the amounts differ"
        CURRENCY = "currency", "the currencies differ"
        STATE = "state", "the states differ"
        DOUBLE = "double", "more than one on a side"
        BOOKING = "booking", "our payment and our journal differ"
        BALANCE = "balance", "the gateway's balance is not what our books say"

    class State(models.TextChoices):
        CARRIED = "carried", "in flight, looked at next time"
        OPEN = "open"
        ASSIGNED = "assigned"
        EXPLAINED = "explained"
        RESOLVED = "resolved"
        HEALED = "healed", "gone at a later run"

    # A run may close these; people close them with a reason.
    LIVE = (State.CARRIED, State.OPEN, State.ASSIGNED)
    # These count until the difference is really gone.
    PENDING = (State.CARRIED, State.OPEN, State.ASSIGNED, State.EXPLAINED)

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    provider = models.CharField(max_length=32)
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=128, help_text="What differs; one live break for each.")
    code = models.CharField(max_length=16, help_text="The currency, or the gateway's word for it.")
    ours = models.DecimalField(**AMOUNT, null=True, blank=True)
    theirs = models.DecimalField(**AMOUNT, null=True, blank=True)
    effect = models.DecimalField(
        **AMOUNT, default=0,
        help_text="By how much the gateway's balance is above our books because of it.",
    )  # fmt: skip
    message = models.CharField(max_length=400)
    record = models.ForeignKey(
        GatewayRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="breaks"
    )
    deposit = models.ForeignKey(
        "payments.Deposit", null=True, blank=True, on_delete=models.PROTECT, related_name="breaks"
    )
    withdrawal = models.ForeignKey(
        "payments.Withdrawal",
        null=True, blank=True, on_delete=models.PROTECT, related_name="breaks",
    )  # fmt: skip
    entry_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    runs = models.PositiveIntegerField(default=1, help_text="Runs that found it.")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "treasury_break"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "key"],
                condition=models.Q(state__in=["carried", "open", "assigned", "explained"]),
                name="treasury_break_one_live",
            ),
            # A person who closes one says why.
            models.CheckConstraint(
                condition=~models.Q(state__in=["explained", "resolved"]) | ~models.Q(reason=""),
                name="treasury_break_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="treasury_break_state"),
            models.Index(fields=["provider", "day"], name="treasury_break_day"),
        ]
        permissions = [
            ("assign_break", "Can take breaks on"),
            ("resolve_break", "Can explain and resolve breaks"),
            ("reconcile_break", "Can start a reconciliation"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("bk")
        super().save(*args, **kwargs)

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_pending(self) -> bool:
        return self.state in self.PENDING

    @property
    def is_final(self) -> bool:
        return not self.is_pending

    @property
    def ours_text(self) -> str:
        return _text(self.ours, self.code)

    @property
    def theirs_text(self) -> str:
        return _text(self.theirs, self.code)

    @property
    def difference_text(self) -> str:
        """Theirs less ours, with its sign; nothing when only one side has it."""
        if self.ours is None or self.theirs is None:
            return ""
        return _text(self.theirs - self.ours, self.code)


def _text(amount: Decimal | None, code: str) -> str:
    """Every digit: a gateway may count finer than we do."""
    return "" if amount is None else f"{amount.normalize():,f} {code}".replace("-", MINUS)
