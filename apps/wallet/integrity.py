"""What the proof of the journal means for players: whose books do not add up does not play on them.

The check names rows; here the rows become players, and each of them is stopped with a restriction
until a person has looked. Wins of running rounds still arrive.
"""

import re
from collections.abc import Iterable

from django.db import connection

from apps.audit.alarms import raise_alarm
from apps.audit.sealing import Finding
from apps.ledger import verification
from apps.ledger.models import Block, Wallet
from apps.wallet import restrictions

CODE = "books_differ"
WORDS = "We are checking your balance. Support can tell you more."
STOPS = Block.PLAY | Block.WITHDRAW
NAMED = re.compile(r"(entry|wallet) (\d+)|operation (\d+)/(.+)", re.DOTALL)


def check() -> list[Finding]:
    """Prove the whole journal; every finding is an alarm, and whom it touches is stopped."""
    findings = list(verification.verify())
    for finding in findings:
        raise_alarm(
            "ledger.broken", subject=finding.row, message=finding.problem, severity="critical"
        )
    for player_id, first in sorted(_touched(findings).items()):
        _stop(player_id, first)
    return findings


def _stop(player_id: int, finding: Finding) -> None:
    if any(one.code == CODE for one in restrictions.standing(player_id)):
        return
    restrictions.impose(
        player_id=player_id,
        code=CODE,
        stops=int(STOPS),
        words=WORDS,
        actor="system",
        reason=f"The books differ: {finding}",
    )


def _touched(findings: Iterable[Finding]) -> dict[int, Finding]:
    """The player of each wallet that a finding names, by itself or by an entry or operation."""
    found: dict[int, Finding] = {}
    for finding in findings:
        player_id = _player_of(finding)
        if player_id is not None:
            found.setdefault(player_id, finding)
    return found


def _player_of(finding: Finding) -> int | None:
    named = NAMED.fullmatch(finding.row)
    if named is None:
        return None
    kind, number, partner_id, outside_id = named.groups()
    if kind == "wallet":
        sql, params = "SELECT %s::bigint", [int(number)]
    elif kind == "entry":
        sql, params = "SELECT wallet_id FROM ledger_entry WHERE id = %s", [int(number)]
    else:
        sql = "SELECT wallet_id FROM ledger_operation WHERE partner_id = %s AND outside_id = %s"
        params = [int(partner_id), outside_id]  # type: ignore[list-item]  # a text beside a number
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    return Wallet.objects.filter(pk=row[0]).values_list("player_id", flat=True).first()
