"""What the lobby reads besides the catalogue: words to search by, favourites, when it last changed.

`SearchEntry`, `Word` and `CatalogueMark` are written by triggers alone (sql/search.sql).
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from apps.games.models.catalogue import Game


class Favourite(models.Model):
    """A game a player wants to find again."""

    player = models.ForeignKey(
        "accounts.Player", on_delete=models.CASCADE, related_name="favourites"
    )
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "games_favourite"
        constraints = [
            models.UniqueConstraint(fields=["player", "game"], name="games_favourite_once"),
        ]
        indexes = [models.Index(fields=["player", "-id"], name="games_favourite_player")]

    def __str__(self) -> str:
        return f"{self.player_id} {self.game_id}"


class SearchEntry(models.Model):
    """A game as search sees it: its title in plain small letters and digits, and all its words.

    words: those of the title have weight A, those of the studio B. Narrow on purpose: search reads
    and sorts this table alone, then looks up the few games it shows.
    """

    game = models.OneToOneField(
        Game, primary_key=True, on_delete=models.CASCADE, related_name="search"
    )
    title = models.TextField()
    words = SearchVectorField()
    popularity = models.PositiveIntegerField()

    class Meta:
        db_table = "games_search"
        indexes = [GinIndex(fields=["words"], name="games_search_words")]

    def __str__(self) -> str:
        return self.title


class Word(models.Model):
    """A word that some title or studio has or had, with its trigrams: what a typo may mean."""

    word = models.TextField(primary_key=True)
    trigrams = ArrayField(models.TextField())

    class Meta:
        db_table = "games_word"
        indexes = [GinIndex(fields=["trigrams"], name="games_word_trigrams")]

    def __str__(self) -> str:
        return self.word


class CatalogueMark(models.Model):
    """One row that gets another value in every transaction that changes what may be shown."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.UUIDField(default=uuid.uuid4)

    class Meta:
        db_table = "games_mark"

    def __str__(self) -> str:
        return str(self.value)
