"""Marks players whose money moved in or out, so that the rules look at them."""

from collections.abc import Sequence

from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind
from apps.risk.services import monitoring

# Bets are looked at when money leaves: a rule about play without payments is not risk's.
PAYMENTS = {
    Kind.DEPOSIT,
    Kind.DEPOSIT_RELEASED,
    Kind.DEPOSIT_REVERSED,
    Kind.WITHDRAWAL_RESERVED,
    Kind.WITHDRAWAL_PAID,
    Kind.WITHDRAWAL_RETURNED,
}


class Watch(Follower):
    name = "risk watch"
    batch_size = 1_000

    def apply(self, entries: Sequence[Entry]) -> None:
        found = {entry.wallet.player_id for entry in entries if entry.kind in PAYMENTS}
        if found:
            monitoring.mark(found)
