"""What staff decide and watch: stops, caps, catalogues, rounds that do not end, what games return."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from apps.games.models.catalogue import Game, Studio

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class Stop(models.Model):
    """No bets, for now: in everything, at a partner, in a studio's games, in one game's version.

    A single game is switched by `Game.enabled`. Wins and ends of rounds are never stopped.
    """

    class Scope(models.TextChoices):
        ALL = "all", "all play"
        PROVIDER = "provider", "a partner"
        STUDIO = "studio", "a studio"
        VERSION = "version", "a version of a game"

    scope = models.CharField(max_length=10, choices=Scope)
    provider = models.CharField(max_length=32, blank=True)
    studio = models.ForeignKey(Studio, on_delete=models.PROTECT, null=True, related_name="+")
    game = models.ForeignKey(Game, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=500)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=254)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=254, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "games_stop"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "provider", "studio", "game", "version"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="games_stop_standing",
            ),
            models.CheckConstraint(
                condition=(
                    Q(scope="all", provider="", studio=None, game=None, version=None)
                    | Q(scope="provider", studio=None, game=None, version=None) & ~Q(provider="")
                    | Q(scope="studio", provider="", studio__isnull=False, game=None, version=None)
                    | Q(
                        scope="version",
                        provider="",
                        studio=None,
                        game__isnull=False,
                        version__isnull=False,
                    )
                ),
                name="games_stop_target",
            ),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """What is stopped, as staff and the audit trail read it."""
        match self.scope:
            case self.Scope.PROVIDER:
                return f"everything of {self.provider}"
            case self.Scope.STUDIO:
                return f"games of {self.studio}"
            case self.Scope.VERSION:
                return f"{self.game}, version {self.version}"
        return "all play"


class WinCap(models.Model):
    """The most one bet may win, in the base currency: of everything, of a partner, of a game."""

    class Scope(models.TextChoices):
        ALL = "all", "everything"
        PROVIDER = "provider", "a partner"
        GAME = "game", "a game"

    scope = models.CharField(max_length=10, choices=Scope)
    provider = models.CharField(max_length=32, blank=True)
    game = models.ForeignKey(Game, on_delete=models.PROTECT, null=True, related_name="win_caps")
    amount = models.DecimalField(**AMOUNT)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "games_win_cap"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "provider", "game"],
                nulls_distinct=False,
                name="games_win_cap_target",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="games_win_cap_amount"),
            models.CheckConstraint(
                condition=(
                    Q(scope="all", provider="", game=None)
                    | Q(scope="provider", game=None) & ~Q(provider="")
                    | Q(scope="game", provider="", game__isnull=False)
                ),
                name="games_win_cap_scope",
            ),
        ]

    def __str__(self) -> str:
        match self.scope:
            case self.Scope.PROVIDER:
                return f"games of {self.provider}"
            case self.Scope.GAME:
                return str(self.game)
        return "every game"


class CatalogueState(models.Model):
    """How a partner's catalogue fares. The games themselves are its last good one."""

    provider = models.CharField(primary_key=True, max_length=32)
    good_at = models.DateTimeField(null=True, blank=True)
    games = models.PositiveIntegerField(default=0, help_text="In the last good one.")
    digest = models.CharField(max_length=64, blank=True)
    unread = models.TextField(blank=True, help_text="Parts the last good one kept from before.")
    tried_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why the last try was not taken over.")
    shrunk_to = models.PositiveIntegerField(
        null=True, blank=True, help_text="Games of a catalogue that waits for a person."
    )
    wanted_at = models.DateTimeField(null=True, blank=True, help_text="Staff asked for it.")
    accepts_shrunk = models.BooleanField(default=False)

    class Meta:
        db_table = "games_catalogue_state"

    def __str__(self) -> str:
        return self.provider


class CircuitOrder(models.Model):
    """Staff hold a partner's circuit open or closed. Redis has it too; here it is kept."""

    class Forced(models.TextChoices):
        OPEN = "open", "left alone"
        CLOSED = "closed", "always asked"

    provider = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    forced = models.CharField(max_length=8, choices=Forced)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        db_table = "games_circuit_order"
        constraints = [
            models.UniqueConstraint(fields=["provider", "kind"], name="games_circuit_order_key"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


class RoundCase(models.Model):
    """A round that does not end, on somebody's desk.

    It names the round as the journal does: rows of `Round` may be rebuilt. `answer_…` is what the
    partner said of it, `outcome` what we did.
    """

    class Answer(models.TextChoices):
        NONE = "", "not asked"
        FINISHED = "finished", "finished there"
        OPEN = "open", "open there"
        UNKNOWN = "unknown", "not known there"
        UNSUPPORTED = "unsupported", "this partner cannot be asked"
        FAILED = "failed", "no answer"

    class Outcome(models.TextChoices):
        NONE = "", "waiting"
        ENDED = "ended", "it ended by itself"
        CLOSED = "closed", "closed"
        REFUNDED = "refunded", "stake given back"

    partner = models.ForeignKey(
        "ledger.Partner", on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    wallet = models.ForeignKey(
        "ledger.Wallet", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    round_ref = models.CharField(max_length=255)
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    game = models.ForeignKey(Game, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=Answer, default=Answer.NONE, blank=True)
    answer_facts = models.JSONField(default=dict, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.NONE, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "games_round_case"
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "wallet", "round_ref"], name="games_round_case_key"
            ),
        ]
        indexes = [
            models.Index(
                fields=["started_at"], condition=Q(closed_at=None), name="games_round_case_open"
            ),
        ]

    def __str__(self) -> str:
        return self.round_ref


class ReturnTally(models.Model):
    """What closed rounds of one game and version returned on one day, in one currency.

    A round's return is its win divided by its stake, so days and currencies add up. `expected` and
    `variance` are sums of what theory says of each round, `surprise` of (return - expected)².
    """

    source = models.CharField(max_length=32, help_text="The partner, or `originals`.")
    key = models.CharField(max_length=100, help_text="The game's name within its source.")
    version = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=8)
    day = models.DateField()
    game = models.ForeignKey(Game, on_delete=models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=120)
    rounds = models.PositiveBigIntegerField(default=0)
    judged = models.PositiveBigIntegerField(default=0, help_text="Rounds with a theory.")
    stake = models.DecimalField(**AMOUNT, default=0)
    win = models.DecimalField(**AMOUNT, default=0)
    returned = models.DecimalField(max_digits=30, decimal_places=8, default=0)
    expected = models.DecimalField(max_digits=30, decimal_places=8, default=0)
    surprise = models.DecimalField(max_digits=38, decimal_places=8, default=0)
    variance = models.DecimalField(max_digits=38, decimal_places=8, default=0)
    top = models.DecimalField(max_digits=30, decimal_places=8, default=0)
    is_ceiling = models.BooleanField(
        default=False, help_text="The theory holds for the best play only."
    )

    class Meta:
        db_table = "games_return_tally"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key", "version", "currency", "day"], name="games_return_key"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="games_return_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.key} v{self.version} {self.day}"

    @property
    def by_money(self) -> Decimal | None:
        """All that was won by all that was staked: large stakes count for more."""
        return self.win / self.stake if self.stake else None
