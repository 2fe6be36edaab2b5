"""Who one of our players is at a verification provider, and what it told us."""

from django.db import models
from django.db.models import Q


class ProviderApplicant(models.Model):
    """One player at one provider. Our id goes out once and never changes."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=32)
    external_ref = models.CharField(max_length=64, help_text="The id we gave the provider.")
    applicant_ref = models.CharField(max_length=64, blank=True, help_text="The provider's own id.")
    inspection_ref = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=32, help_text="Which of our levels is asked for now.")
    level_ref = models.CharField(max_length=120, help_text="The provider's name of that level.")
    state = models.CharField(max_length=16, blank=True, help_text="As last read or heard.")
    attempts = models.PositiveIntegerField(default=0, help_text="Reads that failed in a row.")
    created_at = models.DateTimeField()
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="The provider's moment of the newest change it told us of."
    )
    read_at = models.DateTimeField(null=True, blank=True, help_text="When it was last read there.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it is to be read.")
    screened_at = models.DateTimeField(
        null=True, blank=True, help_text="When the watch lists were last read."
    )
    screen_due_at = models.DateTimeField(null=True, blank=True)
    wants_fresh_lists = models.BooleanField(
        default=False, help_text="Ask the lists anew before they are read next."
    )
    screen_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the lists were last asked anew."
    )

    class Meta:
        db_table = "kyc_provider_applicant"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "player"], name="kyc_provider_applicant_player"
            ),
            models.UniqueConstraint(
                fields=["provider", "external_ref"], name="kyc_provider_applicant_external"
            ),
            models.UniqueConstraint(
                fields=["provider", "applicant_ref"],
                condition=~Q(applicant_ref=""),
                name="kyc_provider_applicant_theirs",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="kyc_provider_applicant_due",
            ),
            models.Index(
                fields=["screen_due_at"],
                condition=Q(screen_due_at__isnull=False),
                name="kyc_provider_applicant_screen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.external_ref}"


class ProviderNotice(models.Model):
    """One thing a provider told us. The key makes a repeated one known; nothing personal is here."""

    class Outcome(models.TextChoices):
        HEARD = "heard", "the applicant is read again"
        LOWERED = "lowered", "taken at its word at once, and read again"
        OLD = "old", "older than what was heard before: nothing changed"
        NOTED = "noted", "for information: nothing changed"
        UNKNOWN = "unknown", "an applicant or a kind we do not know: nothing changed"
        CONFLICT = "conflict", "not the applicant or the level we have: nothing changed"
        FOREIGN = "foreign", "of the sandbox, or not of it: nothing changed"

    provider = models.CharField(max_length=32)
    key = models.CharField(max_length=64, help_text="A digest of what makes it this notice.")
    kind = models.CharField(max_length=64)
    applicant = models.ForeignKey(
        ProviderApplicant, null=True, on_delete=models.PROTECT, related_name="notices"
    )
    body_digest = models.CharField(max_length=64)
    at = models.DateTimeField(null=True, blank=True, help_text="The provider's moment.")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome)

    class Meta:
        db_table = "kyc_provider_notice"
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="kyc_provider_notice_once"),
        ]
        indexes = [models.Index(fields=["applicant", "-id"], name="kyc_provider_notice_latest")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.pk}"
