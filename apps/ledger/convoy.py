"""Movements that wait at the same moment travel together: one round trip, one commit.

The first thread to come sets out alone. Who comes while it is under way waits, and when it is back
the one who waited longest takes along all who wait. So a quiet process adds no delay, and a busy one
pays for a trip to PostgreSQL once instead of once per bet.

A convoy never waits for a wallet: a movement whose wallet somebody else holds is sent back and goes
alone. So one slow wallet delays nobody else, and convoys cannot deadlock over wallets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import structlog

log = structlog.get_logger()

Rows = list[tuple[Any, ...]]
SIZE_MAX = 64


@dataclass(slots=True, eq=False)
class Traveller:
    """An instruction or a list of them, as JSON. rows: its answers; None after the trip: go alone."""

    instruction: str
    is_list: bool
    gate: str | None
    rows: Rows | None = None
    leads: bool = False
    turn: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.turn.acquire()


class Convoy:
    """`travel(party)` makes the trip and answers each traveller's rows, or None to go alone."""

    def __init__(self, travel: Callable[[Sequence[Traveller]], Sequence[Rows | None]]):
        self._travel = travel
        self._lock = Lock()
        self._waiting: list[Traveller] = []
        self._is_under_way = False

    def join(self, traveller: Traveller) -> Rows | None:
        """Travel with whoever waits; the rows, or None when this one has to go alone."""
        with self._lock:
            if self._is_under_way:
                self._waiting.append(traveller)
            else:
                self._is_under_way = traveller.leads = True
        if not traveller.leads:
            traveller.turn.acquire()
        if traveller.leads:
            self._lead(traveller)
        return traveller.rows

    def _lead(self, leader: Traveller) -> None:
        party = [leader, *self._company(leader)]
        try:
            for traveller, rows in zip(party, self._travel(party), strict=True):
                traveller.rows = rows
        except Exception:
            # Nothing was applied, or it is not known: each goes alone, and its key tells.
            log.warning("ledger.convoy_failed", travellers=len(party), exc_info=True)
        finally:
            self._hand_over()
            for traveller in party[1:]:
                traveller.turn.release()

    def _company(self, leader: Traveller) -> list[Traveller]:
        """Who waits and fits into one statement, which is planned once for its gate."""
        with self._lock:
            company: list[Traveller] = []
            left: list[Traveller] = []
            gate = leader.gate
            for one in self._waiting:
                fits = one.is_list == leader.is_list and (
                    None in (gate, one.gate) or one.gate == gate
                )
                if fits and len(company) + 1 < SIZE_MAX:
                    gate = gate or one.gate
                    company.append(one)
                else:
                    left.append(one)
            self._waiting = left
            return company

    def _hand_over(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_under_way = False
                return
            following = self._waiting.pop(0)
            following.leads = True
        following.turn.release()
