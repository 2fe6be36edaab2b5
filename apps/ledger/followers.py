"""Readers of the journal. Each has a cursor; rows and cursor move in one transaction, so every
effect happens exactly once, and a cursor set to zero rebuilds what a follower derives.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.horizon import safe_horizon
from apps.ledger.models import Cursor, Entry, Wallet

log = structlog.get_logger()

SEQUENCE = "ledger_entry_id_seq"
IDLE_SECONDS = 0.1
# A follower that failed is left alone for a while; the others go on.
PAUSE_SECONDS = 10


class Follower:
    """Subclass it, name it, apply entries. `apply` runs inside the transaction of the cursor.

    `after_commit` gets the same entries once they are safe: for nudges, never for facts.
    """

    name: ClassVar[str]
    batch_size: ClassVar[int] = 500

    def apply(self, entries: Sequence[Entry]) -> None:
        raise NotImplementedError(f"{type(self).__name__} must apply entries.")

    def after_commit(self, entries: Sequence[Entry]) -> None:
        """Nothing by default."""


class Positions(Follower):
    """The house side, rolled up: what each account has taken or given, per currency."""

    name = "positions"
    batch_size = 2_000

    def apply(self, entries: Sequence[Entry]) -> None:
        totals: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
        for entry in entries:
            totals[entry.account_id, entry.wallet.currency_id].append(-entry.amount)
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                INSERT INTO ledger_position (account_id, currency_id, amount, entries)
                VALUES (%s, %s, %s, %s)
                ON CONFLICT (account_id, currency_id) DO UPDATE
                   SET amount = ledger_position.amount + EXCLUDED.amount,
                       entries = ledger_position.entries + EXCLUDED.entries
                """,
                [
                    (account_id, currency_id, sum(amounts, Decimal(0)), len(amounts))
                    for (account_id, currency_id), amounts in sorted(totals.items())
                ],
            )


def all_followers() -> list[Follower]:
    return [import_string(path)() for path in settings.LEDGER_FOLLOWERS]


def follow(follower: Follower, horizon: int) -> int:
    """Apply one batch; how many entries it held. Another worker on the same cursor makes it 0."""
    with transaction.atomic():
        Cursor.objects.get_or_create(name=follower.name)
        cursor = (
            Cursor.objects.select_for_update(skip_locked=True).filter(name=follower.name).first()
        )
        if cursor is None or cursor.position >= horizon:
            return 0
        entries = list(
            Entry.objects.filter(id__gt=cursor.position, id__lte=horizon)
            .select_related("wallet")
            .order_by("id")[: follower.batch_size]
        )
        if entries:
            follower.apply(entries)
        full = len(entries) == follower.batch_size
        cursor.position = entries[-1].pk if full else horizon
        cursor.moved_at = now()
        cursor.error, cursor.failed_at = "", None
        cursor.save()
    if entries:
        follower.after_commit(entries)
    return len(entries)


def catch_up(followers: Sequence[Follower] | None = None) -> None:
    """Bring followers to the journal's present end (rebuilds, seeds, tests)."""
    horizon = safe_horizon(SEQUENCE, wait_seconds=5)
    if horizon is None:
        raise RuntimeError("A writer has been running for seconds; the journal's end is unknown.")
    for follower in followers or all_followers():
        while follow(follower, horizon):
            pass


def run(seconds: float) -> None:
    """Follow for a while. One process at a time does; a second one finds the lock and returns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('ledger.follow'))")
        if not cursor.fetchone()[0]:
            return
    try:
        _run(all_followers(), time.monotonic() + seconds)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('ledger.follow'))")


def _run(followers: list[Follower], deadline: float) -> None:
    paused: dict[str, float] = {}
    while time.monotonic() < deadline:
        horizon = safe_horizon(SEQUENCE)
        done = 0
        for follower in followers if horizon else ():
            if paused.get(follower.name, 0) > time.monotonic():
                continue
            try:
                done += follow(follower, horizon or 0)
            except Exception as error:
                log.exception("follower.failed", follower=follower.name)
                _remember(follower, error)
                paused[follower.name] = time.monotonic() + PAUSE_SECONDS
        if not done:
            time.sleep(IDLE_SECONDS)


def lag() -> dict[str, int]:
    """How many entry ids each follower is behind the newest one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value(%s::regclass), 0)", [SEQUENCE])
        newest = int(cursor.fetchone()[0])
    positions = dict(Cursor.objects.values_list("name", "position"))
    return {one.name: newest - positions.get(one.name, 0) for one in all_followers()}


def wallet_ids(entries: Sequence[Entry]) -> set[int]:
    return {entry.wallet_id for entry in entries}


def wallets(entries: Sequence[Entry]) -> list[Wallet]:
    """The wallets of some entries as they are now."""
    return list(Wallet.objects.filter(pk__in=wallet_ids(entries)).select_related("currency"))


def _remember(follower: Follower, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[:2000]
    # Its first batch may have failed, and the row of its cursor with it.
    Cursor.objects.update_or_create(
        name=follower.name, defaults={"error": text, "failed_at": now()}
    )
    raise_alarm("follower.failed", subject=follower.name, message=text, severity="critical")
