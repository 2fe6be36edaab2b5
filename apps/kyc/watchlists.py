"""Watch lists of our own: one file that an operator puts together from the official lists.

`WATCH_LIST_FILE` is JSON: {"version", "entries": [{"ref", "names": […], "birth_dates": ["1961-04-03"
or "1961"], "countries", "grounds": ["sanctions" or "pep" …], "lists": […]}]}. No list comes with the
casino. Another source takes its place by `WATCH_LISTS`.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.kyc.persons import normalised
from apps.kyc.providers.base import Ground

BYTES_MAX = 200 * 2**20
# Birth years on lists are often guessed.
YEARS_APART = 1


@dataclass(frozen=True)
class Subject:
    """Who is looked for."""

    name: str
    birth_date: date
    country: str


@dataclass(frozen=True)
class Found:
    """An entry that looks like the subject. match_text: what is alike."""

    ref: str
    name: str
    grounds: tuple[str, ...]
    lists: tuple[str, ...]
    birth_years: tuple[int, ...]
    match_text: str


class ListBroken(Exception):
    """The file is there and cannot be read. Nobody is cleared by it."""


class Source(Protocol):
    """Where entries come from. Raises ListBroken."""

    def version(self) -> tuple[str, str, int]:
        """Its own name, what it is made of (a hash), how many entries; all empty without a list."""

    def search(self, subject: Subject) -> list[Found]: ...


def sources() -> list[Source]:
    return [import_string(path)() for path in settings.WATCH_LISTS]


@dataclass(frozen=True)
class Entry:
    ref: str
    names: tuple[str, ...]
    birth_years: frozenset[int]
    birth_dates: frozenset[str]
    grounds: tuple[str, ...]
    lists: tuple[str, ...]
    tokens: tuple[frozenset[str], ...] = field(default=())


@dataclass(frozen=True)
class Book:
    version: str
    sha256: str
    entries: list[Entry]
    by_token: dict[str, list[int]]


class FileList:
    """The file, kept in memory until it changes."""

    def version(self) -> tuple[str, str, int]:
        book = _book()
        return (book.version, book.sha256, len(book.entries)) if book else ("", "", 0)

    def search(self, subject: Subject) -> list[Found]:
        book = _book()
        if book is None:
            return []
        wanted = frozenset(normalised(subject.name).split())
        counts: dict[int, int] = defaultdict(int)
        for token in wanted:
            for index in book.by_token.get(token, ()):
                counts[index] += 1
        found = []
        for index in sorted(counts):
            if text := _alike(book.entries[index], wanted, subject):
                entry = book.entries[index]
                found.append(
                    Found(
                        entry.ref, entry.names[0], entry.grounds, entry.lists,
                        tuple(sorted(entry.birth_years)), text,
                    )
                )  # fmt: skip
        return found


def _alike(entry: Entry, wanted: frozenset[str], subject: Subject) -> str:
    """What is alike, in words; empty when it is somebody else.

    A name counts when all its words are in the other one. A birth year that both have must be about
    the same; a single word is a name only together with the very birth date.
    """
    names = [one for one in entry.tokens if one and (one <= wanted or wanted <= one)]
    if not names:
        return ""
    if subject.birth_date.isoformat() in entry.birth_dates:
        return "name and birth date"
    if all(len(one & wanted) < 2 for one in names):
        return ""
    if not entry.birth_years:
        return "name; the list has no birth date"
    if any(abs(year - subject.birth_date.year) <= YEARS_APART for year in entry.birth_years):
        return "name and about the birth year"
    return ""


def _book() -> Book | None:
    if not settings.WATCH_LIST_FILE:
        return None
    path = Path(settings.WATCH_LIST_FILE)
    try:
        stat = path.stat()
    except OSError as error:
        raise ListBroken(f"{path.name} cannot be read") from error
    return _read(str(path), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)
def _read(path: str, _changed: int, size: int) -> Book:
    if size > BYTES_MAX:
        raise ListBroken("the file is too large")
    raw = Path(path).read_bytes()
    try:
        data = json.loads(raw)
        entries = [_entry(one) for one in data["entries"]]
        version = str(data["version"])[:80]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ListBroken(f"the file is not a watch list: {error}") from error
    by_token: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        for token in frozenset().union(*entry.tokens):
            by_token[token].append(index)
    return Book(version, sha256(raw).hexdigest(), entries, dict(by_token))


def _entry(one: dict[str, Any]) -> Entry:
    names = tuple(str(name)[:200] for name in one["names"])
    if not names:
        raise ValueError("an entry without a name")
    births = [str(text) for text in one.get("birth_dates", [])]
    grounds = tuple(Ground(text).value for text in one["grounds"])
    return Entry(
        ref=str(one["ref"])[:120],
        names=names,
        birth_years=frozenset(int(text[:4]) for text in births),
        birth_dates=frozenset(text for text in births if len(text) == 10),
        grounds=grounds,
        lists=tuple(str(text)[:80] for text in one.get("lists", [])),
        tokens=tuple(frozenset(normalised(name).split()) for name in names),
    )
