"""What is owed to players, what was published about it, and one player's proof."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from apps.accounts.models import Player
from apps.core.money import Currency, Money
from apps.games import open_stakes
from apps.ledger.models import Purse
from apps.ledger.selectors import currencies, currency_of_id
from apps.treasury.liabilities import tree as trees
from apps.treasury.liabilities.errors import NotIncluded, ProofGone, UnknownSnapshot
from apps.treasury.liabilities.models import Leaf, Node, Snapshot, Tree
from apps.treasury.liabilities.nonces import nonce

Json = dict[str, Any]
# One statement, so one snapshot: a stake is in a balance or in an open round, never in both or in
# neither. A debt is never set off against what is owed to others, nor against another purse.
OWED_SQL = f"""
SELECT currency_id, purse, sum(balance) FROM ledger_wallet WHERE balance > 0 GROUP BY 1, 2
 UNION ALL
SELECT w.currency_id, NULL, sum(o.stake)
  FROM ({open_stakes.SQL}) o JOIN ledger_wallet w ON w.id = o.wallet_id GROUP BY 1
"""


@dataclass(frozen=True)
class Published:
    """One currency of a snapshot, as people read it."""

    currency: Currency
    total: Money
    parts: dict[str, Money]
    count: int
    root: str


def liabilities() -> list[tuple[Currency, dict[str, Money]]]:
    """What players are owed now, by currency and part (`tree.PARTS`), in display order.

    What was owed at earlier moments is in the snapshots.
    """
    with connection.cursor() as cursor:
        cursor.execute(OWED_SQL)
        rows = cursor.fetchall()
    found: dict[str, dict[str, Money]] = defaultdict(dict)
    for currency_pk, purse, owed in rows:
        of = currency_of_id(currency_pk)
        found[of.code][part_name(purse)] = Money.from_major(owed, of)
    return [
        (of, dict.fromkeys(trees.PARTS, Money.zero(of)) | found[of.code])
        for of in list(_all_currencies(found))
    ]


def part_name(purse: int | None) -> str:
    """The name of a purse in a leaf; None: what is staked in rounds that are not over."""
    return trees.STAKED if purse is None else Purse(purse).name.lower()


def total(by_part: dict[str, Money]) -> Money:
    """All parts of a currency together."""
    first, *others = by_part.values()
    return sum(others, first)


def snapshots() -> QuerySet[Snapshot]:
    return Snapshot.objects.prefetch_related("trees").order_by("-number")


def snapshot(number: int) -> Snapshot:
    """Raises UnknownSnapshot."""
    found = snapshots().filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise UnknownSnapshot
    return found


def published(of: Snapshot) -> list[Published]:
    known = {one.code: one for one in currencies()}
    found = []
    for one in of.trees.all():
        currency = known.get(one.currency) or Currency(
            one.currency, one.scale, "crypto", "", one.currency, one.scale
        )
        parts = {
            name: Money(int(units), currency) for name, units in one.parts.items() if int(units)
        }
        found.append(
            Published(currency, Money(int(one.units), currency), parts, one.count, one.root)
        )
    return found


def as_json(of: Snapshot) -> Json:
    """What is published: enough to check any proof of this snapshot."""
    return {
        "format": trees.FORMAT,
        "site": settings.SITE_NAME,
        "number": of.number,
        "taken_at": taken_text(of),
        "previous": of.previous,
        "digest": of.digest,
        "key": of.key_id,
        "signature": of.signature,
        "currencies": {
            one.currency: {
                "scale": one.scale,
                "count": one.count,
                "total": str(int(one.units)),
                "parts": one.parts,
                "root": one.root,
            }
            for one in of.trees.all()
        },
    }


def provable(player: Player) -> list[Snapshot]:
    """Snapshots a player can still prove their place in, newest first."""
    held = Tree.objects.filter(leaves__player=player)
    return list(snapshots().filter(trees__in=held).distinct()[:60])


def proof(player: Player, number: int) -> Json:
    """A player's proof for every currency they held. Raises UnknownSnapshot, NotIncluded, ProofGone."""
    of = snapshot(number)
    leaves = list(Leaf.objects.filter(player=player, tree__snapshot=of).select_related("tree"))
    if not leaves:
        kept = Leaf.objects.filter(tree__snapshot=of).exists()
        raise NotIncluded if kept or not of.trees.all() else ProofGone
    whole = as_json(of)
    roots = {code: one["root"] for code, one in whole.pop("currencies").items()}
    return {
        **whole,
        "player": player.public_id,
        "roots": roots,
        "proofs": [_proof_of(leaf, of, player) for leaf in sorted(leaves, key=lambda o: o.tree_id)],
    }


def taken_text(of: Snapshot) -> str:
    """The moment as it stands in hashed texts."""
    return moment_text(of.taken_at)


def moment_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _proof_of(leaf: Leaf, of: Snapshot, player: Player) -> Json:
    tree = leaf.tree
    shape = trees.path(leaf.position, tree.count)
    wanted = Q()
    for level, position in shape:
        wanted |= Q(level=level, position=position)
    nodes = {
        (node.level, node.position): node
        for node in (Node.objects.filter(wanted, tree=tree) if shape else ())
    }
    return {
        "currency": tree.currency,
        "scale": tree.scale,
        "count": tree.count,
        "total": str(int(tree.units)),
        "index": leaf.position,
        "nonce": nonce(of.number, tree.currency, player.public_id, leaf.key_id),
        "parts": leaf.parts,
        "path": [
            {"hash": bytes(nodes[place].hash).hex(), "sum": str(int(nodes[place].units))}
            for place in shape
        ],
    }


def _all_currencies(found: dict[str, dict[str, Money]]) -> Iterator[Currency]:
    """The ones on offer, and those that are not any more and still owed."""
    offered = currencies()
    yield from offered
    codes = {of.code for of in offered}
    for code, by_part in found.items():
        if code not in codes:
            yield next(iter(by_part.values())).currency
