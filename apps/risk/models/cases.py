"""Looking into a player: what is asked, what was found, and the decision."""

from typing import Any

from django.db import models

from apps.core.clock import now
from apps.core.ids import public_id


class Case(models.Model):
    class Kind(models.TextChoices):
        SOURCE_OF_FUNDS = "source_of_funds", "source of funds"
        MONITORING = "monitoring", "monitoring"
        DEPOSIT = "deposit", "risky deposit"

    class State(models.TextChoices):
        OPEN = "open"
        DECIDED = "decided"

    class Outcome(models.TextChoices):
        EXPLAINED = "explained", "explained: the relationship goes on"
        CONDITIONS = "conditions", "goes on with conditions"
        ENDED = "ended", "the relationship ends; the player's money is paid out"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    reason = models.CharField(max_length=500, help_text="Why it was opened, with the figures.")
    window = models.CharField(
        max_length=80, blank=True, help_text="What opened it by itself; one case each."
    )
    risk_class = models.CharField(max_length=8, help_text="The player's when it was opened.")
    is_high = models.BooleanField(default=False, help_text="Takes two signatures.")
    holds = models.BooleanField(default=False, help_text="No withdrawal until it is decided.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=160)
    decide_by = models.DateTimeField()
    late_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    decision = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    second_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "risk_case"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "kind", "window"],
                condition=~models.Q(window=""),
                name="risk_case_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (
                    models.Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~models.Q(outcome="")
                    & ~models.Q(decision="")
                ),
                name="risk_case_decided",
            ),
            # Above the high threshold one signature decides nothing.
            models.CheckConstraint(
                condition=models.Q(state="open")
                | models.Q(is_high=False)
                | (models.Q(second_by__isnull=False) & ~models.Q(second_by=models.F("decided_by"))),
                name="risk_case_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "decide_by"], name="risk_case_queue"),
            models.Index(fields=["player", "-id"], name="risk_case_player"),
        ]
        permissions = [
            ("work_case", "Can open and work on cases"),
            ("propose_case", "Can sign the decision of a high case first"),
            ("decide_case", "Can decide cases, and sign high ones second"),
            ("export_case", "Can take case files out (logged)"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ca")
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_late(self) -> bool:
        return self.is_open and self.decide_by < now()


class CaseItem(models.Model):
    """One line of the checklist."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        NOT_NEEDED = "not_needed", "not needed"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="items")
    code = models.CharField(max_length=32)
    title = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "risk_case_item"
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "code"], name="risk_case_item_once"),
        ]

    def __str__(self) -> str:
        return self.title


class CaseNote(models.Model):
    """What somebody wrote, or which document they looked at. Never changed."""

    class Kind(models.TextChoices):
        NOTE = "note"
        DOCUMENT = "document"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.NOTE)
    text = models.TextField()
    reference = models.CharField(
        max_length=160, blank=True, help_text="Where the document is: its number in the archive."
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "risk_case_note"
        default_permissions = ()
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"
