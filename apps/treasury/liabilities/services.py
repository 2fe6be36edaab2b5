"""Publish what is owed to players, once a day and when an administrator asks for it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.db import connection, transaction

from apps.audit import keys, sealing, signatures
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Currency, Money
from apps.games import open_stakes
from apps.ledger.selectors import currency, currency_of_id
from apps.treasury.liabilities import tree as trees
from apps.treasury.liabilities.errors import MayNotPublish
from apps.treasury.liabilities.models import Leaf, Node, Snapshot, Tree
from apps.treasury.liabilities.nonces import nonce
from apps.treasury.liabilities.selectors import moment_text, part_name
from apps.treasury.liabilities.tree import Head

PERMISSION = "liabilities.publish_snapshot"
GENESIS = "0" * 64
BATCH_ROWS = 2_000
REASON_MAX = 500
# One statement, one snapshot. A purse that is owed to us counts as nothing, not as less. The stakes
# of open rounds stand at the wallet they came from, and have no purse.
HOLDINGS_SQL = f"""
SELECT o.currency_id, o.player_id, p.public_id, o.purse, o.owed
  FROM (SELECT currency_id, player_id, purse, balance AS owed FROM ledger_wallet WHERE balance > 0
         UNION ALL
        SELECT w.currency_id, w.player_id, NULL, s.stake
          FROM ({open_stakes.SQL}) s JOIN ledger_wallet w ON w.id = s.wallet_id) o
  JOIN accounts_player p ON p.user_id = o.player_id
 ORDER BY o.currency_id, o.player_id
"""
# Currency, then player (key and public id), then purse: whole units.
Holdings = dict[str, dict[tuple[int, str], dict[str, int]]]


def publish_daily() -> Snapshot | None:
    """Today's, unless it is there."""
    day = now().date()
    if Snapshot.objects.filter(day=day).exists():
        return None
    return _published(by="system", label="system", reason="", day=day)


def publish(*, by: PermissionsMixin, reason: str) -> Snapshot:
    """One more, now. Raises MayNotPublish, InvalidInput."""
    if not by.has_perm(PERMISSION):
        raise MayNotPublish
    text = reason.strip()
    if not text or len(text) > REASON_MAX:
        raise InvalidInput(fields={"reason": f"Give a reason of up to {REASON_MAX} characters."})
    return _published(by=by, label=str(by), reason=text, day=None)


def delete_old_trees() -> int:
    """Forget the leaves and nodes nobody may ask for any more; sums and roots stay."""
    before = now() - timedelta(days=settings.LIABILITIES_KEEP_DAYS)
    old = Tree.objects.filter(snapshot__taken_at__lt=before)
    nodes, _ = Node.objects.filter(tree__in=old).delete()
    Leaf.objects.filter(tree__in=old).delete()
    return nodes


class PublishedStream:
    """Snapshots as a sealed stream: chained, signed, and anchored outside the database."""

    name = "liabilities"

    def leaves(self, after_id: int, upto_id: int, limit: int) -> Iterable[tuple[int, bytes]]:
        rows = Snapshot.objects.filter(id__gt=after_id, id__lte=upto_id).order_by("id")[:limit]
        for row in rows.prefetch_related("trees"):
            yield row.pk, _sealed_bytes(row)


def verify_published() -> Iterator[sealing.Finding]:
    """Recompute every digest, signature, the chain, the seals and the anchors outside."""
    previous = GENESIS
    for number, one in enumerate(
        Snapshot.objects.order_by("number").prefetch_related("trees"), start=1
    ):
        name = str(one)
        roots = {tree.currency: tree.root for tree in one.trees.all()}
        computed = trees.digest(one.number, moment_text(one.taken_at), one.previous, roots)
        if one.number != number:
            yield sealing.Finding(f"liabilities {number}", "is missing")
        if one.previous != previous:
            yield sealing.Finding(name, "does not continue the one before it")
        if computed != one.digest:
            yield sealing.Finding(name, "its roots are not the ones that were signed")
        elif not signatures.verify(
            trees.message(one.number, one.digest),
            key_id=one.key_id,
            signature=bytes.fromhex(one.signature),
        ):
            yield sealing.Finding(name, "its signature is wrong")
        for tree in one.trees.all():
            yield from _check_tree(one, tree)
        previous = one.digest
    yield from sealing.verify(PublishedStream())


def _published(*, by: Any, label: str, reason: str, day: Any) -> Snapshot:
    snapshot = _publish(by=by, label=label, reason=reason, day=day)
    # Publishing is one at a time, so everything below this id is there.
    stream = PublishedStream()
    sealing.seal(stream, snapshot.pk)
    sealing.anchor(stream, force=True)
    return snapshot


