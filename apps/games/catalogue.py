"""Taking over the partners' catalogues: in parallel, each on its own, never deleting a game.

The games that are kept are the last good catalogue. One that fails, is empty or has lost half of
what was there changes nothing; how each partner's fares stands in `CatalogueState`.
"""

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict
from datetime import datetime, timedelta

import msgspec
from django.db import connection, models, transaction
from django.utils.text import slugify

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games.models import CatalogueState, Game, GameVersion, Studio
from apps.games.providers.base import Catalogue, CatalogueGame
from apps.games.providers.registry import configured, provider
from apps.integrations.errors import ProviderError

POPULAR_FOR = timedelta(days=7)
SYNC_CHUNK = 500
# A catalogue of some size that lists less than half of the last one is not believed.
SHRINK_GAMES_MIN = 20
# Addresses beside the games' own (urls.py).
RESERVED_SLUGS = ("rounds",)


def sync_catalogue(names: Iterable[str] | None = None) -> dict[str, int]:
    """Take over the partners' catalogues; how many games each lists. Safe to repeat.

    names: all that are configured by default. They are asked at the same time and taken over as
    they answer. A partner that fails keeps what it has and raises an alarm.
    """
    asked = list(configured() if names is None else names)
    counts: dict[str, int] = {}
    if not asked:
        return counts
    with ThreadPoolExecutor(max_workers=len(asked), thread_name_prefix="catalogue") as threads:
        fetching: dict[Future[Catalogue], str] = {
            threads.submit(provider(name).catalogue): name for name in asked
        }
        for fetched in as_completed(fetching):
            name = fetching[fetched]
            try:
                counts[name] = take_over(name, fetched.result())
            except ProviderError as error:
                _failed(name, str(error))
    refresh_popularity()
    return counts


def sync_provider(name: str) -> int:
    """Take over one partner's catalogue; how many games it lists. Raises ProviderError."""
    try:
        return take_over(name, provider(name).catalogue())
    except ProviderError as error:
        _failed(name, str(error), alarm=False)
        raise


def ask_for_sync(
    name: str, *, accept_shrunk: bool = False, actor: models.Model | str, reason: str
) -> None:
    """Have the worker take over a partner's catalogue next.

    accept_shrunk: also if it has lost half of its games. Raises InvalidInput.
    """
    if name not in configured():
        raise InvalidInput("This partner is not set up.")
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    with transaction.atomic():
        state, _ = CatalogueState.objects.get_or_create(provider=name)
        state.wanted_at, state.accepts_shrunk = now(), accept_shrunk
        state.save(update_fields=["wanted_at", "accepts_shrunk"])
        audit.record(
            "catalogue.sync_wanted",
            actor=actor,
            subject=state,
            after={"partner": name, "accept_shrunk": accept_shrunk},
            reason=reason.strip(),
        )


def sync_wanted() -> dict[str, int]:
    """Take over what staff asked for."""
    wanted = CatalogueState.objects.filter(wanted_at__isnull=False)
    names = sorted(set(wanted.values_list("provider", flat=True)).intersection(configured()))
    return sync_catalogue(names) if names else {}


def take_over(name: str, catalogue: Catalogue) -> int:
    """Add and update the games of a catalogue and hide those that are gone; none is deleted.

    The same catalogue again changes nothing. Raises ProviderError when it is not to be believed.
    """
    listed = {game.identifier: game for game in catalogue.games}
    if not listed:
        raise ProviderError(f"The catalogue of {name} is empty.", retryable=True)
    state, _ = CatalogueState.objects.get_or_create(provider=name)
    known = {game.identifier: game for game in Game.objects.filter(provider=name)}
    vanished = [
        game
        for identifier, game in known.items()
        if game.is_listed
        and identifier not in listed
        and identifier.partition(":")[0] not in catalogue.unread
    ]
    _refuse_shrunk(state, sum(game.is_listed for game in known.values()), vanished)
    at = now()
    digest = _digest(catalogue)
    if digest != state.digest or not all(known.get(one) for one in listed):
        _write(name, listed, known, at)
        Game.objects.filter(pk__in=[game.pk for game in vanished]).update(
            is_listed=False, synced_at=at
        )
    if catalogue.unread:
        raise_alarm(
            "games.catalogue",
            subject=name,
            message=f"Not read: {', '.join(sorted(catalogue.unread))}.",
        )
    state.good_at = state.tried_at = at
    state.games, state.digest, state.error = len(listed), digest, ""
    state.unread = ", ".join(sorted(catalogue.unread))
    state.wanted_at, state.accepts_shrunk, state.shrunk_to = None, False, None
    state.save()
    return len(listed)


