"""A player's verification: one case a level, its steps, what was handed in, and who decided."""

from django.conf import settings
from django.db import models

from apps.core import secrets
from apps.core.ids import public_id
from apps.kyc.errors import WrongState
from apps.kyc.levels import BY_NUMBER, Level, StepKind

STEP_KINDS = [(kind.value, kind.value) for kind in StepKind]


class Case(models.Model):
    """The verification of one player at one level."""

    class State(models.TextChoices):
        NEEDED = "needed"
        OPEN = "open"
        IN_REVIEW = "in_review", "in review"
        RETRY = "retry", "to be done again"
        APPROVED = "approved"
        REJECTED = "rejected", "rejected for good"
        EXPIRED = "expired"

    # Every change of state there is. `needed`: we ask for it, nothing was handed in yet.
    MOVES = {
        State.NEEDED: {State.OPEN, State.IN_REVIEW, State.APPROVED, State.RETRY, State.REJECTED},
        State.OPEN: {State.IN_REVIEW, State.APPROVED, State.RETRY, State.REJECTED},
        State.IN_REVIEW: {State.APPROVED, State.RETRY, State.REJECTED, State.OPEN},
        State.RETRY: {State.IN_REVIEW, State.APPROVED, State.REJECTED, State.OPEN},
        State.APPROVED: {State.EXPIRED, State.RETRY, State.REJECTED, State.OPEN, State.IN_REVIEW},
        State.EXPIRED: {State.IN_REVIEW, State.APPROVED, State.RETRY, State.REJECTED},
        # Only a person opens it again, when the player contests it.
        State.REJECTED: {State.IN_REVIEW, State.APPROVED, State.RETRY},
    }
    HANDING_IN = (State.NEEDED, State.OPEN, State.RETRY, State.EXPIRED)

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="kyc_cases"
    )
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    is_asked = models.BooleanField(
        default=False, help_text="We asked for it; otherwise the player came by themselves."
    )
    was_stopped = models.BooleanField(
        default=False, help_text="Play stopped for it, and the player was told."
    )
    is_held = models.BooleanField(
        default=False, help_text="The provider has set it on hold: a person decides there."
    )
    provider = models.CharField(max_length=16, blank=True, help_text="Empty: our own reviewers.")
    words = models.CharField(max_length=300, blank=True, help_text="Shown to the player.")
    staff_words = models.CharField(max_length=500, blank=True)
    grounds = models.JSONField(default=list, blank=True)
    priority = models.PositiveSmallIntegerField(default=0, help_text="Higher comes first.")
    opened_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(
        max_length=120, blank=True, help_text="A person of staff, or `partner:…`."
    )
    is_automatic = models.BooleanField(
        default=False, help_text="No person of ours decided it, so it can be contested."
    )
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="The provider's moment of the last word."
    )
    valid_until = models.DateField(
        null=True, blank=True, help_text="When the first document in it ends."
    )
    contested_at = models.DateTimeField(null=True, blank=True)
    contest = models.TextField(blank=True, help_text="Why the player says it is wrong.")

    class Meta:
        db_table = "kyc_case"
        permissions = [
            ("review_case", "Decide on a verification"),
            ("reveal_document", "Look at verification documents (logged)"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["player", "level"], name="kyc_case_player_level"),
            models.CheckConstraint(
                condition=models.Q(level__gte=1, level__lte=3), name="kyc_case_level"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "submitted_at"],
                name="kyc_case_queue",
                condition=models.Q(state="in_review"),
            ),
            models.Index(
                fields=["valid_until"],
                name="kyc_case_valid",
                condition=models.Q(state__in=["approved", "expired"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.terms.title}, {self.get_state_display()})"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.public_id:
            self.public_id = public_id("kyc")
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own

    @property
    def terms(self) -> Level:
        return BY_NUMBER[self.level]

    @property
    def is_handing_in(self) -> bool:
        return self.state in self.HANDING_IN

    def move_to(self, state: str) -> None:
        """Raises WrongState."""
        if state == self.state:
            return
        if state not in self.MOVES[self.State(self.state)]:
            raise WrongState
        self.state = state


class Step(models.Model):
    """One thing a case needs."""

    class State(models.TextChoices):
        TODO = "todo", "to do"
        GIVEN = "given", "handed in"
        APPROVED = "approved"
        RETRY = "retry", "again"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=12, choices=STEP_KINDS)
    state = models.CharField(max_length=12, choices=State, default=State.TODO)
    words = models.CharField(max_length=300, blank=True, help_text="Shown to the player.")
    changed_at = models.DateTimeField()
    # What it was before a change in this request; not a column.
    was: str = ""

    class Meta:
        db_table = "kyc_step"
        constraints = [models.UniqueConstraint(fields=["case", "kind"], name="kyc_step_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class Document(models.Model):
    """A file that was handed in. Its bytes lie sealed outside the database, under a random name."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=12, choices=STEP_KINDS)
    file_name = models.CharField(max_length=64, help_text="Ours, random; never the player's.")
    key_id = models.PositiveIntegerField(help_text="Which key of the ring sealed it.")
    content_type = models.CharField(max_length=40)
    bytes_count = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, help_text="Of what is kept, before it is sealed.")
    uploaded_at = models.DateTimeField()
    is_replaced = models.BooleanField(default=False, help_text="A later try took its place.")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "kyc_document"
        indexes = [
            models.Index(
                fields=["uploaded_at"],
                name="kyc_document_kept",
                condition=models.Q(erased_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: object, **kwargs: object) -> None:
        self.name_it()
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own

    def name_it(self) -> None:
        """The bytes are sealed under this name before there is a row."""
        self.public_id = self.public_id or public_id("doc")

    @property
    def place(self) -> str:
        return secrets.place_of(self, "file", "public_id")

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


class Review(models.Model):
    """What one person of staff said about a case. Level 3 takes two of them."""

    class Verdict(models.TextChoices):
        APPROVE = "approve"
        RETRY = "retry", "ask again"
        REJECT = "reject", "reject for good"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    labels = models.JSONField(default=list)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    is_void = models.BooleanField(default=False, help_text="Something was handed in after it.")

    class Meta:
        db_table = "kyc_review"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "by"], condition=models.Q(is_void=False), name="kyc_review_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.case_id}"