@transaction.atomic
def _publish(*, by: Any, label: str, reason: str, day: Any) -> Snapshot:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('liabilities'))")
        if day is not None and (there := Snapshot.objects.filter(day=day).first()):
            return there
        newest = Snapshot.objects.order_by("-number").first()
        cursor.execute(HOLDINGS_SQL)
        held = _holdings(cursor)
    taken_at = now().replace(microsecond=0)
    number = newest.number + 1 if newest else 1
    built = [_build(number, moment_text(taken_at), of, held[of.code]) for of in _of(held)]
    previous = newest.digest if newest else GENESIS
    roots = {tree.currency: tree.root for tree, _, _ in built}
    digest = trees.digest(number, moment_text(taken_at), previous, roots)
    key_id, signature = signatures.sign(trees.message(number, digest))
    snapshot = Snapshot.objects.create(
        number=number,
        day=day,
        taken_at=taken_at,
        previous=previous,
        digest=digest,
        key_id=key_id,
        signature=signature.hex(),
        published_by=label,
        reason=reason,
    )
    for tree, leaves, levels in built:
        _keep(snapshot, tree, leaves, levels)
    audit.record(
        "liabilities.published",
        actor=by,
        subject=snapshot,
        after={
            "number": number,
            "digest": digest,
            "totals": {tree.currency: str(int(tree.units)) for tree, _, _ in built},
            "roots": roots,
        },
        reason=reason,
    )
    return snapshot


def _holdings(rows: Iterable[tuple[int, int, str, int | None, Decimal]]) -> Holdings:
    found: Holdings = defaultdict(lambda: defaultdict(lambda: dict.fromkeys(trees.PARTS, 0)))
    for currency_pk, player_id, public_id, purse, owed in rows:
        of = currency_of_id(currency_pk)
        # Added up: stakes may come from several wallets of a currency.
        found[of.code][player_id, public_id][part_name(purse)] += Money.from_major(owed, of).units
    return found


def _build(
    number: int, taken_at: str, of: Currency, held: dict[tuple[int, str], dict[str, int]]
) -> tuple[Tree, list[Leaf], list[list[trees.Node]]]:
    """A tree whose order is that of the nonces: another one every time, telling nothing."""
    head = Head(number, taken_at, of.code)
    key_id = keys.current_key_id()
    placed = sorted(
        (nonce(number, of.code, public_id, key_id), player_id, public_id, parts)
        for (player_id, public_id), parts in held.items()
    )
    nodes = [
        trees.leaf(head, player=public_id, nonce=hidden, parts=parts)
        for hidden, _, public_id, parts in placed
    ]
    levels = trees.levels(nodes)
    top = levels[-1][0]
    sums = {name: sum(parts[name] for *_, parts in placed) for name in trees.PARTS}
    tree = Tree(
        currency=of.code,
        scale=of.scale,
        count=len(nodes),
        units=Decimal(top.units),
        parts={name: str(units) for name, units in sums.items()},
        root=trees.root(head, scale=of.scale, count=len(nodes), top=top),
    )
    leaves = [
        Leaf(
            player_id=player_id,
            position=position,
            parts={name: str(units) for name, units in parts.items()},
            key_id=key_id,
        )
        for position, (_, player_id, _, parts) in enumerate(placed)
    ]
    return tree, leaves, levels


def _keep(
    snapshot: Snapshot, tree: Tree, leaves: list[Leaf], levels: list[list[trees.Node]]
) -> None:
    tree.snapshot = snapshot
    tree.save(force_insert=True)
    for leaf in leaves:
        leaf.tree = tree
    Leaf.objects.bulk_create(leaves, batch_size=BATCH_ROWS)
    nodes = (
        Node(tree=tree, level=level, position=position, hash=one.hash, units=Decimal(one.units))
        for level, row in enumerate(levels)
        for position, one in enumerate(row)
    )
    for batch in _batches(nodes):
        Node.objects.bulk_create(batch)


def _check_tree(of: Snapshot, tree: Tree) -> Iterator[sealing.Finding]:
    """The tree that is kept, from its leaves up, against its root."""
    nodes = Node.objects.filter(tree=tree, level=0).order_by("position")
    found = [trees.Node(bytes(one.hash), int(one.units)) for one in nodes.iterator()]
    if not found:
        return
    name = f"{tree.currency} of {of}"
    if len(found) != tree.count:
        yield sealing.Finding(name, f"has {len(found)} leaves, {tree.count} were published")
        return
    top = trees.levels(found)[-1][0]
    head = Head(of.number, moment_text(of.taken_at), tree.currency)
    if trees.root(head, scale=tree.scale, count=tree.count, top=top) != tree.root:
        yield sealing.Finding(name, "its leaves do not give its root")
    if top.units != int(tree.units):
        yield sealing.Finding(name, "its leaves do not sum to its total")


def _sealed_bytes(of: Snapshot) -> bytes:
    """Everything published: what the digest covers, and the totals by purse, which it does not."""
    parts = {
        **{name: getattr(of, name) for name in ("number", "previous", "digest", "signature")},
        **{name: getattr(of, name) for name in ("key_id", "published_by", "reason")},
        "taken_at": moment_text(of.taken_at),
        "trees": {
            one.currency: [one.scale, one.count, str(int(one.units)), one.parts, one.root]
            for one in of.trees.all()
        },
    }
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _of(held: Holdings) -> list[Currency]:
    return [currency(code) for code in sorted(held)]


def _batches(nodes: Iterator[Node]) -> Iterator[list[Node]]:
    while batch := list(islice(nodes, BATCH_ROWS)):
        yield batch