def _write(
    name: str, listed: dict[str, CatalogueGame], known: dict[str, Game], at: datetime
) -> None:
    studios = _studios({game.studio for game in listed.values()})
    slugs = {*RESERVED_SLUGS, *Game.objects.values_list("slug", flat=True)}
    for chunk in _chunks(sorted(listed), SYNC_CHUNK):
        with transaction.atomic():
            rows, replaced = [], []
            for identifier in chunk:
                told = listed[identifier]
                row = known.get(identifier) or Game(
                    provider=name, identifier=identifier, slug=_free_slug(told, slugs)
                )
                if replaces := _new_version(row, told, at):
                    replaced.append(replaces)
                _take_over(row, told, studios)
                row.is_listed, row.synced_at = True, at
                rows.append(row)
            GameVersion.objects.bulk_create(replaced, ignore_conflicts=True)
            Game.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["provider", "identifier"],
                update_fields=TAKEN_OVER,
            )


def _refuse_shrunk(state: CatalogueState, before: int, vanished: list[Game]) -> None:
    """A partner that suddenly lists half of its games is more likely wrong than right."""
    left = before - len(vanished)
    if before < SHRINK_GAMES_MIN or left * 2 >= before or state.accepts_shrunk:
        return
    CatalogueState.objects.filter(pk=state.pk).update(shrunk_to=left)
    raise ProviderError(
        f"The catalogue of {state.provider} has lost {len(vanished)} of {before} games; it waits "
        "for a person.",
        retryable=False,
    )


def _failed(name: str, message: str, *, alarm: bool = True) -> None:
    CatalogueState.objects.update_or_create(
        provider=name,
        defaults={"tried_at": now(), "error": message[:1000], "wanted_at": None,
                  "accepts_shrunk": False},
    )  # fmt: skip
    if alarm:
        raise_alarm("games.catalogue", subject=name, message=message)


def _digest(catalogue: Catalogue) -> str:
    """Two catalogues that say the same have the same one, in whatever order they say it."""
    games = sorted(catalogue.games, key=lambda game: game.identifier)
    told = msgspec.json.encode([games, sorted(catalogue.unread)])
    return hashlib.sha256(told).hexdigest()


def _new_version(row: Game, told: CatalogueGame, at: datetime) -> GameVersion | None:
    """A changed return begins a new version; what was before is kept for its rounds."""
    if row.pk is None or row.rtp is None or told.rtp is None or row.rtp == told.rtp:
        return None
    past = GameVersion(
        game=row,
        number=row.version,
        rtp=row.rtp,
        volatility=row.volatility,
        since=row.version_since,
        until=at,
    )
    row.version += 1
    row.version_since = at
    return past


def refresh_popularity() -> None:
    """Count the rounds of the last week anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE games_game g SET popularity = counted.rounds
              FROM (SELECT x.id, count(r.id) AS rounds FROM games_game x
                      LEFT JOIN games_round r ON r.game_id = x.id AND r.started_at > %s
                     GROUP BY x.id) counted
             WHERE counted.id = g.id AND g.popularity <> counted.rounds
            """,
            [now() - POPULAR_FOR],
        )


OPTIONAL = (
    *("description", "rtp", "volatility", "lines", "features", "has_demo", "has_free_spins"),
    *("has_jackpot", "is_live", "devices", "blocked_countries", "released_on"),
    *("seats", "min_stake", "max_stake", "max_win"),
)
TAKEN_OVER = [
    *OPTIONAL,
    *("title", "category", "studio", "recalled_on", "version", "version_since"),
    *("is_listed", "synced_at"),
]


def _take_over(row: Game, told: CatalogueGame, studios: dict[str, Studio]) -> None:
    row.title = told.title[:120]
    row.category = told.category[:40]
    row.studio = studios[_studio_name(told.studio)]
    # A recall can be taken back, so here "not said" means "not recalled".
    row.recalled_on = told.recalled_on
    facts = asdict(told)
    for name in OPTIONAL:
        if facts[name] is not None:
            setattr(row, name, facts[name])


def _studios(names: Iterable[str]) -> dict[str, Studio]:
    found = {studio.name: studio for studio in Studio.objects.all()}
    slugs = {studio.slug for studio in found.values()}
    for name in sorted({_studio_name(name) for name in names} - found.keys()):
        slug = _free(slugify(name)[:56] or "studio", slugs)
        found[name] = Studio.objects.create(name=name, slug=slug)
    return found


def _studio_name(name: str) -> str:
    return " ".join(name.split())[:80] or "Unknown studio"


def _free_slug(told: CatalogueGame, taken: set[str]) -> str:
    """The title's slug, with its studio's when another game has it. Once given it stays."""
    slug = slugify(told.title)[:60] or slugify(told.identifier.replace(":", "-"))[:60] or "game"
    if slug in taken:
        slug = f"{slug}-{slugify(told.studio)[:30]}".rstrip("-")
    return _free(slug, taken)


def _free(slug: str, taken: set[str]) -> str:
    free, number = slug, 2
    while free in taken:
        free, number = f"{slug}-{number}", number + 1
    taken.add(free)
    return free


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
