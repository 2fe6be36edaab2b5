"""Cycles: opened with a secret that is committed to, and with the window their rules name."""

from datetime import datetime, timedelta
from secrets import token_hex

from apps.core import secrets
from apps.core.clock import now
from apps.jackpots.models import Cycle, Level, Version
from apps.jackpots.rules import Kind, LevelRules, window_at
from apps.jackpots.verification import commitment

Window = tuple[datetime | None, datetime | None]


def open_first(level: Level, version: Version) -> Cycle:
    starts_at, ends_at = _window_from(version.rules.level(level.code), level.jackpot.created_at)
    return _made(level, version, starts_at, ends_at, opened_after=version.entry_from - 1)


def open_next(
    level: Level, version: Version, *, before: Cycle, hit_at: datetime | None, opened_after: int
) -> Cycle:
    """The cycle after a drop; on a rebuild the one that was made then, with its secret.

    hit_at: when the bet was that won, nothing where the window ended first.
    """
    found = version.rules.level(level.code)
    starts_at, ends_at = _next_window(found, before, hit_at)
    known = Cycle.objects.filter(level=level, number=level.number).first()
    if known is None:
        return _made(level, version, starts_at, ends_at, opened_after=opened_after)
    known.version, known.level = version, level
    known.starts_at, known.ends_at, known.opened_after = starts_at, ends_at, opened_after
    known.bets, known.last_entry, known.seen_entry = 0, None, None
    known.save()
    return known


def _next_window(found: LevelRules, before: Cycle, hit_at: datetime | None) -> Window:
    """The one after the window that was won in; after an idle time not the ones that are over."""
    if found.kind != Kind.TIME:
        return None, None
    if before.ends_at is not None and (hit_at is None or hit_at < before.ends_at):
        return _window_from(found, before.ends_at)
    hit_at = hit_at or before.created_at  # only windows end without a hit
    return _window_from(found, window_at(hit_at, found.hours)[1])


def _window_from(found: LevelRules, moment: datetime) -> Window:
    if found.kind != Kind.TIME:
        return None, None
    moment = moment.replace(microsecond=0) + timedelta(seconds=bool(moment.microsecond))
    return moment, window_at(moment, found.hours)[1]


def _made(
    level: Level, version: Version, starts_at: datetime | None, ends_at: datetime | None, *,
    opened_after: int,
) -> Cycle:  # fmt: skip
    seed = token_hex(32)
    cycle = Cycle(
        level=level,
        number=level.number,
        named=f"{level.jackpot.code}-{level.code}:{level.number}",
        version=version,
        commitment=commitment(seed),
        created_at=now(),
        starts_at=starts_at,
        ends_at=ends_at,
        opened_after=opened_after,
    )
    cycle.sealed = secrets.seal(seed, place=cycle.place)
    cycle.save()
    return cycle
