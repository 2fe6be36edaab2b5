"""Lists of games: filters that combine, how many games each would leave, pages by position.

Within one group either value will do (two studios), apart from features, which a game must all
have. A group's numbers do not count its own choice: they say what choosing otherwise would bring.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce, Lower
from django.http import QueryDict

from apps.core.clock import now
from apps.games.models import Game
from apps.games.selectors import visible_games

NEW_DAYS = 60
PAGE_SIZE = 48
VALUES_MAX = 20
VALUE_LENGTH_MAX = 60


class Band(NamedTuple):
    """Returns from `low` to below `high`, per cent."""

    label: str
    low: Decimal
    high: Decimal


RTP_BANDS = {
    "97": Band("97% and more", Decimal(97), Decimal(101)),
    "96": Band("96 to 97%", Decimal(96), Decimal(97)),
    "95": Band("95 to 96%", Decimal(95), Decimal(96)),
    "0": Band("Below 95%", Decimal(0), Decimal(95)),
}
VOLATILITIES = ("1", "2", "3", "4", "5")
# Yes or no, one address parameter each.
FLAGS = ("new", "jackpot", "live", "demo", "free_spins")
GROUPS = ("category", "studio", "feature", "volatility", "rtp")


class Sort(NamedTuple):
    """key: what is sorted by, never null; ties go by id."""

    label: str
    key: Any
    is_descending: bool
    read: Callable[[str], Any]


LONG_AGO = date(1, 1, 1)
SORTS = {
    "popular": Sort("Popular", F("popularity"), True, int),
    "new": Sort("Newest", Coalesce("released_on", Value(LONG_AGO)), True, date.fromisoformat),
    "rtp": Sort("RTP, high to low", Coalesce("rtp", Value(Decimal(0))), True, Decimal),
    "win": Sort("Greatest win", Coalesce("max_win", Value(Decimal(0))), True, Decimal),
    "title": Sort("A to Z", Lower("title"), False, str),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; every group may be empty."""

    category: tuple[str, ...] = ()
    studio: tuple[str, ...] = ()
    feature: tuple[str, ...] = ()
    volatility: tuple[str, ...] = ()
    rtp: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        return sum(len(getattr(self, group)) for group in GROUPS) + len(self.flags)

    @property
    def key(self) -> str:
        """The same choice has the same one, in whatever order it was made."""
        parts = [f"{group}={','.join(sorted(getattr(self, group)))}" for group in GROUPS]
        told = "&".join([*parts, ",".join(sorted(self.flags))])
        return sha256(told.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many games a list has, and would have with each value. values: group to value to number."""

    total: int
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, group: str) -> Mapping[str, int]:
        return self.values.get(group, {})


@dataclass(frozen=True, slots=True)
class Page:
    """after: where the next page begins; empty on the last one."""

    games: Sequence[Game]
    after: str = ""


def read_filters(asked: QueryDict) -> Filters:
    """What an address asks for; what nobody can choose is left out."""

    def chosen(name: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
        found = dict.fromkeys(value.replace("\x00", "") for value in asked.getlist(name))
        return tuple(
            value
            for value in found
            if 0 < len(value) <= VALUE_LENGTH_MAX and (known is None or value in known)
        )[:VALUES_MAX]

    return Filters(
        category=chosen("category"),
        studio=chosen("studio"),
        feature=chosen("feature"),
        volatility=chosen("volatility", VOLATILITIES),
        rtp=chosen("rtp", tuple(RTP_BANDS)),
        flags=frozenset(name for name in FLAGS if asked.get(name) == "1"),
    )


def new_since() -> date:
    return (now() - timedelta(days=NEW_DAYS)).date()


def games(filters: Filters, country: str | None = None) -> QuerySet[Game]:
    """The games that fit, in no particular order."""
    found = visible_games(country).order_by()
    for condition in _conditions(filters).values():
        found = found.filter(condition)
    return found


def page(
    filters: Filters,
    *,
    sort: str = "popular",
    after: str = "",
    country: str | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """The games behind a position, in one query however far down they are.

    after: from the page before; one that makes no sense begins at the top.
    """
    by = SORTS[sort]
    found = games(filters, country).annotate(place=by.key)
    if position := _position(after, by):
        value, game_id = position
        beyond = Q(place__lt=value) if by.is_descending else Q(place__gt=value)
        found = found.filter(beyond | Q(place=value, id__gt=game_id))
    order = F("place").desc() if by.is_descending else F("place").asc()
    shown = list(found.order_by(order, "id")[: size + 1])
    if len(shown) <= size:
        return Page(shown)
    last = shown[size - 1]
    return Page(shown[:size], _encoded(last.place, last.pk))


def facets(filters: Filters, country: str | None = None) -> Facets:
    """All numbers in one query: the visible games are read once and counted in every way."""
    conditions = _conditions(filters)
    fits = {
        f"fits_{name}": ExpressionWrapper(condition, output_field=BooleanField())
        for name, condition in conditions.items()
    }
    band = Case(
        *(When(_in_band(name), then=Value(name)) for name in RTP_BANDS),
        default=Value(""),
        output_field=TextField(),
    )
    flags = {
        f"flag_{name}": ExpressionWrapper(_flag(name), output_field=BooleanField())
        for name in FLAGS
    }
    rows = (
        visible_games(country)
        .order_by()
        .annotate(studio_slug=F("studio__slug"), band=band, **flags, **fits)
        .values("category", "studio_slug", "features", "volatility", "band", *flags, *fits)
    )
    sql, params = rows.query.sql_with_params()

    def others(own: str) -> str:
        # A null (no RTP known) does not fit.
        return " AND ".join(
            [f"fits_{name} IS TRUE" for name in conditions if name != own] or ["TRUE"]
        )

    def counted(group: str, value: str, source: str = "shown") -> str:
        return (
            f"SELECT '{group}', {value}::text, count(*) FROM {source}"
            f" WHERE {others(group)} GROUP BY 2"
        )

    parts = [
        f"SELECT 'total', '', count(*) FROM shown WHERE {others('')}",
        counted("category", "category"),
        counted("studio", "studio_slug"),
        # A game must have all chosen features, so their own choice counts too.
        f"SELECT 'feature', one, count(*) FROM shown, unnest(features) one WHERE {others('')} GROUP BY 2",
        counted("volatility", "volatility"),
        counted("rtp", "band"),
        *(
            f"SELECT 'flag', '{name}', count(*) FROM shown WHERE flag_{name} AND {others('')}"
            for name in FLAGS
        ),
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH shown AS MATERIALIZED ({sql}) {' UNION ALL '.join(parts)}", params)
        values: dict[str, dict[str, int]] = {}
        for group, value, count in cursor.fetchall():
            if value is not None:
                values.setdefault(group, {})[value] = count
    return Facets(total=values.pop("total", {}).get("", 0), values=values)


def joined(fixed: Filters, asked: Filters) -> Filters:
    """What a list is by itself and what is asked of it; a group that the list fixes stays so."""
    groups = {group: getattr(fixed, group) or getattr(asked, group) for group in GROUPS}
    return Filters(**groups, flags=fixed.flags | asked.flags)


def without(filters: Filters, group: str, value: str) -> Filters:
    """The same filters less one."""
    if group == "flag":
        return replace(filters, flags=filters.flags - {value})
    left = tuple(one for one in getattr(filters, group) if one != value)
    changes: dict[str, Any] = {group: left}
    return replace(filters, **changes)


def address(filters: Filters, *, sort: str = "") -> str:
    """The filters as the query of an address, in a fixed order."""
    query = QueryDict(mutable=True)
    for group in GROUPS:
        if values := getattr(filters, group):
            query.setlist(group, list(values))
    for name in FLAGS:
        if name in filters.flags:
            query[name] = "1"
    if sort:
        query["sort"] = sort
    return query.urlencode()


def _conditions(filters: Filters) -> dict[str, Q]:
    """One condition a group that is used, and one a flag."""
    found: dict[str, Q] = {}
    if filters.category:
        found["category"] = Q(category__in=filters.category)
    if filters.studio:
        found["studio"] = Q(studio__slug__in=filters.studio)
    if filters.feature:
        found["feature"] = Q(features__contains=list(filters.feature))
    if filters.volatility:
        found["volatility"] = Q(volatility__in=[int(one) for one in filters.volatility])
    if filters.rtp:
        found["rtp"] = Q(pk__in=[])
        for name in filters.rtp:
            found["rtp"] |= _in_band(name)
    for name in FLAGS:
        if name in filters.flags:
            found[name] = _flag(name)
    return found


def _in_band(name: str) -> Q:
    band = RTP_BANDS[name]
    return Q(rtp__gte=band.low, rtp__lt=band.high)


def _flag(name: str) -> Q:
    match name:
        case "new":
            # Both are said, so that it is false and not null where no day is known.
            return Q(released_on__isnull=False, released_on__gte=new_since())
        case "jackpot":
            return Q(has_jackpot=True)
        case "live":
            return Q(is_live=True)
        case "demo":
            return Q(has_demo=True)
    return Q(has_free_spins=True)


def _encoded(value: object, game_id: int) -> str:
    return base64.urlsafe_b64encode(f"{game_id}.{value}".encode()).decode().rstrip("=")


def _position(after: str, by: Sort) -> tuple[Any, int] | None:
    if not after or len(after) > 700:
        return None
    try:
        told = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        number, _, value = told.partition(".")
        game_id = int(number)
        read = by.read(value)
    except (ValueError, InvalidOperation, binascii.Error):
        return None
    if not 0 < game_id < 2**63 or "\x00" in told:
        return None
    if isinstance(read, int) and abs(read) >= 2**31:
        return None
    if isinstance(read, Decimal) and not (read.is_finite() and abs(read) < 10**12):
        return None
    return read, game_id
