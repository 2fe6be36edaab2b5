"""Reads the journal into jackpots: exactly once, since pots and cursor move together."""

from collections.abc import Sequence

from apps.core import crash_points
from apps.jackpots.machine import Machine
from apps.ledger.followers import Follower
from apps.ledger.models import Entry


class Jackpots(Follower):
    """Contributions, drops and what rollbacks take back. Winners are paid by a task."""

    name = "jackpots"

    def apply(self, entries: Sequence[Entry]) -> None:
        machine = Machine(entries)
        machine.run()
        self._has_drawn = bool(machine.drawn)

    def after_commit(self, entries: Sequence[Entry]) -> None:
        if self._has_drawn:
            crash_points.reach("jackpot.drawn")
