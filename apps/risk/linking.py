"""Which accounts belong together: traces of each, and the edges that common traces make.

A trace that very many accounts have in common (the address of a campus, a transaction of a big
exchange) says nothing, and is no edge. Everything here is keyed digests; the texts are not kept.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection

from apps.accounts.models import Player
from apps.audit import keys
from apps.core.clock import now
from apps.risk import devices, sources
from apps.risk.models import Trace
from apps.risk.sources import Mark

Kind = Trace.Kind
# How much it means, from 1 to 100, that two accounts have it in common.
STRENGTH = {
    Kind.IDENTITY: 90,
    Kind.INSTRUMENT: 85,
    Kind.PAYOUT_ADDRESS: 85,
    Kind.SENDER: 80,
    Kind.DEVICE: 60,
    Kind.NETWORK: 20,
}
WORDS = {
    Kind.IDENTITY: "the same name and birth date",
    Kind.INSTRUMENT: "the same card or bank account",
    Kind.PAYOUT_ADDRESS: "the same payout address",
    Kind.SENDER: "deposits paid by one transaction",
    Kind.DEVICE: "the same device",
    Kind.NETWORK: "the same network address",
}
CROWD = 25
SESSIONS_MAX = 200
PEOPLE_MAX = 60
# Networks are given away again: what was seen long ago is no trace of today's user.
NETWORK_AGE = timedelta(days=90)


@dataclass(frozen=True)
class Tie:
    """One thing two accounts have in common."""

    kind: str
    hint: str
    last_at: datetime

    @property
    def strength(self) -> int:
        return STRENGTH[Kind(self.kind)]

    @property
    def words(self) -> str:
        return f"{WORDS[Kind(self.kind)]} ({self.hint})"


@dataclass(frozen=True)
class Link:
    """An edge: two accounts, and everything they have in common, the strongest first."""

    player_id: int
    other_id: int
    ties: tuple[Tie, ...]

    @property
    def strength(self) -> int:
        """From 1 to 100. Several weak ties add up, and never to certainty."""
        missing = 100
        for kind in {tie.kind for tie in self.ties}:
            missing = missing * (100 - STRENGTH[Kind(kind)]) // 100
        return 100 - missing

    @property
    def words(self) -> str:
        return "; ".join(tie.words for tie in self.ties)


def collect(player_id: int) -> int:
    """Write down the traces of a player; how many are known now. Safe to run again."""
    at = now()
    marks = [*_sessions(player_id), *_devices(player_id), *_registration(player_id)]
    for source in sources.all_sources():
        marks += source.marks(player_id)
    rows: dict[tuple[str, str], Trace] = {}
    for mark in marks:
        digest = digest_of(mark.kind, mark.text)
        known = rows.get((mark.kind, digest))
        if known is None:
            rows[mark.kind, digest] = Trace(
                player_id=player_id, kind=mark.kind, digest=digest, hint=mark.hint[:80],
                first_at=mark.at, last_at=min(mark.at, at),
            )  # fmt: skip
        else:
            known.first_at = min(known.first_at, mark.at)
            known.last_at = max(known.last_at, mark.at)
    _write(list(rows.values()))
    return len(rows)


def links_of(player_id: int) -> list[Link]:
    """Who has something in common with a player, the strongest first."""
    return links_among([player_id])[player_id]


def links_among(player_ids: Sequence[int]) -> dict[int, list[Link]]:
    """The same for several players, in one query."""
    found: dict[tuple[int, int], list[Tie]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT mine.player_id, other.player_id, mine.kind, mine.hint,
                   least(mine.last_at, other.last_at)
              FROM risk_trace mine
              JOIN risk_trace other ON other.kind = mine.kind AND other.digest = mine.digest
                                   AND other.player_id <> mine.player_id
             WHERE mine.player_id = ANY(%s)
               AND (mine.kind <> 'network' OR least(mine.last_at, other.last_at) > %s)
               AND (SELECT count(*) FROM risk_trace crowd
                     WHERE crowd.kind = mine.kind AND crowd.digest = mine.digest) <= %s
             ORDER BY 1, 2, 3, 4
            """,
            [list(player_ids), now() - NETWORK_AGE, CROWD],
        )
        for mine, other, kind, hint, last_at in cursor.fetchall():
            found[mine, other].append(Tie(kind, hint, last_at))
    edges: dict[int, list[Link]] = {player_id: [] for player_id in player_ids}
    for (mine, other), ties in found.items():
        ordered = tuple(sorted(ties, key=lambda tie: (-tie.strength, tie.hint)))
        edges[mine].append(Link(mine, other, ordered))
    for links in edges.values():
        links.sort(key=lambda link: (-link.strength, link.other_id))
    return edges


def around(player_id: int, *, steps: int = 2, strength_min: int = 1) -> list[Link]:
    """Every edge within so many steps of a player, each once, strongest first."""
    seen, edge = {player_id}, [player_id]
    found: dict[tuple[int, int], Link] = {}
    for _ in range(steps):
        reached: list[int] = []
        for links in links_among(edge).values():
            for link in links:
                if link.strength < strength_min:
                    continue
                pair = (min(link.player_id, link.other_id), max(link.player_id, link.other_id))
                found.setdefault(pair, link)
                if link.other_id not in seen and len(seen) < PEOPLE_MAX:
                    seen.add(link.other_id)
                    reached.append(link.other_id)
        edge = reached
        if not edge:
            break
    inside = [one for one in found.values() if {one.player_id, one.other_id} <= seen]
    return sorted(inside, key=lambda one: (-one.strength, one.player_id, one.other_id))


def digest_of(kind: str, text: str) -> str:
    """Keyed, so that a copy of the table cannot be tried against a list of addresses."""
    key = keys.derived("risk traces", min(settings.AUDIT_KEYS))
    return hmac.new(key, f"{kind}\n{text}".encode(), sha256).hexdigest()


def _write(rows: list[Trace]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO risk_trace (player_id, kind, digest, hint, first_at, last_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (kind, digest, player_id) DO UPDATE
               SET last_at = greatest(risk_trace.last_at, EXCLUDED.last_at),
                   first_at = least(risk_trace.first_at, EXCLUDED.first_at)
            """,
            [
                (row.player_id, row.kind, row.digest, row.hint, row.first_at, row.last_at)
                for row in sorted(rows, key=lambda row: (row.kind, row.digest))
            ],
        )


def _sessions(player_id: int) -> Iterable[Mark]:
    for ip, seen_at in (
        UserSession.objects.filter(user_id=player_id)
        .order_by("-id")
        .values_list("ip", "last_seen_at")[:SESSIONS_MAX]
    ):
        if text := network_of(str(ip or "")):
            yield Mark(Kind.NETWORK, text, text, seen_at)


def _registration(player_id: int) -> Iterable[Mark]:
    player = Player.objects.filter(pk=player_id).first()
    if player is not None and (text := network_of(str(player.terms_ip or ""))):
        yield Mark(Kind.NETWORK, text, text, player.created_at)


def _devices(player_id: int) -> Iterable[Mark]:
    for text, hint, at in devices.marks(player_id):
        yield Mark(Kind.DEVICE, text, hint, at)


def network_of(ip: str) -> str:
    """One address, or the 64 bits of IPv6 that belong to one household; private ones say nothing."""
    try:
        found = ip_address(ip)
    except ValueError:
        return ""
    if not found.is_global:
        return ""
    if found.version == 4:
        return str(found)
    return str(ip_network(f"{found}/64", strict=False))
