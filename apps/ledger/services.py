"""The one way into the journal: `apply(instructions) -> answers`, one round trip to PostgreSQL.

Only `wallet.movements` calls this. Nothing here knows what a bet is allowed to be.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec
import psycopg
from django.conf import settings
from django.db import connection
from psycopg import errors

from apps.audit import keys
from apps.ledger.convoy import Convoy, Rows, Traveller
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
# What leaves the others of a list in place. Anything else undid them and comes last.
DONE = {Status.APPLIED, Status.DUPLICATE, Status.TOMBSTONE, Status.ALREADY_REVERSED}
BUSY = "busy"
POST_COLUMNS = (
    "wallet bigint, partner smallint, outside text, kind smallint, amount numeric, account smallint,"
    " round text, source bigint, closes boolean, mask smallint, key smallint, mac text"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gate:
    """A scalar SQL query that answers NULL for *go on* or a word for why new debits are refused.

    It runs on the primary inside the money statement, after the check for a replay. Each `%s` stands
    for a parameter and is followed by its type: `%s::bigint`.
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
    if not instructions:
        return []
    key_id = keys.current_key_id()
    is_gated = any(isinstance(one, Post) and one.gated for one in instructions)
    operations = [_as_json(one, key_id) for one in instructions]
    asked = {"gate": gate.params} if is_gated else {}
    # A post alone lies open for `ledger_apply`; all else is a list.
    is_list = len(operations) > 1 or isinstance(instructions[0], Undo)
    traveller = Traveller(
        instruction=_json(({"ops": operations} if is_list else operations[0]) | asked),
        is_list=is_list,
        gate=gate.sql if is_gated else None,
    )
    rows = None
    if not connection.in_atomic_block:
        rows = _convoy.join(traveller)
    if rows is None:
        rows = _retried(lambda: _travel([traveller], waits=True))[0]
    answers = [_answer(row) for row in rows]
    if len(instructions) > 1 and answers[-1].status not in DONE:
        raise ListRefused(len(answers) - 1, answers[-1])
    return answers


def force(instruction: Post) -> Answer:
    """Take a debit whatever the balance; what is missing stays as a debt."""
    key_id = keys.current_key_id()
    row = _run(
        "SELECT * FROM ledger_force(%s,%s::smallint,%s,%s::smallint,%s,%s::smallint,%s,%s::smallint,%s)",
        (
            instruction.wallet_id,
            instruction.partner_id,
            instruction.outside_id,
            instruction.kind,
            instruction.amount.major,
            instruction.account_id,
            instruction.source_id,
            key_id,
            _post_mac(instruction, key_id),
        ),
    )[0]
    return _answer(row)


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


def lock_wallets(wallet_ids: Sequence[int]) -> None:
    """Hold several wallets until the transaction ends, so that those who need them queue up."""
    _run("SELECT ledger_lock(%s)", (list(wallet_ids),))


def set_blocks(*, player_id: int, blocks: int) -> None:
    """Set what the player's money may not do; waits for every wallet's lock."""
    _run("SELECT ledger_set_blocks(%s, %s::smallint)", (player_id, blocks))


def extend() -> int:
    """Make the partitions that will be needed; how many were made."""
    return int(_run("SELECT ledger_extend()", ())[0][0])


def _travel(party: Sequence[Traveller], *, waits: bool) -> list[Rows]:
    """Apply the lists of a party in one statement; a list that would have to wait is `busy`."""
    gate = next((one.gate for one in party if one.gate is not None), OPEN.sql)
    answers: list[Rows] = [[] for _ in party]
    for number, *row in _execute(
        _statement(party[0].is_list, gate),
        (f"[{','.join(one.instruction for one in party)}]", waits),
    ):
        answers[number - 1].append(tuple(row))
    return answers


@cache
def _statement(is_list: bool, gate: str) -> str:
    asked = gate % tuple(f"(i.gate->>{place})" for place in range(gate.count("%s")))
    refusal = f"CASE WHEN i.gate IS NOT NULL THEN ({asked}) END"
    if is_list:
        columns, call = "ops json", f"ledger_apply_list(i.ops, {refusal}, %s)"
    else:
        columns = POST_COLUMNS
        call = (
            "ledger_apply(i.wallet, i.partner, i.outside, i.kind, i.amount, i.account, i.round,"
            f" i.source, i.closes, i.mask, {refusal}, i.key, decode(i.mac, 'hex'), %s)"
        )
    return (
        f"SELECT i.ordinality, r.* FROM ROWS FROM (json_to_recordset(%s::json)"
        f" AS ({columns}, gate json)) WITH ORDINALITY i CROSS JOIN LATERAL {call} r"
    )


def _travel_together(party: Sequence[Traveller]) -> list[Rows | None]:
    try:
        answers = _travel(party, waits=False)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        connection.close()
        raise
    return [None if rows[0][0] == BUSY else rows for rows in answers]


_convoy = Convoy(_travel_together)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


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
        return {**common, "target": instruction.target, "mac": mac.hex()}
    return {
        **common,
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
