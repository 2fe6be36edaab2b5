"""The filters of a list as a page shows them: groups of boxes with numbers, and what is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.games import browse
from apps.games.browse import Facets, Filters
from apps.site.categories import category
from apps.site.selectors import Counts

STUDIOS_SHOWN = 60
TITLES = {
    "category": "Kind of game",
    "flag": "Only games with",
    "feature": "Features",
    "volatility": "Volatility",
    "rtp": "Return to player",
    "studio": "Studios",
}
FLAG_WORDS = {
    "new": "New",
    "jackpot": "Jackpot",
    "live": "Live table",
    "demo": "Free demo",
    "free_spins": "Free spins from us",
}
VOLATILITY_WORDS = {"1": "Low", "2": "Low to medium", "3": "Medium", "4": "High", "5": "Very high"}


@dataclass(frozen=True, slots=True)
class Option:
    """A box. name and value are what the address carries."""

    name: str
    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """is_open: shown unfolded, as it is short or in use."""

    name: str
    title: str
    options: list[Option]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """One filter in use. href: the list without it."""

    label: str
    href: str


def groups(facets: Facets, filters: Filters, fixed: Filters, counts: Counts) -> list[Group]:
    """The groups that leave a choice here; what the list fixes by itself is none."""
    studios = {one.slug: one.name for one in counts.studios_list}
    found = []
    for name, title in TITLES.items():
        if name != "flag" and getattr(fixed, name):
            continue
        options = _options(name, facets, filters, fixed, studios)
        if len(options) > 1 or any(one.is_chosen for one in options):
            is_used = any(one.is_chosen for one in options)
            found.append(Group(name, title, options, is_used or name in {"category", "flag"}))
    return found


def chosen(filters: Filters, fixed: Filters, counts: Counts, path: str, sort: str) -> list[Chosen]:
    studios = {one.slug: one.name for one in counts.studios_list}
    asked = [(name, value) for name in browse.GROUPS for value in getattr(filters, name)]
    asked += [("flag", flag) for flag in browse.FLAGS if flag in filters.flags]
    return [
        Chosen(_label(name, value, studios), _href(filters, fixed, name, value, path, sort))
        for name, value in asked
        if value not in (fixed.flags if name == "flag" else getattr(fixed, name))
    ]


def _href(filters: Filters, fixed: Filters, name: str, value: str, path: str, sort: str) -> str:
    left = browse.without(filters, name, value)
    for group in browse.GROUPS:
        for one in getattr(fixed, group):
            left = browse.without(left, group, one)
    for flag in fixed.flags:
        left = browse.without(left, "flag", flag)
    query = browse.address(left, sort=sort if sort in browse.SORTS else "")
    return f"{path}?{query}" if query else path


def _options(
    name: str, facets: Facets, filters: Filters, fixed: Filters, studios: Mapping[str, str]
) -> list[Option]:
    numbers = facets.of(name)
    if name == "flag":
        return [
            Option(flag, "1", FLAG_WORDS[flag], numbers.get(flag, 0), flag in filters.flags)
            for flag in browse.FLAGS
            if flag not in fixed.flags and (numbers.get(flag) or flag in filters.flags)
        ]
    in_use = getattr(filters, name)
    known = [value for value in {**numbers, **dict.fromkeys(in_use, 0)} if value]
    if name in {"volatility", "rtp"}:
        order = list(browse.RTP_BANDS if name == "rtp" else browse.VOLATILITIES)
        known = [value for value in order if value in known]
    else:
        known.sort(key=lambda value: (-numbers.get(value, 0), value))
    if name == "studio":
        known = [*in_use, *(one for one in known if one not in in_use)][:STUDIOS_SHOWN]
    return [
        Option(name, value, _label(name, value, studios), numbers.get(value, 0), value in in_use)
        for value in known
    ]


def _label(name: str, value: str, studios: Mapping[str, str]) -> str:
    match name:
        case "category":
            return category(value).label
        case "studio":
            return studios.get(value, value)
        case "volatility":
            return VOLATILITY_WORDS[value]
        case "rtp":
            return browse.RTP_BANDS[value].label
        case "flag":
            return FLAG_WORDS[value]
    return value.replace("_", " ").capitalize()
