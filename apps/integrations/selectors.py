"""How the partners' callbacks fare."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.integrations.models import InboxMessage

State = InboxMessage.State
RECENT_MAX = 200


@dataclass(frozen=True)
class PartnerCallbacks:
    """One partner's latest callbacks, and all of theirs that still need somebody.

    recent, refused: of the last `RECENT_MAX`. failing, parked: of all.
    """

    partner: str
    recent: int
    refused: int
    failing: int
    parked: int
    received_at: datetime

    @property
    def is_healthy(self) -> bool:
        return not (self.failing or self.parked)


def callback_health() -> list[PartnerCallbacks]:
    """Per partner; reads a bounded number of rows however many callbacks there are."""
    with connection.cursor() as cursor:
        # The first part jumps from partner to partner along the index instead of reading it all.
        cursor.execute(
            """
            WITH RECURSIVE partner(name) AS (
                SELECT min(partner) FROM integrations_inbox
                 UNION ALL
                SELECT (SELECT min(i.partner) FROM integrations_inbox i WHERE i.partner > p.name)
                  FROM partner p WHERE p.name IS NOT NULL
            )
            SELECT p.name, recent.calls, recent.refused, recent.received_at,
                   (SELECT count(*) FROM integrations_inbox i
                     WHERE i.state = %s AND i.partner = p.name),
                   (SELECT count(*) FROM integrations_inbox i
                     WHERE i.state = %s AND i.partner = p.name)
              FROM partner p
             CROSS JOIN LATERAL (
                   SELECT count(*) AS calls, max(received_at) AS received_at,
                          count(*) FILTER (WHERE state = %s) AS refused
                     FROM (SELECT i.state, i.received_at FROM integrations_inbox i
                            WHERE i.partner = p.name ORDER BY i.id DESC LIMIT %s) newest
                   ) recent
             WHERE p.name IS NOT NULL ORDER BY p.name
            """,
            [State.FAILED, State.PARKED, State.REFUSED, RECENT_MAX],
        )
        rows = cursor.fetchall()
    return [
        PartnerCallbacks(
            partner=name,
            recent=calls,
            refused=refused,
            failing=failing,
            parked=parked,
            received_at=received_at,
        )
        for name, calls, refused, received_at, failing, parked in rows
    ]
