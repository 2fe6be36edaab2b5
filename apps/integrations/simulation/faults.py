"""Faults that a tester switches on: what happens to answers of a vendor and to its calls."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Concatenate, ParamSpec

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

from apps.integrations.simulation.book import Book, Json, Refused

P = ParamSpec("P")

HANG_SECONDS = 40
COPIES_MAX = 50


@dataclass(frozen=True)
class Switches:
    """The faults in force. `api_…` spoil answers to the casino, `callback_…` calls to it."""

    api_answer: str = "normal"
    api_delay_ms: int = 0
    callback_delay_ms: int = 0
    callback_copies: int = 1
    callback_parallel: bool = False
    callback_reorder: bool = False
    callback_hold: bool = False
    callback_signature: str = "right"
    callback_answer: str = "read"
    only: str = ""  # a part of the path or kind; empty means every call
    remaining: int | None = None  # calls still to be spoilt; None until switched off

    API_ANSWERS = (
        "normal",
        "refuse",
        "limited",
        "error_before",
        "error_after",
        "drop_after",
        "hang",
        "hang_after",
    )
    SIGNATURES = ("right", "wrong", "missing")
    CALLBACK_ANSWERS = ("read", "lose", "unsent")

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Switches":
        """Read switches from JSON or a form. Raises Refused for a name or value unknown here."""
        known = {item.name: item for item in fields(cls)}
        if unknown := sorted(set(data) - set(known)):
            raise Refused(f"There is no switch called {', '.join(unknown)}.")
        values: Json = {}
        for name, value in data.items():
            values[name] = _switch_value(name, value, known[name].default)
        switches = cls(**values)
        switches._check()
        return switches

    def _check(self) -> None:
        for name, allowed in (
            ("api_answer", self.API_ANSWERS),
            ("callback_signature", self.SIGNATURES),
            ("callback_answer", self.CALLBACK_ANSWERS),
        ):
            if getattr(self, name) not in allowed:
                raise Refused(f"{name} is one of {', '.join(allowed)}.")
        if not 1 <= self.callback_copies <= COPIES_MAX:
            raise Refused(f"callback_copies is between 1 and {COPIES_MAX}.")
        if not (0 <= self.api_delay_ms <= 60_000 and 0 <= self.callback_delay_ms <= 60_000):
            raise Refused("A delay is between 0 and 60000 milliseconds.")

    @property
    def is_quiet(self) -> bool:
        return self == Switches()

    def touches(self, direction: str) -> bool:
        """Whether any switch of this direction, `api` or `callback`, is turned."""
        return any(
            getattr(self, item.name) != item.default
            for item in fields(self)
            if item.name.startswith(f"{direction}_")
        )


def _switch_value(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "on"}
    if isinstance(default, int) or name == "remaining":
        if name == "remaining" and value in (None, ""):
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refused(f"{name} is a whole number.") from None
    return str(value)


class Switchboard:
    """Where one vendor's switches are kept, for all processes and over a restart."""

    COLLECTION, KEY = "switches", "current"

    def __init__(self, book: Book) -> None:
        self.book = book

    def current(self) -> Switches:
        return Switches(**(self.book.get(self.COLLECTION, self.KEY) or {}))

    def set(self, switches: Switches) -> None:
        self.book.put(self.COLLECTION, self.KEY, asdict(switches))

    def for_call(self, direction: str, name: str) -> Switches:
        """The faults this call must suffer; counts it when only so many are to be spoilt."""
        switches = self.current()
        if not switches.touches(direction) or (switches.only and switches.only not in name):
            return Switches()
        if switches.remaining is None:
            return switches
        with self.book.locked(self.COLLECTION, self.KEY) as kept:
            if not kept["remaining"]:
                return Switches()
            kept["remaining"] -= 1
            return Switches(**kept)


class Dropped(StreamingHttpResponse):
    """An answer that never arrives: the server closes the connection in the middle of it."""

    def __init__(self) -> None:
        super().__init__(self._fail(), content_type="application/json")
        self["Content-Length"] = "100"

    @staticmethod
    def _fail() -> Iterator[bytes]:
        yield b"{"
        raise ConnectionAbortedError("The switch says: lose this answer.")


def too_many(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Too many requests", status=429)


def spoilt(
    switchboard: Switchboard,
    refuse: Callable[[HttpRequest], HttpResponse],
    limit: Callable[[HttpRequest], HttpResponse] = too_many,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let a vendor's endpoint suffer the `api_…` switches.

    refuse, limit: the vendor's own words for no, and for too many calls.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            switches = switchboard.for_call("api", request.path)
            time.sleep(switches.api_delay_ms / 1000)
            if switches.api_answer == "refuse":
                return refuse(request)
            if switches.api_answer == "limited":
                return limit(request)
            if switches.api_answer == "error_before":
                return HttpResponse("Internal server error", status=500)
            if switches.api_answer == "hang":
                time.sleep(HANG_SECONDS)
                return HttpResponse("Gateway timeout", status=504)
            response = view(request, *args, **kwargs)
            if switches.api_answer == "error_after":
                return HttpResponse("Internal server error", status=500)
            if switches.api_answer == "drop_after":
                return Dropped()
            if switches.api_answer == "hang_after":
                time.sleep(HANG_SECONDS)
            return response

        return wrapped

    return decorate
