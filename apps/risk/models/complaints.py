"""Complaints of players: a number, everything that was written, and what came of it."""

from typing import Any

from django.db import models

from apps.core.clock import now
from apps.core.ids import public_id


class Complaint(models.Model):
    class Kind(models.TextChoices):
        PAYMENT = "payment", "Deposit or withdrawal"
        GAME = "game", "A game or a bet"
        ACCOUNT = "account", "Account or verification"
        SAFER_PLAY = "safer_play", "Limits or self-exclusion"
        CONTEST = "contest", "An automated decision I want a person to look at"
        PRIVACY = "privacy", "My data"
        OTHER = "other", "Something else"

    class State(models.TextChoices):
        OPEN = "open", "with us"
        ANSWERED = "answered", "answered, waiting for you"
        CLOSED = "closed"

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "you were right"
        PARTLY = "partly", "you were right in part"
        REFUSED = "refused", "we see it differently"
        TAKEN_BACK = "taken_back", "taken back"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=120)
    about = models.CharField(
        max_length=64, blank=True, help_text="Number of the payment, bet or decision it is about."
    )
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    country = models.CharField(max_length=2, help_text="Of residence when it was filed.")
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField()
    answer_by = models.DateTimeField(help_text="When we answer at the latest.")
    close_by = models.DateTimeField(help_text="When it may go to the body outside.")
    late_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    kept_until = models.DateField(help_text="It is erased after that day and not before.")

    class Meta:
        db_table = "risk_complaint"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="closed")
                | (models.Q(closed_at__isnull=False) & ~models.Q(outcome="")),
                name="risk_complaint_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "answer_by"], name="risk_complaint_queue"),
            models.Index(fields=["player", "-id"], name="risk_complaint_player"),
            models.Index(fields=["kept_until"], name="risk_complaint_kept"),
        ]
        default_permissions = ("view",)
        permissions = [("answer_complaint", "Can answer and close complaints")]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("cp")
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def is_late(self) -> bool:
        return self.state == self.State.OPEN and self.answer_by < now()


class ComplaintMessage(models.Model):
    """One letter of the correspondence. Never changed."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="messages")
    text = models.TextField()
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Of our staff; empty: the player wrote it.",
    )  # fmt: skip
    at = models.DateTimeField()

    class Meta:
        db_table = "risk_complaint_message"
        default_permissions = ()
        ordering = ["id"]

    def __str__(self) -> str:
        return f"message of {self.complaint_id}"

    @property
    def is_ours(self) -> bool:
        return self.by_id is not None
