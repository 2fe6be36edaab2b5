"""How long somebody plays without a break, what interrupts it, and what they chose for themselves."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.core.ids import public_id
from apps.limits.models.limits import VALUE


class PlayerChoices(models.Model):
    """What a player chose to keep an eye on their play; the profile fills what is empty."""

    player = models.OneToOneField(
        "accounts.Player", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    reality_minutes = models.PositiveSmallIntegerField(null=True)
    review_months = models.PositiveSmallIntegerField(null=True)
    reviewed_at = models.DateTimeField(null=True, help_text="Looked back at the account last.")
    limit_asked_at = models.DateTimeField(
        null=True, help_text="Answered whether to set a limit at the start."
    )
    limit_declined = models.BooleanField(default=False)

    class Meta:
        db_table = "limits_player_choices"

    def __str__(self) -> str:
        return f"choices of player {self.player_id}"


class PlaySession(models.Model):
    """Play without a longer break, from the first bet to the last one."""

    class End(models.TextChoices):
        IDLE = "idle", "nothing was staked for a while"
        STOPPED = "stopped", "the player stopped at a reality check"
        LIMIT = "limit", "the session time was used up"
        PLAN = "plan", "the chosen time or money was used up"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    last_bet_at = models.DateTimeField()
    next_check_at = models.DateTimeField(help_text="When play is interrupted next.")
    checks = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=8, choices=End, blank=True)

    class Meta:
        db_table = "limits_play_session"
        constraints = [
            models.UniqueConstraint(
                fields=["player"], condition=Q(ended_at=None), name="limits_play_session_one"
            ),
            models.CheckConstraint(
                condition=Q(last_bet_at__gte=F("started_at")), name="limits_play_session_order"
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="limits_play_session_history"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(ended_at=None),
                name="limits_play_session_due",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("ps")
        super().save(*args, **kwargs)


class RealityCheck(models.Model):
    """One interruption: what it told, and what the player answered. Values in the base currency."""

    class Answer(models.TextChoices):
        GO_ON = "continue", "went on"
        STOP = "stop", "stopped"

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(
        PlaySession, on_delete=models.PROTECT, related_name="reality_checks"
    )
    number = models.PositiveIntegerField(help_text="The how manieth interval of the session.")
    minutes = models.PositiveSmallIntegerField(help_text="The interval it ends.")
    due_at = models.DateTimeField()
    imposed_at = models.DateTimeField()
    elapsed_seconds = models.PositiveIntegerField()
    staked = models.DecimalField(**VALUE)
    won = models.DecimalField(**VALUE)
    answer = models.CharField(max_length=8, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    free_at = models.DateTimeField(
        null=True, blank=True, help_text="The end of the pause after it."
    )
    freed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "limits_reality_check"
        constraints = [
            models.UniqueConstraint(
                fields=["session", "number"], name="limits_reality_check_interval"
            ),
            models.UniqueConstraint(
                fields=["player"], condition=Q(answered_at=None), name="limits_reality_check_one"
            ),
        ]
        indexes = [
            models.Index(
                fields=["free_at"], condition=Q(freed_at=None), name="limits_reality_check_pause"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            self.public_id = public_id("rc")
        super().save(*args, **kwargs)


class SessionPlan(models.Model):
    """Time and money chosen before a session, where the law wants them; fixed until it is over."""

    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField()
    spend = models.DecimalField(**VALUE, help_text="The most to lose, in the base currency.")
    chosen_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=8, blank=True)

    class Meta:
        db_table = "limits_session_plan"
        constraints = [
            models.UniqueConstraint(
                fields=["player"], condition=Q(ended_at=None), name="limits_session_plan_one"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("chosen_at"), spend__gt=0),
                name="limits_session_plan_values",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"], condition=Q(ended_at=None), name="limits_session_plan_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} minutes of player {self.player_id}"


class HelpLink(models.Model):
    """Whether the page of a help organisation still answers."""

    website = models.CharField(primary_key=True, max_length=100)
    checked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, help_text="When it last did.")
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "limits_help_link"

    def __str__(self) -> str:
        return self.website
