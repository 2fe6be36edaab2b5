from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class LimitSet(Event):
    """value: text in the base currency (a session limit: minutes); empty where it is gone."""

    player_id: int
    kind: str
    window: str
    owner: str
    value: str


@dataclass(frozen=True)
class LoosenRequested(Event):
    player_id: int
    request_id: int


@dataclass(frozen=True)
class BreakStarted(Event):
    """until: ISO text; empty for ever."""

    player_id: int
    exclusion_id: int
    kind: str
    until: str


@dataclass(frozen=True)
class BreakEnded(Event):
    player_id: int
    exclusion_id: int
    kind: str


@dataclass(frozen=True)
class DormancyAnnounced(Event):
    """on: ISO day from which the account is dormant unless its owner comes."""

    player_id: int
    on: str
