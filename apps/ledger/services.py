"""The one way into the journal: `apply(instructions) -> answers`, one round trip to PostgreSQL.

Only `wallet.movements` calls this. Nothing here knows what a bet is allowed to be.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg import errors

from apps.audit import keys
from apps.ledger.instructions import (
    Answer,
    Post,
    Status,
    Transfer,
    Undo,
    amount_text,
    post_mac,
    undo_mac,
)

TRIES_MAX = 3
LIST_REFUSED = "LG001"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gate:
    """A scalar SQL query that answers NULL for *go on* or a word for why new debits are refused.

    It runs on the primary inside the money statement, after the check for a replay.
    """

    sql: str
    params: tuple[Any, ...] = ()


class ListRefused(Exception):
    """One instruction of a list was refused, so none was applied."""

    def __init__(self, place: int, answer: Answer):
        self.place = place
        self.answer = answer
        super().__init__(f"operation {place}: {answer.status}")


OPEN = Gate("NULL::text")


def apply(instructions: Sequence[Post | Undo], gate: Gate = OPEN) -> list[Answer]:
    """Apply all or nothing, in order. Raises ListRefused for a list of several.

    A single instruction answers with its refusal instead: nothing had to be undone.
    """
    if len(instructions) == 1:
        instruction = instructions[0]
        if isinstance(instruction, Post):
            return [_post(instruction, gate)]
        return [_undo(instruction)]
    return _list(instructions, gate)


def transfer(instruction: Transfer) -> Answer:
    """Move money between two wallets."""
    key_id = keys.current_key_id()
    macs = [
        post_mac(
            wallet_id=wallet_id,
            partner_id=instruction.partner_id,
            outside_id=instruction.outside_id,
            kind=instruction.kind,
            amount=amount.major,
            account_id=instruction.account_id,
            round_ref=None,
            source_id=instruction.source_id,
            closes_round=False,
            key_id=key_id,
        )
        for wallet_id, amount in (
            (instruction.from_wallet_id, -instruction.amount),
            (instruction.to_wallet_id, instruction.amount),
        )
    ]
    row = _run(
        "SELECT * FROM ledger_transfer(%s,%s,%s::smallint,%s,%s::smallint,%s,%s::smallint,%s,"
        "%s::smallint,%s::smallint,%s,%s)",
        (
            instruction.from_wallet_id,
            instruction.to_wallet_id,
            instruction.partner_id,
            instruction.outside_id,
            instruction.kind,
            instruction.amount.major,
            instruction.account_id,
            instruction.source_id,
            instruction.mask,
            key_id,
            *macs,
        ),
    )[0]
    return _answer(row)


def open_wallet(*, player_id: int, currency_id: int, purse: int) -> int:
    """The id of the wallet, made if it was not there."""
    row = _run(
        "SELECT ledger_open_wallet(%s, %s::smallint, %s::smallint)", (player_id, currency_id, purse)
    )[0]
    return int(row[0])


def set_blocks(*, player_id: int, blocks: int) -> None:
    """Set what the player's money may not do; waits for every wallet's lock."""
    _run("SELECT ledger_set_blocks(%s, %s::smallint)", (player_id, blocks))


def extend() -> int:
    """Make the partitions that will be needed; how many were made."""
    return int(_run("SELECT ledger_extend()", ())[0][0])


def _post(instruction: Post, gate: Gate) -> Answer:
    key_id = keys.current_key_id()
    amount = instruction.amount.major
    mac = _post_mac(instruction, key_id)
    gate_sql = gate.sql if instruction.gated else OPEN.sql
    row = _run(
        "SELECT * FROM ledger_apply(%s::bigint,%s::smallint,%s::text,%s::smallint,%s::numeric,"
        f"%s::smallint,%s::text,%s::bigint,%s::boolean,%s::smallint,({gate_sql}),%s::smallint,"
        "%s::bytea)",
        (
            instruction.wallet_id,
            instruction.partner_id,
            instruction.outside_id,
            instruction.kind,
            amount,
            instruction.account_id,
            instruction.round_ref,
            instruction.source_id,
            instruction.closes_round,
            instruction.mask,
            *(gate.params if instruction.gated else ()),
            key_id,
            mac,
        ),
    )[0]
    return _answer(row)


def _undo(instruction: Undo) -> Answer:
    key_id = keys.current_key_id()
    row = _run(
        "SELECT * FROM ledger_rollback(%s::bigint,%s::smallint,%s::text,%s::text,%s::boolean,"
        "%s::smallint,%s::bytea)",
        (
            instruction.wallet_id,
            instruction.partner_id,
            instruction.outside_id,
            instruction.target,
            instruction.closes_round,
            key_id,
            _undo_mac(instruction, key_id),
        ),
    )[0]
    return _answer(row)


def _list(instructions: Sequence[Post | Undo], gate: Gate) -> list[Answer]:
    key_id = keys.current_key_id()
    payload = json.dumps([_as_json(instruction, key_id) for instruction in instructions])
    gated = any(isinstance(one, Post) and one.gated for one in instructions)
    used = gate if gated else OPEN
    # A refusal is an SQL error: inside a transaction it must undo this statement and no more.
    savepoint = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with savepoint:
            rows = _run(
                f"SELECT * FROM ledger_apply_list(%s::jsonb, ({used.sql}))",
                (payload, *used.params),
            )
    except psycopg.Error as error:
        if error.sqlstate != LIST_REFUSED:
            raise
        detail = json.loads(error.diag.message_detail or "{}")
        balance = Decimal(detail["balance"]) if detail["balance"] else None
        row = (detail["status"], balance, None, None, None)
        raise ListRefused(detail["place"], _answer(row)) from None
    return [_answer(row) for row in rows]


def _as_json(instruction: Post | Undo, key_id: int) -> dict[str, Any]:
    common = {
        "wallet": instruction.wallet_id,
        "partner": instruction.partner_id,
        "outside": instruction.outside_id,
        "closes": instruction.closes_round,
        "key": key_id,
    }
    if isinstance(instruction, Undo):
        mac = _undo_mac(instruction, key_id)
        return {**common, "op": "rollback", "target": instruction.target, "mac": mac.hex()}
    return {
        **common,
        "op": "post",
        "kind": instruction.kind,
        "amount": amount_text(instruction.amount.major),
        "account": instruction.account_id,
        "round": instruction.round_ref,
        "source": instruction.source_id,
        "mask": instruction.mask,
        "gated": instruction.gated,
        "mac": _post_mac(instruction, key_id).hex(),
    }


def _post_mac(instruction: Post, key_id: int) -> bytes:
    return post_mac(
        wallet_id=instruction.wallet_id,
        partner_id=instruction.partner_id,
        outside_id=instruction.outside_id,
        kind=instruction.kind,
        amount=instruction.amount.major,
        account_id=instruction.account_id,
        round_ref=instruction.round_ref,
        source_id=instruction.source_id,
        closes_round=instruction.closes_round,
        key_id=key_id,
    )


def _undo_mac(instruction: Undo, key_id: int) -> bytes:
    return undo_mac(
        wallet_id=instruction.wallet_id,
        partner_id=instruction.partner_id,
        outside_id=instruction.outside_id,
        target=instruction.target,
        closes_round=instruction.closes_round,
        key_id=key_id,
    )


def _answer(row: tuple[Any, ...]) -> Answer:
    status, balance, entry_id, balance_after, version = row
    word, _, reason = status.partition(":")
    return Answer(Status(word), balance, entry_id, balance_after, version, reason)


def _run(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Run one statement on the connection Django holds, prepared on the server.

    Outside a transaction the statement is one, and a deadlock or a lost connection is tried again:
    every instruction carries its key, so a second try finds the first one's effect.
    """
    return _retried(lambda: _execute(sql, params))


def _execute(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    if settings.LEDGER_PREPARE and raw.prepare_threshold is None:
        # Django's default, under which psycopg ignores `prepare`. A threshold nobody reaches
        # leaves it to those who ask.
        raw.prepare_threshold = sys.maxsize
    # Not Django's cursor: that one binds on the client, and nothing could be prepared.
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(sql, params, prepare=settings.LEDGER_PREPARE)  # type: ignore[arg-type]  # our own literals
        return cursor.fetchall()


def _retried(run: Callable[[], T]) -> T:
    for left in range(TRIES_MAX - 1, -1, -1):
        try:
            return run()
        except (errors.DeadlockDetected, errors.SerializationFailure):
            if connection.in_atomic_block or not left:
                raise
            time.sleep(random.uniform(0.002, 0.02))  # noqa: S311 (jitter)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            if connection.in_atomic_block or not left:
                raise
            connection.close()
    raise AssertionError("unreachable")
