"""The shelves of the lobby: what staff put together, for a country and a moment.

A shelf shows the games put on it by hand in their order, then those that carry its tag, the most
played first. What cannot be opened in the country is left out, and an empty shelf is not shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.text import slugify

from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games.errors import CollectionNotFound
from apps.games.models import Collection, CollectionGame, Game
from apps.games.selectors import visible_games

SHELVES_MAX = 20
GAMES_MAX = 24
PLACES_MAX = 200
TAG = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*", re.ASCII)
TAG_LENGTH_MAX = 30
TAGS_MAX = 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection with the games a visitor gets to see, in order."""

    id: int
    slug: str
    title: str
    games: list[Game]


def for_country(country: str | None, *, at: datetime | None = None) -> list[Shelf]:
    """The shelves a visitor from this country sees, in order; four queries however many there are.

    country: None when it is not known. at: another moment than now, for previews.
    """
    collections = list(_shown(country, at or now())[:SHELVES_MAX])
    places: dict[int, list[int]] = {one.pk: [] for one in collections}
    for place in CollectionGame.objects.filter(collection__in=places):
        places[place.collection_id].append(place.game_id)
    tags = {one.tag for one in collections if one.tag}
    by_tag: dict[str, list[int]] = {tag: [] for tag in tags}
    if tags:
        tagged = visible_games(country).filter(tags__overlap=sorted(tags))
        for game_id, carried in tagged.values_list("id", "tags"):
            for tag in tags.intersection(carried):
                by_tag[tag].append(game_id)
    placed = {game_id for ids in places.values() for game_id in ids}
    # A tag may be on many games: only as many are read as a shelf can show.
    reserve = {game_id for ids in by_tag.values() for game_id in ids[: GAMES_MAX + PLACES_MAX]}
    games = visible_games(country).in_bulk(placed | reserve) if placed | reserve else {}
    shelves = []
    for one in collections:
        order = dict.fromkeys([*places[one.pk], *by_tag.get(one.tag, [])])
        found = [games[game_id] for game_id in order if game_id in games][:GAMES_MAX]
        if found:
            shelves.append(Shelf(id=one.pk, slug=one.slug, title=one.title, games=found))
    return shelves


def _shown(country: str | None, at: datetime) -> models.QuerySet[Collection]:
    """An unknown country sees what is for everybody."""
    everywhere = Q(countries=[])
    allowed = everywhere | Q(countries__contains=[country]) if country else everywhere
    return Collection.objects.filter(
        allowed,
        Q(starts_at=None) | Q(starts_at__lte=at),
        Q(ends_at=None) | Q(ends_at__gt=at),
        enabled=True,
    )


# ---- what staff do ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wishes:
    """What staff say a collection is."""

    title: str
    tag: str = ""
    countries: Sequence[str] = ()
    position: int = 100
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enabled: bool = True


def create(wishes: Wishes, *, actor: models.Model | str, reason: str) -> Collection:
    """Raises InvalidInput."""
    _check(wishes, reason)
    made = Collection(slug=_slug(wishes.title))
    try:
        with transaction.atomic():
            _take_over(made, wishes)
            made.save()
            audit.record(
                "collection.created",
                actor=actor,
                subject=made,
                after=_facts(made),
                reason=reason.strip(),
            )
    except IntegrityError as error:
        raise InvalidInput(fields={"title": "There is a collection of this name."}) from error
    return made


@transaction.atomic
def change(
    collection_id: int, wishes: Wishes, *, actor: models.Model | str, reason: str
) -> Collection:
    """Raises CollectionNotFound, InvalidInput. The address of a collection stays."""
    _check(wishes, reason)
    found = _locked(collection_id)
    before = _facts(found)
    _take_over(found, wishes)
    found.save()
    if _facts(found) != before:
        audit.record(
            "collection.changed",
            actor=actor,
            subject=found,
            before=before,
            after=_facts(found),
            reason=reason.strip(),
        )
    return found


