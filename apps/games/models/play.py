"""Who is playing what, and what was played."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.ids import public_id
from apps.core.session_ref import session_ref
from apps.games.models.catalogue import Game

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


def session_public_id() -> str:
    return public_id("gs")


def issue_public_id() -> str:
    return public_id("fs")


class GameSession(models.Model):
    """A player in a game for real money. Demos leave no row.

    `outside_ref` is what the partner repeats in its callbacks; bets need an open session.
    """

    class EndReason(models.TextChoices):
        REPLACED = "replaced", "the game was opened again"
        LEFT = "left", "the player left"
        STAFF = "staff", "closed by staff"
        STOPPED = "stopped", "the player may not play any more"

    public_id = models.CharField(max_length=32, unique=True, default=session_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="game_sessions"
    )
    wallet = models.ForeignKey(
        "ledger.Wallet", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="sessions")
    currency = models.CharField(max_length=8)
    outside_ref = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    session_ref = models.CharField(
        max_length=32, blank=True, default=session_ref, help_text="The sign-in that opened it."
    )

    class Meta:
        db_table = "games_session"
        constraints = [
            models.UniqueConstraint(
                fields=["player", "game"], condition=Q(ended_at=None), name="games_session_open"
            ),
        ]
        indexes = [
            models.Index(fields=["outside_ref"], name="games_session_ref"),
            models.Index(fields=["wallet", "game"], name="games_session_wallet"),
            models.Index(fields=["player", "-id"], name="games_session_player"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Round(models.Model):
    """What one round took and paid. Derived from the journal by `followers.Rounds` alone.

    `stake` and `win` are net of what was rolled back; the counts are not.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    partner = models.ForeignKey(
        "ledger.Partner", on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    wallet = models.ForeignKey(
        "ledger.Wallet", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    round_ref = models.CharField(max_length=255)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="rounds")
    game = models.ForeignKey(Game, on_delete=models.PROTECT, null=True, related_name="rounds")
    session = models.ForeignKey(
        GameSession, on_delete=models.PROTECT, null=True, related_name="rounds"
    )
    currency = models.CharField(max_length=8)
    stake = models.DecimalField(**AMOUNT)
    win = models.DecimalField(**AMOUNT)
    bets = models.PositiveIntegerField(default=0)
    wins = models.PositiveIntegerField(default=0)
    rollbacks = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    is_tallied = models.BooleanField(
        default=False, db_default=False, help_text="Counted in what its game returns."
    )

    class Meta:
        db_table = "games_round"
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "wallet", "round_ref"], name="games_round_key"
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-id"], name="games_round_player"),
            models.Index(fields=["game", "started_at"], name="games_round_game"),
            models.Index(fields=["started_at"], name="games_round_started"),
            models.Index(fields=["round_ref"], name="games_round_ref"),
            models.Index(fields=["session"], name="games_round_session"),
            models.Index(
                fields=["id"],
                condition=Q(state="closed", is_tallied=False),
                name="games_round_untallied",
            ),
            models.Index(fields=["started_at"], condition=Q(state="open"), name="games_round_open"),
        ]

    def __str__(self) -> str:
        return self.round_ref


class RoundFinish(models.Model):
    """A partner said that a round is over in a call that moved no money.

    The journal cannot carry that, so `followers.Rounds` reads it here, on a rebuild too.
    """

    partner = models.ForeignKey(
        "ledger.Partner", on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    wallet = models.ForeignKey(
        "ledger.Wallet", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    round_ref = models.CharField(max_length=255)
    finished_at = models.DateTimeField()

    class Meta:
        db_table = "games_round_finish"
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "wallet", "round_ref"], name="games_round_finish_key"
            ),
        ]
        indexes = [models.Index(fields=["finished_at"], name="games_round_finish_at")]

    def __str__(self) -> str:
        return self.round_ref


class FreeSpinIssue(models.Model):
    """Free rounds we gave a player. The partner names `public_id` when they have been played."""

    class State(models.TextChoices):
        REQUESTED = "requested", "requested, the partner's answer is not known"
        ISSUED = "issued"
        REFUSED = "refused", "refused by the partner"
        PLAYED = "played"
        EXPIRED = "expired"
        CANCELED = "canceled"

    public_id = models.CharField(max_length=32, unique=True, default=issue_public_id)
    player = models.ForeignKey(
        "accounts.Player", on_delete=models.PROTECT, related_name="free_spin_issues"
    )
    wallet = models.ForeignKey(
        "ledger.Wallet", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="free_spin_issues")
    currency = models.CharField(max_length=8)
    quantity = models.PositiveSmallIntegerField()
    bet_level = models.PositiveSmallIntegerField(
        default=1, help_text="Place in the game's list of stakes (v1)."
    )
    stake = models.DecimalField(**AMOUNT, help_text="Stake of each spin (v2).")
    valid_until = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    won = models.DecimalField(**AMOUNT, null=True, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "games_free_spin_issue"
        indexes = [models.Index(fields=["player", "-id"], name="games_free_spin_player")]

    def __str__(self) -> str:
        return self.public_id
