"""The public id of the session an act belongs to, for rows that carry it.

Whoever receives a request says how to find it; a model's column asks when its row is made. Nothing
is read for acts that make no such row, and what acts by itself has no session: the column is empty.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_reader: ContextVar[Callable[[], str] | None] = ContextVar("session_ref", default=None)


def session_ref() -> str:
    """The present session's public id; `key:…` for a program with a key, empty without either."""
    reader = _reader.get()
    return reader() if reader is not None else ""


@contextmanager
def acting(reader: Callable[[], str]) -> Iterator[None]:
    """Inside, rows are made by the session the reader finds."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)
