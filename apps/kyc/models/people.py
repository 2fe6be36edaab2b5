"""Who players are: sealed for the eye, as blind marks for finding the same person again."""

from django.conf import settings
from django.db import models

from apps.core import secrets


class PersonRecord(models.Model):
    """What a player says of themselves, and what their documents say; sealed."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="person"
    )
    sealed = models.BinaryField(help_text="Name, birth date, address: JSON.")
    declared_at = models.DateTimeField()
    documents_sealed = models.BinaryField(
        null=True, blank=True, help_text="What the documents say: name, birth date, numbers."
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "kyc_person"
        permissions = [("reveal_person", "Read a player's declared data (logged)")]

    def __str__(self) -> str:
        return f"person of player {self.player_id}"

    def place(self, column: str) -> str:
        return secrets.place_of(self, column, "player_id")


class Mark(models.Model):
    """A blind index of something that belongs to one person: equal marks, same person.

    E-mail addresses and phone numbers are compared in the accounts themselves.
    """

    class Kind(models.TextChoices):
        NAME_BIRTH = "name_birth", "name and birth date"
        DOCUMENT = "document", "document number"

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    blind = models.CharField(max_length=80, help_text="`key number:` and a keyed hash.")
    is_verified = models.BooleanField(default=False, help_text="A document said so.")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "kyc_mark"
        constraints = [
            models.UniqueConstraint(fields=["player", "kind", "blind"], name="kyc_mark_once")
        ]
        indexes = [models.Index(fields=["blind"], name="kyc_mark_blind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.player_id}"


class PersonMatch(models.Model):
    """Two accounts that look like one person, until somebody has decided."""

    class State(models.TextChoices):
        OPEN = "open"
        SAME = "same", "the same person"
        DIFFERENT = "different", "two people"

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="+", help_text="The newer one."
    )
    other = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    by = models.JSONField(default=list, help_text="Which kinds of marks are equal.")
    is_excluded = models.BooleanField(default=False, help_text="The other one may not play.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "kyc_person_match"
        permissions = [("decide_match", "Say whether two accounts are one person")]
        constraints = [
            models.UniqueConstraint(fields=["player", "other"], name="kyc_person_match_pair"),
            models.CheckConstraint(
                condition=~models.Q(player=models.F("other")), name="kyc_person_match_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.player_id} and {self.other_id}"
