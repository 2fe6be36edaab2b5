"""What the journal already holds of a round or of the vendor's ids: questions of the slow paths."""

from collections.abc import Collection

from django.db import connection

from apps.games.followers import Rounds
from apps.ledger.models import Kind, Operation
from apps.ledger.selectors import partner_id

# The rounds follow the journal; what they have not seen yet lies behind their cursor.
ROUND_SQL = """
SELECT EXISTS (SELECT FROM games_round r
                WHERE r.partner_id = %(partner)s AND r.wallet_id = %(wallet)s
                  AND r.round_ref = %(round)s AND (r.bets > 0 OR NOT %(bets_only)s))
    OR EXISTS (SELECT FROM ledger_entry e
                WHERE e.wallet_id = %(wallet)s
                  AND e.id > coalesce((SELECT c.position FROM ledger_cursor c
                                        WHERE c.name = %(follower)s), 0)
                  AND e.partner_id = %(partner)s AND e.round_ref = %(round)s
                  AND (e.kind = %(bet)s OR NOT %(bets_only)s))
"""


def round_has_bet(partner: str, wallet_id: int, round_ref: str) -> bool:
    """Whether a bet was ever taken in this round, rolled back later or not."""
    return _round_has(partner, wallet_id, round_ref, bets_only=True)


def is_round_known(partner: str, wallet_id: int, round_ref: str) -> bool:
    return _round_has(partner, wallet_id, round_ref, bets_only=False)


def is_known(partner: str, keys: Collection[str]) -> bool:
    """Whether one of these ids was ever used, be it by a tombstone."""
    return Operation.objects.filter(partner_id=partner_id(partner), outside_id__in=keys).exists()


def has_entry(partner: str, keys: Collection[str]) -> bool:
    """Whether one of these ids ever moved money."""
    return Operation.objects.filter(
        partner_id=partner_id(partner), outside_id__in=keys, entry_id__isnull=False
    ).exists()


def _round_has(partner: str, wallet_id: int, round_ref: str, *, bets_only: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            ROUND_SQL,
            {
                "partner": partner_id(partner),
                "wallet": wallet_id,
                "round": round_ref,
                "follower": Rounds.name,
                "bet": Kind.BET,
                "bets_only": bets_only,
            },
        )
        [(found,)] = cursor.fetchall()
        return bool(found)
