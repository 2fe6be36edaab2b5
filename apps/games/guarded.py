"""A partner behind its breaker: what every call to one goes through, whoever makes it.

What is safe to repeat is tried again after a short random wait: reads, and what certainly did not
reach the partner. A launch whose answer was lost is not repeated: the player is waiting.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from apps.games.providers.base import (
    Catalogue,
    DemoRequest,
    FreeSpins,
    GameProvider,
    Launched,
    LaunchRequest,
    PartnerJackpot,
    RoundAnswer,
    RoundQuery,
)
from apps.integrations.breaker import guard
from apps.integrations.errors import NotAsked, ProviderError

# The kinds of calls that fail on their own: each has its circuit.
KINDS = ("launch", "demo", "catalogue", "rounds", "free_spins", "jackpots")
READ_TRIES = 3
UNSENT_TRIES = 2
WAIT_SECONDS = 0.2
T = TypeVar("T")


class Guarded:
    """A `GameProvider` that may refuse with NotAsked before its partner is asked."""

    def __init__(self, name: str, partner: GameProvider) -> None:
        self.name = name
        self.partner = partner

    def catalogue(self) -> Catalogue:
        """Called in threads of its own, so it raises no alarm itself."""
        return self._call("catalogue", self.partner.catalogue, _may_work, READ_TRIES, alarm=False)

    def launch(self, request: LaunchRequest) -> Launched:
        return self._call("launch", lambda: self.partner.launch(request), _was_not_sent)

    def demo(self, request: DemoRequest) -> Launched:
        return self._call("demo", lambda: self.partner.demo(request), _was_not_sent)

    def issue_free_spins(self, spins: FreeSpins) -> None:
        self._call("free_spins", lambda: self.partner.issue_free_spins(spins), _was_not_sent)

    def cancel_free_spins(self, issue_id: str, game: str) -> None:
        self._call(
            "free_spins", lambda: self.partner.cancel_free_spins(issue_id, game), _was_not_sent
        )

    def round_details(self, query: RoundQuery) -> RoundAnswer:
        """`unsupported` where the partner has no such call."""
        if not hasattr(self.partner, "round_details"):
            return RoundAnswer("unsupported")
        return self._call(
            "rounds", lambda: self.partner.round_details(query), _may_work, READ_TRIES
        )

    def jackpots(self) -> list[PartnerJackpot]:
        """The partner's own jackpots; none where it has no feed of them."""
        ask = getattr(self.partner, "jackpots", None)
        return self._call("jackpots", ask, _may_work, READ_TRIES) if ask is not None else []

    def _call(
        self,
        kind: str,
        ask: Callable[[], T],
        is_safe: Callable[[ProviderError], bool],
        tries: int = UNSENT_TRIES,
        *,
        alarm: bool = True,
    ) -> T:
        for number in range(1, tries):
            try:
                with guard(self.name, kind, alarm=alarm):
                    return ask()
            except NotAsked:
                raise
            except ProviderError as error:
                if not is_safe(error):
                    raise
            time.sleep(random.uniform(0, WAIT_SECONDS * 2**number))  # noqa: S311 (no secret)
        with guard(self.name, kind, alarm=alarm):
            return ask()


def _may_work(error: ProviderError) -> bool:
    return error.retryable


def _was_not_sent(error: ProviderError) -> bool:
    return error.retryable and not error.outcome_unknown