@transaction.atomic
def arrange(
    collection_id: int, slugs: Sequence[str], *, actor: models.Model | str, reason: str
) -> Collection:
    """Put exactly these games on the shelf, in this order. Raises CollectionNotFound, InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    wanted = list(dict.fromkeys(slugs))
    if len(wanted) > PLACES_MAX:
        raise InvalidInput(fields={"games": f"At most {PLACES_MAX} games."})
    known = dict(Game.objects.filter(slug__in=wanted).values_list("slug", "id"))
    if missing := [slug for slug in wanted if slug not in known]:
        raise InvalidInput(fields={"games": f"We have no game called {', '.join(missing[:5])}."})
    found = _locked(collection_id)
    before = list(found.places.values_list("game__slug", flat=True))
    if before == wanted:
        return found
    found.places.all().delete()
    CollectionGame.objects.bulk_create(
        CollectionGame(collection=found, game_id=known[slug], position=number)
        for number, slug in enumerate(wanted, start=1)
    )
    audit.record(
        "collection.arranged",
        actor=actor,
        subject=found,
        before={"games": before},
        after={"games": wanted},
        reason=reason.strip(),
    )
    return found


@transaction.atomic
def set_tags(game_id: int, tags: Sequence[str], *, actor: models.Model | str, reason: str) -> Game:
    """Give a game exactly these tags. Raises InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    wanted = sorted({" ".join(tag.lower().split()) for tag in tags if tag.strip()})
    if len(wanted) > TAGS_MAX:
        raise InvalidInput(fields={"tags": f"At most {TAGS_MAX} tags."})
    for tag in wanted:
        _check_tag(tag, "tags")
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    before = list(game.tags)
    if before == wanted:
        return game
    game.tags = wanted
    game.save(update_fields=["tags"])
    audit.record(
        "game.tagged",
        actor=actor,
        subject=game,
        before={"tags": before},
        after={"tags": wanted},
        reason=reason.strip(),
    )
    return game


# ---- preview ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A collection as staff see it for a country: what is shown, and why the rest is not."""

    collection: Collection
    games: list[Game]
    left_out: list[tuple[Game, str]]
    why_hidden: str


def preview(country: str | None, *, at: datetime | None = None) -> list[Seen]:
    """What a player from there would see, beside what was left out and why."""
    moment = at or now()
    shown = {shelf.id: shelf.games for shelf in for_country(country, at=moment)}
    seen = []
    for one in Collection.objects.prefetch_related("places__game__studio")[: SHELVES_MAX * 5]:
        games = shown.get(one.pk, [])
        ids = {game.pk for game in games}
        placed = [place.game for place in one.places.all() if place.game_id not in ids]
        open_ids = set(
            visible_games(country)
            .filter(pk__in=[game.pk for game in placed])
            .values_list("pk", flat=True)
        )
        left_out = [(game, _why(game, country, game.pk in open_ids)) for game in placed]
        seen.append(Seen(one, games, left_out, _why_hidden(one, country, moment, bool(games))))
    return seen


def _why(game: Game, country: str | None, is_open: bool) -> str:
    if is_open:
        return "the shelf is full"
    if country and country in game.blocked_countries:
        return "not offered there"
    if not game.enabled:
        return "switched off"
    if not game.is_listed:
        return "not delivered any more"
    return "stopped, not out yet or recalled"


def _why_hidden(one: Collection, country: str | None, at: datetime, has_games: bool) -> str:
    if not one.enabled:
        return "switched off"
    if one.countries and country not in one.countries:
        return "not for this country"
    if one.starts_at and one.starts_at > at:
        return "not yet"
    if one.ends_at and one.ends_at <= at:
        return "over"
    return "" if has_games else "empty"


# ---- rules --------------------------------------------------------------------------------------


def _locked(collection_id: int) -> Collection:
    found = Collection.objects.select_for_update().filter(pk=collection_id).first()
    if found is None:
        raise CollectionNotFound
    return found


def _check(wishes: Wishes, reason: str) -> None:
    if not wishes.title.strip():
        raise InvalidInput(fields={"title": "Give it a title."})
    if not slugify(wishes.title):
        raise InvalidInput(fields={"title": "Use some letters or digits."})
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if wishes.tag:
        _check_tag(wishes.tag, "tag")
    for code in wishes.countries:
        if not re.fullmatch(r"[A-Z]{2}", code, re.ASCII):
            raise InvalidInput(fields={"countries": "Write countries as two letters: DE, FI."})
    if wishes.starts_at and wishes.ends_at and wishes.ends_at <= wishes.starts_at:
        raise InvalidInput(fields={"ends_at": "The end is after the start."})


def _check_tag(tag: str, field: str) -> None:
    if len(tag) > TAG_LENGTH_MAX or not TAG.fullmatch(tag):
        raise InvalidInput(
            fields={field: f"A tag has up to {TAG_LENGTH_MAX} small letters, digits and hyphens."}
        )


def _take_over(row: Collection, wishes: Wishes) -> None:
    row.title = " ".join(wishes.title.split())[:60]
    row.tag = wishes.tag
    row.countries = sorted(set(wishes.countries))
    row.position = wishes.position
    row.starts_at, row.ends_at = wishes.starts_at, wishes.ends_at
    row.enabled = wishes.enabled


def _facts(row: Collection) -> dict[str, Any]:
    return {
        "title": row.title,
        "tag": row.tag,
        "countries": row.countries,
        "position": row.position,
        "starts_at": row.starts_at.isoformat() if row.starts_at else None,
        "ends_at": row.ends_at.isoformat() if row.ends_at else None,
        "enabled": row.enabled,
    }


def _slug(title: str) -> str:
    return slugify(title)[:60]
