"""What can be played: studios, games and their versions, and the shelves staff make of them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class Studio(models.Model):
    """Who made a game; the partner that delivers it may be somebody else."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80, unique=True)

    class Meta:
        db_table = "games_studio"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Game(models.Model):
    """One game of a partner's catalogue. Rows are never deleted: rounds point to them.

    `enabled` is ours to switch, `is_listed` says that the partner still delivers it.
    """

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, help_text="The partner that launches it.")
    identifier = models.CharField(max_length=200, help_text="The partner's name: provider:Name.")
    studio = models.ForeignKey(Studio, on_delete=models.PROTECT, related_name="games")
    category = models.CharField(max_length=40)
    description = models.TextField(blank=True)
    rtp = models.DecimalField(
        "RTP", max_digits=5, decimal_places=2, null=True, blank=True, help_text="Per cent."
    )
    volatility = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5.")
    lines = models.PositiveIntegerField(null=True, blank=True)
    features = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    has_demo = models.BooleanField(default=True)
    has_free_spins = models.BooleanField(default=False)
    has_jackpot = models.BooleanField(default=False)
    is_live = models.BooleanField(default=False)
    devices = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    seats = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Places at a live table; none: as many as come."
    )
    min_stake = models.DecimalField(
        **AMOUNT, null=True, blank=True, help_text="Least stake, in the base currency."
    )
    max_stake = models.DecimalField(
        **AMOUNT, null=True, blank=True, help_text="Highest stake, in the base currency."
    )
    blocked_countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    released_on = models.DateField(null=True, blank=True)
    recalled_on = models.DateField(null=True, blank=True)
    popularity = models.PositiveIntegerField(default=0, help_text="Rounds of the last seven days.")
    max_win = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The most a round can pay, in stakes.",
    )
    version = models.PositiveSmallIntegerField(
        default=1, help_text="Counts up when the partner changes what the game returns."
    )
    version_since = models.DateTimeField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    enabled = models.BooleanField(default=True)
    is_listed = models.BooleanField(default=True, help_text="In the partner's catalogue.")
    synced_at = models.DateTimeField()

    class Meta:
        db_table = "games_game"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "identifier"], name="games_game_identifier"
            ),
            models.CheckConstraint(
                condition=Q(volatility=None) | Q(volatility__range=(1, 5)),
                name="games_game_volatility",
            ),
            models.CheckConstraint(
                condition=Q(rtp=None) | Q(rtp__gt=0, rtp__lte=100), name="games_game_rtp"
            ),
        ]
        indexes = [
            models.Index(fields=["category", "-popularity"], name="games_game_category"),
            models.Index(fields=["-popularity", "id"], name="games_game_popular"),
            models.Index(fields=["-released_on"], name="games_game_released"),
            GinIndex(fields=["tags"], name="games_game_tags"),
        ]

    def __str__(self) -> str:
        return self.title


class GameVersion(models.Model):
    """What a game was before its partner changed it; `Game` itself holds the present version."""

    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="past_versions")
    number = models.PositiveSmallIntegerField()
    rtp = models.DecimalField("RTP", max_digits=5, decimal_places=2, null=True, blank=True)
    volatility = models.PositiveSmallIntegerField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField()

    class Meta:
        db_table = "games_version"
        constraints = [
            models.UniqueConstraint(fields=["game", "number"], name="games_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} v{self.number}"


class Collection(models.Model):
    """A shelf of the lobby: games put there by hand, then those that carry its tag.

    No countries: everywhere. `starts_at` and `ends_at` bound when it is shown.
    """

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=60)
    tag = models.CharField(max_length=30, blank=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    games = models.ManyToManyField(Game, through="CollectionGame", related_name="collections")

    class Meta:
        db_table = "games_collection"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="games_collection_times",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CollectionGame(models.Model):
    """A game's place on a shelf."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="places")
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "games_collection_game"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["collection", "game"], name="games_collection_once"),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id} {self.game_id}"
