"""Trying a rule over the past: what it would have found, against what the one in force finds.

Nothing is written: no alert, no class, no trace. Each player is looked at after every payment of
the time, as the follower would have done, with only what was known then; links and classes are
those of today, and the page says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.risk import rulebook, sources
from apps.risk.facts import Facts
from apps.risk.models import Alert
from apps.risk.rules.base import Finding
from apps.risk.rules.registry import rule

DAYS_MAX = 90
PLAYERS_MAX = 500
MOMENTS_MAX = 200
HITS_SHOWN = 200


@dataclass(frozen=True)
class Hit:
    player: Player
    window: str
    at: datetime
    words: str


@dataclass(frozen=True)
class Result:
    """added: only the changed figures find it. gone: only those in force do. alerts: really raised."""

    days: int
    players: int
    is_cut: bool
    kept: list[Hit]
    added: list[Hit]
    gone: list[Hit]
    alerts: int

    @property
    def found(self) -> int:
        return len(self.kept) + len(self.added)

    @property
    def found_in_force(self) -> int:
        return len(self.kept) + len(self.gone)


def run(code: str, texts: Mapping[str, str], *, days: int, at: datetime | None = None) -> Result:
    """Compare figures with those in force over the last days. Raises NotFound, InvalidInput."""
    of = rule(code)
    if not 1 <= days <= DAYS_MAX:
        raise InvalidInput(fields={"days": f"Enter 1 to {DAYS_MAX} days."})
    changed = rulebook.read(of, texts)
    version = rulebook.current(code)
    until = at or now()
    since = until - timedelta(days=days)
    player_ids = _players(since)
    mine: dict[tuple[int, str], Hit] = {}
    theirs: dict[tuple[int, str], Hit] = {}
    players = Player.objects.in_bulk(player_ids)
    for player_id in player_ids:
        facts = Facts(player_id, until)
        moments = [
            one.at for one in sources.payments([player_id], since=since, until=until)[-MOMENTS_MAX:]
        ]
        for moment in [*moments, until]:
            then = facts.upto(moment)
            for values, hits in ((changed, mine), (rulebook.values_of(version), theirs)):
                _note(hits, of.check(then, values), players[player_id], moment)
    return Result(
        days=days,
        players=len(player_ids),
        is_cut=len(player_ids) >= PLAYERS_MAX,
        kept=_listed(mine.keys() & theirs.keys(), mine),
        added=_listed(mine.keys() - theirs.keys(), mine),
        gone=_listed(theirs.keys() - mine.keys(), theirs),
        alerts=Alert.objects.filter(code=code, found_at__gte=since, is_shadow=False).count(),
    )


def _note(
    hits: dict[tuple[int, str], Hit], findings: Iterable[Finding], player: Player, at: datetime
) -> None:
    for finding in findings:
        hits.setdefault((player.pk, finding.window), Hit(player, finding.window, at, finding.words))


def _listed(keys: Iterable[tuple[int, str]], hits: dict[tuple[int, str], Hit]) -> list[Hit]:
    found = [hits[key] for key in keys]
    return sorted(found, key=lambda hit: (hit.at, hit.player.pk), reverse=True)


def _players(since: datetime) -> list[int]:
    found: set[int] = set()
    for source in sources.all_sources():
        found.update(source.active_players(since=since, limit=PLAYERS_MAX))
    return sorted(found)[:PLAYERS_MAX]
