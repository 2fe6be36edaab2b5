"""Signs that play does harm, day by day, and what people did about them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.ids import public_id


class HarmDay(models.Model):
    """The score of one player on one day, with the signs it is made of, in words."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    points = models.PositiveSmallIntegerField()
    signs = models.JSONField(default=list, help_text="Code, points and words of each.")

    class Meta:
        db_table = "limits_harm_day"
        constraints = [
            models.UniqueConstraint(fields=["player", "day"], name="limits_harm_day_one")
        ]
        indexes = [models.Index(fields=["-day", "-points"], name="limits_harm_day_worst")]

    def __str__(self) -> str:
        return f"{self.points} points on {self.day}"


class HarmCase(models.Model):
    """A player somebody should talk to. It closes with what came of it."""

    class Outcome(models.TextChoices):
        NO_CONCERN = "no_concern", "talked, no concern"
        LIMIT = "limit", "the player set or lowered a limit"
        BREAK = "break", "the player took a break or excluded themselves"
        OUR_LIMIT = "our_limit", "we set a limit"
        OUR_BREAK = "our_break", "we stopped play"
        UNREACHABLE = "unreachable", "not reached, watched further"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    points = models.PositiveSmallIntegerField(help_text="The highest since it is open.")
    is_high = models.BooleanField(default=False, help_text="No bonus, VIP or other offer.")
    signs = models.JSONField(default=list)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    conclusion = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "limits_harm_case"
        permissions = [
            ("log_interaction", "Write down a contact with a player in a harm case"),
            ("close_harmcase", "Close a harm case with its outcome"),
            ("set_operator_limit", "Set a limit of ours for a player"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["player"], condition=Q(closed_at=None), name="limits_harm_case_one"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome=""),
                name="limits_harm_case_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-points", "opened_at"],
                condition=Q(closed_at=None),
                name="limits_harm_case_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("hc")
        super().save(*args, **kwargs)


class Interaction(models.Model):
    """One contact with the player, or a word on the case. Never changed or deleted."""

    class Channel(models.TextChoices):
        CHAT = "chat"
        MAIL = "mail", "e-mail"
        PHONE = "phone"
        NOTE = "note", "note, no contact"

    case = models.ForeignKey(HarmCase, on_delete=models.PROTECT, related_name="interactions")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    text = models.CharField(max_length=2000)

    class Meta:
        db_table = "limits_interaction"
        indexes = [models.Index(fields=["case", "id"], name="limits_interaction_case")]

    def __str__(self) -> str:
        return f"{self.channel} on {self.case_id}"
