"""What can be played, who is playing it, what was played, and what staff decide about it."""

from apps.games.models.catalogue import Collection, CollectionGame, Game, GameVersion, Studio
from apps.games.models.desk import (
    CatalogueState,
    CircuitOrder,
    ReturnTally,
    RoundCase,
    Stop,
    WinCap,
)
from apps.games.models.lobby import CatalogueMark, Favourite, SearchEntry, Word
from apps.games.models.play import (
    FreeSpinIssue,
    GameSession,
    Round,
    RoundFinish,
    issue_public_id,
    session_public_id,
)

__all__ = [
    "CatalogueMark",
    "CatalogueState",
    "CircuitOrder",
    "Collection",
    "CollectionGame",
    "Favourite",
    "FreeSpinIssue",
    "Game",
    "GameSession",
    "GameVersion",
    "ReturnTally",
    "Round",
    "RoundCase",
    "RoundFinish",
    "SearchEntry",
    "Stop",
    "Studio",
    "WinCap",
    "Word",
    "issue_public_id",
    "session_public_id",
]
