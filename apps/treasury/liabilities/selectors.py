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
from apps.ledger.models import Purse
from apps.ledger.selectors import currencies, currency_of_id
from apps.treasury.liabilities import tree as trees
from apps.treasury.liabilities.errors import NotIncluded, ProofGone, UnknownSnapshot
from apps.treasury.liabilities.models import Leaf, Node, Snapshot, Tree
from apps.treasury.liabilities.nonces import nonce

Json = dict[str, Any]
# Both read one snapshot, because they are one statement. A debt is never set off against what
# is owed to others, nor against another purse of the same player.
NOW_SQL = """
SELECT currency_id, purse, sum(balance) FROM ledger_wallet WHERE balance > 0 GROUP BY 1, 2
"""
THEN_SQL = """
SELECT w.currency_id, w.purse, sum(e.balance_after) FROM ledger_wallet w
 CROSS JOIN LATERAL (SELECT balance_after FROM ledger_entry
                      WHERE wallet_id = w.id AND created_at <= %s ORDER BY id DESC LIMIT 1) e
 WHERE e.balance_after > 0 GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Published:
    """One currency of a snapshot, as people read it."""

    currency: Currency
    total: Money
    purses: dict[str, Money]
    count: int
    root: str


def liabilities(at: datetime | None = None) -> list[tuple[Currency, dict[Purse, Money]]]:
    """What players are owed, by currency and purse, now or as it was; in display order."""
    with connection.cursor() as cursor:
        cursor.execute(*([NOW_SQL] if at is None else [THEN_SQL, [at]]))
        rows = cursor.fetchall()
    found: dict[str, dict[Purse, Money]] = defaultdict(dict)
    for currency_pk, purse, total in rows:
        of = currency_of_id(currency_pk)
        found[of.code][Purse(purse)] = Money.from_major(total, of)
    zero = {of.code: {purse: Money.zero(of) for purse in Purse} for of in _all_currencies(found)}
    return [(of, zero[of.code] | found[of.code]) for of in _all_currencies(found)]


def total(by_purse: dict[Purse, Money]) -> Money:
    """All purses of a currency together."""
    first, *others = by_purse.values()
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
        purses = {
            name: Money(int(units), currency) for name, units in one.purses.items() if int(units)
        }
        found.append(
            Published(currency, Money(int(one.units), currency), purses, one.count, one.root)
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
                "purses": one.purses,
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
        "purses": leaf.purses,
        "path": [
            {"hash": bytes(nodes[place].hash).hex(), "sum": str(int(nodes[place].units))}
            for place in shape
        ],
    }


def _all_currencies(found: dict[str, dict[Purse, Money]]) -> Iterator[Currency]:
    """The ones on offer, and those that are not any more and still owed."""
    offered = currencies()
    yield from offered
    codes = {of.code for of in offered}
    for code, by_purse in found.items():
        if code not in codes:
            yield next(iter(by_purse.values())).currency
